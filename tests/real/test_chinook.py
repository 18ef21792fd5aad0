"""Chinook, a whole SQLite database with keys and references, in and out again through the command line."""

import contextlib
import io
import sqlite3
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from tdmvc.cli.main import run
from tests.builders import Tdmvc, copy_repo, git

pytestmark = pytest.mark.real

ROWS = {
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


@pytest.fixture(scope="module")
def published(shared: Path, template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with golden@1.0.0, made once from the database as it came."""
    base = tmp_path_factory.mktemp("chinook")
    app = base / "app"
    copy_repo(template, app)
    source = base / "Chinook_Sqlite.sqlite"
    source.write_bytes((shared / "chinook" / "Chinook_Sqlite.sqlite").read_bytes())
    with contextlib.redirect_stdout(io.StringIO()):
        assert run(["-C", str(app), "add", "golden", "../Chinook_Sqlite.sqlite"]) == 0
        git(app, "add", "-A")
        git(app, "commit", "-q", "-m", "Chinook")
        assert run(["-C", str(app), "publish", "golden", "1.0.0", "--release", "1.0.0"]) == 0
    git(app, "add", "-A")
    git(app, "commit", "-q", "-m", "Publish")
    return base


@pytest.fixture
def repo(published: Path, tmp_path: Path) -> Path:
    """A copy of that repository, with the database next to it."""
    copy_repo(published, tmp_path / "work")
    return tmp_path / "work" / "app"


def _source(repo: Path) -> Path:
    return repo.parent / "Chinook_Sqlite.sqlite"


def _dump(path: Path, table: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as con:
        return sorted(con.execute(f'SELECT * FROM "{table}"'), key=repr)


def test_show_lists_tables_rows_keys_and_references(tdmvc: Tdmvc) -> None:
    shown = tdmvc("show", "golden@1.0.0", "--format", "json").json
    tables = {table["name"]: table for table in shown["tables"]}
    assert {name: table["rows"] for name, table in tables.items()} == ROWS
    assert shown["rows"] == 15_607
    assert (shown["version"], shown["release"], shown["kind"]) == ("1.0.0", "1.0.0", "golden")
    assert tables["PlaylistTrack"]["key"] == ["PlaylistId", "TrackId"]
    assert {"columns": ["ReportsTo"], "table": "Employee", "to": ["EmployeeId"]} in tables["Employee"][
        "references"
    ]
    assert {(r["columns"][0], r["table"]) for r in tables["Track"]["references"]} == {
        ("AlbumId", "Album"),
        ("GenreId", "Genre"),
        ("MediaTypeId", "MediaType"),
    }
    columns = {c["name"]: c for c in tables["Invoice"]["columns"]}
    assert (columns["Total"]["type"], columns["Total"]["physical_type"]) == ("decimal(10,2)", "NUMERIC(10,2)")
    assert columns["Total"]["nullable"] is False
    assert columns["BillingState"]["nullable"] is True


def _edit(source: Path) -> None:
    with contextlib.closing(sqlite3.connect(source)) as con, con:
        con.execute("UPDATE Customer SET City = 'Recife', Phone = NULL WHERE CustomerId = 13")
        con.execute("DELETE FROM PlaylistTrack WHERE PlaylistId = 12 AND TrackId = 3403")
        con.execute("INSERT INTO Genre (GenreId, Name) VALUES (26, 'Fado')")


def test_one_row_edited_one_deleted_and_one_inserted_are_the_whole_diff(tdmvc: Tdmvc, repo: Path) -> None:
    first = tdmvc("show", "golden@1.0.0", "--format", "json").json["content"]
    with contextlib.closing(sqlite3.connect(_source(repo))) as con:
        (phone,) = con.execute("SELECT Phone FROM Customer WHERE CustomerId = 13").fetchone()
    _edit(_source(repo))
    added = tdmvc("add", "golden", "../Chinook_Sqlite.sqlite", "--format", "json").json
    assert {t["name"]: t["status"] for t in added["tables"] if t["status"] != "unchanged"} == {
        "Customer": "changed",
        "Genre": "changed",
        "PlaylistTrack": "changed",
    }
    diff = tdmvc("diff", "golden@1.0.0", "golden", "--format", "json").json
    assert diff["summary"] == {
        "tables": {"added": 0, "removed": 0, "renamed": 0, "changed": 3, "unchanged": 8},
        "rows": {"added": 1, "removed": 1, "changed": 1, "ignored": 0},
        "cells": 2,
    }
    tables = {table["name"]: table for table in diff["tables"]}
    assert tables["Customer"]["columns"] == {"City": 1, "Phone": 1}
    (row,) = tables["Customer"]["samples"]["changed"]
    assert row["key"] == {"CustomerId": 13}
    assert row["cells"] == [
        {"column": "City", "old": "Brasília", "new": "Recife", "inside": [], "pattern": 0},
        # A column with this name is hidden until the contract classifies it.
        {
            "column": "Phone",
            "old": {"masked": True, "length": len(phone)},
            "new": None,
            "inside": [],
            "pattern": 1,
        },
    ]
    key = {"PlaylistId": 12, "TrackId": 3403}
    assert tables["PlaylistTrack"]["samples"]["removed"] == [{"key": key, "values": key}]
    assert tables["PlaylistTrack"]["rows"]["new"] == 8714
    assert tables["Genre"]["samples"]["added"] == [
        {"key": {"GenreId": 26}, "values": {"GenreId": 26, "Name": "Fado"}}
    ]
    assert diff["bump"]["level"] == "major"

    back = tdmvc("checkout", "golden@1.0.0", "--format", "json").json["datasets"][0]
    assert (back["content"], back["rows"], back["version"]) == (first, 15_607, "1.0.0")
    assert tdmvc("show", "golden", "--format", "json").json["content"] == first
    assert git(repo, "status", "--porcelain") == ""


def test_adding_the_same_database_again_writes_nothing(tdmvc: Tdmvc, repo: Path) -> None:
    with contextlib.closing(sqlite3.connect(_source(repo))) as con:
        con.execute("VACUUM")
    added = tdmvc("add", "golden", "../Chinook_Sqlite.sqlite", "--format", "json").json
    assert {table["status"] for table in added["tables"]} == {"unchanged"}
    assert sum(table["written_bytes"] for table in added["tables"]) == 0
    assert git(repo, "status", "--porcelain") == ""


def test_into_sqlite_gives_the_source_again_with_keys_and_references(tdmvc: Tdmvc, repo: Path) -> None:
    target = repo / "x.sqlite"
    brought = tdmvc("checkout", "golden@1.0.0", "--into", "x.sqlite", "--format", "json").json["datasets"][0]
    assert (brought["rows"], brought["target"]) == (15_607, str(target))
    for table, rows in ROWS.items():
        copy = _dump(target, table)
        assert len(copy) == rows
        assert copy == _dump(_source(repo), table), table
    for table in ROWS:
        assert _keys(target, table) == _keys(_source(repo), table), table
        assert _references(target, table) == _references(_source(repo), table), table
    with contextlib.closing(sqlite3.connect(target)) as con:
        assert con.execute("PRAGMA foreign_key_check").fetchall() == []
    # What comes out can be taken in again, and says the same.
    again = tdmvc("add", "copy", "x.sqlite", "--format", "json").json
    kept = {t["name"]: t["content"] for t in tdmvc("show", "golden", "--format", "json").json["tables"]}
    assert {t["name"]: t["content"] for t in again["tables"]} == kept


def _keys(path: Path, table: str) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as con:
        rows = con.execute(f'PRAGMA table_info("{table}")').fetchall()
    return [name for place, name in sorted((row[5], row[1]) for row in rows) if place]


def _references(path: Path, table: str) -> set[tuple[str, str, str]]:
    with contextlib.closing(sqlite3.connect(path)) as con:
        rows = con.execute(f'PRAGMA foreign_key_list("{table}")').fetchall()
    return {(row[3], row[2], row[4]) for row in rows}


def test_into_duckdb_gives_all_rows_with_types(tdmvc: Tdmvc, repo: Path) -> None:
    tdmvc("checkout", "golden@1.0.0", "--into", "y.duckdb")
    with duckdb.connect(str(repo / "y.duckdb"), read_only=True) as con:
        counts = {name: con.sql(f'SELECT count(*) FROM "{name}"').fetchall()[0][0] for name in ROWS}
        assert counts == ROWS
        assert con.sql("SELECT sum(Total)::VARCHAR FROM Invoice").fetchall() == [("2328.60",)]
        keys = con.sql(
            "SELECT constraint_column_names FROM duckdb_constraints() "
            "WHERE table_name = 'PlaylistTrack' AND constraint_type = 'PRIMARY KEY'"
        ).fetchall()
    assert keys == [(["PlaylistId", "TrackId"],)]


def test_into_a_folder_gives_plain_parquet_of_the_chosen_tables(tdmvc: Tdmvc, repo: Path) -> None:
    brought = tdmvc(
        "checkout", "golden@1.0.0", "--into", "folder", "--tables", "Track, Genre", "--format", "json"
    ).json["datasets"][0]
    assert brought["tables"] == ["Genre", "Track"]
    assert sorted(path.name for path in (repo / "folder").iterdir()) == ["Genre", "Track"]
    assert pq.read_table(repo / "folder" / "Track").num_rows == 3503
    tracks = pq.read_table(repo / "folder" / "Track").column("TrackId").to_pylist()
    assert tracks == sorted(tracks)
    again = tdmvc("checkout", "golden@1.0.0", "--into", "folder", code=4)
    assert "--force" in again.err
    assert tdmvc("checkout", "golden@1.0.0", "--into", "z.sqlite", "--tables", "Tracks", code=3).err.count(
        "Track'"
    )
    assert not (repo / "z.sqlite").exists()


def test_sql_reads_a_version_while_the_working_copy_changes(tdmvc: Tdmvc, repo: Path) -> None:
    _edit(_source(repo))
    tdmvc("add", "golden", "../Chinook_Sqlite.sqlite")
    query = 'SELECT count(*) AS genres, max("Name") AS last FROM "Genre" WHERE "GenreId" > 24'
    assert tdmvc("sql", query, "--at", "golden@1.0.0", "--format", "json").json["rows"] == [[1, "Opera"]]
    assert tdmvc("sql", query, "--format", "json").json["rows"] == [[2, "Opera"]]
    joined = tdmvc(
        "sql",
        "SELECT t.Name, a.Title FROM golden.Track t JOIN golden.Album a USING (AlbumId) ORDER BY TrackId",
        "--at",
        "golden@1.0.0",
        "--limit",
        "1",
        "--format",
        "json",
    ).json
    assert joined["rows"][0][1] == "For Those About To Rock We Salute You"
    assert joined["is_cut"] is True
    wrong = tdmvc("sql", "SELECT * FROM Tracks", code=2)
    assert "Tracks" in wrong.err


def test_a_second_init_changes_nothing(tdmvc: Tdmvc, repo: Path) -> None:
    done = tdmvc("init", "--format", "json").json
    assert done["created"] == []
    assert git(repo, "status", "--porcelain") == ""
