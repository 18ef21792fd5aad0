"""What may be wrong with dates and times for a column: their range, and fractions of a second."""

import pyarrow as pa

from tdmvc.arrow.compute import call_function
from tdmvc.databases.mysql.catalog.types import FIRST_DATETIME, LAST_DATETIME, MysqlColumn, timestamp_range
from tdmvc.databases.mysql.encoding.text_checks import TEXTS
from tdmvc.databases.value_checks import NoFormError, ValueCheck, other_form, outside


def time_checks(type_: pa.DataType, target: MysqlColumn, *, has_long_timestamps: bool) -> list[ValueCheck]:
    """Return what may be wrong with dates and times for a column.

    Raises:
        NoFormError: the column cannot hold them.
    """
    if target.kind in TEXTS:
        return [other_form("dates or times, and are stored as text")]
    if pa.types.is_date(type_):
        if target.kind not in ("date", "datetime"):
            raise NoFormError
        other = [] if target.kind == "date" else [other_form("dates, and are stored with a time")]
        return [*other, *_moments(target, FIRST_DATETIME, LAST_DATETIME)]
    if pa.types.is_time(type_):
        if target.kind != "time":
            raise NoFormError
        midnight = ValueCheck(
            "24:00, the end of a day, which a time of MySQL is not",
            lambda array: outside(_microseconds(array), 0, 86_400_000_000 - 1),
        )
        return [midnight, *_fractions(target)]
    has_zone = type_.tz is not None
    if target.kind == "timestamp":
        other = [] if has_zone else [other_form("times without a zone, and are stored as times in UTC")]
        bounds = timestamp_range(is_long=has_long_timestamps)
        return [*other, *_moments(target, *bounds), *_fractions(target)]
    if target.kind == "datetime":
        other = [other_form("instants, and are stored as times in UTC without a zone")] if has_zone else []
        return [*other, *_moments(target, FIRST_DATETIME, LAST_DATETIME), *_fractions(target)]
    raise NoFormError


def _moments(target: MysqlColumn, first: int, last: int) -> list[ValueCheck]:
    problem = f"outside the range of {target.type}"
    return [ValueCheck(problem, lambda array: outside(_microseconds(array), first, last))]


def _microseconds(array: pa.Array) -> pa.Array:
    if pa.types.is_date(array.type):
        days = array.cast(pa.int32()).cast(pa.int64())
        return call_function("multiply", [days, pa.scalar(86_400_000_000, pa.int64())])
    return array.cast(pa.int64())


def _fractions(target: MysqlColumn) -> list[ValueCheck]:
    if target.fraction >= 6:
        return []
    unit = 10 ** (6 - target.fraction)

    def find(array: pa.Array) -> pa.Array:
        moments = array.cast(pa.int64())
        scale = pa.scalar(unit, pa.int64())
        whole = call_function("multiply", [call_function("divide", [moments, scale]), scale])
        return call_function("not_equal", [whole, moments])

    return [ValueCheck(f"more exact than {target.physical_type}", find)]
