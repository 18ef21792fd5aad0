"""The table of each migration tool, as the tool makes it on a server, says what was applied."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from tdmvc.databases import Snapshot, open_snapshot
from tdmvc.migrations.migration_tables import MIGRATION_TABLES
from tdmvc.model.migration import AppliedMigrations
from tdmvc.workspace.live_migrations import find_tool_tables, read_migration_tables
from tests.servers import DatabaseServer
from tests.yaml_files import read_yaml

CASES = Path(__file__).parents[2] / "cases" / "migration_tables"


def cases(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read_yaml(CASES / name)
    return found


def expected(case: dict[str, Any]) -> tuple[object, object]:
    return tuple(map(str, case["ids"])), tuple(map(str, case.get("failed", ())))


def read(snapshot: Snapshot) -> Mapping[tuple[str, str], AppliedMigrations]:
    """Return what each table says, by its schema and tool."""
    found = {}
    for table in read_migration_tables(snapshot).applied:
        [applied] = table.kind.read_histories(table.name, table.rows)
        schema = table.name.rpartition(".")[0]
        found |= {(schema, tool): applied for tool in applied.tools}
    return found


def test_every_tool_has_a_table_of_postgresql() -> None:
    tools = {tool for kind in MIGRATION_TABLES for tool in kind.tools}
    assert {case["tool"] for case in cases("postgres.yaml")} == tools


def test_tables_of_postgresql_are_found_in_any_schema(
    postgres_server: DatabaseServer, con: duckdb.DuckDBPyConnection
) -> None:
    with postgres_server.fresh_database() as name:
        postgres_server.execute(
            name,
            *(
                f"CREATE SCHEMA IF NOT EXISTS {case['schema']}; SET search_path TO {case['schema']}; {case['sql']}"
                for case in cases("postgres.yaml")
            ),
        )
        postgres_server.execute(name, "CREATE VIEW alembic_view AS SELECT 'x'::text AS version_num")
        with open_snapshot(postgres_server.location(name), lambda: con) as snapshot:
            found = read(snapshot)
            tables = find_tool_tables(snapshot)
            assert set(tables) == set(snapshot.read_names())
    for case in cases("postgres.yaml"):
        schema = case["schema"].replace("public", "")
        applied = found.pop((schema, case["tool"]))
        assert (applied.ids, applied.failed) == expected(case), case["tool"]
        assert applied.table.startswith(schema)


def test_tables_of_mariadb_are_found_and_those_of_other_databases_are_not(
    mariadb_server: DatabaseServer, con: duckdb.DuckDBPyConnection
) -> None:
    own = [case["database"] for case in cases("mysql.yaml") if "database" in case]
    with mariadb_server.fresh_database() as name, mariadb_server.fresh_database() as other:
        mariadb_server.execute(other, "CREATE TABLE alembic_version (version_num varchar(32))")
        try:
            for database in own:
                mariadb_server.execute("", f"CREATE DATABASE IF NOT EXISTS {database}")
            for database in (None, *own):
                made = [case["sql"] for case in cases("mysql.yaml") if case.get("database") == database]
                mariadb_server.execute(database or name, *(statement for one in made for statement in one))
            with open_snapshot(mariadb_server.location(name), lambda: con) as snapshot:
                found = read(snapshot)
                locks = read_migration_tables(snapshot).locks
                assert set(find_tool_tables(snapshot)) == set(snapshot.read_names())
        finally:
            for database in own:
                mariadb_server.execute("", f"DROP DATABASE IF EXISTS {database}")
    assert [table for table, _ in locks] == ["DATABASECHANGELOGLOCK"]
    for case in cases("mysql.yaml"):
        applied = found.pop((case.get("database", ""), case["tool"]))
        assert (applied.ids, applied.failed) == expected(case), case["tool"]
    assert {tool for _, tool in found} == {"dbmate", "hasura"}
