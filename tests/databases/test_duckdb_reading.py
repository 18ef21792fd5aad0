"""DuckDB files: what they declare, in every schema, without keeping the file open."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tdmvc.contracts.odcs.editing import update_contract
from tdmvc.contracts.odcs.reading import parse_contract
from tdmvc.databases import ReadOptions, open_snapshot
from tdmvc.databases.base import QualifiedName
from tdmvc.errors import DatabaseError, NotFoundError, SourceError
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.location import PathLocation
from tdmvc.model.rules import kind_of
from tdmvc.model.source import SourceTable
from tests.contracts.odcs.standard import faults_of
from tests.snapshots import read_database

Read = Callable[[SourceTable], pa.Table]
Con = duckdb.DuckDBPyConnection


def make(folder: Path, script: str) -> Path:
    path = folder / "it's mine.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute(script)
    return path


def test_keys_references_and_constraints_are_read(tmp_path: Path, con: Con) -> None:
    path = make(
        tmp_path,
        """
        CREATE SCHEMA sales;
        CREATE TABLE p (id INTEGER PRIMARY KEY, u VARCHAR UNIQUE NOT NULL, boss INTEGER REFERENCES p(id));
        CREATE TABLE o (b INTEGER, a INTEGER, PRIMARY KEY (a, b), UNIQUE (b, a), CHECK (a > 0));
        CREATE TABLE sales.x (id INTEGER PRIMARY KEY);
        CREATE TABLE sales.y (x INTEGER REFERENCES sales.x(id));
        CREATE VIEW v AS SELECT 1 AS one;
        """,
    )
    tables = {table.schema.name: table.schema for table in read_database(PathLocation(path), con)}
    assert sorted(tables) == ["o", "p", "sales.x", "sales.y"]
    assert tables["p"].key == ("id",)
    assert [(c.required, c.unique) for c in tables["p"].columns] == [
        (True, False),
        (True, True),
        (False, False),
    ]
    assert tuple(one.ends for one in tables["p"].references) == (ForeignKey(("boss",), "p", ("id",)),)
    assert tables["o"].key == ("a", "b")
    assert tuple(one.ends for one in tables["sales.y"].references) == (
        ForeignKey(("x",), "sales.x", ("id",)),
    )


def test_what_a_database_declares_is_in_the_contract_as_rules(tmp_path: Path, con: Con) -> None:
    path = make(
        tmp_path,
        """
        CREATE TYPE mood AS ENUM ('sad', 'ok');
        CREATE TABLE p (id INTEGER PRIMARY KEY, "a.b" VARCHAR NOT NULL DEFAULT 'x', m mood, "c d" INTEGER,
            UNIQUE ("a.b", "c d"), CHECK ("c d" > 0));
        """,
    )
    tables = {table.schema.name: table.schema for table in read_database(PathLocation(path), con)}
    text = update_contract(None, "golden", tables)
    assert faults_of(text, "3.1.0") == []
    rules = parse_contract(text, "contract.yaml").rules
    assert [(kind_of(rule), rule.columns) for rule in rules] == [
        ("required", ("a.b",)),
        ("values", ("m",)),
        ("unique", ("a.b", "c d")),
        ("key", ("id",)),
        ("check", ("c d",)),
    ]
    assert all(rule.place is not None for rule in rules)


def test_types_that_arrow_lacks_become_text(tmp_path: Path, con: Con, read: Read) -> None:
    path = make(
        tmp_path,
        """
        CREATE TYPE mood AS ENUM ('sad', 'ok');
        CREATE TABLE t AS SELECT 'ok'::mood AS a, 5::HUGEINT AS b, MAP {'k': [1]} AS c,
            TIMESTAMP_NS '2024-01-01 00:00:00.000001' AS d, [1, 2]::INTEGER[2] AS e, '101'::BIT AS f;
        """,
    )
    (table,) = read_database(PathLocation(path), con)
    assert [column.physical_type for column in table.schema.columns] == [
        "enum('sad', 'ok')",
        "hugeint",
        "map(varchar, integer[])",
        "timestamp_ns",
        "integer[2]",
        "bit",
    ]
    (row,) = read(table).to_pylist()
    assert (row["a"], int(row["b"]), row["c"], row["e"], row["f"]) == (
        "ok",
        5,
        [{"key": "k", "value": [1]}],
        [1, 2],
        "101",
    )


@pytest.mark.parametrize(
    "value",
    [
        "TIMESTAMP_NS '2024-01-01 00:00:00.000000001'",
        "[TIMESTAMP_NS '2024-01-01 00:00:00.000000001']",
        "170141183460469231731687303715884105727::HUGEINT",
        "{'a': 170141183460469231731687303715884105727::HUGEINT}",
    ],
)
def test_a_value_that_would_lose_digits_is_refused(tmp_path: Path, con: Con, value: str) -> None:
    with pytest.raises(SourceError, match=r"(?s)would be lost.*table t, column a"):
        read_database(PathLocation(make(tmp_path, f"CREATE TABLE t AS SELECT {value} AS a")), con)


def test_a_type_without_a_canonical_form_is_refused(tmp_path: Path, con: Con) -> None:
    path = make(tmp_path, "CREATE TABLE t (a UNION(x INTEGER, y VARCHAR))")
    with pytest.raises(SourceError, match="no table can hold"):
        read_database(PathLocation(path), con)


def test_nobody_can_write_to_the_file_while_its_snapshot_is_open(
    tmp_path: Path, con: Con, read: Read
) -> None:
    path = make(tmp_path, "CREATE TABLE t AS SELECT 1 AS a")
    insert = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('INSERT INTO t VALUES (2)')"
    command = [sys.executable, "-c", insert, str(path)]
    with open_snapshot(PathLocation(path), lambda: con) as snapshot:
        assert b"Could not set lock" in subprocess.run(command, capture_output=True, check=False).stderr
        assert read(*snapshot.read_tables(["t"])).column("a").to_pylist() == [1]
    subprocess.run(command, check=True)
    # A second look sees the file as it is now.
    (table,) = read_database(PathLocation(path), con)
    assert read(table).column("a").to_pylist() == [1, 2]


def test_only_the_named_schemas_are_read(tmp_path: Path, con: Con) -> None:
    path = make(tmp_path, "CREATE SCHEMA s; CREATE TABLE s.t (a INT); CREATE TABLE t (a INT)")
    with open_snapshot(PathLocation(path), lambda: con) as snapshot:
        assert (snapshot.schemas, snapshot.read_names()) == (("main", "s"), ["s.t", "t"])
    with open_snapshot(PathLocation(path), lambda: con, ReadOptions(schemas=("s",))) as snapshot:
        assert (snapshot.schemas, snapshot.read_names()) == (("s",), ["s.t"])
        assert snapshot.read_columns() == {
            QualifiedName("main", "t"): ("a",),
            QualifiedName("s", "t"): ("a",),
        }
    with (
        pytest.raises(NotFoundError, match="no schema 'x'"),
        open_snapshot(PathLocation(path), lambda: con, ReadOptions(schemas=("x",))),
    ):
        pass


def test_a_file_that_another_process_holds_is_refused_with_advice(tmp_path: Path, con: Con) -> None:
    path = make(tmp_path, "CREATE TABLE t AS SELECT 1 AS a")
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline().strip() == b"held"
        with pytest.raises(DatabaseError, match="Another connection has"):
            read_database(PathLocation(path), con)
        other.stdin.close()


def test_a_damaged_file_is_refused(tmp_path: Path, con: Con) -> None:
    path = make(tmp_path, "CREATE TABLE t AS SELECT 1 AS a")
    path.write_bytes(path.read_bytes()[:64] + b"\xff" * 20_000)
    with pytest.raises(DatabaseError, match="cannot be read"):
        read_database(PathLocation(path), con)
