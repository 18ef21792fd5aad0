"""Parts as Parquet: every reader sees the same rows, and the same rows give the same bytes."""

import io
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tdmvc.store.content import part_content
from tdmvc.store.parquet import count_rows, encode_part, read_part, read_schema
from tests.store.sample_columns import VALUES, sample


def write(folder: Path, table: pa.Table, key: tuple[str, ...] = ()) -> str:
    path = folder / "part.parquet"
    path.write_bytes(encode_part(table, key))
    return str(path)


def table_of(spelling: str, *, times: int = 1) -> pa.Table:
    """A table of the sample values; many times over, so that dictionaries are used."""
    column = pa.concat_arrays([sample(spelling)] * times)
    return pa.table({"id": pa.array(range(len(column))), "c": column})


@pytest.mark.parametrize("times", [1, 40], ids=["plain", "repeating"])
@pytest.mark.parametrize("spelling", VALUES)
def test_a_part_has_the_bytes_that_pyarrow_writes(spelling: str, times: int, tmp_path: Path) -> None:
    table = table_of(spelling, times=times)
    data = encode_part(table, ("id",))
    groups = pq.ParquetFile(io.BytesIO(data)).metadata.row_group(0)
    columns = [groups.column(i) for i in range(groups.num_columns)]
    known = ("DELTA_BINARY_PACKED", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY")
    dictionaries = [c.path_in_schema for c in columns if c.has_dictionary_page]
    encodings = {c.path_in_schema: e for c in columns for e in c.encodings if e in known}
    sink = io.BytesIO()
    pq.write_table(
        table,
        sink,
        version="2.6",
        compression="zstd",
        compression_level=3,
        use_dictionary=dictionaries or False,
        column_encoding={path: e for path, e in encodings.items() if path not in dictionaries} or None,
        store_schema=False,
        store_decimal_as_integer=True,
        write_page_index=True,
        sorting_columns=pq.SortingColumn.from_ordering(
            table.schema, [("id", "ascending")], null_placement="at_start"
        ),
    )
    assert data == sink.getvalue()


@pytest.mark.parametrize("times", [1, 40], ids=["plain", "repeating"])
@pytest.mark.parametrize("spelling", VALUES)
def test_every_type_reads_back_as_written(spelling: str, times: int, tmp_path: Path) -> None:
    table = table_of(spelling, times=times)
    path = write(tmp_path, table, ("id",))
    back = read_part(path)
    assert back.schema.equals(table.schema)
    assert back.equals(table)
    assert part_content(back) == part_content(table)
    assert read_schema(path).equals(table.schema)
    assert count_rows(path) == len(table)


@pytest.mark.parametrize("spelling", VALUES)
def test_pyarrow_duckdb_pandas_and_polars_read_the_same_rows(
    spelling: str, tmp_path: Path, con: duckdb.DuckDBPyConnection
) -> None:
    table = table_of(spelling)
    path = write(tmp_path, table)
    expected = table["c"].to_pylist()
    assert pq.read_table(path)["c"].to_pylist() == expected
    assert pl.read_parquet(path)["c"].to_list() == expected
    frame = pd.read_parquet(path, dtype_backend="pyarrow")
    assert pa.array(frame["c"]).cast(table["c"].type).to_pylist() == expected
    by_duckdb = con.sql("SELECT c FROM read_parquet($path)", params={"path": path}).to_arrow_table()["c"]
    assert by_duckdb.type == table["c"].type
    assert by_duckdb.to_pylist() == expected


def test_a_folder_of_parts_opens_as_one_table_everywhere(
    tmp_path: Path, con: duckdb.DuckDBPyConnection
) -> None:
    for number in range(3):
        part = pa.table({"id": pa.array([number], pa.int64()), "name": [f"n{number}"]})
        (tmp_path / f"{part_content(part)}.parquet").write_bytes(encode_part(part, ("id",)))
    assert len(pd.read_parquet(tmp_path)) == 3
    assert pl.read_parquet(tmp_path / "*.parquet").height == 3
    assert pq.read_table(tmp_path).num_rows == 3
    assert con.sql(f"SELECT count(*) FROM read_parquet('{tmp_path}/*.parquet')").fetchall() == [(3,)]


def test_the_same_rows_give_the_same_bytes_however_they_are_chunked() -> None:
    table = pa.table({"id": range(5000), "kind": ["a", "b"] * 2500, "note": [f"n{i}" for i in range(5000)]})
    padded = pa.concat_tables([table.slice(0, 10), table]).slice(10).combine_chunks()
    assert encode_part(padded, ("id",)) == encode_part(table.combine_chunks(), ("id",))


def test_the_footer_records_the_order_and_no_arrow_schema(tmp_path: Path) -> None:
    table = pa.table({"b": ["x", "y"], "a": [1, 2]})
    metadata = pq.ParquetFile(write(tmp_path, table, ("a",))).metadata
    (order,) = metadata.row_group(0).sorting_columns
    assert (order.column_index, order.descending, order.nulls_first) == (1, False, True)
    assert metadata.metadata is None
    assert metadata.row_group(0).column(0).compression == "ZSTD"


def test_repeating_values_get_a_dictionary_and_others_a_delta(tmp_path: Path) -> None:
    rows = 4000
    table = pa.table(
        {
            "id": range(rows),
            "kind": ["a", "b"] * (rows // 2),
            "code": [f"C{n:05d}" for n in range(rows)],
            "note": [f"note {n}" for n in range(rows)],
        }
    )
    group = pq.ParquetFile(write(tmp_path, table, ("code",))).metadata.row_group(0)
    encodings = {group.column(i).path_in_schema: group.column(i).encodings for i in range(4)}
    assert "DELTA_BINARY_PACKED" in encodings["id"]
    assert "RLE_DICTIONARY" in encodings["kind"]
    assert "DELTA_BYTE_ARRAY" in encodings["code"]
    assert "DELTA_LENGTH_BYTE_ARRAY" in encodings["note"]


def test_names_with_dots_quotes_and_signs_are_kept(tmp_path: Path) -> None:
    names = ["a.b", 'say "hi"', "it's", "select", " ", "名", "x.list.element", "%s", "a\nb"]
    table = pa.table({name: [n, n + 1] for n, name in enumerate(names)})
    table = table.append_column("a", pa.array([{"b": 1}, {"b": 2}]))
    table = table.append_column("x", pa.array([[1, 2], [1, 2]]))
    back = read_part(write(tmp_path, table))
    assert back.equals(table)


def test_a_part_without_rows_keeps_its_columns(tmp_path: Path) -> None:
    columns = {spelling: sample(spelling) for spelling in VALUES}
    empty = pa.table(columns).slice(0, 0)
    path = write(tmp_path, empty)
    assert read_part(path).schema.equals(empty.schema)
    assert count_rows(path) == 0
    assert pl.read_parquet(path).columns == list(VALUES)
