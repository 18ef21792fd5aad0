"""Frames in memory: what add() takes comes back as equal values, or an error names the column."""

import datetime as dt
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import tdmvc
from tdmvc.errors import SourceError, UsageError
from tdmvc.model.source import ArrowScan, Frame, SourceTable
from tdmvc.sources.frames import open_frame

BERLIN = ZoneInfo("Europe/Berlin")
NOON = dt.datetime(2024, 3, 31, 12, 0, 0, 123456)
MIDNIGHT = dt.datetime(2024, 1, 1)
DAY = dt.date(2024, 2, 29)
NO_TEXT = [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff")]
TWO = ["a", None]
OBJECTS = {
    "texts": TWO,
    "flags": [True, None],
    "big": [2**62 + 1, None],
    "decimals": [Decimal("1.50"), None],
    "bytes": [b"\x00\xff", None],
    "days": [DAY, None],
    "times": [dt.time(1, 2, 3, 4), None],
    "moments": [NOON, None],
    "instants": [NOON.replace(tzinfo=BERLIN), None],
    "lists": [[1, None], None],
    "structs": [{"a": 1, "b": ["x"]}, None],
    "nulls": [None, None],
}
PANDAS: dict[str, tuple[Any, list[object], str]] = {
    **{name: (pd.Series(values, dtype=object), values, "") for name, values in OBJECTS.items()},
    "Int64": (pd.Series([2**62 + 1, None], dtype="Int64"), [2**62 + 1, None], "int64"),
    "UInt8": (pd.Series([255, None], dtype="UInt8"), [255, None], "uint8"),
    "boolean": (pd.Series([True, None], dtype="boolean"), [True, None], "bool"),
    "Float64": (pd.Series([1.5, None], dtype="Float64"), [1.5, None], "double"),
    "float": (pd.Series([1.5, np.nan]), [1.5, None], "double"),
    "float32": (pd.Series([1.5, np.nan], dtype="float32"), [1.5, None], "float"),
    "string": (pd.Series(TWO, dtype="string"), TWO, "string"),
    "category": (pd.Series(TWO, dtype="category"), TWO, "string"),
    "category of numbers": (pd.Series([3, None], dtype=pd.CategoricalDtype([3, 4])), [3, None], "int64"),
    "pyarrow": (pd.Series([2**60, None], dtype="int64[pyarrow]"), [2**60, None], "int64"),
    "zone": (pd.Series([NOON, pd.NaT]).dt.tz_localize(BERLIN), [NOON.replace(tzinfo=BERLIN), None], "UTC"),
    "nanoseconds": (pd.Series([NOON, pd.NaT], dtype="datetime64[ns]"), [NOON, None], "timestamp[us]"),
    "seconds": (pd.Series([MIDNIGHT, pd.NaT], dtype="datetime64[s]"), [MIDNIGHT, None], "[us]"),
}  # fmt: skip
REFUSED: dict[str, Any] = {
    "texts and numbers": pd.Series(["a", 1], dtype=object),
    "integers and floats": pd.Series([1, 2.5], dtype=object),
    "flags and numbers": pd.Series([True, 1], dtype=object),
    "bytes and texts": pd.Series([b"a", "b"], dtype=object),
    "days and moments": pd.Series([DAY, NOON], dtype=object),
    "moments with and without a zone": pd.Series([NOON.replace(tzinfo=BERLIN), NOON], dtype=object),
    "times of a zone": pd.Series([dt.time(1, tzinfo=dt.UTC)], dtype=object),
    "structs with other fields": pd.Series([{"a": 1}, {"b": 2}], dtype=object),
    "sets": pd.Series([{1, 2}], dtype=object),
    "any object": pd.Series([object()], dtype=object),
    "category of objects": pd.Series(["a", 1], dtype="category"),
    "complex": pd.Series([1j]),
    "period": pd.Series(pd.period_range("2024", periods=1, freq="D")),
    "interval": pd.Series(pd.interval_range(0, 1)),
    "sparse": pd.Series(pd.arrays.SparseArray([0, 1])),
    "timedelta": pd.Series([dt.timedelta(seconds=1)]),
    "uuid": pd.Series([uuid.UUID(int=1)], dtype=object),
    "finer than microseconds": pd.Series(pd.to_datetime(["2024-01-01T00:00:00.000000001"])),
    "polars: objects": pl.Series([object()], dtype=pl.Object),
    "polars: Int128": pl.Series([2**70], dtype=pl.Int128),
    "polars: duration": pl.Series([dt.timedelta(1)]),
    "map": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int8())),
    "union": pa.UnionArray.from_dense(pa.array([0], pa.int8()), pa.array([0], pa.int32()), [pa.array([1])]),
    "wide decimal": pa.array([Decimal(10**40)], pa.decimal256(50, 0)),
    "a nanosecond": pa.array([1], pa.time64("ns")),
    "half a day": pa.Array.from_buffers(pa.date64(), 1, [None, pa.array([43_200_000]).buffers()[1]]),
    "empty struct": pa.array([{}], pa.struct([])),
    "bytes that are no text": pa.Array.from_buffers(pa.string(), 1, NO_TEXT),
    "fields that differ by case": pa.array([{"a": 1, "A": 2}]),
    "uuid of arrow": pa.array([uuid.UUID(int=1)], pa.uuid()),
}  # fmt: skip
ARROW = {
    "large": pa.array(TWO, pa.large_string()),
    "view": pa.array(["a text that is longer than twelve", None], pa.string_view()),
    "binary view": pa.array([b"a", None], pa.binary_view()),
    "fixed binary": pa.array([b"ab", None], pa.binary(2)),
    "dictionary": pa.array(TWO).dictionary_encode(),
    "dictionary in a list": pa.array([["a", None], None], pa.list_(pa.dictionary(pa.int8(), pa.string()))),
    "runs": pa.RunEndEncodedArray.from_arrays([1, 2], TWO),
    "list view": pa.array([[1, 2], None], pa.list_view(pa.int8())),
    "large list view": pa.array([[[1]], None], pa.large_list_view(pa.list_view(pa.int8()))),
    "fixed list": pa.array([[1, 2], None], pa.list_(pa.int8(), 2)),
    "large list of structs": pa.array([[{"a": 1}], None], pa.large_list(pa.struct([("a", pa.uint8())]))),
    "narrow decimal": pa.array([Decimal("1.50"), None], pa.decimal32(4, 2)),
    "wide decimal that fits": pa.array([Decimal("1.50"), None], pa.decimal256(60, 2)),
    "decimal of hundreds": pa.array([Decimal(500), None], pa.decimal128(5, -2)),
    "half": pa.array([1.5, None], pa.float16()),
    "date64": pa.array([DAY, None], pa.date64()),
    "time32": pa.array([dt.time(1, 2), None], pa.time32("s")),
    "null": pa.nulls(2),
    "json": pa.array(['{"a": 1.0}', None], pa.json_()),
}


def opened(rows: object) -> SourceTable:
    return open_frame(Frame("t", rows))


def rows_of(source: SourceTable) -> pa.Table:
    assert isinstance(source.scan, ArrowScan)
    return source.scan.open().read_all()


@pytest.mark.parametrize("name", PANDAS)
def test_a_column_of_pandas_keeps_its_values(name: str) -> None:
    series, expected, type_ = PANDAS[name]
    column = rows_of(opened(pd.DataFrame({"c": series}))).column("c")
    assert column.to_pylist() == expected
    assert type_ in str(column.type)


@pytest.mark.parametrize("name", ARROW)
def test_a_column_of_arrow_keeps_its_values(name: str) -> None:
    column = rows_of(opened(pa.table({"c": ARROW[name]}))).column("c")
    assert column.to_pylist() == ARROW[name].to_pylist()


@pytest.mark.parametrize("name", REFUSED)
def test_a_column_that_would_change_is_refused_by_its_name(name: str) -> None:
    values = REFUSED[name]
    frame = (
        pl.DataFrame({"kept": [1] * len(values), "odd": values})
        if isinstance(values, pl.Series)
        else pd.DataFrame({"kept": [1] * len(values), "odd": values})
        if isinstance(values, pd.Series)
        else pa.table({"kept": [1] * len(values), "odd": values})
    )
    with pytest.raises(SourceError) as caught:
        opened(frame)
    assert "column odd" in caught.value.where
    assert caught.value.remedy


def test_a_column_of_polars_keeps_its_values() -> None:
    frame = pl.DataFrame(
        {
            "category": pl.Series(TWO, dtype=pl.Categorical),
            "enum": pl.Series(TWO, dtype=pl.Enum(["a", "b"])),
            "list": pl.Series([["a", None], None], dtype=pl.List(pl.Categorical)),
            "array": pl.Series([[1, 2], None], dtype=pl.Array(pl.Int8, 2)),
            "struct": [{"a": 1, "b": "x"}, None],
            "decimal": [Decimal("1.50"), None],
            "zone": [NOON.replace(tzinfo=BERLIN), None],
            "time": [dt.time(1, 2, 3, 4), None],
            "day": [DAY, None],
            "unsigned": pl.Series([2**64 - 1, None], dtype=pl.UInt64),
            "null": [None, None],
            "float": [float("inf"), None],
        }
    )
    found = rows_of(opened(frame))
    assert {name: found.column(name).to_pylist() for name in found.column_names} == frame.to_dict(
        as_series=False
    )


def test_a_note_says_which_types_are_not_those_of_the_frame() -> None:
    frame = pd.DataFrame(
        {
            "status": pd.Series(["a", "b"], dtype="category"),
            "kind": pd.Series(["a", "b"], dtype="category"),
            "at": pd.Series([NOON, NOON]).dt.tz_localize(BERLIN),
            "gaps": [1.0, None],
            "plain": [1, 2],
        }
    )
    notes = opened(frame).notes
    assert "status, kind: categories, kept as text" in notes
    assert "at: times of the zone Europe/Berlin, kept as the same instants in UTC" in notes
    assert any(note.startswith("gaps: whole numbers with gaps") for note in notes)
    assert not any("plain" in note for note in notes)


def test_an_index_with_a_name_is_a_column_and_no_other_is_lost_silently() -> None:
    frame = pd.DataFrame({"id": [1, 2], "v": ["a", "b"]})
    assert opened(frame).notes == ()
    source = opened(frame.set_index("id"))
    assert (rows_of(source).column_names, source.suggested_key) == (["id", "v"], ("id",))
    assert rows_of(opened(frame.set_index(["id", "v"]).assign(w=1))).column_names == ["id", "v", "w"]
    assert opened(frame.set_index(pd.Index([7, 3]))).notes == (
        "index: left out, because it has no name and only numbers the rows",
    )
    for index in (["x", "y"], [1.5, 2.5], pd.Index([7, 8], name="v")):
        with pytest.raises(SourceError, match="of the index"):
            opened(frame.set_index(pd.Index(index)))


def test_names_of_columns_are_texts_that_sql_tells_apart() -> None:
    for names in ([0, 1], [("a", "b"), ("a", "c")], ["a", "a"], ["a", "A"], ["a", ""]):
        with pytest.raises(SourceError):
            opened(pd.DataFrame([[1, 2]], columns=names))


def test_what_is_no_frame_says_what_is() -> None:
    with pytest.raises(UsageError, match="collect"):
        opened(pl.LazyFrame({"a": [1]}))
    for value in ([{"a": 1}], {"a": [1]}, 7, None):
        with pytest.raises(UsageError, match="Arrow table, or a frame of pandas or polars"):
            opened(value)
    with pytest.raises(UsageError, match="no columns"):
        opened(pd.DataFrame())
    with pytest.raises(SourceError):
        opened(pa.array([1]))
    assert rows_of(opened(pa.record_batch({"a": [1]}))).to_pydict() == {"a": [1]}


def test_no_error_shows_a_value() -> None:
    for values in (["secret-word", 1], [b"secret-word", 1.5]):
        with pytest.raises(SourceError) as caught:
            opened(pd.DataFrame({"c": pd.Series(values, dtype=object)}))
        assert "secret-word" not in str(caught.value)


def test_everything_that_is_added_comes_back_from_the_dataset(repo: Path) -> None:
    objects = {name: pd.Series(values, dtype=object) for name, values in OBJECTS.items()}
    frame = pd.DataFrame({"id": [2, 1], **objects})
    arrow = pa.table({"id": [1, 2], **ARROW})
    with tdmvc.open(repo) as repository:
        report = repository.add(
            "golden", {"pandas": frame, "arrow": arrow}, keys={"pandas": ["id"], "arrow": ["id"]}
        )
        assert [(table.name, table.rows) for table in report.tables] == [("pandas", 2), ("arrow", 2)]
        expected = [{name: values[row] for name, values in OBJECTS.items()} for row in (1, 0)]
        found = repository.table("golden", "pandas").drop_columns("id").to_pylist()
        assert found == expected
        assert repository.table("golden", "arrow").to_pydict() == arrow.to_pydict()
        with pytest.raises(UsageError, match="no name of a table"):
            repository.add("golden", frame)
        with pytest.raises(UsageError, match="names already"):
            repository.add("golden", {"a": frame}, table="b")
        with pytest.raises(UsageError, match="Several frames"):
            repository.add("golden", frame, frame, table="b")
        again = repository.add("golden", frame, table="pandas")
        assert [table.status for table in again.tables] == ["unchanged"]
