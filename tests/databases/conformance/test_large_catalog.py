"""A database with 10,000 tables is read with a number of statements that does not depend on them."""

import duckdb
import pytest

from tests.databases.conformance.access import open_snapshot, open_target
from tests.databases.conformance.engines.base import Database
from tests.series import trials

Con = duckdb.DuckDBPyConnection
TABLES = trials(10_000, 150)


@pytest.fixture
def large(database: Database) -> Database:
    """A database with many tables, of which each refers to the one before."""
    if database.engine.dialect == "postgresql":
        database.run(
            "CREATE TABLE t0 (id integer PRIMARY KEY, up integer)",
            f"DO $$ BEGIN FOR i IN 1 .. {TABLES - 1} LOOP EXECUTE format('CREATE TABLE t%s (id integer PRIMARY KEY,"
            " up integer REFERENCES t%s (id))', i, i - 1); IF i % 200 = 0 THEN COMMIT; END IF; END LOOP; END $$",
        )
    else:
        tables = (
            f"CREATE TABLE t{i} (id integer NOT NULL PRIMARY KEY, up integer"
            + (f", FOREIGN KEY (up) REFERENCES t{i - 1} (id))" if i else ")")
            for i in range(TABLES)
        )
        database.run("BEGIN", *tables, "COMMIT")
    return database


def test_a_large_catalog_needs_few_statements(large: Database, con: Con) -> None:
    with large.counted_statements() as count, open_snapshot(large, con) as snapshot:
        names = snapshot.read_names()
        assert len(names) == TABLES
        sources = snapshot.read_tables(names)
        assert len(sources) == TABLES
        assert all(one.schema.key == ("id",) for one in sources)
        assert sum(len(one.schema.references) for one in sources) == TABLES - 1
    assert count() < 100 + TABLES // 10
    with large.counted_statements() as count, open_target(large, con) as target:
        assert len(target.read_catalog()) == TABLES
    assert count() < 100 + TABLES // 10
