"""PostgreSQL servers, from version 13 on.

`connection` opens sessions at an `address` and turns `errors` into ours. `catalog` reads what a database declares, and
`reading` takes rows out of it. `creating` makes tables, `encoding` gives values the exact form of their columns, and
`writing` loads them. `script` runs dumps.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

from tdmvc.databases.base import ReadOptions
from tdmvc.databases.postgres.reading.snapshot import PostgresSnapshot, open_snapshot
from tdmvc.databases.postgres.script import open_script
from tdmvc.databases.postgres.writing.opening import open_target
from tdmvc.databases.postgres.writing.target import PostgresTarget
from tdmvc.databases.scripts import Script
from tdmvc.model.location import Location
from tdmvc.sql.duckdb import DuckDBConnection


class PostgresEngine:
    """Reads and writes PostgreSQL databases."""

    name = "PostgreSQL"
    url_form = "postgresql://USER@HOST:PORT/DATABASE"

    def open_snapshot(
        self, location: Location, duckdb: Callable[[], DuckDBConnection], options: ReadOptions
    ) -> AbstractContextManager[PostgresSnapshot]:
        return open_snapshot(location, options)

    def open_target(self, location: Location, options: ReadOptions) -> AbstractContextManager[PostgresTarget]:
        return open_target(location, options)

    def open_script(self, location: Location) -> AbstractContextManager[Script]:
        return open_script(location)
