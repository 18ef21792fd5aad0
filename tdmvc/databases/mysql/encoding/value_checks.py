"""What may be wrong with values of a canonical type for a column: how many are, without saying which."""

import struct
from decimal import Decimal

import pyarrow as pa

from tdmvc.arrow.compute import call_function
from tdmvc.databases.mysql.catalog.types import INTEGER_BITS, MysqlColumn
from tdmvc.databases.mysql.encoding.text_checks import TEXTS, length_checks, text_checks
from tdmvc.databases.mysql.encoding.time_checks import time_checks
from tdmvc.databases.value_checks import (
    NoFormError,
    ValueCheck,
    both,
    decimal_places,
    each_value,
    integer_bounds,
    longer,
    negated,
    other_form,
    outside,
)
from tdmvc.model.schema import Column

_BLOB_BYTES = {"tinyblob": 2**8 - 1, "blob": 2**16 - 1, "mediumblob": 2**24 - 1, "longblob": 2**32 - 1}


def value_checks(column: Column, target: MysqlColumn, *, has_long_timestamps: bool) -> list[ValueCheck]:
    """Return what may be wrong with the values of a column.

    Raises:
        NoFormError: the column cannot hold the type at all.
    """
    type_ = column.type
    found: list[ValueCheck] = []
    if target.required and not column.required:
        found.append(ValueCheck("null, and the column is NOT NULL", lambda array: array.is_null()))
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
        return found + text_checks(column, target)
    if pa.types.is_binary(type_):
        return found + _of_bytes(target)
    return found + time_checks(type_, target, has_long_timestamps=has_long_timestamps)


def _of_nested(target: MysqlColumn) -> list[ValueCheck]:
    if target.kind in TEXTS or target.is_json:
        return [other_form("lists or structs, which are stored as JSON text")]
    raise NoFormError


def _of_flags(target: MysqlColumn) -> list[ValueCheck]:
    if target.kind in INTEGER_BITS or target.kind in ("bit", "decimal", "float", "double"):
        is_flag = target.is_flag or (target.kind == "bit" and target.precision == 1)
        return [] if is_flag else [other_form("true or false, and are stored as 1 and 0")]
    raise NoFormError


def _of_integers(type_: pa.DataType, target: MysqlColumn) -> list[ValueCheck]:
    match target.kind:
        case kind if kind in INTEGER_BITS:
            most = target.largest_integer
            least = 0 if target.is_unsigned else -most - 1
        case "bit":
            least, most = 0, 2 ** (target.precision or 1) - 1
        case "year":
            return [ValueCheck("no years from 1901 to 2155", lambda array: _not_years(array))]
        case "decimal":
            most = 10 ** ((target.precision or 10) - (target.scale or 0)) - 1
            least = 0 if target.is_unsigned else -most
        case "float" | "double":
            most = 2 ** (24 if target.kind == "float" else 53)
            least = -most
        case kind if kind in TEXTS:
            return [other_form("numbers, and are stored as text"), *length_checks(target)]
        case _:
            raise NoFormError
    return _outside(f"outside the range of {target.type}", type_, least, most)


def _outside(problem: str, type_: pa.DataType, least: int, most: int) -> list[ValueCheck]:
    first, last = integer_bounds(type_)
    if least <= first and last <= most:
        return []
    low, high = max(least, first), min(most, last)
    return [ValueCheck(problem, lambda array: outside(array, low, high))]


def _not_years(array: pa.Array) -> pa.Array:
    numbers = array.cast(pa.int64(), safe=False)
    return both(outside(numbers, 1901, 2155), outside(numbers, 0, 0))


def _of_decimals(type_: pa.DataType, target: MysqlColumn) -> list[ValueCheck]:
    match target.kind:
        case "decimal":
            digits, scale = (target.precision or 10) - (target.scale or 0), target.scale or 0
        case kind if kind in INTEGER_BITS:
            digits, scale = len(str(2 ** (INTEGER_BITS[kind] - 1))) - 1, 0
        case "float" | "double":
            return [other_form("decimals, and are stored as floating-point numbers")]
        case kind if kind in TEXTS:
            return [other_form("decimals, and are stored as text"), *length_checks(target)]
        case _:
            raise NoFormError
    found = []
    if type_.precision - type_.scale > digits:
        limit = Decimal(10) ** digits
        found.append(
            ValueCheck(f"outside the range of {target.type}", each_value(lambda value: abs(value) >= limit))
        )
    if type_.scale > scale:
        found.append(
            ValueCheck(
                f"more exact than {target.type}", each_value(lambda value: decimal_places(value) > scale)
            )
        )
    if target.is_unsigned:
        found.append(ValueCheck(f"outside the range of {target.type}", each_value(lambda value: value < 0)))
    return found


def _of_floats(type_: pa.DataType, target: MysqlColumn) -> list[ValueCheck]:
    no_number = ValueCheck(
        "NaN or infinite, which MySQL does not have",
        lambda array: negated(call_function("is_finite", [array])),
    )
    match target.kind:
        case "double":
            found = [no_number]
        case "float":
            found = [no_number]
            if type_ == pa.float64():
                found.append(ValueCheck("more exact than float, or outside its range", _not_float32))
        case "decimal":
            found = [
                no_number,
                ValueCheck(f"not exact in {target.type}", lambda array: _not_decimal(array, target)),
            ]
        case kind if kind in TEXTS:
            return [other_form("floating-point numbers, and are stored as text")]
        case _:
            raise NoFormError
    if target.kind != "decimal" and target.scale is not None and "(" in target.type:
        places = target.scale
        stored = _as_float32 if target.kind == "float" else float
        found.append(
            ValueCheck(
                f"more exact than {target.type}",
                each_value(lambda value: stored(round(value, places)) != stored(value)),
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


def _not_decimal(array: pa.Array, target: MysqlColumn) -> pa.Array:
    digits, scale = (target.precision or 10) - (target.scale or 0), target.scale or 0

    def is_other(value: object) -> bool:
        number = float(str(value))
        if number != number or number in (float("inf"), float("-inf")):
            return False
        exact = Decimal(repr(number))
        return abs(exact) >= Decimal(10) ** digits or decimal_places(exact) > scale

    return each_value(is_other)(array)


def _of_bytes(target: MysqlColumn) -> list[ValueCheck]:
    if target.kind == "vector":
        return []
    is_limited = target.kind in ("binary", "varbinary")
    most = (target.length or 1) if is_limited else _BLOB_BYTES.get(target.kind)
    if most is None:
        raise NoFormError
    found = [ValueCheck(f"longer than {target.type}", lambda array: longer("binary_length", array, most))]
    if target.kind == "binary":
        problem = f"shorter than {target.type}, which fills them up with zeros"
        size = pa.scalar(most, pa.int32())
        found.append(
            ValueCheck(
                problem,
                lambda array: call_function("less", [call_function("binary_length", [array]), size]),
                is_fault=False,
            )
        )
    return found
