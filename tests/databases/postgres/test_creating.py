"""New tables declare all that the dataset does; what the database cannot have is left out alone, and reported."""

from dataclasses import replace

import duckdb
import pyarrow as pa
import pytest

from tdmvc.databases.base import ReadOptions, TableToWrite
from tdmvc.databases.dialects import for_dialect
from tdmvc.databases.postgres import PostgresEngine
from tdmvc.databases.postgres.writing.target import PostgresTarget
from tdmvc.model.declarations import (
    Check,
    Collation,
    Default,
    ForeignKey,
    Generated,
    Identity,
    Index,
    ReferenceActions,
    TypeKind,
    UniqueKey,
    UserType,
    View,
)
from tdmvc.model.finding import Finding
from tdmvc.model.schema import Column, TableSchema
from tests.databases.postgres.conftest import Target, table, write
from tests.servers import DatabaseServer

_SOURCE = """
CREATE TYPE mood AS ENUM ('sad', 'it''s "ok"');
CREATE DOMAIN "Post Code" AS varchar(5) NOT NULL DEFAULT '00000' CHECK (VALUE ~ '^[0-9]+$');
CREATE TYPE pair AS (a int, b mood[]);
CREATE TYPE float_range AS RANGE (subtype = float8);
CREATE SEQUENCE shared START 100 INCREMENT 10;
CREATE TABLE team (
    id int GENERATED ALWAYS AS IDENTITY (START 7 INCREMENT 3) PRIMARY KEY,
    boss int,
    name varchar(40) COLLATE "C" NOT NULL,
    code "Post Code",
    mood mood DEFAULT 'sad',
    moods mood[],
    pair pair,
    span float_range,
    price numeric(10,2) DEFAULT 1.50 CHECK (price >= 0) NO INHERIT,
    size double precision GENERATED ALWAYS AS (price * 2) STORED,
    made timestamptz DEFAULT now(),
    tags text[] DEFAULT '{}',
    raw bytea,
    data jsonb DEFAULT '{"a": [1]}',
    number bigint DEFAULT nextval('shared'),
    UNIQUE NULLS NOT DISTINCT (name, code),
    CONSTRAINT "odd name" UNIQUE (mood, price) INCLUDE (made) DEFERRABLE INITIALLY DEFERRED
);
CREATE UNLOGGED TABLE scratch (a int, b text CHECK (b <> ''));
CREATE TABLE person (
    id serial PRIMARY KEY, number bigint DEFAULT nextval('shared'), team int NOT NULL, a int, b int,
    FOREIGN KEY (team) REFERENCES team ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE INITIALLY IMMEDIATE,
    UNIQUE (a, b)
);
ALTER TABLE person ADD FOREIGN KEY (a, b) REFERENCES person (a, b) MATCH FULL ON DELETE SET NULL (a);
ALTER TABLE person ADD CONSTRAINT old CHECK (a <> 5) NOT VALID;
ALTER TABLE team ADD FOREIGN KEY (boss) REFERENCES person NOT VALID;
CREATE INDEX some_rows ON team (lower(name) DESC, price) INCLUDE (made) WHERE price > 0;
CREATE UNIQUE INDEX plain ON team (number);
COMMENT ON TABLE team IS 'People who ''work'' together';
COMMENT ON COLUMN team.mood IS 'of today';
CREATE VIEW dear AS SELECT id, name FROM team WHERE price > 10;
CREATE VIEW dearest (n) AS SELECT count(*) FROM dear;
CREATE MATERIALIZED VIEW counted AS SELECT (SELECT count(*) FROM team) AS n;
INSERT INTO team (name, code, price) VALUES ('x', '12345', 11), ('y', '1', 2);
INSERT INTO person (team) VALUES (7);
"""


def test_a_copy_declares_what_the_source_declares(target: Target, postgres_server: DatabaseServer) -> None:
    with postgres_server.fresh_database() as name, postgres_server.connect(name) as source:
        source.execute(_SOURCE)
        options = ReadOptions()
        location = postgres_server.location(name)
        with PostgresEngine().open_snapshot(location, duckdb.connect, options) as snapshot:
            expected = snapshot.read_tables(snapshot.read_names())
            views = snapshot.read_others().views
            tables = [TableToWrite(one.schema, one.scan.open) for one in expected]  # type: ignore[union-attr]
            with target.open() as opened:
                opened.lock([])
                findings = opened.create_tables(tables, views)
                write(opened, *tables)
                actual = _schemas(opened)
                opened.commit()
    assert [finding.message for finding in findings] == []
    for one in expected:
        assert _sorted(actual[one.schema.name]) == _sorted(one.schema)
    assert target.rows("SELECT * FROM dearest") == [(1,)]
    assert target.rows("SELECT n FROM counted") == [(2,)]
    target.run("INSERT INTO team (name, code) VALUES ('z', '3')")
    assert target.rows("SELECT id, number, size FROM team WHERE name = 'z'") == [(13, 130, 3.0)]
    assert target.rows("SELECT nextval('person_id_seq')") == [(2,)]


def _schemas(opened: PostgresTarget) -> dict[str, TableSchema]:
    snapshot = opened.snapshot()
    return {one.schema.name: one.schema for one in snapshot.read_tables(snapshot.read_names())}


def _sorted(schema: TableSchema) -> TableSchema:
    return replace(
        schema,
        references=tuple(sorted(schema.references, key=str)),
        checks=tuple(sorted(schema.checks, key=str)),
        unique_keys=tuple(sorted(schema.unique_keys, key=str)),
    )


def _create(target: Target, *tables: TableToWrite, views: tuple[View, ...] = ()) -> list[Finding]:
    with target.open() as opened:
        opened.lock([])
        findings = opened.create_tables(tables, views)
        opened.commit()
        return findings


def _with(schema_of: TableToWrite, **changes: object) -> TableToWrite:
    return TableToWrite(replace(schema_of.schema, **changes), schema_of.read)  # type: ignore[arg-type]


def _column(name: str, type_: pa.DataType, **more: object) -> TableToWrite:
    column = Column(name, type_, **more)  # type: ignore[arg-type]
    rows = pa.table({name: pa.array([], type_)})
    return TableToWrite(TableSchema("t", (column,)), lambda: rows.to_reader())


@pytest.mark.parametrize(
    ("made", "left_out"),
    [
        (
            _with(
                table("t", {"a": [1]}), checks=(Check("a > 0), evil int CHECK (true", dialect="postgresql"),)
            ),
            "check",
        ),
        (_with(table("t", {"a": [1]}), checks=(Check("nowhere > 0", dialect="postgresql"),)), "check"),
        (
            _with(
                table("t", {"a": [1]}), checks=(Check("a > 0); DROP TABLE other; --", dialect="postgresql"),)
            ),
            "check",
        ),
        (
            _with(table("t", {"a": [1]}), checks=(Check("pg_terminate_backend(a)", dialect="postgresql"),)),
            "check",
        ),
        (
            _with(
                table("t", {"a": [1]}), checks=(Check("lo_import('/etc/passwd') > 0", dialect="postgresql"),)
            ),
            "check",
        ),
        (
            _column(
                "a",
                pa.string(),
                default=Default(expression="pg_read_file('/etc/passwd')", dialect="postgresql"),
            ),
            "default",
        ),
        (
            _column("a", pa.string(), default=Default(expression="'x') , (evil", dialect="postgresql")),
            "default",
        ),
        (_column("a", pa.string(), collation=Collation('"C", evil int', "postgresql")), "collation"),
        (_column("a", pa.int64(), generated=Generated("random()", True, "postgresql")), "expression"),
        (
            _with(
                table("t", {"a": [1]}),
                indexes=(Index("i", (), "(a); DROP TABLE other", False, "postgresql"),),
            ),
            "index",
        ),
        (_with(table("t", {"a": [1]}), references=(ForeignKey(("a",), "nowhere", ("id",)),)), "reference"),
        (
            _column(
                "a",
                pa.string(),
                physical_type="own",
                user_types=(
                    UserType("own", TypeKind.DOMAIN, "postgresql", definition="text; DROP TABLE other"),
                ),
            ),
            "type own",
        ),
        (
            _column(
                "a",
                pa.string(),
                physical_type="own",
                user_types=(
                    UserType(
                        "own",
                        TypeKind.DOMAIN,
                        "postgresql",
                        definition="text CHECK (pg_read_file(value) IS NULL)",
                    ),
                ),
            ),
            "type own",
        ),
    ],
)
def test_what_cannot_be_declared_is_left_out_alone(target: Target, made: TableToWrite, left_out: str) -> None:
    target.run("CREATE TABLE other (id int)")
    findings = _create(target, made)
    assert len(findings) == 1 or left_out.startswith("type")
    assert left_out in findings[0].message
    assert "left out" in findings[0].message
    names = target.rows(
        "SELECT attname::text FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0"
    )
    assert names == [("a",)]
    assert target.rows("SELECT count(*) FROM other") == [(0,)]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (Column("a", pa.string(), "int); DROP TABLE other; --"), "text"),
        (Column("a", pa.string(), "uuid"), "uuid"),
        (Column("a", pa.string(), "NVARCHAR(160)"), "character varying(160)"),
        (Column("a", pa.string(), "bit"), "bit(1)"),
        (Column("a", pa.string(), "no such type"), "text"),
        (Column("a", pa.string(), "citext"), "citext"),
        (Column("a", pa.string(), "hstore"), "hstore"),
        (Column("a", pa.int64(), "integer"), "bigint"),
        (Column("a", pa.int64(), "oid"), "oid"),
        (Column("a", pa.int64(), "tinyint(1)"), "bigint"),
        (Column("a", pa.uint64(), "bigint unsigned"), "numeric(20,0)"),
        (Column("a", pa.decimal128(38, 4), "hugeint"), "numeric(38,4)"),
        (Column("a", pa.timestamp("us"), "DATETIME"), "timestamp without time zone"),
        (Column("a", pa.timestamp("us"), "timestamp(3) without time zone"), "timestamp(3) without time zone"),
        (Column("a", pa.string(), "date"), "text"),
        (Column("a", pa.list_(pa.string())), "text[]"),
        (Column("a", pa.list_(pa.struct([("x", pa.int64())]))), "jsonb"),
        (Column("a", pa.struct([("x", pa.int64())])), "jsonb"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.type}-{value.physical_type}",
)
def test_a_column_gets_the_declared_type_if_it_holds_the_values(
    target: Target, column: Column, expected: str
) -> None:
    target.run("CREATE TABLE other (id int)")
    rows = pa.table({"a": pa.array([None], column.type)})
    _create(target, TableToWrite(TableSchema("t", (column,)), lambda: rows.to_reader()))
    (found,) = target.rows(
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute "
        "WHERE attrelid = 't'::regclass AND attname = 'a'"
    )
    assert found[0].rpartition(".")[2].strip('"') == expected
    assert target.rows("SELECT count(*) FROM other") == [(0,)]


def test_the_action_of_a_reference_brings_in_no_condition(target: Target) -> None:
    action = "cascade, add check (pg_read_file('/etc/passwd') is null)"
    reference = ForeignKey(("a",), "t", ("a",), ReferenceActions(on_delete=action))
    (finding,) = _create(target, _with(table("t", {"a": [1]}, "a"), references=(reference,)))
    assert "it calls pg_read_file" in finding.message
    assert target.rows(
        "SELECT count(*) FROM pg_constraint WHERE conrelid = 't'::regclass AND contype = 'c'"
    ) == [(0,)]


def test_a_type_that_would_change_values_is_replaced_and_said(target: Target) -> None:
    rows = pa.table({"a": ["A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"], "b": ["abcdef"], "c": ["x"]})
    schema = TableSchema(
        "t",
        (
            Column("a", pa.string(), "uuid"),
            Column("b", pa.string(), "varchar(3)"),
            Column("c", pa.string(), "varchar(3)"),
        ),
    )
    findings = _create(target, TableToWrite(schema, lambda: rows.to_reader()))
    assert [(finding.rule, finding.columns) for finding in findings] == [
        ("type-replaced", ("a",)),
        ("type-replaced", ("b",)),
    ]
    types = target.rows(
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute "
        "WHERE attrelid = 't'::regclass AND attnum > 0 ORDER BY attnum"
    )
    assert types == [("text",), ("text",), ("character varying(3)",)]


def test_values_of_lists_and_structs_without_a_type_become_json(target: Target) -> None:
    values = pa.array([[{"x": 1, "d": 0}], None], pa.list_(pa.struct([("x", pa.int64()), ("d", pa.int32())])))
    rows = table("t", {"a": values})
    with target.open() as opened:
        opened.lock([])
        opened.create_tables([rows], [])
        write(opened, rows)
        opened.commit()
    assert target.rows("SELECT a::text FROM t") == [('[{"d": 0, "x": 1}]',), (None,)]


def test_indexes_of_two_tables_with_one_name_are_both_made(target: Target) -> None:
    made = [_with(table(name, {"a": [1]}), indexes=(Index("by_a", ("a",)),)) for name in ("t", "u")]
    assert _create(target, *made) == []
    names = target.rows(
        "SELECT indexname::text FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1"
    )
    assert names == [("by_a",), ("u_by_a",)]


@pytest.mark.parametrize(
    ("type_", "dialect", "expression", "now"),
    [
        (pa.timestamp("us", "UTC"), "sqlite", "CURRENT_TIMESTAMP", "now()"),
        (pa.timestamp("us", "UTC"), "duckdb", "current_timestamp", "now()"),
        (pa.timestamp("us"), "sqlite", "datetime('now')", "now() AT TIME ZONE 'UTC'"),
        (pa.timestamp("us"), "duckdb", "timezone('UTC', current_timestamp)", "now() AT TIME ZONE 'UTC'"),
        (pa.date32(), "sqlite", "CURRENT_DATE", "(now() AT TIME ZONE 'UTC')::date"),
        (pa.time64("us"), "sqlite", "CURRENT_TIME", "(now() AT TIME ZONE 'UTC')::time"),
        (pa.string(), "sqlite", "CURRENT_TIMESTAMP", "left((now() AT TIME ZONE 'UTC')::text, 19)"),
    ],
)
def test_defaults_of_other_engines_that_read_the_clock_give_the_same_time(
    target: Target, type_: pa.DataType, dialect: str, expression: str, now: str
) -> None:
    default = Default(expression=expression, dialect=dialect)
    assert _create(target, _column("a", type_, default=default)) == []
    target.run("SET TimeZone = 'Asia/Tokyo'")
    assert target.rows(f"INSERT INTO t DEFAULT VALUES RETURNING a = {now}") == [(True,)]
    with target.open() as opened:
        read = opened.read_catalog()["t"].schema
    back, findings = for_dialect(read, dialect)
    assert findings == []
    assert back.columns[0].default is not None


def test_numbered_keys_of_other_engines_are_identities(target: Target) -> None:
    made = _column("a", pa.int64(), identity=Identity(), required=True)
    _create(target, _with(made, key=("a",)))
    target.run("INSERT INTO t DEFAULT VALUES")
    assert target.rows("SELECT * FROM t") == [(1,)]


def test_odd_names_are_kept(target: Target) -> None:
    odd = 'a."b" -- ; c'
    made = table(odd, {odd: [1], "x" * 63: [2]}, odd)
    made = _with(made, unique_keys=(UniqueKey(("x" * 63,), f"{odd}2", True),), description="it's \\ odd")
    assert _create(target, made) == []
    with target.open() as opened:
        write(opened, made)
        assert opened.read_catalog()[odd].schema.key == (odd,)
        assert opened.read_catalog()[odd].rows == 1


def test_the_name_of_a_key_that_is_taken_is_left_out_alone(target: Target) -> None:
    made = [
        _with(table(name, {"a": [1]}), unique_keys=(UniqueKey(("a",), "t", True),)) for name in ("t", "u")
    ]
    findings = _create(target, *made)
    assert [finding.message for finding in findings] == [
        "The name t of the unique key (a) was left out: another object of the database has it." for _ in made
    ]
    assert target.rows("SELECT count(*) FROM pg_indexes WHERE schemaname = current_schema()") == [(2,)]
