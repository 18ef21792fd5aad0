"""Turns what the server sends into canonical arrays: binary values that the driver made wrong, and texts."""

import re
from collections.abc import Callable, Sequence

import pyarrow as pa

from tdmvc.arrow.compute import MatchSubstringOptions, ReplaceSubstringOptions, call_function
from tdmvc.arrow.types import SIMPLE
from tdmvc.errors import SourceError

_DAYS_TO_2000 = 10_957
_MICROSECONDS_TO_2000 = 946_684_800_000_000
_FIRST_DAY, _FIRST_MICROSECOND = -2_440_588, -210_866_803_200_000_000
"""24 November 4714 BC, before which PostgreSQL has no dates."""
_INFINITE_DAYS, _INFINITE_MICROSECONDS = 2**31 - 1, 2**63 - 1
"""How canonical dates and timestamps write infinity, as DuckDB does; its negative is that of the past."""


def from_binary(array: pa.Array, type_: pa.DataType, table: str, column: str) -> pa.Array:
    """Return an array of the ADBC driver with its canonical type.

    The driver counts from 1970 without looking whether there is such a number, so that infinite times and those beyond
    the year 294247 come out as times before the first one that the server has.

    Raises:
        SourceError: no canonical timestamp holds a value.
    """
    if pa.types.is_list(type_):
        values = from_binary(array.values, type_.value_type, table, column)
        validity, offsets = array.buffers()[:2]
        return pa.Array.from_buffers(
            type_, len(array), [validity, offsets], array.null_count, array.offset, children=[values]
        )
    if pa.types.is_date(type_):
        return _unwrapped(array, type_, _FIRST_DAY, (_INFINITE_DAYS, _DAYS_TO_2000), _too_far(table, column))
    if pa.types.is_timestamp(type_):
        limit = (_INFINITE_MICROSECONDS, _MICROSECONDS_TO_2000)
        return _unwrapped(array, type_, _FIRST_MICROSECOND, limit, _too_far(table, column))
    return array if array.type == type_ else array.cast(type_)


def _too_far(table: str, column: str) -> Callable[[], SourceError]:
    return lambda: SourceError.would_lose(
        table,
        column,
        "a timestamp is later than 10 January 294247, the last one that a table can hold.",
        remedy="use 'infinity' or an earlier time in the database, or make the column text.",
    )


def _unwrapped(
    array: pa.Array,
    type_: pa.DataType,
    first: int,
    infinity: tuple[int, int],
    error: Callable[[], SourceError],
) -> pa.Array:
    numbers = array.view(pa.int32() if pa.types.is_date(type_) else pa.int64())
    ends = call_function("min_max", [numbers]).as_py()
    low, high = ends["min"], ends["max"]
    infinite, offset = infinity
    if low is not None and (low < first or high == infinite):
        future, past = offset - infinite - 2, offset - infinite - 1
        is_future, is_past = (call_function("equal", [numbers, one]) for one in (future, past))
        is_far = call_function(
            "or", [call_function("less", [numbers, first]), call_function("equal", [numbers, infinite])]
        )
        is_infinite = call_function("or", [is_future, is_past])
        if call_function("any", [call_function("and_not", [is_far, is_infinite])]).as_py():
            raise error()
        numbers = call_function("if_else", [is_future, pa.scalar(infinite, numbers.type), numbers])
        numbers = call_function("if_else", [is_past, pa.scalar(-infinite, numbers.type), numbers])
    return numbers.view(type_)


def from_texts(texts: pa.Array, type_: pa.DataType, table: str, column: str) -> pa.Array:
    """Return the values that the server's texts mean.

    Raises:
        SourceError: no canonical timestamp holds a value.
    """
    if pa.types.is_string(type_):
        return texts
    if pa.types.is_list(type_):
        return _lists(texts, type_, table, column)
    if pa.types.is_boolean(type_):
        return call_function("equal", [texts, "t"])
    if pa.types.is_binary(type_):
        return pa.array(
            [None if text is None else bytes.fromhex(text[2:]) for text in texts.to_pylist()], type_
        )
    if pa.types.is_date(type_) or pa.types.is_timestamp(type_):
        return _times(texts, type_, _too_far(table, column))
    if type_ == SIMPLE["time"]:
        return _clock_times(texts)
    return texts.cast(type_)


def _clock_times(texts: pa.Array) -> pa.Array:
    is_midnight = call_function("coalesce", [call_function("equal", [texts, "24:00:00"]), False])
    # PyArrow reads no times, but timestamps.
    clocks = call_function("if_else", [is_midnight, "00:00:00", texts])
    stamps = call_function("binary_join_element_wise", ["1970-01-01", clocks, " "])
    times = stamps.cast(SIMPLE["timestamp"]).view(pa.int64())
    return call_function("if_else", [is_midnight, 86_400_000_000, times]).view(SIMPLE["time"])


_USUAL_TIME = r"^\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d+)?)?$"
_TIME = re.compile(
    r"(?P<year>\d+)-(?P<month>\d\d)-(?P<day>\d\d)"
    r"(?: (?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:\.(?P<fraction>\d+))?)?(?P<is_bc> BC)?"
)


def _times(texts: pa.Array, type_: pa.DataType, error: Callable[[], SourceError]) -> pa.Array:
    if type_ == SIMPLE["timestamptz"]:
        texts = call_function(
            "replace_substring_regex", [texts], ReplaceSubstringOptions(r"\+00( BC)?$", r"\1")
        )
    numbers = pa.int32() if pa.types.is_date(type_) else pa.int64()
    local = type_ if pa.types.is_date(type_) else SIMPLE["timestamp"]
    is_usual = call_function("match_substring_regex", [texts], MatchSubstringOptions(_USUAL_TIME))
    is_odd = call_function("invert", [call_function("coalesce", [is_usual, True])])
    values = call_function("if_else", [is_odd, None, texts]).cast(local).view(numbers)
    if call_function("any", [is_odd]).as_py():
        odd = call_function("filter", [texts, is_odd]).to_pylist()
        replaced = [_odd_time(text, error, is_date=pa.types.is_date(type_)) for text in odd]
        values = call_function("replace_with_mask", [values, is_odd, pa.array(replaced, numbers)])
    return values.view(local).view(type_) if local == type_ else values.view(type_)


def _odd_time(text: str, error: Callable[[], SourceError], *, is_date: bool) -> int:
    """Return the number of a time that Arrow does not read: infinite, before Christ, or after the year 9999."""
    infinite = _INFINITE_DAYS if is_date else _INFINITE_MICROSECONDS
    if text in ("infinity", "-infinity"):
        return infinite if text == "infinity" else -infinite
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError("the server sent a time in an unknown form")
    year = 1 - int(found["year"]) if found["is_bc"] else int(found["year"])
    days = _days(year, int(found["month"]), int(found["day"]))
    if is_date:
        return days
    seconds = int(found["hour"]) * 3600 + int(found["minute"]) * 60 + int(found["second"])
    number = (days * 86_400 + seconds) * 1_000_000 + int((found["fraction"] or "").ljust(6, "0"))
    if number >= infinite:
        raise error()
    return number


def _days(year: int, month: int, day: int) -> int:
    """Return the days since 1970; see howardhinnant.github.io/date_algorithms.html."""
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


_ELEMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,{}"]+)', re.DOTALL)


def _lists(texts: pa.Array, type_: pa.DataType, table: str, column: str) -> pa.Array:
    offsets: list[int | None] = []
    flat: list[str | None] = []
    for text in texts.to_pylist():
        offsets.append(None if text is None else len(flat))
        if text is not None:
            flat += _elements(text)
    values = from_texts(pa.array(flat, pa.string()), type_.value_type, table, column)
    return pa.ListArray.from_arrays(pa.array([*offsets, len(flat)], pa.int32()), values, type=type_)


def _elements(text: str) -> Sequence[str | None]:
    return [
        re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL) if not plain else None if plain == "NULL" else plain
        for quoted, plain in _ELEMENT.findall(text[1:-1])
    ]
