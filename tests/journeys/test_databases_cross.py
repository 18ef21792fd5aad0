"""What a database in another engine keeps of an application's, and what `checkout --into` says of the rest."""

import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb

from tests.builders import Tdmvc


def test_an_insert_without_a_key_works_in_duckdb_as_in_sqlite(tdmvc: Tdmvc, tmp_path: Path) -> None:
    source, copy = tmp_path / "a.db", tmp_path / "b.duckdb"
    with closing(sqlite3.connect(source)) as database:
        database.executescript(
            """
            CREATE TABLE t (
              id INTEGER PRIMARY KEY, seen DATETIME DEFAULT CURRENT_TIMESTAMP, day DATE DEFAULT (date('now')),
              said TEXT DEFAULT CURRENT_TIMESTAMP, n INT DEFAULT -2.5, CONSTRAINT small CHECK (n < 10)
            );
            INSERT INTO t (id, seen, n) VALUES (7, '2020-01-01 10:00:00', 1);
            """
        )
    tdmvc("add", "golden", source)
    told = " ".join(tdmvc("checkout", "golden", "--into", copy).out.split())
    assert "t.id is numbered by the sequence t_id_seq" in told
    assert "default of n ('-2.5') in t was left out: int64 would round it" in told
    assert "names of constraints of t (small) were left out" in told
    assert told.count("note") == 3
    with closing(duckdb.connect(str(copy))) as database:
        database.execute("SET TimeZone = 'America/New_York'")
        database.execute("INSERT INTO t DEFAULT VALUES")
        database.execute("SET TimeZone = 'UTC'")
        found = database.execute(
            "SELECT id, abs(epoch(seen) - epoch(now())) < 600, day = now()::DATE, "
            "said = strftime(seen, '%Y-%m-%d %H:%M:%S') FROM t WHERE id <> 7"
        ).fetchall()
    assert found == [(8, True, True, True)]


def test_a_default_that_reads_the_clock_gives_sqlite_the_zone_and_lost_comments_are_told(
    tdmvc: Tdmvc, tmp_path: Path
) -> None:
    source, copy = tmp_path / "a.duckdb", tmp_path / "b.db"
    with closing(duckdb.connect(str(source))) as database:
        database.execute(
            "CREATE TABLE t (k INTEGER PRIMARY KEY, seen TIMESTAMPTZ DEFAULT now(), loose TIMESTAMP DEFAULT now());"
            "COMMENT ON TABLE t IS 'what'; COMMENT ON COLUMN t.seen IS 'when';"
            "INSERT INTO t VALUES (1, '2020-01-01 10:00:00+00', NULL)"
        )
    tdmvc("add", "golden", source)
    told = " ".join(tdmvc("checkout", "golden", "--into", copy).out.split())
    assert "The comments on t, t.seen were left out: SQLite has none." in told
    assert "The default of loose (now()) in t was left out" in told
    with closing(sqlite3.connect(copy)) as database:
        database.execute("INSERT INTO t (k) VALUES (2)")
        ((seen,),) = database.execute("SELECT seen FROM t WHERE k = 2").fetchall()
        assert seen.endswith("+00:00")
        database.commit()
    assert "at" not in tdmvc("add", "golden", copy, "--format", "json").json["tables"][0]["notes"]
    types = {
        one["name"]: one["type"]
        for one in tdmvc("show", "golden", "--format", "json").json["tables"][0]["columns"]
    }
    assert types["seen"] == "timestamptz"
