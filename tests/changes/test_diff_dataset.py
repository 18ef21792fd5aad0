"""Datasets: which tables, which bump, which files."""

import csv
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from tdmvc.changes.dataset import DatasetSide, diff_dataset
from tdmvc.errors import NotFoundError
from tdmvc.model.dataset import DatasetConfig
from tdmvc.model.diff import BumpLevel, TableSide, TableStatus
from tdmvc.model.names import encode_file_name
from tdmvc.model.options import DiffOptions, RowsFormat, RowsTarget
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.text import without_formula
from tests.laws.strategies_tables import Row, write_parts

GOLDEN = DatasetConfig("golden")
COLUMNS = (
    Column("id", pa.int64()),
    Column("name", pa.string(), classification="personal"),
    Column("v", pa.string()),
)


def side(folder: Path, name: str, *rows: tuple[int, str | None, str | None]) -> TableSide:
    values: list[Row] = [{"id": row[0], "name": row[1], "v": row[2]} for row in rows]
    return write_parts(folder, TableSchema(name, COLUMNS, ("id",)), [values])


def test_every_table_of_either_side_is_reported_by_name(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    old = {"b": side(tmp_path, "b", (1, "x", "y")), "gone": side(tmp_path, "gone")}
    new = {"came": side(tmp_path, "came"), "b": old["b"], "a": side(tmp_path, "a", (1, "x", "y"))}
    diff = diff_dataset(lambda: con, GOLDEN, DatasetSide("golden@1.0.0", old), DatasetSide("golden", new))
    assert [(table.name, table.status) for table in diff.tables] == [
        ("a", TableStatus.ADDED),
        ("b", TableStatus.UNCHANGED),
        ("came", TableStatus.ADDED),
        ("gone", TableStatus.REMOVED),
    ]
    assert diff.bump.level is BumpLevel.MAJOR
    assert diff.bump.reasons == ("table gone removed", "table a added", "table came added")


def test_only_the_requested_tables_are_compared(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    old = {"a": side(tmp_path, "a"), "b": side(tmp_path, "b")}
    diff = diff_dataset(lambda: con, GOLDEN, DatasetSide("x", old), DatasetSide("y", {}), only=["b"])
    assert [table.name for table in diff.tables] == ["b"]
    with pytest.raises(NotFoundError, match="did you mean 'b'"):
        diff_dataset(
            lambda: con, GOLDEN, DatasetSide("x", {"b": old["b"]}), DatasetSide("y", {}), only=["bb"]
        )


def test_findings_name_the_dataset(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    old, new = {"t": side(tmp_path, "t")}, side(tmp_path, "t", (1, None, None), (1, None, None))
    diff = diff_dataset(lambda: con, GOLDEN, DatasetSide("x", old), DatasetSide("y", {"t": new}))
    assert [finding.dataset for finding in diff.findings] == ["golden"]


@pytest.mark.parametrize("rows_format", list(RowsFormat))
def test_the_row_file_lists_every_touched_row_and_no_personal_value(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, rows_format: RowsFormat
) -> None:
    old = {"t": side(tmp_path, "t", (1, "Ann", "a"), (2, "Bob", "b"), (3, None, "c"), (9, "Same", "s"))}
    new = {"t": side(tmp_path, "t", (4, "Dora", ""), (2, "Robert", "b"), (3, None, None), (9, "Same", "s"))}
    folder = tmp_path / "rows"
    options = DiffOptions(sample_rows=0, rows=RowsTarget(folder, rows_format))
    diff_dataset(lambda: con, GOLDEN, DatasetSide("x", old), DatasetSide("y", new), options=options)
    (path,) = folder.iterdir()
    assert path.name == f"t.{rows_format.suffix}"
    if rows_format is RowsFormat.PARQUET:
        table = pq.read_table(path)
    else:
        options = pa_csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False)
        table = pa_csv.read_csv(path, convert_options=options)
    assert table.column_names == [
        "change",
        "key_id",
        "old_id",
        "old_name",
        "old_v",
        "new_id",
        "new_name",
        "new_v",
    ]
    assert [tuple(row.values()) for row in table.to_pylist()] == [
        ("removed", 1, 1, "•••(3)", "a", None, None, None),
        ("changed", 2, 2, "•••(3)", "b", 2, "•••(6)", "b"),
        ("changed", 3, 3, None, "c", 3, None, None),
        ("added", 4, None, None, None, 4, "•••(4)", ""),
    ]


def test_a_row_file_for_spreadsheets_holds_no_formula(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    texts = ["=1+1", "+49", "-2", "@x", "\t=1", "\r=1", "\n=1", "＝1", "", None, "a=1", "'=1"]
    rows = [(number, None, text) for number, text in enumerate(texts)]
    found = {}
    for rows_format in (RowsFormat.CSV, RowsFormat.CSV_SAFE):
        folder = tmp_path / rows_format.value
        new = DatasetSide("y", {"t": side(tmp_path, "t", *rows)})
        options = DiffOptions(rows=RowsTarget(folder, rows_format))
        diff_dataset(lambda: con, GOLDEN, DatasetSide("x", {}), new, options=options)
        with (folder / "t.csv").open(encoding="utf-8", newline="") as file:
            found[rows_format] = [line["new_v"] for line in csv.DictReader(file)]
    assert found[RowsFormat.CSV] == [text or "" for text in texts]
    assert found[RowsFormat.CSV_SAFE] == [
        without_formula(text or "") if number < 8 else text or "" for number, text in enumerate(texts)
    ]
    assert found[RowsFormat.CSV_SAFE][0] == "'=1+1"


def test_whole_tables_have_row_files_too_and_unchanged_ones_have_none(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    same = side(tmp_path, "same", (1, "a", "b"))
    folder = tmp_path / "rows"
    diff_dataset(
        lambda: con,
        GOLDEN,
        DatasetSide("x", {"same": same, "../gone": side(tmp_path, "../gone", (9, "x", "y"))}),
        DatasetSide("y", {"same": same, "came": side(tmp_path, "came", (2, "a", "b"), (1, "a", "b"))}),
        options=DiffOptions(rows=RowsTarget(folder)),
    )
    assert sorted(path.name for path in folder.iterdir()) == ["%2E.%2Fgone.parquet", "came.parquet"]
    came = pq.read_table(folder / "came.parquet").to_pylist()
    assert [(row["change"], row["key_id"], row["new_name"]) for row in came] == [
        ("added", 1, "•••(1)"),
        ("added", 2, "•••(1)"),
    ]


def test_file_names_are_encoded_so_that_they_stay_in_the_folder() -> None:
    assert encode_file_name("order items/é~") == "order%20items%2F%C3%A9%7E"
    assert encode_file_name("..") == "%2E."
    assert encode_file_name("A-b_c.9") == "A-b_c.9"
    long = encode_file_name("名" * 100)
    assert len(long) < 200
    assert long != encode_file_name("名" * 101)
