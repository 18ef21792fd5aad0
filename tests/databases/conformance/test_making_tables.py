"""Tables that are made from a contract declare all of it, and what is not kept is reported."""

import re
from dataclasses import replace

import duckdb

from tdmvc.model.declarations import Check, Default, ForeignKey, Index, ReferenceActions, UniqueKey, View
from tdmvc.model.schema import Column, TableSchema
from tests.databases.conformance.access import open_snapshot, open_target, read_database, to_write
from tests.databases.conformance.contracts import column, key
from tests.databases.conformance.engines.base import Database, made_types
from tests.laws.database_copies import Contents, unreported

Con = duckdb.DuckDBPyConnection


def shop(dialect: str) -> list[TableSchema]:
    """Return tables with everything that a contract declares and every engine may have."""
    parent = TableSchema(
        "parent",
        (
            key("a"),
            replace(column("b", "string", required=True), physical_type="varchar(20)"),
            column("u", "int32", unique=True),
            replace(column("n", "int64"), default=Default("7")),
            replace(column("s", "string"), physical_type="varchar(30)", default=Default("it's")),
            replace(column("m", "decimal(12,3)"), default=Default("1.5")),
            replace(column("d", "date"), description="The day, in 'UTC'; not \\ local"),
            column("f", "bool"),
        ),
        ("b", "a"),
        unique_keys=(UniqueKey(("n", "u"), "nu", is_declared=True),),
        checks=(Check("n < 100", "small", dialect),),
        indexes=(Index("by_n", ("n", "d")),),
        description='Parents; it\'s "all"',
    )
    child = TableSchema(
        "child of Parent",
        (
            key(),
            replace(column("x", "string"), physical_type="varchar(20)"),
            column("y"),
            column("z", "int32"),
            column("up"),
        ),
        ("id",),
        (
            ForeignKey(("x", "y"), "parent", ("b", "a"), ReferenceActions("cascade", "cascade")),
            ForeignKey(("z",), "parent", ("u",), ReferenceActions(deferrable="deferred")),
            ForeignKey(("up",), "child of Parent", ("id",), ReferenceActions("set null")),
        ),
    )
    other = TableSchema("other", (column("v", "string"), column("w", "float64")))
    return [child, parent, other]


def create(database: Database, con: Con, tables: list[TableSchema], views: list[View]) -> list[str]:
    """Make tables, and return what is reported."""
    with open_target(database, con) as target:
        target.lock([table.name for table in tables])
        findings = target.create_tables([to_write(table, []) for table in tables], views)
        target.finish([table.name for table in tables])
        target.commit()
        return [finding.message for finding in findings]


def test_what_a_contract_declares_is_made_or_reported(database: Database, con: Con) -> None:
    dialect = database.engine.dialect
    tables = shop(dialect)
    views = [View("some", "SELECT n, s FROM parent WHERE n > 1", dialect)]
    reports = create(database, con, tables, views)
    found = read_database(database, con)
    with open_snapshot(database, con) as snapshot:
        others = snapshot.read_others()
    before = Contents({table.name: table for table in tables}, tuple(views))
    after = Contents({name: table.schema for name, table in found.items()}, others.views)
    assert list(unreported(before, after, reports)) == []


def test_a_view_has_the_columns_that_are_declared_beside_its_query(database: Database, con: Con) -> None:
    schema = TableSchema("t", (key(), column("n")), ("id",))
    view = View("v", "SELECT id, n + 1 FROM t", database.engine.dialect, ("number", 'odd "name" `of` it'))
    assert create(database, con, [schema], [view]) == []
    with open_snapshot(database, con) as snapshot:
        [source] = snapshot.read_tables(["v"])
    assert source.schema.column_names == view.columns


def test_columns_get_the_types_that_are_documented(database: Database, con: Con) -> None:
    made = made_types(database.engine.dialect)
    columns = tuple(column(f"c{place}", canonical) for place, canonical in enumerate(made))
    create(database, con, [TableSchema("t", columns)], [])
    found = database.declared_types("t")
    # MariaDB's widths of integers say nothing; MySQL no longer shows them. Its JSON is a text with a check.
    plain = {name: re.sub(r"int\((?!1\))\d+\)", "int", type_) for name, type_ in found.items()}
    assert {canonical: plain[f"c{place}"] for place, canonical in enumerate(made)} == made


def test_tables_that_refer_to_each_other_are_made(database: Database, con: Con) -> None:
    a = TableSchema("a", (key(), column("b")), ("id",), (ForeignKey(("b",), "b", ("id",)),))
    b = TableSchema("b", (key(), column("a")), ("id",), (ForeignKey(("a",), "a", ("id",)),))
    assert create(database, con, [a, b], []) == []
    found = read_database(database, con)
    assert [one.ends for one in found["a"].schema.references] == list(a.references)
    assert [one.ends for one in found["b"].schema.references] == list(b.references)


def test_a_reference_to_a_table_that_is_nowhere_is_reported(database: Database, con: Con) -> None:
    lonely = TableSchema("lonely", (key(), column("c")), ("id",), (ForeignKey(("c",), "elsewhere", ("id",)),))
    (report,) = create(database, con, [lonely], [])
    assert "elsewhere" in report
    assert read_database(database, con)["lonely"].schema.references == ()


def test_a_reference_to_a_table_that_is_there_is_made(database: Database, con: Con) -> None:
    database.run("CREATE TABLE elsewhere (id bigint NOT NULL PRIMARY KEY)")
    lonely = TableSchema("lonely", (key(), column("c")), ("id",), (ForeignKey(("c",), "elsewhere", ("id",)),))
    assert create(database, con, [lonely], []) == []
    assert read_database(database, con)["lonely"].schema.references[0].ends == lonely.references[0]


def test_what_another_engine_declared_is_translated_or_reported(database: Database, con: Con) -> None:
    foreign = "postgresql" if database.engine.dialect != "postgresql" else "sqlite"
    odd = Column(
        "odd",
        column("x", "string").type,
        physical_type="tsvector",
        default=Default(expression="strange_function(1)", dialect=foreign),
    )
    table = TableSchema(
        "t",
        (key(), odd),
        ("id",),
        checks=(Check("odd ~ '^[a-z]+$' AND strange(odd)", None, foreign),),
        indexes=(Index("strange", (), "USING gin (odd)", dialect=foreign),),
    )
    reports = create(database, con, [table], [View("v", "SELECT strange(odd) FROM t", foreign)])
    found = read_database(database, con)["t"].schema
    assert found.column_names == ("id", "odd")
    text = "\n".join(reports)
    for word in ("default", "check", "strange", "view"):
        assert word in text.lower(), f"{word} is lost without a word"
