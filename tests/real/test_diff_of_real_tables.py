"""Real histories of a real table, with the changes that people counted by hand."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tdmvc.changes.diff import diff_table
from tdmvc.model.diff import SchemaChangeKind, TableSide
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.quoting import quote_text

pytestmark = pytest.mark.real


def _read_side(con: duckdb.DuckDBPyConnection, source: Path, folder: Path) -> TableSide:
    path = folder / f"{source.stem}.parquet"
    rows_of = f"FROM read_csv({quote_text(str(source))}, all_varchar = true)"
    con.execute(f"COPY ({rows_of}) TO {quote_text(str(path))} (FORMAT parquet)")
    described = con.execute(f"DESCRIBE FROM read_parquet({quote_text(str(path))})").fetchall()
    columns = tuple(Column(row[0], pa.string()) for row in described)
    (rows,) = con.execute(f"SELECT count(*) FROM read_parquet({quote_text(str(path))})").fetchall()[0]
    return TableSide(
        TableSchema("constituents", columns, ("Symbol",)), (source.stem,), rows, lambda names: [path]
    )


@pytest.mark.parametrize(
    ("old", "new", "added", "removed", "changed"),
    [
        ("b61fb6f", "409cfe9", 13, 13, 13),
        ("9f18ae5", "226112f", 0, 0, 0),
        ("493df85", "2cacb03", 0, 1, 0),
        ("3755d22", "a1da80a", 3, 3, 7),
    ],
)
def test_the_index_changed_as_in_its_history(
    shared: Path, tmp_path: Path, old: str, new: str, added: int, removed: int, changed: int
) -> None:
    with duckdb.connect() as con:
        folder = shared / "sp500"
        before = _read_side(con, folder / f"{old}.csv", tmp_path)
        after = _read_side(con, folder / f"{new}.csv", tmp_path)
        diff = diff_table(lambda: con, before, after)
    assert (diff.rows.added, diff.rows.removed, diff.rows.changed) == (added, removed, changed)
    assert diff.findings == ()
    if old == "9f18ae5":
        (change,) = diff.schema
        assert change.kind is SchemaChangeKind.COLUMN_RENAMED
        assert (change.old, change.new) == ("Security", "Company")
        assert change.evidence == "all 503 rows are equal"
