"""The law of frames: a column of any values comes back equal, with equal types, or an error names it."""

import datetime as dt
import math
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tdmvc.errors import SourceError
from tdmvc.model.source import ArrowScan, Frame, SourceTable
from tdmvc.sources.frames import open_frame
from tests.series import trials

REPEATED = dt.datetime(2000, 10, 29, 2, tzinfo=ZoneInfo("Europe/Berlin"), fold=1)
"""In the hour that the clocks showed twice."""
ZONES = st.sampled_from([None, dt.UTC, ZoneInfo("Europe/Berlin"), dt.timezone(dt.timedelta(hours=-3))])
MOMENTS = st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2250, 1, 1), timezones=ZONES)
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**65), 2**65),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=5),
    st.binary(max_size=3),
    st.decimals(allow_nan=False, places=3, min_value=-(10**12), max_value=10**12),
    st.dates(),
    st.times(),
    st.times(timezones=st.just(dt.UTC)),
    MOMENTS,
    st.timedeltas(max_value=dt.timedelta(days=9), min_value=dt.timedelta(0)),
    st.uuids(),
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner),
        st.dictionaries(st.sampled_from(["a", "b", "A"]), inner, max_size=2),
        st.frozensets(st.integers(0, 3), max_size=2),
    ),
    max_leaves=4,
)
KINDS = [st.integers(-9, 9), st.floats(), st.text("aé", max_size=2), MOMENTS, st.dates(), st.booleans()]
COLUMNS = st.one_of(
    st.lists(VALUES, min_size=1, max_size=4),
    # Of one kind, which random ones rarely are.
    st.sampled_from(KINDS).flatmap(lambda kind: st.lists(st.none() | kind, min_size=1, max_size=4)),
)


def is_equal(value: Any, back: Any) -> bool:
    """Whether two values are the same, of the same kind, nulls of pandas aside."""
    if back is None:
        return (
            value is None
            or value is pd.NaT
            or value is pd.NA
            or (isinstance(value, float) and math.isnan(value))
        )
    if isinstance(value, list | tuple):
        return isinstance(back, list) and len(value) == len(back) and all(map(is_equal, value, back))
    if isinstance(value, dict):
        return (
            isinstance(back, dict)
            and list(value) == list(back)
            and all(is_equal(value[k], back[k]) for k in value)
        )
    if isinstance(value, dt.datetime):
        if not isinstance(back, dt.datetime) or (value.tzinfo is None) != (back.tzinfo is None):
            return False
        # Python finds a moment of a repeated hour equal to none of another zone.
        return value == back if value.tzinfo is None else value.astimezone(dt.UTC) == back.astimezone(dt.UTC)
    if isinstance(value, Decimal):
        return isinstance(back, Decimal) and value == back
    return type(value) is type(back) and bool(value == back)


def kept(frame: object) -> list[object] | None:
    """Return what a dataset would keep of the column `c`; None if it is refused."""
    try:
        source = open_frame(Frame("t", frame))
    except SourceError as error:
        refused = error
    else:
        return _rows(source)
    assert "column c" in refused.where
    assert refused.remedy
    return None


def _rows(source: SourceTable) -> list[object]:
    assert isinstance(source.scan, ArrowScan)
    found = source.scan.open().read_all()
    found.validate(full=True)
    assert found.schema.equals(source.schema.arrow_schema())
    column: list[object] = found.column("c").to_pylist()
    return column


@given(COLUMNS)
@example([dt.date(2024, 1, 1), dt.datetime(2024, 1, 1, 12)])
@example([{"a": 1}, {"b": 2}])
@example([b"a", "b"])
@example([[1], [2.5]])
@example([[dt.time(1, tzinfo=dt.UTC)]])
@example([{"a": 1}, {}])
@example([REPEATED, dt.datetime(2000, 1, 1, tzinfo=dt.UTC)])
@example([REPEATED, REPEATED.replace(fold=0)])
@settings(max_examples=trials(3000, 100), deadline=None)
def test_a_column_of_objects_comes_back_equal_or_is_refused(values: list[Any]) -> None:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    found = kept(pd.DataFrame({"k": range(len(values)), "c": pd.Series(column, dtype=object)}))
    assert found is None or all(map(is_equal, values, found)), (values, found)


@given(COLUMNS)
@settings(max_examples=trials(2000, 50), deadline=None)
def test_a_column_of_polars_comes_back_as_polars_has_it(values: list[Any]) -> None:
    try:
        series = pl.Series("c", values, strict=True)
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return
    if series.dtype == pl.Object:
        assert kept(series.to_frame()) is None
        return
    found = kept(series.to_frame())
    assert found is None or pl.Series("c", found, dtype=series.dtype, strict=True).equals(series)


@given(COLUMNS, st.sampled_from(["dictionary", "view", "large", "plain"]))
@settings(max_examples=trials(2000, 50), deadline=None)
def test_a_column_of_arrow_comes_back_equal_whatever_its_layout(values: list[Any], layout: str) -> None:
    try:
        array = pa.array(values)
        if layout == "dictionary":
            array = array.dictionary_encode()
        elif layout == "large":
            array = pa.array([values], pa.large_list(array.type))
        elif layout == "view":
            array = pa.array([values], pa.list_view(array.type))
    except (pa.ArrowException, TypeError, OverflowError, ValueError):
        return
    found = kept(pa.table({"k": range(len(array)), "c": array}))
    assert found is None or repr(found) == repr(pa.array(array.to_pylist(), _utc(array)).to_pylist())


def _utc(array: pa.Array) -> pa.DataType | None:
    """Return the canonical type, in which zones are UTC."""
    return open_frame(Frame("t", pa.table({"c": array}))).schema.columns[0].type
