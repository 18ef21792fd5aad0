"""Rows out of databases and into them: one file or folder for each engine, in one registry.

Reading yields the same `SourceTable` values as files do, with the keys, references
and types that the database declares, all of one moment.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from importlib import import_module
from typing import Final

from tdmvc.databases.base import (
    READ_ALL,
    DatabaseTarget,
    DatabaseWriter,
    OtherObjects,
    ReadOptions,
    ServerEngine,
    Snapshot,
    SnapshotReader,
    TableToWrite,
    TargetOpener,
)
from tdmvc.databases.duckdb import DuckdbEngine
from tdmvc.databases.duckdb.conditions import DuckdbConditions
from tdmvc.databases.sqlite import SqliteEngine
from tdmvc.databases.sqlite.conditions import SqliteConditions
from tdmvc.errors import SourceError, UsageError
from tdmvc.model.conditions import ConditionEngines
from tdmvc.model.location import Location, PathLocation

# By name: this package has a module called duckdb, too.
from tdmvc.sql.duckdb import DuckDBConnection

__all__ = [
    "DatabaseTarget",
    "DatabaseWriter",
    "OtherObjects",
    "ReadOptions",
    "Snapshot",
    "SnapshotReader",
    "TableToWrite",
    "TargetOpener",
    "condition_engines",
    "find_opener",
    "find_reader",
    "find_writer",
    "open_snapshot",
]


class ServerEngines(Mapping[str, ServerEngine]):
    """The engines of servers by the schemes of their URLs; each is imported when it is first used."""

    def __init__(self, classes: Mapping[str, str]) -> None:
        self._classes = classes

    def __getitem__(self, scheme: str) -> ServerEngine:
        name, _, class_name = self._classes[scheme].rpartition(".")
        engine: ServerEngine = getattr(import_module(f"{__name__}.{name}"), class_name)()
        return engine

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)


FILES: Final = (SqliteEngine(), DuckdbEngine())
"""The engines whose databases are files."""
FILE_TARGETS: Final[tuple[TargetOpener, ...]] = FILES
"""The engines that load rows into files."""
SERVERS: Final = ServerEngines(
    {
        "postgresql": "postgres.PostgresEngine",
        "postgres": "postgres.PostgresEngine",
        "mysql": "mysql.MysqlEngine",
        "mariadb": "mysql.MysqlEngine",
    }
)
"""The engines of servers: `"scheme": "module.Class"`."""


def condition_engines(stack: ExitStack) -> ConditionEngines:
    """Return what evaluates the conditions of each dialect, until the stack closes."""
    duckdb = DuckdbConditions()
    stack.callback(duckdb.close)
    return {"sqlite": SqliteConditions(), "duckdb": duckdb}


def find_reader(location: Location) -> SnapshotReader | None:
    """Return the engine that reads a database, or None for a path that is not a database file.

    Raises:
        UsageError: it is a URL that no engine can read.
    """
    if isinstance(location, PathLocation):
        return next((engine for engine in FILES if engine.can_read(location)), None)
    return _server(location.scheme, str(location))


def find_opener(location: Location) -> TargetOpener:
    """Return the engine that seeds a database.

    Raises:
        UsageError: it is a URL, or the path of a file, that no engine can seed.
    """
    if not isinstance(location, PathLocation):
        return _server(location.scheme, str(location))
    opener = next((engine for engine in FILE_TARGETS if engine.can_seed(location)), None)
    if opener is None:
        raise UsageError(
            "This file is not a database, and its suffix names no kind of database.",
            where=str(location),
            remedy="name the database with a URL "
            f"({', '.join(_url_forms())}), or give the file a suffix such as .sqlite or .duckdb.",
        )
    return opener


def find_writer(location: Location) -> DatabaseWriter | None:
    """Return the engine that makes a new database, or None for a path without the suffix of a database.

    Raises:
        UsageError: it is a URL, and no file.
    """
    if isinstance(location, PathLocation):
        return next((engine for engine in FILES if engine.can_write(location)), None)
    raise UsageError.unsupported_url(str(location), [engine.url_form for engine in FILES])


def open_snapshot(
    location: Location, con: DuckDBConnection, options: ReadOptions = READ_ALL
) -> AbstractContextManager[Snapshot]:
    """Open a database for reading, as it is at this moment.

    Args:
        con: a DuckDB connection in UTC; it must be the one that later runs the scans.

    Raises:
        DatabaseError: it cannot be reached or read, or the driver is not installed.
        SourceError: there is no such file, or it is not a database.
        UsageError: it is a URL that no engine can read.
    """
    reader = find_reader(location)
    if reader is None:
        raise SourceError.unknown_kind(str(location), (engine.name for engine in FILES))
    return reader.open_snapshot(location, con, options)


def _server(scheme: str, url: str) -> ServerEngine:
    # SQLAlchemy's URLs also name a driver: `postgresql+psycopg://`.
    engine = SERVERS.get(scheme.partition("+")[0])
    if engine is None:
        raise UsageError.unsupported_url(url, _url_forms())
    return engine


def _url_forms() -> list[str]:
    engines: Iterable[SnapshotReader] = (*FILES, *SERVERS.values())
    return list(dict.fromkeys(engine.url_form for engine in engines))
