"""What may be wrong with values of a canonical type for a column: how many are, without saying which."""

import json
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

import pyarrow as pa

from tdmvc.arrow.compute import MatchSubstringOptions, SetLookupOptions, call_function
from tdmvc.databases.mysql.literals import internal_geometry
from tdmvc.databases.mysql.ranges import FIRST_DATETIME, LAST_DATETIME, timestamp_range
from tdmvc.databases.mysql.types import GEOMETRIES, DeclaredColumn
from tdmvc.model.finding import Severity
from tdmvc.model.schema import Column

_INTEGERS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
_TEXT_BYTES = {"tinytext": 2**8 - 1, "text": 2**16 - 1, "mediumtext": 2**24 - 1, "longtext": 2**32 - 1}
_BLOB_BYTES = {"tinyblob": 2**8 - 1, "blob": 2**16 - 1, "mediumblob": 2**24 - 1, "longblob": 2**32 - 1}
_TEXTS = ("char", "varchar", *_TEXT_BYTES)
_PYTHON_CHARSETS = {
    "latin1": "cp1252",
    "ascii": "ascii",
    "latin2": "iso8859-2",
    "cp1251": "cp1251",
    "greek": "iso8859-7",
}
_WIDE = r"[^\x{0}-\x{FFFF}]"
_LABEL = re.compile(r"'((?:[^']|'')*)'")
_FORMS = {
    "date": r"^\d{4}-\d\d-\d\d$",
    "datetime": r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?$",
    "timestamp": r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?$",
    "time": r"^-?\d{2,3}:\d\d:\d\d(\.\d{1,6})?$",
    "uuid": r"^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$",
}

Finder = Callable[[pa.Array], pa.Array]
"""Returns true for each value that is meant; false or null for all others."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One thing that may be wrong with values."""

    problem: str
    """What they are then: `longer than varchar(40)`."""
    find: Finder
    is_fault: bool = True
    """False if they are loaded all the same, and read back in another form."""

    @property
    def severity(self) -> Severity:
        return Severity.ERROR if self.is_fault else Severity.WARNING

    def count(self, array: pa.Array) -> int:
        """Return how many values there is something wrong with."""
        return int(call_function("sum", [self.find(array)]).as_py() or 0)


class NoFormError(Exception):
    """No value of the type can go into the column."""


def doubts(column: Column, target: DeclaredColumn, *, has_long_timestamps: bool) -> list[Doubt]:
    """Return what may be wrong with the values of a column.

    Raises:
        NoFormError: the column cannot hold the type at all.
    """
    type_ = column.type
    found: list[Doubt] = []
    if target.required and not column.required:
        found.append(Doubt("null, and the column is NOT NULL", lambda array: array.is_null()))
    if pa.types.is_nested(type_):
        return found + _of_nested(target)
    if pa.types.is_boolean(type_):
        return found + _of_flags(target)
    if pa.types.is_integer(type_):
        return found + _of_integers(type_, target)
    if pa.types.is_decimal(type_):
        return found + _of_decimals(type_, target)
    if pa.types.is_floating(type_):
        return found + _of_floats(type_, target)
    if pa.types.is_string(type_):
        return found + _of_texts(column, target)
    if pa.types.is_binary(type_):
        return found + _of_bytes(target)
    return found + _of_times(type_, target, has_long_timestamps=has_long_timestamps)


def _of_nested(target: DeclaredColumn) -> list[Doubt]:
    if target.kind in _TEXTS or target.is_json:
        return [_other_form("lists or structs, which are stored as JSON text")]
    raise NoFormError


def _of_flags(target: DeclaredColumn) -> list[Doubt]:
    if target.kind in _INTEGERS or target.kind in ("bit", "decimal", "float", "double"):
        is_flag = target.is_flag or (target.kind == "bit" and target.precision == 1)
        return [] if is_flag else [_other_form("true or false, and are stored as 1 and 0")]
    raise NoFormError


def _of_integers(type_: pa.DataType, target: DeclaredColumn) -> list[Doubt]:
    match target.kind:
        case kind if kind in _INTEGERS:
            bits = _INTEGERS[kind]
            least, most = (
                (0, 2**bits - 1) if target.is_unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
            )
        case "bit":
            least, most = 0, 2 ** (target.precision or 1) - 1
        case "year":
            return [Doubt("no years from 1901 to 2155", lambda array: _not_years(array))]
        case "decimal":
            most = 10 ** ((target.precision or 10) - (target.scale or 0)) - 1
            least = 0 if target.is_unsigned else -most
        case "float" | "double":
            most = 2 ** (24 if target.kind == "float" else 53)
            least = -most
        case kind if kind in _TEXTS:
            return [_other_form("numbers, and are stored as text"), *_lengths(target)]
        case _:
            raise NoFormError
    return _outside(f"outside the range of {target.type}", type_, least, most)


def _outside(problem: str, type_: pa.DataType, least: int, most: int) -> list[Doubt]:
    signed = pa.types.is_signed_integer(type_)
    first, last = (
        (-(2 ** (type_.bit_width - 1)), 2 ** (type_.bit_width - 1) - 1)
        if signed
        else (0, 2**type_.bit_width - 1)
    )
    found = []
    if least > first:
        low = pa.scalar(least, type_)
        found.append(Doubt(problem, lambda array: call_function("less", [array, low])))
    if most < last:
        high = pa.scalar(most, type_)
        found.append(Doubt(problem, lambda array: call_function("greater", [array, high])))
    return found


def _not_years(array: pa.Array) -> pa.Array:
    numbers = array.cast(pa.int64(), safe=False)
    is_year = _both(_at_least(numbers, 1901), _not(_at_least(numbers, 2156)))
    return _not(_either(is_year, call_function("equal", [numbers, pa.scalar(0, pa.int64())])))


def _of_decimals(type_: pa.DataType, target: DeclaredColumn) -> list[Doubt]:
    match target.kind:
        case "decimal":
            digits, scale = (target.precision or 10) - (target.scale or 0), target.scale or 0
        case kind if kind in _INTEGERS:
            digits, scale = len(str(2 ** (_INTEGERS[kind] - 1))) - 1, 0
        case "float" | "double":
            return [_other_form("decimals, and are stored as floating-point numbers")]
        case kind if kind in _TEXTS:
            return [_other_form("decimals, and are stored as text"), *_lengths(target)]
        case _:
            raise NoFormError
    found = []
    if type_.precision - type_.scale > digits:
        limit = Decimal(10) ** digits
        found.append(Doubt(f"outside the range of {target.type}", _each(lambda value: abs(value) >= limit)))
    if type_.scale > scale:
        found.append(Doubt(f"more exact than {target.type}", _each(lambda value: _places(value) > scale)))
    if target.is_unsigned:
        found.append(Doubt(f"outside the range of {target.type}", _each(lambda value: value < 0)))
    return found


def _places(value: Decimal) -> int:
    """Return how many digits after the point a number needs."""
    with localcontext(prec=80):
        return -int(value.normalize().as_tuple().exponent)


def _each(is_meant: Callable[[Any], bool]) -> Finder:
    """Return a finder that looks at each different value once."""

    def find(array: pa.Array) -> pa.Array:
        different = call_function("unique", [array])
        found = [value for value in different.to_pylist() if value is not None and is_meant(value)]
        if not found:
            return pa.array([False])
        return call_function("is_in", [array], SetLookupOptions(pa.array(found, array.type), skip_nulls=True))

    return find


def _of_floats(type_: pa.DataType, target: DeclaredColumn) -> list[Doubt]:
    no_number = Doubt(
        "NaN or infinite, which MySQL does not have", lambda array: _not(call_function("is_finite", [array]))
    )
    match target.kind:
        case "double":
            found = [no_number]
        case "float":
            found = [no_number]
            if type_ == pa.float64():
                found.append(Doubt("more exact than float, or outside its range", _not_float32))
        case "decimal":
            found = [
                no_number,
                Doubt(f"not exact in {target.type}", lambda array: _not_decimal(array, target)),
            ]
        case kind if kind in _TEXTS:
            return [_other_form("floating-point numbers, and are stored as text")]
        case _:
            raise NoFormError
    if target.kind != "decimal" and target.scale is not None and "(" in target.type:
        places = target.scale
        stored = _as_float32 if target.kind == "float" else float
        found.append(
            Doubt(
                f"more exact than {target.type}",
                _each(lambda value: stored(round(value, places)) != stored(value)),
            )
        )
    return found


def _as_float32(value: float) -> float:
    (narrow,) = struct.unpack("f", struct.pack("f", value))
    return float(narrow)


def _not_float32(array: pa.Array) -> pa.Array:
    finite = call_function("if_else", [call_function("is_finite", [array]), array, pa.scalar(0.0)])
    narrow = finite.cast(pa.float32(), safe=False).cast(pa.float64())
    return call_function("not_equal", [narrow, finite])


def _not_decimal(array: pa.Array, target: DeclaredColumn) -> pa.Array:
    digits, scale = (target.precision or 10) - (target.scale or 0), target.scale or 0

    def is_other(value: object) -> bool:
        number = float(str(value))
        if number != number or number in (float("inf"), float("-inf")):
            return False
        exact = Decimal(repr(number))
        return abs(exact) >= Decimal(10) ** digits or _places(exact) > scale

    return _each(is_other)(array)


def _of_texts(column: Column, target: DeclaredColumn) -> list[Doubt]:
    kind = target.kind
    if kind in ("enum", "set"):
        return _labels(target)
    if target.is_json:
        return [] if column.is_json else [Doubt("not JSON", _each(_is_no_json))]
    if kind in _TEXTS:
        return _lengths(target)
    if kind in GEOMETRIES:
        return [Doubt("no geometry (EWKB in hexadecimal digits)", _each(_is_no_geometry))]
    if kind == "bit":
        return [Doubt(f"no {target.precision} binary digits", _unlike(rf"^[01]{{{target.precision}}}$"))]
    if kind == "decimal":
        digits, scale = (target.precision or 10) - (target.scale or 0), target.scale or 0
        form = rf"^-?0*[0-9]{{1,{max(digits, 1)}}}" + (
            rf"(\.[0-9]{{0,{scale}}}0*)?$" if scale else r"(\.0*)?$"
        )
        return [Doubt(f"no number of {target.type}", _unlike(form))]
    if kind == "uuid":
        return [
            Doubt("no UUID", _unlike("(?i)^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$")),
            Doubt("a UUID in another form than the usual one", _unlike(_FORMS["uuid"]), is_fault=False),
        ]
    if kind in _FORMS:
        return [Doubt(f"no {kind}", _unlike(_FORMS[kind])), *_text_fractions(target)]
    if kind in ("inet4", "inet6"):
        return []
    raise NoFormError


def _text_fractions(target: DeclaredColumn) -> list[Doubt]:
    if target.kind == "date" or target.fraction >= 6:
        return []
    form = rf"\.\d{{{target.fraction}}}\d*[1-9]"
    return [
        Doubt(
            f"more exact than {target.type}",
            lambda array: call_function("match_substring_regex", [array], MatchSubstringOptions(form)),
        )
    ]


def _unlike(pattern: str) -> Finder:
    options = MatchSubstringOptions(pattern)
    return lambda array: _not(call_function("match_substring_regex", [array], options))


def _is_no_json(value: object) -> bool:
    def refuse(_: str) -> None:
        raise ValueError

    try:
        json.loads(str(value), parse_constant=refuse)
    except (ValueError, RecursionError):
        return True
    return False


def _is_no_geometry(value: object) -> bool:
    try:
        internal_geometry(str(value))
    except (ValueError, IndexError):
        return True
    return False


def labels(target: DeclaredColumn) -> list[str]:
    """Return the values of an enum or a set."""
    return [found[1].replace("''", "'") for found in _LABEL.finditer(target.type)]


def _labels(target: DeclaredColumn) -> list[Doubt]:
    known = labels(target)
    if target.kind == "enum":
        options = SetLookupOptions(pa.array(known, pa.string()), skip_nulls=True)

        def find(array: pa.Array) -> pa.Array:
            is_known = call_function("is_in", [array], options)
            return _both(_not(is_known), array.is_valid())

        return [Doubt("no labels of the enum", find)]
    members = set(known)
    order = {label: place for place, label in enumerate(known)}

    def is_other_order(value: object) -> bool:
        parts = str(value).split(",")
        return set(parts) <= members and parts != sorted(set(parts), key=lambda part: order[part])

    return [
        Doubt(
            "no labels of the set",
            _each(lambda value: bool(value) and not set(str(value).split(",")) <= members),
        ),
        Doubt("labels in another order than the set", _each(is_other_order), is_fault=False),
    ]


def _lengths(target: DeclaredColumn) -> list[Doubt]:
    found = []
    if target.kind in ("char", "varchar"):
        most = target.length or 1
        found.append(
            Doubt(f"longer than {target.type}", lambda array: _longer("utf8_length", _texts(array), most))
        )
    else:
        most = _TEXT_BYTES[target.kind]
        found.append(
            Doubt(f"longer than {target.type}", lambda array: _longer("binary_length", _texts(array), most))
        )
    if target.kind == "char":
        found.append(
            Doubt(
                "texts that end in spaces, which char drops",
                lambda array: call_function("ends_with", [_texts(array)], MatchSubstringOptions(" ")),
                is_fault=False,
            )
        )
    charset = (target.charset or "utf8mb4").lower()
    if charset in ("utf8", "utf8mb3", "ucs2"):
        problem = f"texts with characters beyond {charset}, such as emoji"
        found.append(Doubt(problem, lambda array: _wide(_texts(array))))
    elif charset in _PYTHON_CHARSETS:
        codec = _PYTHON_CHARSETS[charset]
        problem = f"texts with characters that {charset} lacks"
        found.append(Doubt(problem, lambda array: _not_encodable(_texts(array), codec)))
    return found


def _texts(array: pa.Array) -> pa.Array:
    return array if pa.types.is_string(array.type) else array.cast(pa.string())


def _longer(function: str, array: pa.Array, most: int) -> pa.Array:
    lengths = call_function(function, [array])
    return call_function("greater", [lengths.cast(pa.int64()), pa.scalar(most, pa.int64())])


def _wide(array: pa.Array) -> pa.Array:
    return call_function("match_substring_regex", [array], MatchSubstringOptions(_WIDE))


def _not_encodable(array: pa.Array, codec: str) -> pa.Array:
    if call_function("all", [call_function("string_is_ascii", [array])]).as_py() is not False:
        return pa.array([False])

    def is_other(value: object) -> bool:
        try:
            str(value).encode(codec)
        except UnicodeEncodeError:
            # The server's latin1 also has the five places that cp1252 leaves free.
            return codec != "cp1252" or not set(str(value)) <= _LATIN1
        return False

    return _each(is_other)(array)


_LATIN1 = {bytes([code]).decode("cp1252", "replace") for code in range(256)} | set("\x81\x8d\x8f\x90\x9d")


def _of_bytes(target: DeclaredColumn) -> list[Doubt]:
    match target.kind:
        case "binary":
            size = target.length or 1
            shorter = Doubt(
                f"shorter than {target.type}, which fills them up with zeros",
                lambda array: call_function(
                    "less", [call_function("binary_length", [array]), pa.scalar(size, pa.int32())]
                ),
                is_fault=False,
            )
            return [
                Doubt(f"longer than {target.type}", lambda array: _longer("binary_length", array, size)),
                shorter,
            ]
        case "varbinary":
            size = target.length or 1
            return [Doubt(f"longer than {target.type}", lambda array: _longer("binary_length", array, size))]
        case kind if kind in _BLOB_BYTES:
            most = _BLOB_BYTES[kind]
            return [Doubt(f"longer than {target.type}", lambda array: _longer("binary_length", array, most))]
        case "vector":
            return []
    raise NoFormError


def _of_times(type_: pa.DataType, target: DeclaredColumn, *, has_long_timestamps: bool) -> list[Doubt]:
    if target.kind in _TEXTS:
        return [_other_form("dates or times, and are stored as text")]
    if pa.types.is_date(type_):
        if target.kind not in ("date", "datetime"):
            raise NoFormError
        other = [] if target.kind == "date" else [_other_form("dates, and are stored with a time")]
        return [*other, *_moments(target, FIRST_DATETIME, LAST_DATETIME)]
    if pa.types.is_time(type_):
        if target.kind != "time":
            raise NoFormError
        midnight = Doubt(
            "24:00, the end of a day, which a time of MySQL is not",
            lambda array: _at_least(_microseconds(array), 86_400_000_000),
        )
        return [midnight, *_fractions(target)]
    has_zone = type_.tz is not None
    if target.kind == "timestamp":
        other = [] if has_zone else [_other_form("times without a zone, and are stored as times in UTC")]
        bounds = timestamp_range(is_long=has_long_timestamps)
        return [*other, *_moments(target, *bounds), *_fractions(target)]
    if target.kind == "datetime":
        other = [_other_form("instants, and are stored as times in UTC without a zone")] if has_zone else []
        return [*other, *_moments(target, FIRST_DATETIME, LAST_DATETIME), *_fractions(target)]
    raise NoFormError


def _moments(target: DeclaredColumn, first: int, last: int) -> list[Doubt]:
    def find(array: pa.Array) -> pa.Array:
        moments = _microseconds(array)
        return _either(_not(_at_least(moments, first)), _at_least(moments, last + 1))

    return [Doubt(f"outside the range of {target.type}", find)]


def _microseconds(array: pa.Array) -> pa.Array:
    if pa.types.is_date(array.type):
        days = array.cast(pa.int32()).cast(pa.int64())
        return call_function("multiply", [days, pa.scalar(86_400_000_000, pa.int64())])
    return array.cast(pa.int64())


def _fractions(target: DeclaredColumn) -> list[Doubt]:
    if target.fraction >= 6:
        return []
    unit = 10 ** (6 - target.fraction)

    def find(array: pa.Array) -> pa.Array:
        moments = array.cast(pa.int64())
        scale = pa.scalar(unit, pa.int64())
        whole = call_function("multiply", [call_function("divide", [moments, scale]), scale])
        return call_function("not_equal", [whole, moments])

    return [Doubt(f"more exact than {target.physical_type}", find)]


def _other_form(what: str) -> Doubt:
    return Doubt(what, lambda array: array.is_valid(), is_fault=False)


def _not(found: pa.Array) -> pa.Array:
    return call_function("invert", [found])


def _both(one: pa.Array, other: pa.Array) -> pa.Array:
    return call_function("and", [one, other])


def _either(one: pa.Array, other: pa.Array) -> pa.Array:
    return call_function("or", [one, other])


def _at_least(array: pa.Array, least: int) -> pa.Array:
    return call_function("greater_equal", [array, pa.scalar(least, array.type)])
