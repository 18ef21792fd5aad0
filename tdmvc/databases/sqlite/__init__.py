"""SQLite, through Python's own driver."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from tdmvc.databases.base import DatabaseTarget, ReadOptions, Snapshot, TableToWrite
from tdmvc.databases.files import existing_file, file_path, first_bytes, is_file_for
from tdmvc.databases.sqlite.reading import open_snapshot
from tdmvc.databases.sqlite.target import open_target
from tdmvc.databases.sqlite.writing import write_tables
from tdmvc.errors import UsageError
from tdmvc.model.declarations import View
from tdmvc.model.finding import Finding
from tdmvc.model.location import Location
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.signatures import is_sqlite

_SUFFIXES = (".sqlite", ".sqlite3", ".db")


class SqliteEngine:
    """Reads SQLite files, which it opens for reading only, and writes new ones."""

    name = "SQLite"
    url_form = "sqlite:///FILE"

    def can_read(self, location: Location) -> bool:
        return is_file_for("sqlite", location, lambda path: is_sqlite(first_bytes(path)))

    def open_snapshot(
        self, location: Location, duckdb: Callable[[], DuckDBConnection], options: ReadOptions
    ) -> AbstractContextManager[Snapshot]:
        if options.schemas:
            raise UsageError(
                "SQLite has no schemas.", where=str(location), remedy="leave --schema out for this source."
            )
        return open_snapshot(existing_file(location), options.on_progress)

    def can_seed(self, location: Location) -> bool:
        return is_file_for("sqlite", location, _can_seed)

    def open_target(self, location: Location, options: ReadOptions) -> AbstractContextManager[DatabaseTarget]:
        return open_target(file_path(location), options)

    def can_write(self, location: Location) -> bool:
        return is_file_for("sqlite", location, lambda path: path.suffix.lower() in _SUFFIXES)

    def write_tables(
        self, location: Location, tables: Sequence[TableToWrite], views: Sequence[View] = ()
    ) -> list[Finding]:
        return write_tables(file_path(location), tables, views)


def _can_seed(path: Path) -> bool:
    """Whether a file is a SQLite database, or would be one by its suffix."""
    start = first_bytes(path)
    return is_sqlite(start) or (not start and path.suffix.lower() in _SUFFIXES)
