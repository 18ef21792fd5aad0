"""DuckDB, whose files are read in parallel."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from tdmvc.databases.base import DatabaseTarget, ReadOptions, Snapshot, TableToWrite
from tdmvc.databases.duckdb.reading import open_snapshot
from tdmvc.databases.duckdb.target import open_target
from tdmvc.databases.duckdb.writing import write_tables
from tdmvc.databases.files import existing_file, file_path, first_bytes, is_file_for
from tdmvc.model.declarations import View
from tdmvc.model.finding import Finding
from tdmvc.model.location import Location
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.signatures import is_duckdb

_SUFFIXES = (".duckdb", ".ddb")


class DuckdbEngine:
    """Reads DuckDB files, which it attaches for reading only, and writes new ones."""

    name = "DuckDB"
    url_form = "duckdb:///FILE"

    def can_read(self, location: Location) -> bool:
        return is_file_for("duckdb", location, lambda path: is_duckdb(first_bytes(path)))

    def open_snapshot(
        self, location: Location, duckdb: Callable[[], DuckDBConnection], options: ReadOptions
    ) -> AbstractContextManager[Snapshot]:
        return open_snapshot(existing_file(location), duckdb(), options.schemas)

    def can_seed(self, location: Location) -> bool:
        return is_file_for("duckdb", location, _can_seed)

    def open_target(self, location: Location, options: ReadOptions) -> AbstractContextManager[DatabaseTarget]:
        return open_target(file_path(location))

    def can_write(self, location: Location) -> bool:
        return is_file_for("duckdb", location, lambda path: path.suffix.lower() in _SUFFIXES)

    def write_tables(
        self, location: Location, tables: Sequence[TableToWrite], views: Sequence[View] = ()
    ) -> list[Finding]:
        return write_tables(file_path(location), tables, views)


def _can_seed(path: Path) -> bool:
    """Whether a file is a DuckDB database, or would be one by its suffix."""
    start = first_bytes(path)
    return is_duckdb(start) or (not start and path.suffix.lower() in _SUFFIXES)
