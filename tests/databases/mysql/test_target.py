"""Writing into MariaDB: exactly, in one transaction, and with everything undone that the server commits by itself."""

import datetime as dt
import decimal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from tdmvc.arrow.types import parse_type
from tdmvc.databases import DatabaseTarget, ReadOptions, TableToWrite, find_target_engine, open_snapshot
from tdmvc.errors import DatabaseError
from tdmvc.model.declarations import ForeignKey, View
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.location import ServerLocation
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.seeding import SeededDataset, SeedMode, WrittenRows
from tdmvc.model.source import ArrowScan, SourceTable
from tests.databases.mysql.values import UTC, VALUES
from tests.servers import DatabaseServer

Execute = Callable[..., None]
Query = Callable[[str], list[Any]]


@contextmanager
def opened(location: ServerLocation) -> Iterator[DatabaseTarget]:
    with find_target_engine(location).open_target(location, ReadOptions()) as target:
        yield target


def read(location: ServerLocation, *names: str) -> list[tuple[SourceTable, pa.Table]]:
    with open_snapshot(location, duckdb.connect) as snapshot:
        found = []
        for table in snapshot.read_tables(names):
            assert isinstance(table.scan, ArrowScan)
            found.append((table, table.scan.open().read_all()))
        return found


def column(name: str, type_: str, physical: str | None = None, **declared: Any) -> Column:
    parsed = parse_type(type_)
    assert parsed is not None
    return Column(name, parsed, physical, **declared)


def to_write(schema: TableSchema, rows: Sequence[dict[str, Any]]) -> TableToWrite:
    data = pa.Table.from_pylist(list(rows), schema=schema.arrow_schema())
    return TableToWrite(schema, lambda: data.to_reader(max_chunksize=2))


def keyed(name: str, *columns: Column, **declared: Any) -> TableSchema:
    return TableSchema(name, (column("id", "int64", required=True), *columns), ("id",), **declared)


def seed(location: ServerLocation, table: TableToWrite, mode: SeedMode = SeedMode.REPLACE) -> WrittenRows:
    """Load one table that is there, and commit."""
    name = table.schema.name
    with opened(location) as target:
        target.lock([name])
        schema = target.read_catalog()[name].schema
        if mode is SeedMode.REPLACE:
            target.clear([name])
        counts = target.load(table, schema, mode)
        target.finish([name])
        target.commit()
    return counts


def problems(location: ServerLocation, table: TableToWrite) -> list[Finding]:
    with opened(location) as target:
        return target.check_columns(table, target.read_catalog()[table.schema.name].schema)


@pytest.fixture
def execute(mariadb_server: DatabaseServer, mariadb_database: ServerLocation) -> Execute:
    return lambda *statements: mariadb_server.execute(mariadb_database.database, *statements)


@pytest.fixture
def query(mariadb_server: DatabaseServer, mariadb_database: ServerLocation) -> Query:
    def query(sql: str) -> list[Any]:
        with mariadb_server.connect(mariadb_database.database) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    return query


@pytest.fixture
def state(query: Query) -> Callable[[], object]:
    """Return what is in the database: tables, definitions, triggers and rows."""

    def state() -> object:
        names = [row[0] for row in query("SHOW FULL TABLES")]
        return {
            name: (
                query(f"SHOW CREATE TABLE `{name}`"),
                query(f"SELECT * FROM `{name}`"),
                [row[:5] + row[6:] for row in query(f"SHOW TRIGGERS LIKE '{name}'")],
            )
            for name in names
        }

    return state


def test_every_value_comes_back_from_a_table_that_was_made_for_it(
    execute: Execute, mariadb_database: ServerLocation, mariadb_server: DatabaseServer
) -> None:
    columns = ", ".join(f"c{i} {type_} NULL" for i, (type_, *_) in enumerate(VALUES))
    execute(
        "SET sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00'",
        f"CREATE TABLE t (id int PRIMARY KEY, {columns})",
        f"INSERT INTO t VALUES (1, {', '.join(sql for _, sql, *_ in VALUES)})",
        "INSERT INTO t (id) VALUES (2)",
    )
    [(table, rows)] = read(mariadb_database, "t")
    with mariadb_server.fresh_database() as other:
        location = replace(mariadb_database, database=other)
        source = TableToWrite(table.schema, rows.to_reader)
        with opened(location) as target:
            target.lock(["t"])
            assert target.create_tables([source], ()) == []
            target.lock(["t"])
            made = target.read_catalog()["t"].schema
            assert target.check_columns(source, made) == []
            assert target.load(source, made, SeedMode.REPLACE) == WrittenRows(inserted=2)
            target.finish(["t"])
            target.commit()
        [(copy, copied)] = read(location, "t")
        assert copied.equals(rows)
        assert copy.schema == table.schema


def test_everything_that_is_declared_is_made_again(
    execute: Execute, mariadb_database: ServerLocation, mariadb_server: DatabaseServer
) -> None:
    execute(
        "CREATE TABLE parents (a int, b int, code varchar(9) UNIQUE, PRIMARY KEY (b, a))",
        r"""CREATE TABLE children (
          id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
          name varchar(20) COLLATE latin1_bin DEFAULT 'it''s \\ x' COMMENT 'what it''s \\called',
          n int DEFAULT 5, at datetime(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
          made timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, words text DEFAULT (concat('a\\', 'b')),
          bits bit(3) DEFAULT b'1', price decimal(5,2) DEFAULT -1.50, is_on boolean DEFAULT true,
          twice int AS (n * 2) VIRTUAL, thrice int AS (n * 3) STORED, doc json DEFAULT '{}',
          p1 int, p2 int, code varchar(9), kind enum('a', 'b''c') NOT NULL DEFAULT 'a',
          UNIQUE uq (n, p1), KEY short (name(5), n), KEY back (n DESC), KEY plain (price),
          CONSTRAINT positive CHECK (price > 0 OR name LIKE 'x\\%'),
          FOREIGN KEY (p2, p1) REFERENCES parents (b, a) ON DELETE CASCADE ON UPDATE SET NULL,
          FOREIGN KEY (code) REFERENCES parents (code)
        ) COMMENT 'the children'""",
        "CREATE VIEW v AS SELECT id FROM children WHERE n > 1",
    )
    tables = read(mariadb_database, "children", "parents")
    with open_snapshot(mariadb_database, duckdb.connect) as snapshot:
        views = snapshot.read_others().views
    with mariadb_server.fresh_database() as other:
        location = replace(mariadb_database, database=other)
        with opened(location) as target:
            sources = [TableToWrite(table.schema, rows.to_reader) for table, rows in tables]
            findings = target.create_tables(sources, views)
            assert [(one.rule, one.columns) for one in findings] == [("collation-added", ("code",))] * 2
            target.commit()
        copies = read(location, "children", "parents")
        for (table, _), (copy, _) in zip(tables, copies, strict=True):
            expected = replace(
                table.schema, indexes=tuple(sorted(table.schema.indexes, key=lambda one: one.name))
            )
            actual = replace(
                copy.schema, indexes=tuple(sorted(copy.schema.indexes, key=lambda one: one.name))
            )
            exact = {"code"}
            # Columns by which rows are told apart compare exactly.
            actual = actual.with_columns(
                tuple(replace(one, collation=None) if one.name in exact else one for one in actual.columns)
            )
            assert actual == expected


def test_tables_of_other_engines_are_made_with_types_that_hold_their_values(
    mariadb_database: ServerLocation,
) -> None:
    schema = TableSchema(
        "t",
        (
            column("id", "string", "uuid", required=True),
            column("code", "string", unique=True),
            column("body", "string", "text"),
            column("b", "bool"),
            column("n", "decimal(38,10)", "numeric"),
            column("early", "timestamptz", "timestamp with time zone"),
            column("at", "timestamptz"),
            column("naive", "timestamp", "timestamp"),
            column("big", "int64", "integer"),
            column("tags", "list<string>"),
            column("doc", "string", "jsonb"),
            column("blob", "binary", "bytea"),
        ),
        ("id",),
    )
    instant = dt.datetime(2024, 1, 1, tzinfo=UTC)
    row = {
        "id": "123e4567-e89b-12d3-a456-426655440000",
        "code": "a",
        "body": "é" * 40_000,
        "b": True,
        "n": decimal.Decimal("1.5"),
        "early": instant.replace(year=1900),
        "at": instant,
        "naive": dt.datetime(1, 1, 1),
        "big": 2**40,
        "tags": ["x", "y'\\"],
        "doc": '{"a": 1}',
        "blob": b"\0'\\\xff",
    }
    others = {**row, "id": "223e4567-e89b-12d3-a456-426655440000", "code": "A"}
    source = to_write(schema, [row, others])
    with opened(mariadb_database) as target:
        findings = target.create_tables([source], ())
        target.lock(["t"])
        made = target.read_catalog()["t"].schema
        warned = target.check_columns(source, made)
        assert not [one for one in warned if one.severity is Severity.ERROR]
        target.load(source, made, SeedMode.REPLACE)
        target.finish(["t"])
        target.commit()
    assert {one.columns for one in findings} == {("early",), ("tags",), ("code",)}
    assert {one.columns[0] for one in warned} == {"early", "tags"}
    [(_, rows)] = read(mariadb_database, "t")
    found = rows.to_pylist()[0]
    assert found == {
        **row,
        "early": row["early"].replace(tzinfo=None),  # type: ignore[attr-defined]
        "tags": '["x", "y\'\\\\"]',
    }


FITS: list[tuple[str, str, Any]] = [
    ("tinyint", "int64", 127),
    ("tinyint(1)", "int64", 5),
    ("year", "int64", 0),
    ("year", "int16", 2155),
    ("decimal(5,2)", "decimal(38,10)", decimal.Decimal("999.99")),
    ("decimal(5,2)", "float64", 1.25),
    ("int", "decimal(18,2)", decimal.Decimal("7.00")),
    ("float", "float64", 1.5),
    ("double", "float64", -0.0),
    ("varchar(3)", "string", "äöü"),
    ("varchar(3) charset latin1", "string", "€ü\x81"),
    ("set('x','y')", "string", ""),
    ("set('x','y')", "string", "x,y"),
    ("datetime", "timestamp", dt.datetime(9999, 12, 31, 23, 59, 59)),
    ("timestamp", "timestamptz", dt.datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
    ("datetime", "string", "2024-02-31 00:00:00"),
    ("time(1)", "string", "-838:59:59.9"),
    ("decimal(65,30)", "string", "-" + "9" * 35 + "." + "9" * 30),
    ("json", "string", "[1]"),
    ("text charset utf8mb3", "string", "ü"),
]

FAULTS: list[tuple[str, str, Any, str]] = [
    ("tinyint", "int64", 128, "outside the range of tinyint"),
    ("int unsigned", "int64", -1, "outside the range of int"),
    ("bigint", "uint64", 2**63, "outside the range of bigint"),
    ("decimal(5,2)", "int64", 1000, "outside the range of decimal(5,2)"),
    ("decimal(5,2)", "decimal(38,10)", decimal.Decimal("1.001"), "more exact than decimal(5,2)"),
    ("decimal(5,2)", "decimal(38,10)", decimal.Decimal("1000"), "outside the range of decimal(5,2)"),
    ("decimal(5,2)", "float64", 0.125, "not exact in decimal(5,2)"),
    ("int", "decimal(18,2)", decimal.Decimal("7.50"), "more exact than int"),
    ("float", "float64", 0.1, "more exact than float"),
    ("float", "float64", 1e300, "more exact than float"),
    ("double", "float64", float("nan"), "NaN or infinite"),
    ("float", "float32", float("-inf"), "NaN or infinite"),
    ("double(10,2)", "float64", 1.125, "more exact than double(10,2)"),
    ("double", "int64", 2**53 + 1, "outside the range of double"),
    ("year", "int64", 99, "no years"),
    ("varchar(3)", "string", "abcd", "longer than varchar(3)"),
    ("tinytext", "string", "é" * 128, "longer than tinytext"),
    ("text charset utf8mb3", "string", "😀", "beyond utf8mb3"),
    ("varchar(3) charset latin1", "string", "ł", "latin1 lacks"),
    ("varbinary(2)", "binary", b"abc", "longer than varbinary(2)"),
    ("tinyblob", "binary", b"a" * 256, "longer than tinyblob"),
    ("enum('a','b')", "string", "c", "no labels"),
    ("enum('a','b')", "string", "", "no labels"),
    ("set('a','b')", "string", "a,c", "no labels"),
    ("json", "string", "{", "not JSON"),
    ("bit(3)", "string", "01", "no 3 binary digits"),
    ("datetime", "timestamp", dt.datetime(2024, 1, 1, 0, 0, 0, 1), "more exact than datetime"),
    ("time", "time", dt.time(0, 0, 0, 500_000), "more exact than time(0)"),
    ("timestamp(6)", "timestamptz", dt.datetime(2040, 1, 1, tzinfo=UTC), "outside the range of timestamp"),
    ("timestamp(6)", "timestamptz", dt.datetime(1970, 1, 1, tzinfo=UTC), "outside the range of timestamp"),
    ("date", "string", "tomorrow", "no date"),
    ("decimal(65,30)", "string", "9" * 36, "no number of"),
    ("uuid", "string", "x", "no UUID"),
    ("point", "string", "zz", "no geometry"),
    ("int", "string", "1", "cannot hold string"),
    ("date", "timestamp", dt.datetime(2024, 1, 1), "cannot hold timestamp"),
    ("varchar(9)", "binary", b"a", "cannot hold binary"),
    ("int NOT NULL", "int32", None, "null, and the column is NOT NULL"),
]


def test_what_fits_is_not_refused_and_comes_back(execute: Execute, mariadb_database: ServerLocation) -> None:
    execute(
        "CREATE TABLE t (id bigint PRIMARY KEY, "
        + ", ".join(f"c{i} {type_} NULL" for i, (type_, *_) in enumerate(FITS))
        + ")"
    )
    schema = keyed("t", *(column(f"c{i}", type_) for i, (_, type_, _) in enumerate(FITS)))
    source = to_write(
        schema, [{"id": 1, **{f"c{i}": value for i, (*_, value) in enumerate(FITS)}}, {"id": 2}]
    )
    assert [one for one in problems(mariadb_database, source) if one.severity is Severity.ERROR] == []
    seed(mariadb_database, source)
    [(_, rows)] = read(mariadb_database, "t")
    first = rows.to_pylist()[0]
    assert [first[f"c{i}"] for i in range(len(FITS))] == [value for *_, value in FITS]


def test_what_a_column_cannot_hold_is_found_before_anything_is_written(
    execute: Execute, mariadb_database: ServerLocation
) -> None:
    execute(
        "CREATE TABLE t (id bigint PRIMARY KEY, "
        + ", ".join(f"c{i} {type_}" for i, (type_, *_) in enumerate(FAULTS))
        + ")"
    )
    schema = keyed("t", *(column(f"c{i}", type_) for i, (_, type_, *_) in enumerate(FAULTS)))
    source = to_write(schema, [{"id": 1, **{f"c{i}": value for i, (_, _, value, _) in enumerate(FAULTS)}}])
    found = {
        one.columns[0]: one for one in problems(mariadb_database, source) if one.severity is Severity.ERROR
    }
    for i, (type_, canonical, value, problem) in enumerate(FAULTS):
        assert f"c{i}" in found, (type_, canonical, value)
        assert problem in found[f"c{i}"].message


def test_texts_that_the_database_takes_for_the_same_are_found(
    execute: Execute, mariadb_database: ServerLocation
) -> None:
    execute(
        "CREATE TABLE t (id bigint PRIMARY KEY, a varchar(9) COLLATE utf8mb4_general_ci UNIQUE, "
        "b varchar(9) COLLATE utf8mb4_bin UNIQUE, c varchar(9) COLLATE utf8mb4_nopad_bin UNIQUE)"
    )
    schema = keyed("t", *(column(name, "string") for name in "abc"))
    values = ["x", "X", "ü", "u", "x "]
    rows = [{"id": i, "a": value, "b": value, "c": value} for i, value in enumerate(values)]
    found = problems(mariadb_database, to_write(schema, rows))
    assert [(one.rule, one.columns, one.details["rows"]) for one in found] == [
        ("texts-collide", ("a",), 3),
        ("texts-collide", ("b",), 1),
    ]


def test_a_load_that_fails_leaves_the_database_as_it_was(
    execute: Execute, mariadb_database: ServerLocation, state: Callable[[], object]
) -> None:
    execute(
        "CREATE TABLE t (id bigint AUTO_INCREMENT PRIMARY KEY, n int CHECK (n > 0))",
        "INSERT INTO t VALUES (1, 1), (7, 7)",
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.n = NEW.n + 1",
    )
    before = state()
    schema = keyed("t", column("n", "int32"))
    new = to_write(keyed("new"), [{"id": 1}])

    def fail() -> None:
        with opened(mariadb_database) as target:
            load(target)

    def load(target: DatabaseTarget) -> None:
        target.lock(["t"])
        target.create_tables([new], [View("v", "SELECT id FROM t", "mysql")])
        target.lock(["t", "new"])
        catalog = target.read_catalog()
        target.load(new, catalog["new"].schema, SeedMode.REPLACE)
        target.clear(["t"])
        target.load(to_write(schema, [{"id": 50, "n": 5}]), catalog["t"].schema, SeedMode.REPLACE)
        target.load(to_write(schema, [{"id": 51, "n": -123}]), catalog["t"].schema, SeedMode.REPLACE)

    with pytest.raises(DatabaseError, match="breaks a CHECK constraint") as error:
        fail()
    assert "-123" not in error.value.message
    assert state() == before


def test_triggers_do_not_fire_for_the_load_and_are_as_they_were_afterwards(
    execute: Execute, mariadb_database: ServerLocation, query: Query
) -> None:
    execute(
        "CREATE TABLE t (id bigint PRIMARY KEY, s varchar(20))",
        "CREATE TABLE audit (s varchar(20))",
        "CREATE TRIGGER one BEFORE INSERT ON t FOR EACH ROW SET NEW.s = CONCAT(NEW.s, '!') -- a comment",
        "CREATE TRIGGER two BEFORE INSERT ON t FOR EACH ROW BEGIN INSERT INTO audit VALUES (NEW.s); END",
        "CREATE TRIGGER three AFTER DELETE ON t FOR EACH ROW INSERT INTO audit VALUES (OLD.s)",
        "INSERT INTO t VALUES (1, 'a')",
        "DELETE FROM audit",
    )
    before = [row[:5] + row[6:] for row in query("SHOW TRIGGERS")]
    source = to_write(keyed("t", column("s", "string")), [{"id": 1, "s": "x"}])
    assert [one.rule for one in problems(mariadb_database, source)] == ["trigger-not-run"]
    with opened(mariadb_database) as target:
        target.lock(["t"])
        target.clear(["t"])
        target.load(source, target.read_catalog()["t"].schema, SeedMode.REPLACE)
        target.commit()
    assert query("SELECT * FROM t") == [(1, "x")]
    assert query("SELECT * FROM audit") == []
    assert [row[:5] + row[6:] for row in query("SHOW TRIGGERS")] == before
    execute("INSERT INTO t VALUES (2, 'b')")
    assert query("SELECT * FROM audit") == [("b!",)]


def test_after_a_kill_triggers_still_fire_and_the_next_seed_restores_everything(
    execute: Execute, mariadb_database: ServerLocation, query: Query, state: Callable[[], object]
) -> None:
    execute(
        "CREATE TABLE t (id bigint AUTO_INCREMENT PRIMARY KEY, s varchar(20))",
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.s = CONCAT(NEW.s, '!')",
        "INSERT INTO t VALUES (1, 'a')",
    )
    before = state()
    source = to_write(keyed("t", column("s", "string")), [{"id": 90, "s": "x"}])
    manager = find_target_engine(mariadb_database).open_target(mariadb_database, ReadOptions())
    target = manager.__enter__()
    target.create_tables([to_write(keyed("new"), [])], ())
    target.lock(["t", "new"])
    target.load(source, target.read_catalog()["t"].schema, SeedMode.APPEND)
    # As the operating system does for a killed process.
    for connection in (target._connection, target._other):  # type: ignore[attr-defined]
        connection.raw._force_close()
    target.is_committed = True  # type: ignore[attr-defined]
    manager.__exit__(None, None, None)
    execute("INSERT INTO t (id, s) VALUES (5, 'b')", "DELETE FROM t WHERE id = 5 AND s = 'b!'")
    assert query("SELECT * FROM t") == [(1, "a!")]
    assert {row[0] for row in query("SHOW TABLES")} == {"new", "t", "tdmvc_pending", "tdmvc_state"}
    with opened(mariadb_database) as target:
        assert set(target.read_catalog()) == {"t"}
    assert state() == before


def test_a_session_that_is_ended_leaves_nothing_behind(
    execute: Execute, mariadb_database: ServerLocation, state: Callable[[], object], query: Query
) -> None:
    execute("CREATE TABLE t (id bigint PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    before = state()
    database = mariadb_database.database

    def fail() -> None:
        with opened(mariadb_database) as target:
            target.create_tables([to_write(keyed("new"), [])], ())
            target.lock(["t", "new"])
            target.clear(["t"])
            schema = target.read_catalog()["t"].schema
            for (number,) in query(
                f"SELECT ID FROM information_schema.PROCESSLIST WHERE DB = '{database}' AND ID <> CONNECTION_ID()"
            ):
                execute(f"KILL {number}")
            target.load(to_write(keyed("t"), [{"id": 3}]), schema, SeedMode.REPLACE)

    with pytest.raises(DatabaseError, match="connection to the server was lost"):
        fail()
    assert state() == before


def test_a_lock_that_another_session_holds_is_an_error_that_names_it(
    execute: Execute,
    mariadb_database: ServerLocation,
    mariadb_server: DatabaseServer,
    monkeypatch: pytest.MonkeyPatch,
    state: Callable[[], object],
) -> None:
    from tdmvc.databases.mysql import connection

    settings = [one.replace("= 10", "= 1") for one in connection._SETTINGS]
    monkeypatch.setattr(connection, "_SETTINGS", settings)
    execute("CREATE TABLE t (id bigint PRIMARY KEY)")
    before = state()
    with (
        mariadb_server.connect(mariadb_database.database, autocommit=False) as other,
        other.cursor() as cursor,
    ):
        cursor.execute("INSERT INTO t VALUES (1)")
        with (
            pytest.raises(DatabaseError, match="kept a lock for too long") as error,
            opened(mariadb_database) as target,
        ):
            target.lock(["t"])
        assert "root@" in error.value.message
        assert f"KILL {other.thread_id()};" in error.value.remedy
        other.rollback()
    assert state() == before


def test_two_seeds_of_a_database_wait_for_each_other(
    execute: Execute, mariadb_database: ServerLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tdmvc.databases.mysql.writing import locking

    execute("CREATE TABLE t (id bigint PRIMARY KEY)", "CREATE TABLE u (id bigint PRIMARY KEY)")
    monkeypatch.setattr(locking.SeedLock.take, "__defaults__", (1,))
    with opened(mariadb_database) as one:
        one.lock(["t"])
        with (
            opened(mariadb_database) as two,
            pytest.raises(DatabaseError, match="Another seed of this database"),
        ):
            two.lock(["u"])


def test_the_next_number_follows_the_rows(
    execute: Execute, mariadb_database: ServerLocation, query: Query
) -> None:
    execute("CREATE TABLE t (id bigint AUTO_INCREMENT PRIMARY KEY)", "INSERT INTO t VALUES (500)")
    source = to_write(keyed("t"), [{"id": 0}, {"id": 3}])
    for offset in (0, 1000):
        with opened(mariadb_database) as target:
            target.lock(["t"])
            target.clear(["t"])
            target.load(source, target.read_catalog()["t"].schema, SeedMode.REPLACE)
            target.finish(["t"], sequence_offset=offset)
            proof = target.fingerprint("t")
            target.commit()
        with opened(mariadb_database) as target:
            target.lock(["t"])
            assert target.fingerprint("t") == proof
        assert query("SELECT * FROM t") == [(0,), (3,)]
        [(number,)] = query(
            "SELECT AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_NAME = 't' "
            "AND TABLE_SCHEMA = DATABASE()"
        )
        assert number == 4 + offset
    assert {row[0] for row in query("SHOW TABLES")} == {"t", "tdmvc_state"}


@pytest.mark.parametrize(
    ("kind", "following"),
    [
        ("tinyint", 8 + 59),
        ("tinyint unsigned", 8 + 123),
        ("smallint", 8 + 16_379),
        ("mediumint", 40_008),
        ("float", 40_008),
    ],
)
def test_an_offset_leaves_a_column_half_of_its_numbers(
    execute: Execute, mariadb_database: ServerLocation, query: Query, kind: str, following: int
) -> None:
    execute(f"CREATE TABLE t (id {kind} AUTO_INCREMENT PRIMARY KEY, a int)", "INSERT INTO t VALUES (7, 0)")
    with opened(mariadb_database) as target:
        target.lock(["t"])
        target.finish(["t"], sequence_offset=40_000)
        target.commit()
    execute("INSERT INTO t (a) VALUES (1), (1), (1)")
    assert query("SELECT min(id) FROM t WHERE a = 1") == [(following,)]


def test_an_upsert_counts_what_it_did(
    execute: Execute, mariadb_database: ServerLocation, query: Query
) -> None:
    execute(
        "CREATE TABLE t (id bigint PRIMARY KEY, s varchar(9), own int DEFAULT 7, twice int AS (own * 2) STORED)",
        "INSERT INTO t (id, s, own) VALUES (1, 'a', 1), (2, 'b', 2), (3, NULL, 3), (4, 'd', 4)",
    )
    rows = [{"id": 1, "s": "a"}, {"id": 2, "s": "B"}, {"id": 3, "s": None}, {"id": 9, "s": "n"}]
    counts = seed(mariadb_database, to_write(keyed("t", column("s", "string")), rows), SeedMode.UPSERT)
    assert counts == WrittenRows(inserted=1, updated=1, unchanged=2)
    assert query("SELECT id, s, own FROM t ORDER BY id") == [
        (1, "a", 1),
        (2, "B", 2),
        (3, None, 3),
        (4, "d", 4),
        (9, "n", 7),
    ]


def test_rows_may_exchange_unique_values(
    execute: Execute, mariadb_database: ServerLocation, query: Query
) -> None:
    execute(
        "CREATE TABLE t (id bigint PRIMARY KEY, u int UNIQUE, own int)",
        "CREATE TABLE c (id bigint PRIMARY KEY, u int, FOREIGN KEY (u) REFERENCES t (u) ON DELETE CASCADE)",
        "INSERT INTO t VALUES (1, 10, 100), (2, 20, 200), (3, 30, 300)",
        "INSERT INTO c VALUES (1, 10), (2, 20)",
    )
    schema = keyed("t", column("u", "int32"))
    changed = to_write(schema, [{"id": 1, "u": 20}, {"id": 2, "u": 10}, {"id": 4, "u": 30}])
    deleted = pa.table({"id": pa.array([3], pa.int64())}).to_reader()
    with opened(mariadb_database) as target:
        target.lock(["t"])
        counts = target.apply_changes(changed, deleted, target.read_catalog()["t"].schema)
        assert target.find_broken_references(["t"]) == []
        target.commit()
    assert counts == WrittenRows(inserted=1, updated=2, deleted=1)
    assert query("SELECT * FROM t ORDER BY id") == [(1, 20, 100), (2, 10, 200), (4, 30, None)]
    # Nothing cascaded.
    assert query("SELECT COUNT(*) FROM c") == [(2,)]


def test_the_documented_rights_are_enough(execute: Execute, mariadb_database: ServerLocation) -> None:
    user, rights = "seeder", "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES, DROP"
    execute(
        "CREATE TABLE t (id bigint PRIMARY KEY, v varchar(9))",
        f"CREATE OR REPLACE USER {user}@'%' IDENTIFIED BY 'pw'",
        f"GRANT {rights} ON {mariadb_database.database}.* TO {user}@'%'",
    )
    location = replace(mariadb_database, user=user, password="pw")
    source = to_write(keyed("t", column("v", "string")), [{"id": 1, "v": "a"}])

    def upsert() -> None:
        with opened(location) as target:
            target.lock(["t"])
            target.load(source, target.read_catalog()["t"].schema, SeedMode.UPSERT)
            target.commit()

    for missing in ("LOCK TABLES", "CREATE TEMPORARY TABLES"):
        with pytest.raises(DatabaseError) as raised:
            upsert()
        assert missing in str(raised.value.remedy)
        execute(f"GRANT {missing} ON {mariadb_database.database}.* TO {user}@'%'")
    upsert()
    execute(f"DROP USER {user}@'%'")


def test_references_that_rows_break_are_found(execute: Execute, mariadb_database: ServerLocation) -> None:
    execute(
        "CREATE TABLE p (id bigint PRIMARY KEY, up bigint, FOREIGN KEY (up) REFERENCES p (id))",
        "CREATE TABLE c (id bigint PRIMARY KEY, p bigint, FOREIGN KEY (p) REFERENCES p (id))",
        "INSERT INTO p VALUES (1, NULL)",
        "INSERT INTO c VALUES (1, 1), (2, NULL)",
    )
    source = to_write(keyed("p", column("up", "int64")), [{"id": 5, "up": 6}, {"id": 7, "up": 5}])
    with opened(mariadb_database) as target:
        target.lock(["p"])
        target.clear(["p"])
        target.load(source, target.read_catalog()["p"].schema, SeedMode.REPLACE)
        found = target.find_broken_references(["p"])
    assert [(one.table, one.columns, one.details) for one in found] == [
        ("c", ("p",), {"to": "p", "rows": 1}),
        ("p", ("up",), {"to": "p", "rows": 1}),
    ]


def test_a_fingerprint_differs_once_anything_differs(
    execute: Execute, mariadb_database: ServerLocation
) -> None:
    columns = ", ".join(f"c{i} {type_} NULL" for i, (type_, *_) in enumerate(VALUES))
    execute(
        "SET sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00'",
        f"CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, a varchar(9), b varchar(9), {columns})",
        f"INSERT INTO t VALUES (1, 'ab', 'c', {', '.join(sql for _, sql, *_ in VALUES)})",
        "CREATE TABLE same LIKE t",
    )

    def proof() -> tuple[int, str]:
        with opened(mariadb_database) as target:
            target.lock(["t"])
            return target.fingerprint("t")

    seen = {proof()}
    assert proof() in seen
    mode = "SET sql_mode = 'ALLOW_INVALID_DATES'"
    with opened(mariadb_database) as target:
        target.lock(["t"])
        for i in range(len(VALUES)):
            target._connection.execute(f"UPDATE t SET c{i} = NULL")  # type: ignore[attr-defined]
            found = target.fingerprint("t")
            assert found not in seen, VALUES[i]
            seen.add(found)
    changes = [
        "UPDATE t SET a = 'a', b = 'bc'",
        "UPDATE t SET a = 'a', b = 'b '",
        "UPDATE t SET a = '', b = NULL",
        "UPDATE t SET a = NULL, b = ''",
        "INSERT INTO t (a) VALUES ('x')",
        "ALTER TABLE t AUTO_INCREMENT = 77",
        "ALTER TABLE t MODIFY a varchar(10)",
        "DELETE FROM t WHERE a = 'x'",
    ]
    for change in changes:
        execute(mode, change)
        found = proof()
        assert found not in seen, change
        seen.add(found)


def test_a_fingerprint_differs_once_two_rows_exchange_values(
    execute: Execute, mariadb_database: ServerLocation
) -> None:
    execute(
        "CREATE TABLE t (id int PRIMARY KEY, pos int, name varchar(20))",
        "INSERT INTO t VALUES (53, 53, 'n53'), (74, 74, 'n74')",
    )

    def proof() -> tuple[int, str]:
        with opened(mariadb_database) as target:
            return target.fingerprint("t")

    before = proof()
    # CHECKSUM TABLE does not see this.
    execute("UPDATE t SET pos = 127 - pos")
    assert proof() != before
    execute("UPDATE t SET pos = 127 - pos")
    assert proof() == before


def test_what_was_seeded_is_remembered_with_the_rows(
    execute: Execute, mariadb_database: ServerLocation
) -> None:
    execute("CREATE TABLE t (id bigint PRIMARY KEY)")
    at = dt.datetime(2026, 1, 2, tzinfo=UTC)
    state = SeededDataset("golden", "golden@1.0.0", "abc", (("m", "1"),), at, "1", ())
    with opened(mariadb_database) as target:
        assert target.read_state() == {}
        target.write_state(state)
        assert target.read_state() == {"golden": state}
    with opened(mariadb_database) as target:
        assert target.read_state() == {}
        target.lock(["t"])
        target.write_state(state)
        target.commit()
    with opened(mariadb_database) as target:
        assert target.read_state() == {"golden": state}
        assert set(target.read_catalog()) == {"t"}
    [_] = read(mariadb_database, "t")


def test_a_table_that_cannot_be_undone_is_refused(execute: Execute, mariadb_database: ServerLocation) -> None:
    execute("CREATE TABLE t (id bigint PRIMARY KEY) ENGINE=MyISAM")
    (found,) = problems(mariadb_database, to_write(keyed("t"), [{"id": 1}]))
    assert (found.rule, found.severity) == ("no-transactions", Severity.ERROR)


def test_a_user_who_may_only_read_is_told(
    execute: Execute, mariadb_database: ServerLocation, state: Callable[[], object]
) -> None:
    name = f"r_{mariadb_database.database}"
    execute(
        "CREATE TABLE t (id bigint PRIMARY KEY)",
        f"CREATE USER {name}@'%' IDENTIFIED BY 'secret-word'",
        f"GRANT SELECT ON {mariadb_database.database}.* TO {name}@'%'",
    )
    before = state()
    try:
        location = replace(mariadb_database, user=name, password="secret-word")
        with pytest.raises(DatabaseError, match="may not do this") as error, opened(location) as target:
            target.lock(["t"])
        assert "secret-word" not in error.value.message
    finally:
        execute(f"DROP USER {name}@'%'")
    assert state() == before


def test_references_of_a_cycle_are_made_after_their_tables(mariadb_database: ServerLocation) -> None:
    a = keyed("a", column("b", "int64"), references=(ForeignKey(("b",), "b", ("id",)),))
    b = keyed("b", column("a", "int64"), references=(ForeignKey(("a",), "a", ("id",)),))
    with opened(mariadb_database) as target:
        assert target.create_tables([to_write(a, []), to_write(b, [])], ()) == []
        target.commit()
    tables = read(mariadb_database, "a", "b")
    assert [table.schema.references[0].ends for table, _ in tables] == [a.references[0], b.references[0]]


def test_a_user_who_cannot_see_triggers_is_told(execute: Execute, mariadb_database: ServerLocation) -> None:
    name, pattern = f"w_{mariadb_database.database}", mariadb_database.database.replace("_", r"\_")
    execute("CREATE TABLE t (id bigint PRIMARY KEY)", f"CREATE USER {name}@'%' IDENTIFIED BY 'x'")
    location = replace(mariadb_database, user=name, password="x")
    source = to_write(keyed("t"), [{"id": 1}])
    try:
        execute(f"GRANT SELECT, INSERT, CREATE, LOCK TABLES ON `{pattern}`.* TO {name}@'%'")
        assert [one.rule for one in problems(location, source)] == ["triggers-hidden"]
        execute(f"GRANT TRIGGER ON `{pattern}`.* TO {name}@'%'")
        assert problems(location, source) == []
    finally:
        execute(f"DROP USER {name}@'%'")
