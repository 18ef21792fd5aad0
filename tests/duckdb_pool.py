"""Databases in memory that tests use one after the other, because opening one takes 15 ms.

A process of tdmvc opens one or two; thousands of commands in one process share a few, as long as each leaves its
database as good as new. Whoever starts a process has a new one, as everywhere.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any

import duckdb
import pytest

from tdmvc.sql.duckdb import DuckDBConnection, connect
from tdmvc.sql.quoting import quote_text
from tdmvc.workspace import workspace as room
from tdmvc.workspace.workspace import ENGINE_MEMORY, Workspace

_MOST = 4
_LEFT = """
SELECT 'locked' WHERE current_setting('lock_configuration')
UNION ALL SELECT database_name FROM duckdb_databases() WHERE NOT internal AND database_name <> 'memory'
UNION ALL SELECT schema_name FROM duckdb_schemas() WHERE NOT internal AND schema_name <> 'main'
UNION ALL SELECT table_name FROM duckdb_tables()
UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal
UNION ALL SELECT type_name FROM duckdb_types() WHERE NOT internal
UNION ALL SELECT sequence_name FROM duckdb_sequences()
"""
"""What may be left in a database; temporary tables, registered rows and the time zone end with their connection."""


class _Pool:
    """Databases that nobody uses; each user gets a connection of its own."""

    def __init__(self) -> None:
        self._free: list[duckdb.DuckDBPyConnection] = []

    def take(self, config: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
        """Return a free database, or a new one."""
        while self._free:
            database = self._free.pop()
            # Refused once something was spilled into the folder of the user before.
            with suppress(duckdb.Error):
                if "temp_directory" in config:
                    database.execute(f"SET temp_directory = {quote_text(config['temp_directory'])}")
                return database
        return duckdb.connect(config=dict(config))

    def give_back(self, database: duckdb.DuckDBPyConnection, cursor: DuckDBConnection) -> None:
        """End a connection, and keep its database if nothing is left in it."""
        cursor.close()
        if len(self._free) < _MOST and not database.execute(_LEFT).fetchall():
            self._free.append(database)
        else:
            database.close()


_plain = _Pool()


@contextmanager
def reused_database(time_zone: str = "UTC") -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection to a database that others used before, and that is as good as new.

    Whoever changes settings of the whole database, or registers functions, opens a new one instead.
    """
    database = _plain.take({})
    cursor = _connection(database, time_zone)
    yield cursor
    _plain.give_back(database, cursor)


@contextmanager
def shared_engines() -> Iterator[None]:
    """Let workspaces of this process share databases, one after the other."""
    pool, new_engine = _Pool(), Workspace.new_engine
    taken: list[duckdb.DuckDBPyConnection] = []
    one_at_a_time = Lock()

    def take(*, config: Mapping[str, Any]) -> DuckDBConnection:
        if config["memory_limit"] != ENGINE_MEMORY:
            return connect(config=config)
        taken[:] = [pool.take(config)]
        return _connection(taken[0])

    def shared(workspace: Workspace) -> DuckDBConnection:
        with one_at_a_time:
            taken.clear()
            cursor = new_engine(workspace)
            if taken:
                workspace._stack.callback(pool.give_back, taken[0], cursor)
        return cursor

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(room, "connect", take)
        patched.setattr(Workspace, "new_engine", shared)
        yield


def _connection(database: duckdb.DuckDBPyConnection, time_zone: str = "UTC") -> duckdb.DuckDBPyConnection:
    cursor = database.cursor()
    cursor.execute(f"SET TimeZone = '{time_zone}'")
    return cursor
