"""Keys, unique keys, references and the rest of the catalog are read as they are declared."""

import duckdb
import pytest

from tdmvc.model.declarations import ForeignKey
from tests.databases.conformance.access import open_snapshot, read_database
from tests.databases.conformance.engines.base import Database

Con = duckdb.DuckDBPyConnection
PARENT = """
    CREATE TABLE parent (
        a integer NOT NULL, b varchar(10) NOT NULL, u bigint UNIQUE, PRIMARY KEY (b, a), CONSTRAINT au UNIQUE (a, u)
    )
"""


def test_keys_of_one_column_of_several_and_none(database: Database, con: Con) -> None:
    database.run(
        PARENT,
        "CREATE TABLE one (id integer NOT NULL PRIMARY KEY, v varchar(10))",
        "CREATE TABLE keyless (v varchar(10))",
        "INSERT INTO keyless VALUES ('a'), ('a'), (NULL)",
    )
    tables = read_database(database, con)
    assert {name: table.schema.key for name, table in tables.items()} == {
        "parent": ("b", "a"),
        "one": ("id",),
        "keyless": (),
    }
    assert sorted(tables["keyless"].rows.column("v").to_pylist(), key=str) == [None, "a", "a"]


def test_required_and_unique_columns(database: Database, con: Con) -> None:
    database.run(
        "CREATE TABLE t (id integer NOT NULL PRIMARY KEY, r varchar(10) NOT NULL, u integer UNIQUE, n integer)"
    )
    columns = read_database(database, con)["t"].schema.columns
    assert [(column.name, column.required, column.unique) for column in columns] == [
        ("id", True, False),
        ("r", True, False),
        ("u", False, True),
        ("n", False, False),
    ]


def test_unique_keys_of_several_columns(database: Database, con: Con) -> None:
    database.run(PARENT)
    (unique,) = read_database(database, con)["parent"].schema.unique_keys
    assert (set(unique.columns), unique.nulls_distinct) == ({"a", "u"}, True)


def test_unique_keys_keep_their_order_and_names(database: Database, con: Con) -> None:
    database.run(PARENT)
    (unique,) = read_database(database, con)["parent"].schema.unique_keys
    assert (unique.columns, unique.name) == (("a", "u"), "au")


def test_unique_nulls_not_distinct(database: Database, con: Con) -> None:
    database.run("CREATE TABLE t (a integer, b integer, UNIQUE NULLS NOT DISTINCT (a, b))")
    (unique,) = read_database(database, con)["t"].schema.unique_keys
    assert not unique.nulls_distinct


def references(database: Database, con: Con, table: str) -> set[ForeignKey]:
    return {one.ends for one in read_database(database, con)[table].schema.references}


def test_references_of_several_columns_and_to_unique_columns(database: Database, con: Con) -> None:
    database.run(
        PARENT,
        """
        CREATE TABLE child (
            id integer NOT NULL PRIMARY KEY, y integer, x varchar(10), z bigint,
            FOREIGN KEY (x, y) REFERENCES parent (b, a), FOREIGN KEY (z) REFERENCES parent (u)
        )
        """,
    )
    assert references(database, con, "child") == {
        ForeignKey(("x", "y"), "parent", ("b", "a")),
        ForeignKey(("z",), "parent", ("u",)),
    }


def test_references_of_a_table_to_itself(database: Database, con: Con) -> None:
    database.run(
        "CREATE TABLE t (id integer NOT NULL PRIMARY KEY, up integer, FOREIGN KEY (up) REFERENCES t (id))",
        "INSERT INTO t VALUES (1, NULL)",
        "INSERT INTO t VALUES (2, 1)",
    )
    assert references(database, con, "t") == {ForeignKey(("up",), "t", ("id",))}


def test_references_in_a_cycle(database: Database, con: Con) -> None:
    if database.engine.dialect == "sqlite":
        database.run(
            "CREATE TABLE a (id integer NOT NULL PRIMARY KEY, b integer REFERENCES b (id))",
            "CREATE TABLE b (id integer NOT NULL PRIMARY KEY, a integer REFERENCES a (id))",
        )
    else:
        database.run(
            "CREATE TABLE a (id integer NOT NULL PRIMARY KEY, b integer)",
            "CREATE TABLE b (id integer NOT NULL PRIMARY KEY, a integer, FOREIGN KEY (a) REFERENCES a (id))",
            "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b (id)",
        )
    tables = read_database(database, con)
    assert [one.ends for one in tables["a"].schema.references] == [ForeignKey(("b",), "b", ("id",))]
    assert [one.ends for one in tables["b"].schema.references] == [ForeignKey(("a",), "a", ("id",))]


def test_what_a_reference_does(database: Database, con: Con) -> None:
    database.run(
        PARENT,
        """
        CREATE TABLE child (
            id integer NOT NULL PRIMARY KEY, z bigint, w bigint,
            FOREIGN KEY (z) REFERENCES parent (u) ON DELETE CASCADE,
            FOREIGN KEY (w) REFERENCES parent (u) ON DELETE SET NULL ON UPDATE CASCADE
        )
        """,
    )
    found = read_database(database, con)["child"].schema.references
    assert {one.columns: one.actions.words for one in found} == {
        ("z",): ["on delete cascade"],
        ("w",): ["on delete set null", "on update cascade"],
    }


@pytest.mark.parametrize("when", ["immediate", "deferred"])
def test_deferrable_references(database: Database, con: Con, when: str) -> None:
    database.run(
        PARENT,
        f"CREATE TABLE c (z bigint, FOREIGN KEY (z) REFERENCES parent (u) DEFERRABLE INITIALLY {when})",
    )
    (reference,) = read_database(database, con)["c"].schema.references
    assert reference.actions.deferrable == when


def test_checks_and_defaults(database: Database, con: Con) -> None:
    database.run(
        """
        CREATE TABLE t (
            id integer NOT NULL PRIMARY KEY, n integer DEFAULT 7, s varchar(10) DEFAULT 'it''s',
            made timestamp DEFAULT CURRENT_TIMESTAMP, CONSTRAINT small CHECK (n < 100)
        )
        """
    )
    schema = read_database(database, con)["t"].schema
    n, s, made = (schema.column(name) for name in ("n", "s", "made"))
    assert n is not None
    assert s is not None
    assert made is not None
    assert n.default is not None
    assert s.default is not None
    assert made.default is not None
    assert (n.default.literal, s.default.literal) == ("7", "it's")
    assert "timestamp" in (made.default.expression or "").lower() or "now" in (made.default.expression or "")
    (check,) = schema.checks
    assert "100" in check.expression
    assert check.dialect == database.engine.dialect


def test_names_of_checks(database: Database, con: Con) -> None:
    database.run("CREATE TABLE t (n integer, CONSTRAINT small CHECK (n < 100))")
    (check,) = read_database(database, con)["t"].schema.checks
    assert check.name == "small"


def test_stored_generated_columns(database: Database, con: Con) -> None:
    database.run(
        "CREATE TABLE t (id integer NOT NULL PRIMARY KEY, g integer GENERATED ALWAYS AS (id + 1) STORED)",
        "INSERT INTO t (id) VALUES (5)",
    )
    table = read_database(database, con)["t"]
    column = table.schema.column("g")
    assert column is not None
    assert column.generated is not None
    assert column.generated.is_stored
    assert table.values("g") == [6]


def test_virtual_generated_columns(database: Database, con: Con) -> None:
    database.run(
        "CREATE TABLE t (id integer NOT NULL PRIMARY KEY, g integer GENERATED ALWAYS AS (id + 1) VIRTUAL)",
        "INSERT INTO t (id) VALUES (5)",
    )
    table = read_database(database, con)["t"]
    column = table.schema.column("g")
    assert column is not None
    assert column.generated is not None
    assert not column.generated.is_stored
    assert table.values("g") == [6]


def test_numbered_columns(database: Database, con: Con) -> None:
    database.run(
        {
            "sqlite": "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v integer)",
            "mysql": "CREATE TABLE t (id integer NOT NULL AUTO_INCREMENT PRIMARY KEY, v integer)",
            "postgresql": "CREATE TABLE t (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, v integer)",
            "duckdb": "CREATE SEQUENCE s; CREATE TABLE t (id integer DEFAULT nextval('s') PRIMARY KEY, v integer)",
        }[database.engine.dialect]
    )
    column = read_database(database, con)["t"].schema.column("id")
    assert column is not None
    assert column.identity is not None
    assert not column.identity.is_always


def test_indexes(database: Database, con: Con) -> None:
    database.run(
        "CREATE TABLE t (id integer NOT NULL PRIMARY KEY, a integer, b integer)",
        'CREATE INDEX "ab" ON t (a, b)',
        "CREATE UNIQUE INDEX ub ON t (b, a)",
    )
    schema = read_database(database, con)["t"].schema
    assert {(one.name, one.columns) for one in schema.indexes if not one.is_unique} == {("ab", ("a", "b"))}
    unique = [one.columns for one in schema.indexes if one.is_unique]
    unique += [one.columns for one in schema.unique_keys]
    assert unique == [("b", "a")]


def test_descriptions(database: Database, con: Con) -> None:
    if database.engine.dialect == "mysql":
        database.run("CREATE TABLE t (id integer NOT NULL PRIMARY KEY COMMENT 'it''s') COMMENT 'all'")
    else:
        database.run(
            "CREATE TABLE t (id integer NOT NULL PRIMARY KEY)",
            "COMMENT ON TABLE t IS 'all'",
            "COMMENT ON COLUMN t.id IS 'it''s'",
        )
    schema = read_database(database, con)["t"].schema
    assert (schema.description, schema.columns[0].description) == ("all", "it's")


def test_views_are_no_tables(database: Database, con: Con) -> None:
    database.run(
        "CREATE TABLE t (id integer NOT NULL PRIMARY KEY)", "CREATE VIEW v AS SELECT id FROM t WHERE id > 1"
    )
    with open_snapshot(database, con) as snapshot:
        assert snapshot.read_names() == ["t"]
        (view,) = snapshot.read_others().views
    assert (view.name, view.dialect) == ("v", database.engine.dialect)


def test_temporary_tables_of_others_are_no_tables(database: Database, con: Con) -> None:
    database.run("CREATE TABLE t (id integer NOT NULL PRIMARY KEY)")
    with database.session() as session:
        session.run("CREATE TEMPORARY TABLE mine (id integer)")
        with open_snapshot(database, con) as snapshot:
            assert snapshot.read_names() == ["t"]


def test_empty_tables_have_columns(database: Database, con: Con) -> None:
    database.run(PARENT)
    table = read_database(database, con)["parent"]
    assert table.rows.num_rows == 0
    assert [column.name for column in table.schema.columns] == ["a", "b", "u"]


def test_a_database_without_tables(database: Database, con: Con) -> None:
    with open_snapshot(database, con) as snapshot:
        assert snapshot.read_names() == []
        assert snapshot.read_tables([]) == []
