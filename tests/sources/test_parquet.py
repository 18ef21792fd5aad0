"""Parquet of any writer: canonical types, without the loss of a value."""

import datetime as dt
import decimal
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tdmvc.errors import SourceError
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.source import SourceTable
from tdmvc.sources import open_source
from tdmvc.sources.base import SourceOptions
from tdmvc.store.ingest import prepare_ingest
from tests.store.sample_columns import canonical_type

Read = Callable[[SourceTable], pa.Table]
Con = duckdb.DuckDBPyConnection


def open_columns(folder: Path, con: Con, **columns: pa.Array) -> SourceTable:
    path = folder / "t.parquet"
    pq.write_table(pa.table(columns), path)
    (table,) = open_source(path, con)
    return table


def type_texts(table: SourceTable) -> list[str]:
    return [column.type_text for column in table.schema.columns]


NINE_DIGITS = np.array([1_577_836_800_123_456_789], dtype="i8")
SMALL_MAP = pa.map_(pa.string(), pa.int32())
ENTRY = "struct<key: string, value: "
SIX_DIGITS = np.array([1_577_836_800_123_456_000], dtype="i8")


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array(["a", None]).dictionary_encode(), "string"),
        (pa.array(["a"], pa.large_string()), "string"),
        (pa.array(["a"], pa.string_view()), "string"),
        (pa.array([b"ab"], pa.binary(2)), "binary"),
        (pa.array(np.array([1.5], dtype="f2")), "float32"),
        (pa.array([1], pa.uint8()), "uint8"),
        (pa.array([1], pa.time32("ms")), "time"),
        (pa.array([86_400_000], pa.date64()), "date"),
        (pa.array(SIX_DIGITS, pa.timestamp("ns")), "timestamp"),
        (pa.array(SIX_DIGITS, pa.timestamp("ns", "Europe/Berlin")), "timestamptz"),
        (pa.array([1], pa.timestamp("ms", "UTC")), "timestamptz"),
        (pa.array([[1]], pa.large_list(pa.int8())), "list<int8>"),
        (pa.array([[1, 2]], pa.list_(pa.int8(), 2)), "list<int8>"),
        (pa.array([decimal.Decimal("1.10")]), "decimal(3,2)"),
        (pa.nulls(1), "string"),
        (pa.array([{"a": 1, "b c": ["x"]}]), 'struct<a: int64, "b c": list<string>>'),
        (pa.array([[("k", [1])]], pa.map_(pa.string(), pa.list_(pa.int32()))), f"list<{ENTRY}list<int32>>>"),
        (pa.array([{"m": [("k", 1)]}], pa.struct([("m", SMALL_MAP)])), f"struct<m: list<{ENTRY}int32>>>"),
    ],
)  # fmt: skip
def test_any_arrow_type_becomes_canonical(
    tmp_path: Path, con: Con, read: Read, array: pa.Array, expected: str
) -> None:
    table = open_columns(tmp_path, con, x=array)
    assert type_texts(table) == [expected]
    assert read(table).num_rows == len(array)


def test_a_map_keeps_its_entries(tmp_path: Path, con: Con, read: Read) -> None:
    maps = pa.array([[("k", 1), ("l", None)], [], None], pa.map_(pa.string(), pa.int32()))
    table = open_columns(tmp_path, con, x=maps, y=pa.array([[[("a", 1)]], [], None], pa.list_(maps.type)))
    assert read(table).column("x").to_pylist() == [
        [{"key": "k", "value": 1}, {"key": "l", "value": None}],
        [],
        None,
    ]
    assert read(table).column("y").to_pylist() == [[[{"key": "a", "value": 1}]], [], None]
    assert table.schema.columns[0].physical_type == "map(varchar, integer)"


def test_duckdb_types_that_arrow_lacks_become_text(tmp_path: Path, con: Con, read: Read) -> None:
    path = tmp_path / "t.parquet"
    con.execute(
        "COPY (SELECT '0e984725-c51c-4bf4-9960-e1c80e27aba0'::UUID u, INTERVAL 14 MONTH i, "
        "'10:00:00+02'::TIMETZ z, '{\"a\": 1}'::JSON j, '101'::BIT b) TO '" + str(path) + "'"
    )
    (table,) = open_source(path, con)
    assert read(table).to_pylist() == [
        {
            "u": "0e984725-c51c-4bf4-9960-e1c80e27aba0",
            "i": "1 year 2 months",
            "z": "08:00:00+00",
            "j": '{"a": 1}',
            "b": "101",
        }
    ]
    physical = [column.physical_type for column in table.schema.columns]
    assert physical == ["uuid", "interval", "time with time zone", "json", None]


@pytest.mark.parametrize(
    "array",
    [
        pa.array(NINE_DIGITS, pa.timestamp("ns")),
        pa.array(NINE_DIGITS, pa.timestamp("ns", "UTC")),
        pa.array([[int(NINE_DIGITS[0])]], pa.list_(pa.timestamp("ns"))),
        pa.array([1], pa.time64("ns")),
        pa.array([decimal.Decimal("1" * 40)], pa.decimal256(40, 0)),
        pa.array([[decimal.Decimal("1")]], pa.list_(pa.decimal256(40, 0))),
    ],
)
def test_a_value_that_would_lose_digits_is_refused(tmp_path: Path, con: Con, array: pa.Array) -> None:
    with pytest.raises(SourceError, match="would be lost"):
        open_columns(tmp_path, con, x=array)


@pytest.mark.parametrize(("values", "is_fine"), [(SIX_DIGITS, True), (NINE_DIGITS, False)])
def test_nanoseconds_of_sparks_old_timestamps_are_not_cut_off(
    tmp_path: Path, con: Con, values: "np.ndarray[tuple[int], np.dtype[np.int64]]", is_fine: bool
) -> None:
    path = tmp_path / "t.parquet"
    rows = pa.table({"x": pa.array(values, pa.timestamp("ns"))})
    pq.write_table(rows, path, use_deprecated_int96_timestamps=True)
    if is_fine:
        assert type_texts(open_source(path, con)[0]) == ["timestamp"]
    else:
        with pytest.raises(SourceError, match="would be lost"):
            open_source(path, con)


def test_a_duration_is_a_number_with_a_note(tmp_path: Path, con: Con, read: Read) -> None:
    table = open_columns(tmp_path, con, x=pa.array([dt.timedelta(seconds=2)], pa.duration("ms")))
    assert read(table).column("x").to_pylist() == [2000]
    assert table.schema.columns[0].physical_type == "duration[ms]"
    assert "unit (ms)" in table.notes[0]


def test_the_index_of_a_pandas_frame_is_left_out_with_a_note(tmp_path: Path, con: Con) -> None:
    path = tmp_path / "t.parquet"
    pd.DataFrame({"a": [1, 2]}, index=[5, 6]).to_parquet(path)
    (table,) = open_source(path, con)
    assert table.schema.column_names == ("a",)
    assert "index" in table.notes[0]
    pd.DataFrame({"a": [1, 2], "k": ["x", "y"]}).set_index("k").to_parquet(path)
    (named,) = open_source(path, con)
    assert set(named.schema.column_names) == {"a", "k"}


def test_a_polars_frame_is_read(tmp_path: Path, con: Con, read: Read) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame(
        {"a": ["x", None], "b": [[1], []], "c": pl.Series(["u", "v"], dtype=pl.Categorical)}
    ).write_parquet(path)
    assert read(open_source(path, con)[0]).to_pydict() == {
        "a": ["x", None],
        "b": [[1], []],
        "c": ["u", "v"],
    }


def test_names_that_differ_only_by_case_are_refused(tmp_path: Path, con: Con) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=["a", "A"]), path)
    with pytest.raises(SourceError, match="differ only by case"):
        open_source(path, con)


def test_names_with_quotes_and_dots_are_kept(tmp_path: Path, con: Con, read: Read) -> None:
    table = open_columns(tmp_path, con, **{'a"b.c': pa.array([1]), "select": pa.array([2])})
    assert read(table).to_pydict() == {'a"b.c': [1], "select": [2]}


def test_a_file_that_is_not_parquet_is_refused(tmp_path: Path, con: Con) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1 but no more")
    with pytest.raises(SourceError, match="not a complete Parquet file"):
        open_source(path, con)


def parts(folder: Path, **tables: dict[str, pa.Array]) -> Path:
    folder.mkdir(parents=True)
    for name, columns in tables.items():
        pq.write_table(pa.table(columns), folder / f"{name.replace('_', '-')}.parquet")
    return folder


def test_a_folder_of_parts_is_one_table_as_wide_as_its_widest_part(
    tmp_path: Path, con: Con, read: Read
) -> None:
    folder = parts(
        tmp_path / "orders",
        part_0={"a": pa.array([1], pa.int32()), "b": pa.nulls(1), "d": pa.array([decimal.Decimal("1.5")])},
        part_1={"c": pa.array(["x"]), "a": pa.array([2**40]), "b": pa.array([True])},
        part_2={"a": pa.array([3], pa.int32()), "d": pa.array([decimal.Decimal("100")])},
    )
    (folder / "_SUCCESS").write_bytes(b"")
    (table,) = open_source(folder, con)
    assert table.schema.name == "orders"
    assert [f"{column.name} {column.type_text}" for column in table.schema.columns] == [
        "a int64",
        "b bool",
        "d decimal(4,1)",
        "c string",
    ]
    rows = read(table).to_pylist()
    assert sorted(row["a"] for row in rows) == [1, 3, 2**40]
    assert [row["b"] for row in rows if row["a"] == 2**40] == [True]


def test_parts_whose_types_conflict_are_refused_by_name(tmp_path: Path, con: Con) -> None:
    folder = parts(tmp_path / "t", part_0={"a": pa.array([1])}, part_1={"a": pa.array(["x"])})
    with pytest.raises(SourceError, match=r"int64 in part-0\.parquet, but string in part-1\.parquet"):
        open_source(folder, con)


def test_a_folder_named_like_a_hive_partition_adds_no_column(tmp_path: Path, con: Con) -> None:
    folder = parts(tmp_path / "year=2020", part_0={"a": pa.array([1])})
    assert open_source(folder, con)[0].schema.column_names == ("a",)


def test_a_folder_of_tables_is_not_taken_for_parts(tmp_path: Path, con: Con) -> None:
    folder = parts(tmp_path / "export", orders={"id": pa.array([1])}, customers={"id": pa.array([1])})
    assert [table.schema.name for table in open_source(folder, con)] == ["customers", "orders"]
    (one,) = open_source(folder, con, SourceOptions("both"))
    assert one.schema.name == "both"


def write_bad_text(path: Path) -> None:
    """Write a file with a column of texts of which one is Latin-1, as some writers do."""
    texts = pa.array([b"fine", b"caf\xe9"], pa.binary())
    column = pa.Array.from_buffers(pa.string(), 2, texts.buffers())
    pq.write_table(pa.table({"id": [1, 2], "name": column}), path)


@pytest.mark.parametrize("stored", [None, "string", "int64"])
def test_a_text_that_is_not_utf8_is_an_error_that_names_file_and_column(
    tmp_path: Path, con: Con, stored: str | None
) -> None:
    folder = tmp_path / "t"
    folder.mkdir()
    pq.write_table(pa.table({"id": [1], "name": ["x"]}), folder / "part-0.parquet")
    write_bad_text(folder / "part-1.parquet")
    sources = open_source(folder, con)
    columns = (Column("id", pa.int64()), Column("name", canonical_type(stored))) if stored else ()
    current = TableSchema("t", columns) if stored else None
    with pytest.raises(SourceError) as caught, prepare_ingest(con, "t", sources, current) as ingest:
        con.sql(ingest.query).to_arrow_table()
    assert "the column name has a text that is not UTF-8" in caught.value.message
    assert "part-1.parquet" in caught.value.message
    assert "caf" not in caught.value.message


def test_pages_that_are_damaged_are_an_error_that_names_file_and_column(tmp_path: Path, con: Con) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(
        pa.table({"id": range(5000), "at": pa.array(range(5000), pa.timestamp("ns"))}),
        path,
        use_dictionary=False,
    )
    start = pq.ParquetFile(path).metadata.row_group(0).column(1).data_page_offset
    data = bytearray(path.read_bytes())
    data[start : start + 200] = b"\xff" * 200
    path.write_bytes(data)

    def read_it() -> None:
        (source,) = open_source(path, con)
        with prepare_ingest(con, "t", [source], None) as ingest:
            con.sql(ingest.query).to_arrow_table()

    with pytest.raises(SourceError, match=r"(?s)the column at is (damaged|stored).*t\.parquet"):
        read_it()
