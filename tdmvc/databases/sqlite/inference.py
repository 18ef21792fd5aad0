"""Which canonical type holds the values of a SQLite column, whatever its declaration says.

SQLite lets any column hold any value, so the declared type is a proposal that
all values must confirm. If they do not, the values decide.
"""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import pyarrow as pa

from tdmvc.arrow.constants import values_array
from tdmvc.arrow.types import MAX_DECIMAL_DIGITS, MAX_EXACT_FLOAT_INTEGER, SIMPLE, decimal_type
from tdmvc.sql.declared_types import SQLITE_DECIMAL, SQLITE_NO_INTEGER, SQLITE_TYPES
from tdmvc.sql.time_forms import TimeForm, TimeShape, forms_of, shape_of, shorten

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)

_ZEROS = str.maketrans("123456789", "000000000")
_HOUR = slice(11, 13)
"""Where the hour is, after a date."""
_EPOCH = dt.datetime(1970, 1, 1)
_EPOCH_UTC = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_FIRST_DAY = _EPOCH.toordinal()
_MICROSECOND = dt.timedelta(microseconds=1)
_PARSERS: dict[str, Callable[[str], object]] = {
    "date": dt.date.fromisoformat,
    "timestamp": dt.datetime.fromisoformat,
    "timestamptz": dt.datetime.fromisoformat,
    "time": dt.time.fromisoformat,
}


def declared_type(declared: str) -> pa.DataType | None:
    """Return the type that a declaration proposes, or None if it proposes none."""
    upper = declared.upper()
    if SQLITE_NO_INTEGER.search(upper):
        return SIMPLE["string"]
    for words, name in SQLITE_TYPES:
        if any(word in upper for word in words):
            return SIMPLE[name]
    if SQLITE_DECIMAL.match(upper):
        return declared_decimal(upper) or decimal_type(1, 0)
    if "TIMESTAMP" in upper or "DATETIME" in upper:
        return SIMPLE["timestamp"]
    if "DATE" in upper:
        return SIMPLE["date"]
    return SIMPLE["time"] if upper.startswith("TIME") else None


def declared_decimal(declared: str) -> pa.DataType | None:
    """Return the decimal of a declaration that gives its digits, or None."""
    match = SQLITE_DECIMAL.match(declared.upper())
    if not match or match[1] is None:
        return None
    precision, scale = int(match[1]), int(match[2] or 0)
    is_possible = 0 < precision <= MAX_DECIMAL_DIGITS and scale <= precision
    return pa.decimal128(precision, scale) if is_possible else None


@dataclass(slots=True)
class TypeEvidence:
    """What the values of a column so far say about its type."""

    declared: str
    kinds: set[type]
    low: int = 0
    high: int = 0
    whole_digits: int = 0
    scale: int = 0
    is_decimal: bool = True
    """Whether every number so far is finite, with its digits counted."""
    text_types: set[str] | None = None
    """Which dates and times the texts are: names of types, and an empty name for any other text."""
    shapes: set[TimeShape] = field(default_factory=set)
    """How the texts write times."""

    @classmethod
    def of(cls, declared: str) -> "TypeEvidence":
        proposed = declared_type(declared)
        is_temporal = proposed is not None and pa.types.is_temporal(proposed)
        return cls(declared, set(), text_types=set() if is_temporal else None)

    def add(self, values: Sequence[object]) -> None:
        kinds = set(map(type, values)) - {type(None)}
        self.kinds |= kinds
        if int in kinds:
            integers = [value for value in values if isinstance(value, int)]
            self.low, self.high = min(self.low, *integers), max(self.high, *integers)
            self.whole_digits = max(self.whole_digits, len(str(max(self.high, -self.low))))
        if float in kinds and self.is_decimal and SQLITE_DECIMAL.match(self.declared.upper()):
            self._count_digits([value for value in values if isinstance(value, float)])
        if str in kinds and self.text_types is not None:
            self._read_times([value for value in values if isinstance(value, str)])

    def _read_times(self, values: Sequence[str]) -> None:
        found: set[str] = set()
        plain: dict[str, Callable[[str], object]] = {}
        for value in values:
            mask = value.translate(_ZEROS)
            parse = plain.get(mask)
            # Texts that differ only in digits have one form, unless a fraction ends in zeros.
            if parse is not None and not ("." in value and value.rstrip("Z").endswith("0")):
                try:
                    parse(value)
                except ValueError:
                    found.add("")
                    continue
                if value[_HOUR] < "24":
                    continue
            shape = shape_of(value)
            name = _text_type(value, shape)
            if (
                name
                and shape is not None
                and shape[0]
                and shape[3] in ("", "Z")
                and not shape[2].endswith("0")
            ):
                plain[mask] = _PARSERS[name]
            found.add(name)
            if shape is not None and name:
                self.shapes.add(shorten(shape))
        self.text_types = (self.text_types or set()) | found

    @property
    def text_forms(self) -> tuple[TimeForm, ...]:
        """The forms in which all times are written; none if the column is of another type, or there is no one form."""
        if self.kinds != {str} or self.text_types is None or len(self.text_types) != 1:
            return ()
        return forms_of(self.shapes) if self.shapes else ()

    @property
    def has_several_forms(self) -> bool:
        """Whether all texts are times of one type that are written in several ways, and so stay texts."""
        is_one = self.kinds == {str} and self.text_types is not None and len(self.text_types - {""}) == 1
        return (
            is_one and "" not in (self.text_types or ()) and bool(self.shapes) and not forms_of(self.shapes)
        )

    def _count_digits(self, values: Sequence[float]) -> None:
        for value in values:
            number = Decimal(repr(value))
            exponent = number.as_tuple().exponent
            if not isinstance(exponent, int):
                self.is_decimal = False
                return
            self.whole_digits = max(self.whole_digits, number.adjusted() + 1)
            # The shortest form of a whole float ends in `.0`.
            self.scale = max(self.scale, 0 if value.is_integer() else -exponent)

    @property
    def type(self) -> pa.DataType | None:
        """The type that holds every value, or None if bytes are mixed with other values."""
        proposed = declared_type(self.declared)
        if not self.kinds:
            return proposed or SIMPLE["string"]
        if proposed is not None:
            confirmed = self._confirmed(proposed)
            if confirmed is not None:
                return confirmed
        return self._by_values()

    @property
    def is_as_declared(self) -> bool:
        """Whether the values are what the declaration, if there is one, says."""
        proposed = declared_type(self.declared)
        if proposed is None:
            return len(self.kinds) < 2 or self.type == SIMPLE["float64"]
        if pa.types.is_decimal(proposed):
            declared = declared_decimal(self.declared)
            return bool(pa.types.is_decimal(self.type) and declared in (None, self.type))
        return not self.kinds or self._confirmed(proposed) is not None

    def _confirmed(self, proposed: pa.DataType) -> pa.DataType | None:
        if pa.types.is_decimal(proposed):
            return self._decimal()
        if self.text_types is not None and self.kinds == {str}:
            (name,) = self.text_types if len(self.text_types) == 1 else ("",)
            return SIMPLE[name] if name and not self.has_several_forms else None
        if proposed == SIMPLE["bool"]:
            return proposed if self.kinds == {int} and self.low >= 0 and self.high <= 1 else None
        if proposed == SIMPLE["float64"]:
            return proposed if self.kinds <= {int, float} and self._are_exact_floats() else None
        if "JSON" in self.declared.upper() and bytes not in self.kinds:
            return SIMPLE["string"]
        kind = {"int64": int, "string": str, "binary": bytes}.get(_name(proposed))
        return proposed if self.kinds == {kind} else None

    def _decimal(self) -> pa.DataType | None:
        if not self.kinds <= {int, float} or not self.is_decimal:
            return None
        declared = declared_decimal(self.declared)
        if (
            declared
            and self.scale <= declared.scale
            and self.whole_digits <= declared.precision - declared.scale
        ):
            return declared
        digits = self.whole_digits + self.scale
        # A declared precision that is too small gives way to the widest one.
        return decimal_type(digits if declared is None else max(digits, MAX_DECIMAL_DIGITS), self.scale)

    def _are_exact_floats(self) -> bool:
        return int not in self.kinds or (
            self.low >= -MAX_EXACT_FLOAT_INTEGER and self.high <= MAX_EXACT_FLOAT_INTEGER
        )

    def _by_values(self) -> pa.DataType | None:
        if self.kinds == {int}:
            return SIMPLE["int64"]
        if self.kinds <= {int, float} and self._are_exact_floats():
            return SIMPLE["float64"]
        if bytes in self.kinds:
            return SIMPLE["binary"] if self.kinds == {bytes} else None
        return SIMPLE["string"]


def _name(type_: pa.DataType) -> str:
    return next((name for name, simple in SIMPLE.items() if simple == type_), "")


def _text_type(text: str, shape: TimeShape | None) -> str:
    if shape is not None:
        separator, _, _, zone = shape
        name = ("timestamptz" if zone else "timestamp") if separator else "" if zone else "time"
    else:
        name = "date" if _DATE.fullmatch(text) else ""
    if name:
        try:
            _PARSERS[name](text)
        except ValueError:
            return ""
    return name


def to_arrow(values: Sequence[object], type_: pa.DataType) -> pa.Array:
    """Return values that SQLite returned as an Array of the type that their profile found."""
    convert = _converter(type_)
    if convert is not None:
        values = [None if value is None else convert(value) for value in values]
    return values_array(values, type_)


def _converter(type_: pa.DataType) -> Callable[..., object] | None:
    if pa.types.is_decimal(type_):
        return repr
    converters: dict[str, Callable[..., object]] = {
        "bool": bool,
        "float64": float,
        "string": _to_text,
        "date": _days,
        "timestamp": _microseconds,
        "timestamptz": _microseconds,
        "time": _microseconds_of_day,
    }
    return converters.get(_name(type_))


def _days(text: str) -> int:
    return dt.date.fromisoformat(text).toordinal() - _FIRST_DAY


def _microseconds(text: str) -> int:
    moment = dt.datetime.fromisoformat(text)
    return (moment - (_EPOCH if moment.tzinfo is None else _EPOCH_UTC)) // _MICROSECOND


def _microseconds_of_day(text: str) -> int:
    time = dt.time.fromisoformat(text)
    return ((time.hour * 60 + time.minute) * 60 + time.second) * 1_000_000 + time.microsecond


def _to_text(value: object) -> str:
    """Return a text as it is, and a number in its shortest exact form."""
    return value if isinstance(value, str) else repr(value)
