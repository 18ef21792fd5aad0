"""Types whose values are the multiples of a smallest step, as whole numbers: the place of each value.

A bound may lie between two values, or beyond all of them; its place is then a fraction, or a
number that no value has. Comparing places is therefore exact, where a cast of the bound to the
column's type would round or fail.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import pyarrow as pa

from tdmvc.arrow.types import SIMPLE, format_type
from tdmvc.checks.predicates.errors import InexactError
from tdmvc.model.rules import Value
from tdmvc.sql.quoting import quote_text
from tdmvc.sql.types import duckdb_type

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?) ?(Z|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII | re.IGNORECASE,
)
_DAY_US = 86_400_000_000
_EPOCH = date(1970, 1, 1)
_MOST_DIGITS = 2_000
"""A number with a larger exponent (`1e1000000000`) is not spelled out."""


@dataclass(frozen=True, slots=True)
class Ordinals:
    """The values of a type by their places."""

    type: pa.DataType
    first: int | None = None
    """The smallest place that a value can have, if that matters."""
    last: int | None = None

    @classmethod
    def of(cls, type_: pa.DataType) -> "Ordinals | None":
        """Return the places of a type's values; None for a type without a smallest step."""
        if pa.types.is_integer(type_):
            bits = type_.bit_width
            if pa.types.is_signed_integer(type_):
                return cls(type_, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
            return cls(type_, 0, 2**bits - 1)
        if pa.types.is_decimal(type_):
            most = 10**type_.precision - 1
            return cls(type_, -most, most)
        if pa.types.is_time(type_):
            return cls(type_, 0, _DAY_US)
        if pa.types.is_date(type_) or pa.types.is_timestamp(type_):
            return cls(type_)
        return None

    def place(self, value: Value) -> Fraction:
        """Return the place of a value that a rule names.

        Raises:
            InexactError: it is no value of such a type.
        """
        if pa.types.is_integer(self.type) or pa.types.is_decimal(self.type):
            scale = int(self.type.scale) if pa.types.is_decimal(self.type) else 0
            return number(value, self.type) * Fraction(10) ** scale
        if not isinstance(value, str):
            raise _not_of(value, self.type)
        if pa.types.is_time(self.type):
            return _microseconds(value, value, self.type)
        moment = _moment(value, self.type)
        return moment / _DAY_US if pa.types.is_date(self.type) else moment

    def literal(self, place: int) -> str:
        """Return the value at a place as SQL."""
        name = duckdb_type(self.type)
        if pa.types.is_integer(self.type):
            return f"CAST({quote_text(str(place))} AS {name})"
        if pa.types.is_decimal(self.type):
            return f"CAST({quote_text(_decimal_text(place, self.type.scale))} AS {name})"
        if pa.types.is_date(self.type):
            return f"(DATE '1970-01-01' + {place})"
        if pa.types.is_time(self.type):
            seconds, us = divmod(place, 1_000_000)
            minutes, second = divmod(seconds, 60)
            return f"TIME '{minutes // 60:02}:{minutes % 60:02}:{second:02}.{us:06}'"
        moment = f"make_timestamp({place})"
        return f"({moment} AT TIME ZONE 'UTC')" if self.type == SIMPLE["timestamptz"] else moment


def _decimal_text(place: int, scale: int) -> str:
    """Return a decimal by its digits, which Python's decimals round to the precision of their context."""
    digits = str(abs(place)).zfill(scale + 1)
    whole, fraction = digits[: len(digits) - scale], digits[len(digits) - scale :]
    return f"{'-' if place < 0 else ''}{whole}{'.' if fraction else ''}{fraction}"


def number(value: Value, type_: pa.DataType) -> Fraction:
    """Return a number that a rule names, exactly.

    Raises:
        InexactError: it is no number, or one that cannot be spelled out.
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _not_of(value, type_)
    if isinstance(value, Decimal) and (not value.is_finite() or abs(value.adjusted()) > _MOST_DIGITS):
        raise InexactError(f"{value} is not a number that can be compared")
    return Fraction(value)


def _moment(text: str, type_: pa.DataType) -> Fraction:
    """Return the microseconds since 1970 of a date, a time of a day or an instant; without a zone, in UTC."""
    found = _MOMENT.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError
        day = date.fromisoformat(found[1])
        zone = _zone(found[3])
    except ValueError:
        raise _not_of(text, type_) from None
    clock = _microseconds(found[2], text, type_) if found[2] else Fraction(0)
    return (day - _EPOCH).days * _DAY_US + clock - zone // timedelta(microseconds=1)


def _zone(text: str | None) -> timedelta:
    if text is None or text.upper() == "Z":
        return timedelta(0)
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset).utcoffset(datetime(1970, 1, 1, tzinfo=UTC))


def _microseconds(clock: str, text: str, type_: pa.DataType) -> Fraction:
    found = _TIME.fullmatch(clock.strip())
    if found is None:
        raise _not_of(text, type_)
    hour, minute, second = (int(part or 0) for part in found.groups()[:3])
    fraction = Fraction(int(found[4] or 0), 10 ** len(found[4] or ""))
    us = ((hour * 60 + minute) * 60 + second + fraction) * 1_000_000
    if minute > 59 or second > 59 or us > _DAY_US:
        raise _not_of(text, type_)
    return Fraction(us)


def _not_of(value: Value, type_: pa.DataType) -> InexactError:
    what = "a Boolean" if isinstance(value, bool) else "a text" if isinstance(value, str) else "a number"
    return InexactError(
        f"{value} is {what} that does not compare with the column's type {format_type(type_)}"
    )
