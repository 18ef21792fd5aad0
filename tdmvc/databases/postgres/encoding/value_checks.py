"""What may be wrong with the values of a column for a type of PostgreSQL: how many are, without saying which."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import pyarrow as pa

from tdmvc.arrow.compute import CastOptions, MatchSubstringOptions, SetLookupOptions, call_function, cast
from tdmvc.arrow.constants import constant, flag, number, text_array
from tdmvc.databases.postgres.encoding.binary import INFINITE_DAYS, INFINITE_MICROSECONDS, nearest_floats
from tdmvc.databases.postgres.encoding.copy_format import bytes_of
from tdmvc.databases.value_checks import (
    Finder,
    ValueCheck,
    both,
    either,
    integer_bounds,
    longer,
    negated,
    other_form,
    outside,
)

_DAY_MICROSECONDS = 86_400_000_000
_FIRST_MICROSECOND = -210_866_803_200_000_000
"""4714-11-24 BC, in microseconds since 1970; PostgreSQL's timestamps end after Arrow's."""
_FIRST_DAY = -2_440_588
_END_DAY = 2_145_042_906
_NAME_BYTES = 63
_UUID = r"^\{?(?:[0-9a-fA-F]{4}-?){7}[0-9a-fA-F]{4}\}?$"
_OWN_UUID = r"^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$"
_FLOAT_DIGITS = {32: 24, 64: 53}
_INTEGER_DIGITS = {8: 3, 16: 5, 32: 10, 64: 20}


def _matches(function: str, pattern: str) -> Finder:
    return lambda texts: call_function(function, [texts], MatchSubstringOptions(pattern))


def _with_nul(texts: pa.Array) -> pa.Array:
    # A look at all bytes at once takes a tenth of the time.
    if (np.frombuffer(bytes_of(texts), np.uint8) != 0).all():
        return pa.repeat(flag(is_set=False), 1)
    return _matches("match_substring", "\0")(texts)


NUL = ValueCheck("not possible in PostgreSQL, because of a NUL character", _with_nul)
LONG_NAME = ValueCheck(
    f"longer than the {_NAME_BYTES} bytes of a name",
    lambda texts: longer("binary_length", texts, _NAME_BYTES),
)
PADDED = ValueCheck(
    "texts with blanks at their end, which read back without them",
    _matches("match_substring_regex", " $"),
    is_fault=False,
)
NO_UUID = ValueCheck("not UUIDs", lambda texts: negated(_matches("match_substring_regex", _UUID)(texts)))
OTHER_UUID = ValueCheck(
    "written in another form than PostgreSQL's, in which they read back",
    lambda texts: negated(_matches("match_substring_regex", _OWN_UUID)(texts)),
    is_fault=False,
)
IN_UTC = other_form("moments that are taken to be in UTC")


def longer_than(limit: int, type_: str) -> ValueCheck:
    """Return the check that texts have more characters than a type allows."""
    return ValueCheck(f"too long for {type_}", lambda texts: longer("utf8_length", texts, limit))


def no_label_of(labels: Sequence[str], type_: str) -> ValueCheck:
    """Return the check that texts are no labels of an enum."""
    options = SetLookupOptions(text_array([*labels, None]))
    return ValueCheck(
        f"not among the labels of {type_}", lambda texts: negated(call_function("is_in", [texts], options))
    )


def _far_timestamps(array: pa.Array) -> pa.Array:
    micros = cast(array, pa.int64())
    is_early = call_function("less", [micros, number(_FIRST_MICROSECOND)])
    is_finite = call_function("greater", [micros, number(-INFINITE_MICROSECONDS)])
    return both(is_early, is_finite)


def _far_dates(array: pa.Array) -> pa.Array:
    days = cast(array, pa.int32())
    far = outside(days, _FIRST_DAY, _END_DAY - 1)
    is_finite = negated(outside(days, 1 - INFINITE_DAYS, INFINITE_DAYS - 1))
    return both(far, is_finite)


def _within_day(array: pa.Array) -> pa.Array:
    micros = cast(array, pa.int64())
    rest = call_function("subtract", [micros, _multiples(micros, _DAY_MICROSECONDS)])
    return call_function("not_equal", [rest, number(0)])


def _multiples(numbers: pa.Array, of: int) -> pa.Array:
    """Return each number, rounded to a multiple."""
    return call_function("multiply", [call_function("divide", [numbers, number(of)]), number(of)])


FAR_TIMESTAMP = ValueCheck("earlier than 4713 BC, where PostgreSQL's timestamps begin", _far_timestamps)
FAR_DATE = ValueCheck("beyond the dates that PostgreSQL has", _far_dates)
NOT_MIDNIGHT = ValueCheck("not at midnight, and the column keeps only dates", _within_day)
NO_TIME = ValueCheck(
    "not times of a day", lambda array: outside(cast(array, pa.int64()), 0, _DAY_MICROSECONDS)
)


def finer_than(digits: int, type_: str) -> ValueCheck:
    """Return the check that times have more digits after the second than a type keeps."""
    unit = 10 ** (6 - digits)

    def find(array: pa.Array) -> pa.Array:
        micros = cast(array, pa.int64())
        is_finer = call_function("not_equal", [_multiples(micros, unit), micros])
        if not pa.types.is_timestamp(array.type):
            return is_finer
        return call_function(
            "and", [is_finer, negated(outside(micros, 1 - INFINITE_MICROSECONDS, INFINITE_MICROSECONDS - 1))]
        )

    return ValueCheck(f"finer than {type_} keeps", find)


def _not_boolean(array: pa.Array) -> pa.Array:
    is_zero, is_one = (call_function("equal", [array, constant(number, array.type)]) for number in (0, 1))
    return negated(either(is_zero, is_one))


NO_BOOLEAN = ValueCheck("neither 0 nor 1", _not_boolean)


def changed_by(type_: pa.DataType, name: str) -> ValueCheck:
    """Return the check that numbers change in an integer or float type.

    Args:
        type_: the Arrow type with the values of PostgreSQL's.
        name: PostgreSQL's type.
    """
    if pa.types.is_integer(type_):
        return ValueCheck(
            f"not whole numbers within the range of {name}", lambda array: _not_integer(array, type_)
        )
    return ValueCheck(f"not exact in {name}", lambda array: _not_float(array, type_))


def _not_integer(array: pa.Array, type_: pa.DataType) -> pa.Array:
    least, most = integer_bounds(type_)
    if pa.types.is_integer(array.type):
        own = integer_bounds(array.type)
        return outside(array, max(least, own[0]), min(most, own[1]))
    if pa.types.is_decimal(array.type):
        wide = cast(array, pa.decimal256(76, max(array.type.scale, 0)))
        has_part = call_function("not_equal", [call_function("floor", [wide]), wide])
        return either(has_part, outside(wide, Decimal(least), Decimal(most)))
    has_part = call_function("not_equal", [call_function("floor", [array]), array])
    # The greatest integer of 64 bits is no float: everything from 2⁶³ on is outside.
    low = call_function("less", [array, constant(float(least), array.type)])
    high = call_function("greater_equal", [array, constant(float(most + 1), array.type)])
    return either(has_part, either(low, high))


def _not_float(array: pa.Array, type_: pa.DataType) -> pa.Array:
    if pa.types.is_integer(array.type):
        most = min(2 ** _FLOAT_DIGITS[type_.bit_width], integer_bounds(array.type)[1])
        return outside(array, max(-most, integer_bounds(array.type)[0]), most)
    if pa.types.is_floating(array.type):
        back = cast(cast(array, type_), array.type)
        is_same = call_function("equal", [back, array])
        return negated(either(is_same, call_function("is_nan", [array])))
    _, is_changed = nearest_floats(array, type_)
    return cast(text_array(str(one).lower() for one in is_changed), pa.bool_())


def digits_of(type_: pa.DataType) -> tuple[int, int]:
    """Return how many digits numbers of a type have before and after the point."""
    if pa.types.is_decimal(type_):
        return int(type_.precision - type_.scale), max(int(type_.scale), 0)
    return _INTEGER_DIGITS[type_.bit_width], 0


def no_numeric(precision: int, scale: int, name: str) -> ValueCheck:
    """Return the check that integers and decimals have more digits than a bounded numeric keeps."""

    def find(array: pa.Array) -> pa.Array:
        wide = cast(array, pa.decimal256(76, digits_of(array.type)[1]))
        limit = Decimal(10) ** (precision - scale)
        own = wide.type.scale
        smallest = Decimal(1).scaleb(-own)
        if precision - scale + own > 75:
            is_large = call_function("less", [wide, wide])
        else:
            is_large = outside(wide, smallest - limit, limit - smallest)
        if own <= scale:
            return is_large
        cut = call_function("cast", [wide], _truncating(pa.decimal256(76, scale)))
        is_cut = call_function("not_equal", [cast(cut, wide.type), wide])
        return either(is_large, is_cut)

    return ValueCheck(f"not exact in {name}", find)


def _truncating(type_: pa.DataType) -> CastOptions:
    return CastOptions(target_type=type_, allow_decimal_truncate=True)
