"""How texts write dates with times, and times: read into a form, and written again in the same one."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

_TEXT = re.compile(
    r"(?:(?P<date>\d{4}-\d\d-\d\d)(?P<separator>[ T]))?"
    r"(?:[01]\d|2[0-3]):[0-5]\d(?P<seconds>:[0-5]\d(?:\.(?P<fraction>\d{1,6}))?)?"
    r"(?P<zone>Z|[+-](?:0\d|1[0-5])(?::?[0-5]\d)?)?",
    re.ASCII,
)
_EXAMPLE = re.compile(
    r"(?:YYYY-MM-DD(?P<separator>[ T]))?hh:mm(?P<seconds>:ss(?P<fraction>\.f{1,6}|\[\.ffffff\])?)?"
    r"(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)
_MICROSECOND_DIGITS = 6
_SHORTEST, _SOME = "shortest", "six or none"

TimeShape = tuple[str, bool, str, str]
"""What one text tells: the separator, whether it has seconds, the digits of the fraction, the zone."""


@dataclass(frozen=True, slots=True)
class TimeForm:
    """One way to write a timestamp or a time."""

    separator: str
    """Between date and time; empty for a time alone."""
    has_seconds: bool
    fraction: str | int
    """`shortest`, `six or none`, or how many digits there are always (one or more)."""
    zone: str
    """As written: `Z`, `+00:00`, `+0200`; empty without one."""

    @property
    def example(self) -> str:
        """What it looks like: `YYYY-MM-DDThh:mm:ss.fffZ`."""
        date = f"YYYY-MM-DD{self.separator}" if self.separator else ""
        seconds = ":ss" if self.has_seconds else ""
        if isinstance(self.fraction, int):
            fraction = "." + "f" * self.fraction
        else:
            fraction = "[.ffffff]" if self.fraction == _SOME else ""
        return f"{date}hh:mm{seconds}{fraction}{self.zone}"

    def format(self, value: dt.datetime | dt.time) -> str:
        """Return the text of a value; a part that the form has no place for is added, so that nothing is lost."""
        if isinstance(value, dt.datetime) and self.zone not in ("", "Z"):
            value = value.astimezone(dt.timezone(_offset(self.zone)))
        has_seconds = self.has_seconds or value.second or value.microsecond
        text = value.strftime("%H:%M:%S" if has_seconds else "%H:%M")
        if isinstance(value, dt.datetime):
            text = f"{value.year:04}-{value.month:02}-{value.day:02}{self.separator}{text}"
        return text + self._fraction(value.microsecond) + self.zone

    def _fraction(self, microsecond: int) -> str:
        digits = f"{microsecond:06}"
        if isinstance(self.fraction, int):
            digits = digits[: self.fraction] + digits[self.fraction :].rstrip("0")
            digits = digits if self.has_seconds or microsecond else ""
        elif not microsecond:
            digits = ""
        elif self.fraction == _SHORTEST:
            digits = digits.rstrip("0")
        return f".{digits}" if digits else ""


def _offset(zone: str) -> dt.timedelta:
    digits = re.sub(r"\D", "", zone).ljust(4, "0")
    offset = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -offset if zone[0] == "-" else offset


def shape_of(text: str) -> TimeShape | None:
    """Return what a text tells about its form; None if it is no time of day, with a date or without."""
    found = _TEXT.fullmatch(text)
    if found is None:
        return None
    return (
        found["separator"] or "",
        found["seconds"] is not None,
        found["fraction"] or "",
        found["zone"] or "",
    )


def shorten(shape: TimeShape) -> TimeShape:
    """Return a shape with only what matters of its fraction: its length, and which zeros it has."""
    separator, has_seconds, fraction, zone = shape
    kept = "1" * (len(fraction) - 1) + ("0" if fraction.endswith("0") else "1") if fraction else ""
    return separator, has_seconds, "0" * len(fraction) if fraction and not fraction.strip("0") else kept, zone


def forms_of(shapes: set[TimeShape]) -> tuple[TimeForm, ...]:
    """Return the forms in which all of the texts are written, the likeliest first; none if they have no common one."""
    if len({(separator, has_seconds, zone) for separator, has_seconds, _, zone in shapes}) != 1:
        return ()
    (separator, has_seconds, _, zone), *_ = shapes
    fractions = {fraction for _, _, fraction, _ in shapes}
    kinds = _kinds(fractions) if has_seconds else iter([_SHORTEST])
    return tuple(TimeForm(separator, has_seconds, kind, zone) for kind in kinds)


def _kinds(fractions: set[str]) -> Iterator[str | int]:
    lengths = {len(fraction) for fraction in fractions}
    has_only_zeros = any(fraction and not fraction.strip("0") for fraction in fractions)
    if lengths <= {0, _MICROSECOND_DIGITS} and not has_only_zeros:
        yield _SOME
    if not any(fraction.endswith("0") for fraction in fractions):
        yield _SHORTEST
    if len(lengths) == 1 and lengths != {0}:
        yield lengths.pop()


def default_form(*, has_date: bool, has_zone: bool) -> TimeForm:
    """Return how Python writes times into SQLite, and tdmvc if no source wrote them before."""
    return TimeForm(" " if has_date else "", True, _SOME, "+00:00" if has_zone else "")


def form_for(example: str | None, *, has_date: bool, has_zone: bool) -> TimeForm:
    """Return the form of an example, or the default one if the example cannot be written again."""
    form = parse_form(example) if example is not None else None
    if form is None or bool(form.separator) != has_date or bool(form.zone) != has_zone:
        return default_form(has_date=has_date, has_zone=has_zone)
    return form


def parse_form(example: str) -> TimeForm | None:
    """Return the form of an example, as `TimeForm.example` writes it; None if it is something else."""
    found = _EXAMPLE.fullmatch(example)
    if found is None:
        return None
    written = found["fraction"] or ""
    fraction: str | int = _SOME if written.startswith("[") else written.count("f") or _SHORTEST
    return TimeForm(found["separator"] or "", found["seconds"] is not None, fraction, found["zone"] or "")
