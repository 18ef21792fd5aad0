"""SQLite, through Python's own driver."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from tdmvc.databases.base import DatabaseTarget, ReadOptions, Snapshot, TableToWrite
from tdmvc.databases.files import existing_file, file_path
from tdmvc.databases.scripts import Script
from tdmvc.databases.sqlite.new_file import write_tables
from tdmvc.databases.sqlite.opening import open_target
from tdmvc.databases.sqlite.reading import open_snapshot
from tdmvc.databases.sqlite.script import open_script
from tdmvc.errors import UsageError
from tdmvc.model.declarations import View
from tdmvc.model.finding import Finding
from tdmvc.model.location import Location
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.signatures import is_sqlite


class SqliteEngine:
    """Reads SQLite files, which it opens for reading only, and writes new ones."""

    name = "SQLite"
    url_form = "sqlite:///FILE"
    suffixes = (".sqlite", ".sqlite3", ".db")

    def recognizes(self, start: bytes) -> bool:
        return is_sqlite(start)

    def open_snapshot(
        self, location: Location, duckdb: Callable[[], DuckDBConnection], options: ReadOptions
    ) -> AbstractContextManager[Snapshot]:
        if options.schemas:
            raise UsageError(
                "SQLite has no schemas.", where=str(location), remedy="leave --schema out for this source."
            )
        return open_snapshot(existing_file(location), options.on_progress)

    def open_target(self, location: Location, options: ReadOptions) -> AbstractContextManager[DatabaseTarget]:
        return open_target(file_path(location), options)

    def open_script(self, location: Location) -> AbstractContextManager[Script]:
        return open_script(file_path(location))

    def write_tables(
        self, location: Location, tables: Sequence[TableToWrite], views: Sequence[View] = ()
    ) -> list[Finding]:
        return write_tables(file_path(location), tables, views)
