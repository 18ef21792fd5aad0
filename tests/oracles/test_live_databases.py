"""What real tools applied to a real database is read from it, wherever they keep it."""

from pathlib import Path

import duckdb
import pytest

from tdmvc.databases import open_snapshot
from tdmvc.migrations import read_state
from tdmvc.model.live_migrations import AppliedLocation, AppliedStatus
from tdmvc.model.migration import MigrationLocation
from tdmvc.workspace.live_migrations import find_tool_tables
from tdmvc.workspace.live_state import read_live_state
from tests.builders import MemoryTree
from tests.oracles.conftest import write_files
from tests.oracles.live_tools import TOOLS, LiveTool
from tests.series import IS_LONG, long_only
from tests.servers import DatabaseServer


def live(server: DatabaseServer, database: str, tool: LiveTool) -> tuple[AppliedLocation, list[str]]:
    """Return what a database has of three migrations, and the tables that are no data."""
    state = read_state(MemoryTree(dict(tool.files(3))), MigrationLocation("main", tool.name, tool.path))
    with open_snapshot(server.location(database), duckdb.connect) as snapshot:
        found = read_live_state(snapshot, "url", [state])
        assert found.findings == []
        left = set(snapshot.read_names()).difference(find_tool_tables(snapshot))
        return found.location("main"), sorted(left)


FEW = ("django", "drizzle", "dbmate")
"""Tools that start fast, or have several histories; `make test-long` runs all."""


def check(tool: LiveTool, server: DatabaseServer, folder: Path, table: str) -> None:
    """Let a tool apply two migrations, then a third, and compare what is read with what it ran."""
    with server.fresh_database() as database:
        for count in (2, 3) if IS_LONG else (2,):
            below = folder / str(count)
            below.mkdir()
            write_files(below, tool.files(count))
            tool.apply(below, server, database)
            location, tables = live(server, database, tool)
            assert location.table == table
            pending = tool.ids[-1] if count == 2 else None
            assert {one.id: one.status for one in location.migrations} == {
                id_: AppliedStatus.PENDING if id_ == pending else AppliedStatus.APPLIED for id_ in tool.ids
            }
            assert len(tables) == len(tool.ids) - (pending is not None), tables


def id_of(tool: LiveTool) -> str:
    return f"{tool.name}-{tool.table}"


@pytest.mark.parametrize("tool", [one for one in TOOLS if IS_LONG or one.name in FEW], ids=id_of)
def test_what_a_tool_applied_to_postgresql_is_read(
    tool: LiveTool, postgres_server: DatabaseServer, tmp_path: Path
) -> None:
    check(tool, postgres_server, tmp_path, tool.table)


@long_only
@pytest.mark.parametrize("tool", [one for one in TOOLS if one.is_for_mysql], ids=id_of)
def test_what_a_tool_applied_to_mariadb_is_read(
    tool: LiveTool, mariadb_server: DatabaseServer, tmp_path: Path
) -> None:
    table = tool.table.upper() if tool.name == "liquibase" else tool.table
    check(tool, mariadb_server, tmp_path, table)
