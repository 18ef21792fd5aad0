"""Which canonical type holds the values of a SQLite column, whatever its declaration promises.

SQLite lets any column hold any value, so the declared type is a proposal that
all values must confirm. Where they do not, the values decide.
"""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa

from tdmvc.arrow.types import MAX_DECIMAL_DIGITS, SIMPLE

_EXACT_FLOAT_INTEGER = 2**53
_SHORT_DECIMAL_DIGITS = 18
_DECIMAL = re.compile(r"(?:NUMERIC|DECIMAL|DEC|NUMBER)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(r"\d\d:\d\d(:\d\d(\.\d{1,6})?)?", re.ASCII)
_TIMESTAMP = re.compile(rf"{_DATE.pattern}[ T]{_TIME.pattern}", re.ASCII)
_INSTANT = re.compile(rf"{_TIMESTAMP.pattern}(Z|[+-]\d\d(:?\d\d)?)", re.ASCII)

_MOMENTS: tuple[tuple[str, "re.Pattern[str]", Callable[[str], object]], ...] = (
    ("date", _DATE, dt.date.fromisoformat),
    ("timestamp", _TIMESTAMP, dt.datetime.fromisoformat),
    ("timestamptz", _INSTANT, dt.datetime.fromisoformat),
    ("time", _TIME, dt.time.fromisoformat),
)


def declared_type(declared: str) -> pa.DataType | None:
    """Return the type that a declaration proposes, or None where it says nothing of use."""
    upper = declared.upper()
    for words, name in (
        (("INT",), "int64"),
        (("BOOL",), "bool"),
        (("CHAR", "CLOB", "TEXT", "JSON"), "string"),
        (("BLOB",), "binary"),
        (("REAL", "FLOA", "DOUB"), "float64"),
    ):
        if any(word in upper for word in words):
            return SIMPLE[name]
    if _DECIMAL.match(upper):
        return declared_decimal(upper) or pa.decimal128(_SHORT_DECIMAL_DIGITS, 0)
    if "TIMESTAMP" in upper or "DATETIME" in upper:
        return SIMPLE["timestamp"]
    if "DATE" in upper:
        return SIMPLE["date"]
    return SIMPLE["time"] if upper.startswith("TIME") else None


def declared_decimal(declared: str) -> pa.DataType | None:
    """Return the decimal of a declaration that gives its digits, or None."""
    match = _DECIMAL.match(declared.upper())
    if not match or match[1] is None:
        return None
    precision, scale = int(match[1]), int(match[2] or 0)
    is_possible = 0 < precision <= MAX_DECIMAL_DIGITS and scale <= precision
    return pa.decimal128(precision, scale) if is_possible else None


@dataclass(slots=True)
class ColumnProfile:
    """What all values of a column are, taken together; grows batch by batch."""

    declared: str
    kinds: set[type]
    low: int = 0
    high: int = 0
    whole_digits: int = 0
    scale: int = 0
    is_decimal: bool = True
    """Every number so far is finite and has its digits counted."""
    moments: set[str] | None = None
    """Spellings of the texts: names of types, and an empty one for any other text."""

    @classmethod
    def of(cls, declared: str) -> "ColumnProfile":
        proposed = declared_type(declared)
        is_moment = proposed is not None and pa.types.is_temporal(proposed)
        return cls(declared, set(), moments=set() if is_moment else None)

    def add(self, values: Sequence[object]) -> None:
        kinds = set(map(type, values)) - {type(None)}
        self.kinds |= kinds
        if int in kinds:
            integers = [value for value in values if isinstance(value, int)]
            self.low, self.high = min(self.low, *integers), max(self.high, *integers)
            self.whole_digits = max(self.whole_digits, len(str(max(self.high, -self.low))))
        if float in kinds and self.is_decimal and _DECIMAL.match(self.declared.upper()):
            self._count_digits([value for value in values if isinstance(value, float)])
        if str in kinds and self.moments is not None:
            self.moments |= {_moment(value) for value in values if isinstance(value, str)}

    def _count_digits(self, values: Sequence[float]) -> None:
        for value in values:
            number = Decimal(repr(value))
            exponent = number.as_tuple().exponent
            if not isinstance(exponent, int):
                self.is_decimal = False
                return
            self.whole_digits = max(self.whole_digits, number.adjusted() + 1)
            # The shortest spelling of a whole float ends in `.0`.
            self.scale = max(self.scale, 0 if value.is_integer() else -exponent)

    @property
    def type(self) -> pa.DataType | None:
        """The type that holds every value, or None where bytes stand beside other values."""
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
        """Whether the declaration, if there is one, was borne out."""
        proposed = declared_type(self.declared)
        if proposed is None:
            return len(self.kinds) < 2 or self.type == SIMPLE["float64"]
        if pa.types.is_decimal(proposed):
            asked = declared_decimal(self.declared)
            return bool(pa.types.is_decimal(self.type) and asked in (None, self.type))
        return not self.kinds or self._confirmed(proposed) is not None

    def _confirmed(self, proposed: pa.DataType) -> pa.DataType | None:
        if pa.types.is_decimal(proposed):
            return self._decimal()
        if self.moments is not None and self.kinds == {str}:
            (moment,) = self.moments if len(self.moments) == 1 else ("",)
            return SIMPLE[moment] if moment else None
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
        asked = declared_decimal(self.declared)
        if asked and self.scale <= asked.scale and self.whole_digits <= asked.precision - asked.scale:
            return asked
        digits = self.whole_digits + self.scale
        if digits > MAX_DECIMAL_DIGITS:
            return None
        is_short = asked is None and digits <= _SHORT_DECIMAL_DIGITS
        return pa.decimal128(_SHORT_DECIMAL_DIGITS if is_short else MAX_DECIMAL_DIGITS, self.scale)

    def _are_exact_floats(self) -> bool:
        return int not in self.kinds or (
            self.low >= -_EXACT_FLOAT_INTEGER and self.high <= _EXACT_FLOAT_INTEGER
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


def _moment(text: str) -> str:
    for name, pattern, parse in _MOMENTS:
        if pattern.fullmatch(text):
            try:
                parse(text)
            except ValueError:
                return ""
            return name
    return ""


def to_arrow(values: Sequence[object], type_: pa.DataType) -> pa.Array:
    """Return values as SQLite gives them as an Array of a type that their profile found."""
    convert = _converter(type_)
    if convert is not None:
        values = [None if value is None else convert(value) for value in values]
    return pa.array(values, type=type_)


def _converter(type_: pa.DataType) -> Callable[..., object] | None:
    if pa.types.is_decimal(type_):
        return _to_decimal
    for name, _, parse in _MOMENTS:
        if type_ == SIMPLE[name]:
            return parse
    converters: dict[str, Callable[..., object]] = {"bool": bool, "float64": float, "string": _to_text}
    return converters.get(_name(type_))


def _to_decimal(value: object) -> Decimal:
    return Decimal(repr(value))


def _to_text(value: object) -> str:
    """Return a text as it is, and a number in its shortest exact spelling."""
    return value if isinstance(value, str) else repr(value)
