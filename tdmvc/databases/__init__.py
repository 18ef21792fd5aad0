"""Rows out of database files and into new ones: one module per engine, in one registry.

Reading yields the same `SourceTable` values as files do, with the keys, references
and types that the database declares; writing makes a whole new file, or none.
"""

from pathlib import Path

from tdmvc.databases.base import Engine, TableToWrite
from tdmvc.databases.duckdb import DuckdbEngine
from tdmvc.databases.sqlite import SqliteEngine
from tdmvc.errors import NotFoundError, SourceError
from tdmvc.model.source import SourceTable

# By name: this package has a module called duckdb, too.
from tdmvc.sql.duckdb import DuckDBConnection

__all__ = ["ENGINES", "Engine", "TableToWrite", "engine_for_target", "engine_of", "open_database"]

ENGINES: tuple[Engine, ...] = (SqliteEngine(), DuckdbEngine())


def engine_of(path: Path) -> Engine | None:
    """Return the engine of a database file, told by its first bytes, or None for any other file."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        head = file.read(64)
    return next((engine for engine in ENGINES if engine.recognises(head)), None)


def engine_for_target(path: Path) -> Engine | None:
    """Return the engine that a file to be written should have, told by its suffix, or None."""
    suffix = path.suffix.lower()
    return next((engine for engine in ENGINES if suffix in engine.suffixes), None)


def open_database(
    path: Path, con: DuckDBConnection, *, tables: tuple[str, ...] | None = None
) -> list[SourceTable]:
    """Describe the tables of a database file; SQLite rows are all read once for it.

    Args:
        path: a SQLite or DuckDB file.
        con: a DuckDB connection in UTC; it must be the one that later runs the scans.
        tables: only these, in this order; None is all of them.

    Raises:
        DatabaseError: the file is locked, damaged or encrypted.
        NotFoundError: it holds no table of that name.
        SourceError: it is no database, or a value cannot be kept.
    """
    engine = engine_of(path)
    if engine is None:
        raise SourceError.unknown_kind(path, (engine.name for engine in ENGINES))
    names = engine.read_names(path, con)
    for name in tables or ():
        if name not in names:
            raise NotFoundError.named("table", name, names, where=str(path))
    if not names:
        raise SourceError.unreadable(path, "the database holds no tables.", remedy="check the path.")
    return engine.read_tables(path, con, names if tables is None else list(tables))
