"""Which engine reads or writes a location."""

import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from tdmvc.databases import find_engine, find_file_engine, find_target_engine, open_snapshot
from tdmvc.errors import DatabaseError, SourceError, UsageError
from tdmvc.model.location import PathLocation, parse_location
from tests.snapshots import read_database, read_rows

Con = duckdb.DuckDBPyConnection


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a folder with a SQLite and a DuckDB file, whose suffixes say nothing."""
    with closing(sqlite3.connect(tmp_path / "lite.data")) as database:
        database.execute("CREATE TABLE t (a)")
    duckdb.connect(str(tmp_path / "duck.data")).execute("CREATE TABLE t (a INT)").close()
    return tmp_path


def test_the_first_bytes_of_a_file_determine_its_engine(files: Path, con: Con) -> None:
    (files / "x.sqlite").write_text("id\n1\n")
    engines = [
        find_engine(PathLocation(files / name)) for name in ("lite.data", "duck.data", "x.sqlite", "", "gone")
    ]
    assert [engine and engine.name for engine in engines] == ["SQLite", "DuckDB", None, None, None]
    with pytest.raises(SourceError, match="does not know"):
        read_database(PathLocation(files / "x.sqlite"), con)


def test_the_suffix_of_a_new_file_determines_its_engine() -> None:
    engines = [
        find_file_engine(PathLocation(Path(f"x{suffix}")))
        for suffix in (".DB", ".sqlite3", ".duckdb", ".ddb", ".csv", "")
    ]
    assert [engine and engine.name for engine in engines] == ["SQLite"] * 2 + ["DuckDB"] * 2 + [None] * 2


def test_a_url_determines_the_engine_whatever_the_file_name(files: Path, con: Con) -> None:
    for url, name in (("sqlite:///lite.data", "SQLite"), ("duckdb:///duck.data", "DuckDB")):
        location = parse_location(url, folder=files)
        assert isinstance(location, PathLocation)
        found = (find_engine(location), find_file_engine(location), find_target_engine(location))
        assert [engine and engine.name for engine in found] == [name] * 3
        assert [table.schema.name for table in read_database(location, con)] == ["t"]


def test_a_url_of_a_missing_file_is_refused(files: Path, con: Con) -> None:
    for url in ("sqlite:///gone.db", "duckdb:///gone.db"):
        with pytest.raises(SourceError, match="no such file"):
            read_database(parse_location(url, folder=files), con)
    assert not (files / "gone.db").exists()


def test_a_url_of_another_engine_is_refused(files: Path, con: Con) -> None:
    for url in ("sqlite:///duck.data", "duckdb:///lite.data"):
        with pytest.raises(DatabaseError, match="cannot be read"):
            read_database(parse_location(url, folder=files), con)


@pytest.mark.parametrize("url", ["oracle://me:secret@db/shop", "mssql://db/shop", "s3://bucket/x?secret"])
def test_a_url_with_an_unknown_scheme_is_refused_with_the_known_ones(url: str) -> None:
    for find in (find_engine, find_target_engine):
        with pytest.raises(UsageError, match=url.partition(":")[0]) as caught:
            find(parse_location(url))
        assert caught.value.exit_code == 2
        assert "sqlite:///FILE, duckdb:///FILE" in caught.value.remedy
        assert "secret" not in caught.value.message


def test_a_view_is_read_if_it_is_named(tmp_path: Path, con: Con) -> None:
    script = (
        "CREATE TABLE t (a INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2); "
        "CREATE VIEW v AS SELECT a + 1 AS b FROM t"
    )
    with closing(sqlite3.connect(tmp_path / "x.db")) as database:
        database.executescript(script)
    duckdb.connect(str(tmp_path / "x.duckdb")).execute(script).close()
    for name in ("x.db", "x.duckdb"):
        with open_snapshot(PathLocation(tmp_path / name), lambda: con) as snapshot:
            assert (snapshot.read_names(), snapshot.read_relations()) == (["t"], {"v": "view"})
            (view,) = snapshot.read_tables(["v"])
            assert (view.schema.key, read_rows(view, con).to_pydict()) == ((), {"b": [2, 3]})
