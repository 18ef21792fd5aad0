"""Real databases, fixtures and CSV files, read whole."""

import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tdmvc.databases import TableToWrite, find_file_engine
from tdmvc.model.location import PathLocation
from tdmvc.model.source import ArrowScan, SourceTable
from tdmvc.sources import open_source
from tests.snapshots import read_database

pytestmark = pytest.mark.real

CHINOOK_ROWS = {
    "Album": 347,
    "Artist": 275,
    "Customer": 59,
    "Employee": 8,
    "Genre": 25,
    "Invoice": 412,
    "InvoiceLine": 2240,
    "MediaType": 5,
    "Playlist": 18,
    "PlaylistTrack": 8715,
    "Track": 3503,
}


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def read(table: SourceTable, con: duckdb.DuckDBPyConnection) -> pa.Table:
    if isinstance(table.scan, ArrowScan):
        return table.scan.open().read_all()
    return con.sql(table.scan.query).to_arrow_table()


def sorted_rows(rows: pa.Table) -> pa.Table:
    return rows.sort_by([(name, "ascending") for name in rows.schema.names])


def copy_of(tables: list[SourceTable], target: Path, con: duckdb.DuckDBPyConnection) -> list[str]:
    engine = find_file_engine(PathLocation(target))
    assert engine is not None
    written = [TableToWrite(table.schema, read(table, con).to_reader) for table in tables]
    return [finding.rule for finding in engine.write_tables(PathLocation(target), written)]


def test_chinook_is_read_with_its_keys_and_references(shared: Path, con: duckdb.DuckDBPyConnection) -> None:
    tables = {
        table.schema.name: table
        for table in read_database(PathLocation(shared / "chinook" / "Chinook_Sqlite.sqlite"), con)
    }
    assert {name: read(table, con).num_rows for name, table in tables.items()} == CHINOOK_ROWS
    assert tables["PlaylistTrack"].schema.key == ("PlaylistId", "TrackId")
    assert tables["Employee"].schema.references[0].table == "Employee"
    assert sum(len(table.schema.references) for table in tables.values()) == 11
    price = tables["Track"].schema.column("UnitPrice")
    assert price is not None
    assert (price.type_text, price.physical_type) == ("decimal(10,2)", "NUMERIC(10,2)")
    notes = [note for table in tables.values() for note in table.notes]
    assert all(note.startswith("not kept: the name ") for note in notes)


def test_chinook_written_to_sqlite_is_the_same_database(
    shared: Path, con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    tables = read_database(PathLocation(shared / "chinook" / "Chinook_Sqlite.sqlite"), con)
    target = tmp_path / "copy.sqlite"
    assert copy_of(tables, target, con) == []
    again = read_database(PathLocation(target), con)
    assert [table.schema for table in again] == [table.schema for table in tables]
    for old, new in zip(tables, again, strict=True):
        assert sorted_rows(read(new, con)).equals(sorted_rows(read(old, con)))
    with closing(sqlite3.connect(target)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []


def test_chinook_written_to_duckdb_keeps_rows_keys_and_all_references_except_the_self_reference(
    shared: Path, con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    tables = read_database(PathLocation(shared / "chinook" / "Chinook_Sqlite.sqlite"), con)
    target = tmp_path / "copy.duckdb"
    assert Counter(copy_of(tables, target, con)) == {"reference-left-out": 1, "numbered-by-sequence": 10}
    again = read_database(PathLocation(target), con)
    for old, new in zip(tables, again, strict=True):
        assert new.schema.key == old.schema.key
        if old.schema.name != "Employee":
            assert set(new.schema.references) == set(old.schema.references)
        assert sorted_rows(read(new, con)).equals(sorted_rows(read(old, con)))


@pytest.mark.parametrize(
    ("name", "tables", "rows"),
    [("v5.0", 48, 307), ("v5.2", 53, 599), ("v7.2", 52, 596), ("8e2b625", 52, 641)],
)
def test_the_fixtures_of_bakerydemo_are_read_whole(
    shared: Path, con: duckdb.DuckDBPyConnection, name: str, tables: int, rows: int
) -> None:
    found = open_source(shared / "bakerydemo" / f"bakerydemo_{name}.json", con)
    assert len(found) == tables
    assert sum(read(table, con).num_rows for table in found) == rows
    assert all(table.schema.key == ("id",) and table.is_keyed for table in found)


def test_the_sqlite_builds_of_bakerydemo_survive_a_copy(
    shared: Path, con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    tables = read_database(PathLocation(shared / "bakerydemo" / "bakery_v7.2.sqlite3"), con)
    assert not any("fts" in table.schema.name for table in tables)
    assert copy_of(tables, tmp_path / "copy.sqlite3", con) == []
    again = read_database(PathLocation(tmp_path / "copy.sqlite3"), con)
    assert [table.schema for table in again] == [table.schema for table in tables]
    for old, new in zip(tables, again, strict=True):
        assert read(new, con).equals(read(old, con))


def test_a_column_of_years_and_notes_stays_text(shared: Path, con: duckdb.DuckDBPyConnection) -> None:
    (table,) = open_source(shared / "sp500" / "226112f.csv", con)
    spelled = {column.name: column.type_text for column in table.schema.columns}
    assert spelled["CIK"] == "int64"
    assert spelled["Founded"] == "string"
    assert read(table, con).num_rows > 490


def test_a_folder_of_real_csv_files_is_a_table_each(
    shared: Path, con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    for file in (shared / "sp500").glob("*.csv"):
        shutil.copy(file, tmp_path)
    assert len(open_source(tmp_path, con)) == 8
