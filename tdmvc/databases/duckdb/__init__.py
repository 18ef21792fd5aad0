"""DuckDB, whose files are read in parallel."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from tdmvc.databases.base import DatabaseTarget, ReadOptions, Snapshot, TableToWrite
from tdmvc.databases.duckdb.new_file import write_tables
from tdmvc.databases.duckdb.reading import open_snapshot
from tdmvc.databases.duckdb.script import open_script
from tdmvc.databases.duckdb.target import open_target
from tdmvc.databases.files import existing_file, file_path
from tdmvc.databases.scripts import Script
from tdmvc.model.declarations import View
from tdmvc.model.finding import Finding
from tdmvc.model.location import Location
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.signatures import is_duckdb


class DuckdbEngine:
    """Reads DuckDB files, which it attaches for reading only, and writes new ones."""

    name = "DuckDB"
    url_form = "duckdb:///FILE"
    suffixes = (".duckdb", ".ddb")

    def recognizes(self, start: bytes) -> bool:
        return is_duckdb(start)

    def open_snapshot(
        self, location: Location, duckdb: Callable[[], DuckDBConnection], options: ReadOptions
    ) -> AbstractContextManager[Snapshot]:
        return open_snapshot(existing_file(location), duckdb(), options.schemas)

    def open_target(self, location: Location, options: ReadOptions) -> AbstractContextManager[DatabaseTarget]:
        return open_target(file_path(location))

    def open_script(self, location: Location) -> AbstractContextManager[Script]:
        return open_script(file_path(location))

    def write_tables(
        self, location: Location, tables: Sequence[TableToWrite], views: Sequence[View] = ()
    ) -> list[Finding]:
        return write_tables(file_path(location), tables, views)
