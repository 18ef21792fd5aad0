"""Rows out of databases and into new ones: one file or folder for each engine, in one registry.

Reading yields the same `SourceTable` values as files do, with the keys, references
and types that the database declares; writing makes a whole new database, or none.
"""

from contextlib import ExitStack

from tdmvc.databases.base import DatabaseReader, DatabaseWriter, OtherObjects, TableToWrite, TargetOpener
from tdmvc.databases.duckdb import DuckdbEngine
from tdmvc.databases.duckdb.conditions import DuckdbConditions
from tdmvc.databases.sqlite import SqliteEngine
from tdmvc.databases.sqlite.conditions import SqliteConditions
from tdmvc.errors import NotFoundError, SourceError, UsageError
from tdmvc.model.conditions import ConditionEngines
from tdmvc.model.location import Location, PathLocation
from tdmvc.model.selection import EVERYTHING, Selection
from tdmvc.model.source import SourceTable

# By name: this package has a module called duckdb, too.
from tdmvc.sql.duckdb import DuckDBConnection

__all__ = [
    "OPENERS",
    "READERS",
    "WRITERS",
    "DatabaseReader",
    "DatabaseWriter",
    "OtherObjects",
    "TableToWrite",
    "condition_engines",
    "find_opener",
    "find_reader",
    "find_writer",
    "open_database",
    "read_others",
]

ENGINES = (SqliteEngine(), DuckdbEngine())
READERS: tuple[DatabaseReader, ...] = ENGINES
WRITERS: tuple[DatabaseWriter, ...] = ENGINES
OPENERS: tuple[TargetOpener, ...] = ()


def condition_engines(stack: ExitStack) -> ConditionEngines:
    """Return what evaluates the conditions of each dialect, until the stack closes."""
    duckdb = DuckdbConditions()
    stack.callback(duckdb.close)
    return {"sqlite": SqliteConditions(), "duckdb": duckdb}


def find_reader(location: Location) -> DatabaseReader | None:
    """Return the engine that reads a database, or None for a path that is no database file.

    Raises:
        UsageError: it is a URL that no engine can read.
    """
    reader = next((reader for reader in READERS if reader.can_read(location)), None)
    if reader is None and not isinstance(location, PathLocation):
        raise UsageError.unsupported_url(str(location), [known.url_form for known in READERS])
    return reader


def find_writer(location: Location) -> DatabaseWriter | None:
    """Return the engine that writes a database, or None for a path without the suffix of a database.

    Raises:
        UsageError: it is a URL that no engine can write to.
    """
    writer = next((writer for writer in WRITERS if writer.can_write(location)), None)
    if writer is None and not isinstance(location, PathLocation):
        raise UsageError.unsupported_url(str(location), [known.url_form for known in WRITERS])
    return writer


def find_opener(location: Location) -> TargetOpener:
    """Return the engine that seeds a database.

    Raises:
        UsageError: it is a URL, or the path of a file, that no engine can seed.
    """
    opener = next((opener for opener in OPENERS if opener.can_seed(location)), None)
    if opener is None:
        raise UsageError.unsupported_url(str(location), [known.url_form for known in OPENERS])
    return opener


def read_others(location: Location, con: DuckDBConnection) -> tuple[OtherObjects, list[str]]:
    """Return what a database has beside its tables, and the names of all its tables.

    Raises:
        DatabaseError: the database is locked, damaged or encrypted.
    """
    reader = find_reader(location)
    if reader is None:
        return OtherObjects(), []
    return reader.read_others(location, con), reader.read_names(location, con)


def open_database(
    location: Location,
    con: DuckDBConnection,
    *,
    tables: tuple[str, ...] | None = None,
    selection: Selection = EVERYTHING,
) -> list[SourceTable]:
    """Describe the tables of a database; this reads all rows of a SQLite file once.

    Args:
        location: a database that has a reader.
        con: a DuckDB connection in UTC; it must be the one that later runs the scans.
        tables: only these, in this order; None means all.
        selection: patterns for the tables, if none is named.

    Raises:
        DatabaseError: the database is locked, damaged or encrypted.
        NotFoundError: it has no table of that name.
        SourceError: it is no database, or a value cannot be kept.
        UsageError: it is a URL that no engine can read.
    """
    reader = find_reader(location)
    if reader is None:
        raise SourceError.unknown_kind(str(location), (known.name for known in READERS))
    names = reader.read_names(location, con)
    for name in tables or ():
        if name not in names:
            raise NotFoundError.named("table", name, names, where=str(location))
    if not names:
        raise SourceError.unreadable(str(location), "the database has no tables.", remedy="check the path.")
    chosen = [name for name in names if selection.takes_table(name)] if tables is None else list(tables)
    return reader.read_tables(location, con, chosen)
