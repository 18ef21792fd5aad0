"""What a SQLite or DuckDB file declares and contains comes out of `checkout --into` as it went in."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.builders import Tdmvc

DATABASE = """
CREATE TABLE owner (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT COLLATE NOCASE NOT NULL DEFAULT 'x', flag BOOLEAN DEFAULT 1,
  at DATETIME, loose, CHECK (length(name) < 20), CONSTRAINT positive CHECK (id > 0), UNIQUE (name, flag)
);
CREATE TABLE pet (
  k TEXT PRIMARY KEY, owner INT REFERENCES owner ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, n INT,
  twice INT GENERATED ALWAYS AS (n * 2) STORED, e UNIQUE ON CONFLICT REPLACE
);
CREATE TABLE strict (a TEXT, b REAL DEFAULT 1.5, c ANY, PRIMARY KEY (a)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX some ON pet (n) WHERE n > 3;
CREATE INDEX calculated ON pet (lower(k) DESC, n);
CREATE VIEW names AS SELECT name, count(*) AS n FROM owner GROUP BY name;
CREATE VIEW counts (a) AS SELECT n FROM names;
CREATE TRIGGER told AFTER INSERT ON owner BEGIN SELECT 1; END;
INSERT INTO owner (name, at, loose) VALUES ('a', '2020-01-01T10:00:00.000Z', 1), ('b', '2020-01-01T10:00:00.120Z', 2);
INSERT INTO pet (k, owner, n, e) VALUES ('k', 1, 5, 1);
INSERT INTO strict VALUES ('z', 2, 3);
"""


def make(path: Path, script: str) -> Path:
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database:
        database.executescript(script)
    return path


def test_a_copy_of_a_sqlite_file_declares_and_contains_the_same(tdmvc: Tdmvc, tmp_path: Path) -> None:
    source, copy = make(tmp_path / "a.db", DATABASE), tmp_path / "b.db"
    added = tdmvc("add", "golden", source).out
    for expected in ("ON CONFLICT REPLACE of UNIQUE (e)", "trigger told", "view added: names as SELECT"):
        assert expected in added
    assert "note" not in tdmvc("checkout", "golden", "--into", copy).out
    again = tdmvc("add", "golden", copy).out
    assert "nothing changed in 3 tables" in again
    assert "note" not in again
    for table in ("owner", "pet", "strict", "names", "counts"):
        rows = []
        for path in (source, copy):
            with closing(sqlite3.connect(path)) as database:
                rows.append(database.execute(f"SELECT * FROM {table}").fetchall())
        assert rows[0] == rows[1]


def test_a_view_that_the_source_no_longer_has_goes_and_diff_and_bump_say_so(
    tdmvc: Tdmvc, tmp_path: Path
) -> None:
    source = tmp_path / "a.db"
    rows = "CREATE TABLE t (k INTEGER PRIMARY KEY, n INT); INSERT INTO t VALUES (1, 2);"
    tdmvc(
        "add",
        "golden",
        make(source, f"{rows} CREATE VIEW old AS SELECT n FROM t; CREATE VIEW w AS SELECT k FROM t;"),
    )
    tdmvc("publish", "golden", "1.0.0")
    changed = tdmvc("add", "golden", make(source, f"{rows} CREATE VIEW w AS SELECT n FROM t;")).out
    assert "view removed: old as SELECT n FROM t" in changed
    assert "view changed: w as SELECT k FROM t → w as SELECT n FROM t" in changed
    diff = tdmvc("diff", "golden@1.0.0", "golden", "--format", "json").json
    assert [(view["name"], view["status"]) for view in diff["views"]] == [
        ("old", "removed"),
        ("w", "changed"),
    ]
    assert diff["bump"] == {"level": "major", "reasons": ["view old removed", "view w changed"]}


@pytest.mark.parametrize(
    ("declared", "before", "after", "expected"),
    [
        (
            "DATETIME",
            "2020-01-01T10:00:00.000Z",
            "2020-01-01 10:00:00+00:00",
            "its texts are now written as tdmvc",
        ),
        ("DATETIME", "2020-01-01 10:00:00", "2020-01-01T10:00:00", "YYYY-MM-DDThh:mm:ss"),
        ("TIME", "10:00", "10:00:00", "its texts are now written as tdmvc"),
    ],
)
def test_times_are_written_as_the_application_writes_them_and_another_way_is_told(
    tdmvc: Tdmvc, tmp_path: Path, declared: str, before: str, after: str, expected: str
) -> None:
    for text, notes in ((before, ""), (after, expected)):
        source = make(
            tmp_path / "a.db",
            f"CREATE TABLE t (k INTEGER PRIMARY KEY, at {declared}); INSERT INTO t VALUES (1, '{text}');",
        )
        added = tdmvc("add", "golden", source).out
        assert notes in " ".join(added.split())
        copy = tmp_path / "copy.db"
        tdmvc("checkout", "golden", "--into", copy, "--force")
        with closing(sqlite3.connect(copy)) as database:
            assert database.execute("SELECT at FROM t").fetchall() == [(text,)]
        assert "note" not in tdmvc("add", "golden", copy).out


def test_a_table_that_a_database_no_longer_has_is_named_and_the_advice_removes_it(
    tdmvc: Tdmvc, tmp_path: Path
) -> None:
    tables = "CREATE TABLE a (k INTEGER PRIMARY KEY); CREATE TABLE b (k INTEGER PRIMARY KEY);"
    source = make(tmp_path / "a.db", tables)
    assert "still in the dataset" not in tdmvc("add", "golden", source).out
    make(source, "CREATE TABLE a (k INTEGER PRIMARY KEY);")
    told = " ".join(tdmvc("add", "golden", source).out.split())
    assert "note: b: not in the database, but still in the dataset. To remove what was dropped:" in told
    assert "`tdmvc add golden --remove b`" in told
    assert "removed b" in " ".join(tdmvc("add", "golden", "--remove", "b").out.split())
    assert "still in the dataset" not in tdmvc("add", "golden", source).out


def test_tables_that_are_only_left_out_of_a_database_are_not_called_dropped(
    tdmvc: Tdmvc, tmp_path: Path
) -> None:
    source = make(tmp_path / "a.db", "CREATE TABLE a (k INTEGER PRIMARY KEY); CREATE TABLE b (k);")
    tdmvc("add", "golden", source)
    assert "still in the dataset" not in tdmvc("add", "golden", source, "--tables", "a").out
    assert "still in the dataset" not in tdmvc("add", "golden", source, "--exclude", "b").out
    assert "removed" in tdmvc("add", "golden", source, "--replace", "--tables", "a").out


def test_what_duckdb_has_not_is_named_with_the_reason(tdmvc: Tdmvc, tmp_path: Path) -> None:
    tdmvc("add", "golden", make(tmp_path / "a.db", DATABASE))
    told = " ".join(tdmvc("checkout", "golden", "--into", tmp_path / "a.duckdb").out.split())
    assert "The collation of name (NOCASE) in owner was left out: only SQLite has it." in told
    assert "The index some was left out: DuckDB has no partial indexes." in told
