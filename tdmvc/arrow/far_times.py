"""Texts of dates and timestamps, also of those that neither Python nor PyArrow can write."""

from collections.abc import Sequence

import pyarrow as pa

_INFINITE_DAYS = 2**31 - 1
_INFINITE_MICROSECONDS = 2**63 - 1
"""DuckDB's infinity; its negative is that of the past."""
_DAY_MICROSECONDS = 86_400_000_000
_ERA_DAYS = 146_097
"""The days of 400 years, after which the calendar repeats."""


def time_texts(array: pa.Array) -> Sequence[str | None]:
    """Return dates, or timestamps without a zone, in ISO 8601, with more digits of the year where it has them.

    DuckDB's infinite ones are `infinity` and `-infinity`.
    """
    texts: list[str | None] = array.cast(pa.string()).to_pylist()
    if not any(text is not None and text.startswith("<") for text in texts):
        return texts
    if pa.types.is_date(array.type):
        days = array.cast(pa.date32()).cast(pa.int32()).to_pylist()
        return [_date_text(value) if value is not None else None for value in days]
    numbers = array.cast(pa.timestamp("us")).cast(pa.int64()).to_pylist()
    return [_timestamp_text(value) if value is not None else None for value in numbers]


def _date_text(days: int) -> str:
    if abs(days) == _INFINITE_DAYS:
        return "infinity" if days > 0 else "-infinity"
    # Years from March on, so that a leap day is the last; see howardhinnant.github.io/date_algorithms.html.
    era, day = divmod(days + 719_468, _ERA_DAYS)
    year = (day - day // 1_460 + day // 36_524 - day // 146_096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    number = era * 400 + year + (month >= 10)
    sign = "-" if number < 0 else ""
    return f"{sign}{abs(number):04}-{(month + 2) % 12 + 1:02}-{day - (153 * month + 2) // 5 + 1:02}"


def _timestamp_text(microseconds: int) -> str:
    if abs(microseconds) == _INFINITE_MICROSECONDS:
        return "infinity" if microseconds > 0 else "-infinity"
    days, rest = divmod(microseconds, _DAY_MICROSECONDS)
    seconds, fraction = divmod(rest, 1_000_000)
    minutes, second = divmod(seconds, 60)
    return f"{_date_text(days)} {minutes // 60:02}:{minutes % 60:02}:{second:02}.{fraction:06}"
