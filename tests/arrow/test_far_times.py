"""Dates beyond Python's years have a text of their own, and never that of an error."""

import datetime as dt

import pyarrow as pa
import pytest

from tdmvc.arrow.far_times import time_texts
from tdmvc.arrow.values import python_values

EPOCH = dt.date(1970, 1, 1)
INFINITE = 2**31 - 1
FAR = 106_661_767


def dates(*days: int | None) -> pa.Array:
    return pa.array(days, pa.int32()).cast(pa.date32())


def instants(*microseconds: int | None) -> pa.Array:
    return pa.array(microseconds, pa.int64()).cast(pa.timestamp("us"))


def test_dates_that_python_has_are_written_as_python_does() -> None:
    days = [
        (dt.date(year, month, 1) - EPOCH).days + more
        for year in range(1, 9999, 7)
        for month in (3, 12)
        for more in (-1, 0)
    ]
    expected = [(EPOCH + dt.timedelta(days)).isoformat() for days in days]
    assert time_texts(dates(*days)) == expected
    # The same beside one that PyArrow cannot write.
    assert time_texts(dates(*days, FAR, None)) == [*expected, "294000-01-01", None]


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (dates(FAR), "294000-01-01"),
        (dates(INFINITE), "infinity"),
        (dates(-INFINITE), "-infinity"),
        (instants(2**62), "148108-07-06 14:00:27.387904"),
        (instants(2**63 - 1), "infinity"),
        (instants(1 - 2**63), "-infinity"),
    ],
)
def test_a_distant_value_is_a_text_also_inside_others(array: pa.Array, text: str) -> None:
    assert time_texts(array) == [text]
    assert python_values(array) == [text]
    inside = pa.StructArray.from_arrays([pa.ListArray.from_arrays([0, 1], array), pa.array([5])], ["l", "n"])
    assert python_values(inside) == [{"l": [text], "n": 5}]
