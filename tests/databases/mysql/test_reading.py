"""Reading MySQL and MariaDB: every type with its exact values, everything declared, one moment."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from tdmvc.databases import ReadOptions, open_snapshot
from tdmvc.databases.base import QualifiedName, Snapshot
from tdmvc.databases.mysql.reading.rows import split_columns
from tdmvc.errors import DatabaseError, NotFoundError, UsageError
from tdmvc.model.declarations import Check, Collation, Default, ForeignKey, ReferenceActions, UniqueKey
from tdmvc.model.location import ServerLocation, parse_location
from tdmvc.model.source import ArrowScan, SourceTable
from tests.databases.mysql.values import UTC, VALUES
from tests.servers import DatabaseServer


@contextmanager
def opened(location: ServerLocation, **options: Any) -> Iterator[Snapshot]:
    with open_snapshot(location, duckdb.connect, ReadOptions(**options)) as snapshot:
        yield snapshot


def rows(table: SourceTable) -> list[dict[str, Any]]:
    assert isinstance(table.scan, ArrowScan)
    found = table.scan.open().read_all()
    assert found.schema == table.schema.arrow_schema()
    result: list[dict[str, Any]] = found.to_pylist()
    return result


@pytest.fixture
def execute(mariadb_server: DatabaseServer, mariadb_database: ServerLocation) -> Any:
    """Run statements in the fresh database, each on the same connection."""

    def execute(*statements: str) -> None:
        mariadb_server.execute(mariadb_database.database, "SET sql_mode = 'ALLOW_INVALID_DATES'", *statements)

    return execute


def test_every_type_is_read_exactly(execute: Any, mariadb_database: ServerLocation) -> None:
    columns = ", ".join(f"c{i} {type_} NULL" for i, (type_, *_) in enumerate(VALUES))
    values = ", ".join(sql for _, sql, *_ in VALUES)
    execute(
        "SET time_zone = '+00:00'",
        f"CREATE TABLE t (id int PRIMARY KEY, {columns}) ROW_FORMAT=DYNAMIC",
        f"INSERT INTO t VALUES (1, {values})",
        "INSERT INTO t (id) VALUES (2)",
        # A default of a timestamp would fill it.
        "UPDATE t SET " + ", ".join(f"c{i} = NULL" for i in range(len(VALUES))) + " WHERE id = 2",
    )
    with opened(mariadb_database) as snapshot:
        (table,) = snapshot.read_tables(["t"])
        first, second = rows(table)
    for i, (type_, sql, canonical, physical, value) in enumerate(VALUES):
        column = table.schema.columns[i + 1]
        shown = (column.type_text, column.physical_type or column.type_text, first[f"c{i}"])
        assert shown == (canonical, physical, value), f"{type_}: {sql[:50]}"
        assert second[f"c{i}"] is None
    assert any("dates such as 0000-00-00" in note for note in table.notes)


def test_an_instant_is_the_same_whatever_the_zone_in_which_it_was_written(
    execute: Any, mariadb_database: ServerLocation
) -> None:
    execute(
        "CREATE TABLE t (i timestamp, d datetime)",
        "SET time_zone = '+05:30'",
        "INSERT INTO t VALUES ('2024-01-01 05:30:00', '2024-01-01 05:30:00')",
    )
    with opened(mariadb_database) as snapshot:
        (row,) = rows(snapshot.read_tables(["t"])[0])
    assert row == {"i": dt.datetime(2024, 1, 1, tzinfo=UTC), "d": dt.datetime(2024, 1, 1, 5, 30)}


def test_everything_that_is_declared_is_kept_or_noted(execute: Any, mariadb_database: ServerLocation) -> None:
    execute(
        "CREATE TABLE parents (a int, b int, code varchar(9) UNIQUE, PRIMARY KEY (b, a)) CHARSET utf8mb4",
        """CREATE TABLE children (
          id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
          name varchar(20) COLLATE latin1_bin DEFAULT 'it''s \\\\ x' COMMENT 'what it''s called',
          n int DEFAULT 5 CHECK (n < 100),
          at datetime(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
          made timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
          words text DEFAULT (concat('a', 'b')),
          bits bit(3) DEFAULT b'1', price decimal(5,2) DEFAULT -1.50, is_on boolean DEFAULT true, nothing int,
          twice int AS (n * 2) VIRTUAL, thrice int AS (n * 3) STORED,
          hidden int INVISIBLE, doc json DEFAULT '{}', p1 int, p2 int, code varchar(9) CHARSET utf8mb4,
          UNIQUE uq (n, p1), KEY short (name(5), n), KEY back (n DESC), KEY plain (price), FULLTEXT KEY ft (words),
          CONSTRAINT positive CHECK (price > 0 OR name LIKE 'x%'),
          FOREIGN KEY (p2, p1) REFERENCES parents (b, a) ON DELETE CASCADE ON UPDATE SET NULL,
          FOREIGN KEY (code) REFERENCES parents (code)
        ) CHARSET utf8mb4 COMMENT 'the children'""",
    )
    with opened(mariadb_database) as snapshot:
        parents, children = snapshot.read_tables(["parents", "children"])
    schema = children.schema
    defaults = {column.name: column.default for column in schema.columns if column.default}
    own = {"dialect": "mysql"}
    assert defaults == {
        "name": Default("it's \\ x"),
        "n": Default("5"),
        "at": Default(expression="current_timestamp(3) ON UPDATE current_timestamp(3)", **own),
        "made": Default(expression="CURRENT_TIMESTAMP", **own),
        "words": Default(expression="concat('a','b')", **own),
        "bits": Default("001"),
        "price": Default("-1.50"),
        "is_on": Default("true"),
        "doc": Default("{}"),
    }
    assert schema.key == ("id",)
    assert parents.schema.key == ("b", "a")
    assert [column.name for column in parents.schema.columns if column.unique] == ["code"]
    by_name = {column.name: column for column in schema.columns}
    assert by_name["id"].identity is not None
    assert by_name["name"].collation == Collation("latin1_bin", "mysql")
    assert by_name["name"].description == "what it's called"
    assert by_name["doc"].is_json
    assert str(by_name["twice"].generated) == "`n` * 2 (virtual)"
    assert str(by_name["thrice"].generated) == "`n` * 3 (stored)"
    assert schema.unique_keys == (UniqueKey(("n", "p1"), "uq", is_declared=True),)
    assert schema.checks == (
        Check("`n` < 100", None, "mysql"),
        Check("`price` > 0 or `name` like 'x%'", "positive", "mysql"),
    )
    assert schema.references == (
        ForeignKey(("p2", "p1"), "parents", ("b", "a"), ReferenceActions("cascade", "set null")),
        ForeignKey(("code",), "parents", ("code",), ReferenceActions()),
    )
    found = {index.name: index.definition or index.columns for index in schema.indexes}
    assert found["short"] == "(`name`(5), `n`)"
    assert found["back"] == "(`n` DESC)"
    assert found["plain"] == ("price",)
    assert schema.description == "the children"
    assert children.notes == ("not kept: the fulltext index ft, INVISIBLE of hidden",)


def test_views_lose_the_name_of_the_database_and_come_after_those_they_use(
    execute: Any, mariadb_database: ServerLocation
) -> None:
    name = mariadb_database.database
    execute(
        "CREATE TABLE t (id int, s text)",
        "CREATE VIEW b AS SELECT id FROM t WHERE s = 'x'",
        f"CREATE VIEW a AS SELECT x.id FROM {name}.b AS x JOIN (t) ON t.id = x.id",
        f"CREATE TABLE {name} ({name} int)",
        f"CREATE VIEW z AS SELECT {name}.{name} + 1 AS more FROM {name} AS {name}",
        "CREATE SEQUENCE numbers",
        "CREATE PROCEDURE p() SELECT 1",
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.id = 1",
        "INSERT INTO t VALUES (5, 'x')",
        "ALTER TABLE t ADD PRIMARY KEY (id)",
        "ALTER TABLE t ADD CONSTRAINT mine FOREIGN KEY (id) REFERENCES t (id), "
        "ADD FOREIGN KEY (id) REFERENCES t (id)",
    )
    with opened(mariadb_database) as snapshot:
        others = snapshot.read_others()
        assert snapshot.read_names() == sorted(["t", name])
        assert snapshot.read_relations() == {"a": "view", "b": "view", "z": "view"}
        assert rows(snapshot.read_tables(["b"])[0]) == [{"id": 1}]
    assert [view.name for view in others.views] in (["b", "a", "z"], ["b", "z", "a"])
    assert not any(f"`{name}`.`t`" in view.query for view in others.views)
    assert others.left_out == (
        "sequence numbers",
        "trigger tr",
        "procedure p",
        "the names of 1 reference",
    )
    # In another database, they mean that one's tables.
    copy = f"{name}_copy"
    try:
        execute(
            f"CREATE DATABASE {copy}",
            f"USE {copy}",
            "CREATE TABLE t (id int, s text)",
            f"CREATE TABLE {name} ({name} int)",
            *(f"CREATE VIEW {view.name} AS {view.query}" for view in others.views),
            "INSERT INTO t VALUES (7, 'x')",
        )
        with opened(replace(mariadb_database, database=copy)) as snapshot:
            assert rows(snapshot.read_tables(["a"])[0]) == [{"id": 7}]
    finally:
        execute(f"DROP DATABASE {copy}")


def test_all_tables_are_of_one_moment(
    execute: Any, mariadb_database: ServerLocation, mariadb_server: DatabaseServer
) -> None:
    execute("CREATE TABLE a (id int)", "CREATE TABLE b (id int)", "INSERT INTO a VALUES (1)")
    with opened(mariadb_database) as snapshot:
        tables = snapshot.read_tables(["a", "b"])
        mariadb_server.execute(
            mariadb_database.database, "INSERT INTO b VALUES (2)", "DELETE FROM a", "INSERT INTO a VALUES (3)"
        )
        assert [rows(table) for table in tables] == [[{"id": 1}], []]
        # Again from the first row.
        assert rows(tables[0]) == [{"id": 1}]


def test_a_scan_is_not_cut_short_by_another_one(execute: Any, mariadb_database: ServerLocation) -> None:
    execute(
        "CREATE TABLE a (t longtext)",
        "INSERT INTO a SELECT REPEAT('x', 1000000) FROM seq_1_to_20",
        "CREATE TABLE b (id int)",
    )
    with opened(mariadb_database) as snapshot:
        a, b = snapshot.read_tables(["a", "b"])
        assert isinstance(a.scan, ArrowScan)
        reader = a.scan.open()
        reader.read_next_batch()
        with pytest.raises(DatabaseError, match="at the same time"):
            rows(b)
        assert 1 + sum(1 for _ in reader) > 2
        assert rows(b) == []
        # What is not read to its end leaves the connection usable.
        other = a.scan.open()
        other.read_next_batch()
        other.close()
        del other
        assert len(rows(a)) == 20


def test_rows_larger_than_a_packet_arrive_whole(execute: Any, mariadb_database: ServerLocation) -> None:
    size = 2**24 + 5
    execute(
        "CREATE TABLE t (id int PRIMARY KEY, t longtext, u longtext)",
        "INSERT INTO t VALUES (1, 'a', 'b')",
        f"INSERT INTO t VALUES (2, REPEAT('é', {size // 2}), REPEAT('z', {2**24 - 1}))",
        "INSERT INTO t VALUES (3, NULL, 'c')",
        # The packet that follows the full ones is empty.
        f"INSERT INTO t VALUES (4, REPEAT('w', {2**24 - 1 - 2 - 4 - 1}), '')",
    )
    with opened(mariadb_database) as snapshot:
        found = rows(snapshot.read_tables(["t"])[0])
    shown = [(row["id"], len(row["t"] or ""), len(row["u"])) for row in found]
    assert shown == [(1, 1, 1), (2, size // 2, 2**24 - 1), (3, 0, 1), (4, 2**24 - 8, 0)]
    assert set(found[1]["t"]) == {"é"}


def test_values_of_every_length_are_taken_apart() -> None:
    def encoded(value: bytes | None) -> bytes:
        if value is None:
            return b"\xfb"
        size = len(value)
        if size < 251:
            return bytes([size]) + value
        if size < 2**16:
            return b"\xfc" + size.to_bytes(2, "little") + value
        if size < 2**24:
            return b"\xfd" + size.to_bytes(3, "little") + value
        return b"\xfe" + size.to_bytes(8, "little") + value

    sizes = [0, 1, 250, 251, 252, 65535, 65536, 2**24, None]
    values = [None if size is None else bytes([size % 251]) * size for size in sizes]
    lines = [(values[i], values[-1 - i]) for i in range(len(values))]
    data, starts = b"", []
    for line in lines:
        starts.append(len(data))
        data += b"".join(map(encoded, line))
    left, right = split_columns(data, starts, 2)
    assert left.type == pa.binary()
    assert (left.to_pylist(), right.to_pylist()) == (values, values[::-1])


def test_several_databases_qualify_the_names_of_tables(
    execute: Any, mariadb_server: DatabaseServer, mariadb_database: ServerLocation
) -> None:
    with mariadb_server.fresh_database() as other:
        execute(
            "CREATE TABLE t (id int PRIMARY KEY)",
            f"CREATE TABLE {other}.u (t int, FOREIGN KEY (t) REFERENCES {mariadb_database.database}.t (id))",
        )
        own = mariadb_database.database
        with opened(replace(mariadb_database, database=""), schemas=(own, other)) as snapshot:
            assert set(snapshot.read_names()) == {f"{own}.t", f"{other}.u"}
            assert snapshot.read_other_names([f"{other}.u"]) == {f"{other}.u": "u"}
            (table,) = snapshot.read_tables([f"{other}.u"])
            assert table.schema.references[0].table == f"{own}.t"
        with opened(replace(mariadb_database, database=other)) as snapshot:
            assert snapshot.read_other_names(["u"]) == {"u": f"{other}.u"}
            (table,) = snapshot.read_tables(["u"])
            assert table.schema.references == ()
            assert f"the reference to {own}.t" in table.notes[0]


def test_the_columns_and_rows_of_any_table_can_be_looked_at(
    execute: Any, mariadb_server: DatabaseServer, mariadb_database: ServerLocation
) -> None:
    with mariadb_server.fresh_database() as other:
        execute(
            "CREATE TABLE t (id int, at datetime)",
            "INSERT INTO t VALUES (1, '2024-01-01')",
            f"CREATE TABLE {other}.u (x int)",
            "CREATE VIEW v AS SELECT 1 AS z",
        )
        own = mariadb_database.database
        with opened(mariadb_database) as snapshot:
            assert snapshot.schemas == (own,)
            assert snapshot.read_columns([other]) == {
                QualifiedName(own, "t"): ("id", "at"),
                QualifiedName(other, "u"): ("x",),
            }
            assert snapshot.read_rows(QualifiedName(own, "t"), 5) == [
                {"id": 1, "at": dt.datetime(2024, 1, 1)}
            ]


def test_tables_of_other_kinds_are_read_with_a_note(execute: Any, mariadb_database: ServerLocation) -> None:
    execute(
        "CREATE TABLE v (id int) WITH SYSTEM VERSIONING",
        "INSERT INTO v VALUES (1)",
        "UPDATE v SET id = 2",
        "CREATE TABLE p (id int) PARTITION BY HASH (id) PARTITIONS 3",
        "INSERT INTO p VALUES (1), (2)",
        "CREATE TABLE m (id int) ENGINE=MyISAM",
        "CREATE TABLE `odd ``name` (`a b` int, `select` int, `ü` int)",
        "INSERT INTO `odd ``name` VALUES (1, 2, 3)",
    )
    with opened(mariadb_database) as snapshot:
        assert snapshot.read_names() == ["m", "odd `name", "p", "v"]
        m, odd, p, v = snapshot.read_tables(snapshot.read_names())
        assert rows(odd) == [{"a b": 1, "select": 2, "ü": 3}]
        assert sorted(row["id"] for row in rows(p)) == [1, 2]
        assert rows(v) == [{"id": 2}]
    assert "SYSTEM VERSIONING" in v.notes[0]
    assert "partitioning" in p.notes[0]
    assert "MyISAM keeps no versions of rows" in m.notes[1]


def test_a_number_that_was_given_away_is_noted(execute: Any, mariadb_database: ServerLocation) -> None:
    execute(
        "CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY)",
        "INSERT INTO t VALUES (1), (2), (9)",
        "DELETE FROM t WHERE id = 9",
    )
    with opened(mariadb_database) as snapshot:
        (note,) = snapshot.read_tables(["t"])[0].notes
    assert note.startswith("id: AUTO_INCREMENT stands at 10; a copy goes on after 2, its greatest number")


def test_errors_say_what_to_do_and_show_no_password(
    mariadb_database: ServerLocation, mariadb_server: DatabaseServer
) -> None:
    wrong = replace(mariadb_database, password="hunter2")
    with pytest.raises(DatabaseError, match="refuses the user or the password") as error, opened(wrong):
        pass
    assert "hunter2" not in error.value.message
    with (
        pytest.raises(DatabaseError, match="no database 'gone'"),
        opened(replace(mariadb_database, database="gone")),
    ):
        pass
    with pytest.raises(DatabaseError, match="cannot be reached"), opened(replace(mariadb_database, port=1)):
        pass
    with pytest.raises(UsageError, match="names no database"), opened(replace(mariadb_database, database="")):
        pass
    with (
        pytest.raises(UsageError, match="does not know an option"),
        opened(replace(mariadb_database, query=(("ssl_cipher", "x"),))),
    ):
        pass
    with opened(mariadb_database) as snapshot, pytest.raises(NotFoundError, match="no table 'gone'"):
        snapshot.read_tables(["gone"])
    nameless = replace(wrong, password=None)
    with pytest.raises(DatabaseError, match="without a password"), opened(nameless):
        pass


def test_a_statement_that_takes_too_long_and_a_session_that_is_ended_are_named(
    execute: Any, mariadb_database: ServerLocation, mariadb_server: DatabaseServer
) -> None:
    execute(
        "CREATE TABLE t (id int, d date)",
        "INSERT INTO t SELECT seq, '2024-01-01' FROM seq_1_to_10",
        "CREATE VIEW slow AS SELECT SLEEP(id) AS s FROM t",
    )
    with opened(mariadb_database, timeout_seconds=1) as snapshot:
        (table,) = snapshot.read_tables(["slow"])
        with pytest.raises(DatabaseError, match="longer than allowed"):
            rows(table)
        fault = table.find_fault() if table.find_fault else None
        assert isinstance(fault, DatabaseError)
    with opened(mariadb_database) as snapshot:
        (table,) = snapshot.read_tables(["t"])
        with mariadb_server.connect() as admin, admin.cursor() as cursor:
            cursor.execute("SELECT ID FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID()")
            for (number,) in cursor.fetchall():
                cursor.execute(f"KILL {number}")
        with pytest.raises(DatabaseError, match="connection to the server was lost"):
            rows(table)


@pytest.mark.parametrize("url", ["mysql+pymysql://a/b", "mariadb://a/b", "MariaDB+PyMySQL://a/b"])
def test_urls_of_other_tools_are_understood(url: str) -> None:
    from tdmvc.databases import find_engine

    engine = find_engine(parse_location(url))
    assert engine is not None
    assert engine.name == "MySQL"


def test_a_table_that_another_session_keeps_locked_is_an_error_that_says_how_to_end_it(
    execute: Any,
    mariadb_database: ServerLocation,
    mariadb_server: DatabaseServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tdmvc.databases.mysql import connection

    settings = [one.replace("= 10", "= 1") for one in connection._SETTINGS]
    monkeypatch.setattr(connection, "_SETTINGS", settings)
    execute("CREATE TABLE t (id bigint PRIMARY KEY, day date)")
    with mariadb_server.connect(mariadb_database.database) as other, other.cursor() as cursor:
        cursor.execute("LOCK TABLES t WRITE")
        with (
            pytest.raises(DatabaseError, match="kept a lock for too long") as caught,
            opened(mariadb_database) as snapshot,
        ):
            rows(snapshot.read_tables(["t"])[0])
        assert f"session {other.thread_id()} of root@" in caught.value.message
        command = f"KILL {other.thread_id()};"
        assert command in caught.value.remedy
        execute(command)
        with opened(mariadb_database) as snapshot:
            assert rows(snapshot.read_tables(["t"])[0]) == []
