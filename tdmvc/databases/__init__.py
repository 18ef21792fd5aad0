"""Rows out of databases and into them: one file or folder for each engine, in one registry.

Reading yields the same `SourceTable` values as files do, with the keys, references
and types that the database declares, all of one moment.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from importlib import import_module
from typing import Final, TypeVar

from tdmvc.databases.base import (
    READ_ALL,
    DatabaseTarget,
    FileEngine,
    OtherObjects,
    ReadOptions,
    ServerEngine,
    Snapshot,
    SnapshotReader,
    TableToWrite,
    TargetOpener,
)
from tdmvc.errors import SourceError, UsageError
from tdmvc.model.conditions import ConditionEngine, ConditionEngines
from tdmvc.model.location import Location, PathLocation

# By name: this package has a module called duckdb, too.
from tdmvc.sql.duckdb import DuckDBConnection

__all__ = [
    "DatabaseTarget",
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


EngineT = TypeVar("EngineT")


class Engines(Mapping[str, EngineT]):
    """Engines by name, or by the scheme of their URLs; each is imported when it is first used."""

    def __init__(self, classes: Mapping[str, str], on_made: Callable[[EngineT], object] = id) -> None:
        self._classes = classes
        self._on_made = on_made
        self._made: dict[str, EngineT] = {}

    def __getitem__(self, name: str) -> EngineT:
        if name not in self._made:
            module, _, class_name = self._classes[name].rpartition(".")
            self._made[name] = getattr(import_module(f"{__name__}.{module}"), class_name)()
            self._on_made(self._made[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)


FILES: Final = Engines[FileEngine]({"sqlite": "sqlite.SqliteEngine", "duckdb": "duckdb.DuckdbEngine"})
"""The engines whose databases are files: `"name": "module.Class"`."""
SERVERS: Final = Engines[ServerEngine](
    {
        "postgresql": "postgres.PostgresEngine",
        "postgres": "postgres.PostgresEngine",
        "mysql": "mysql.MysqlEngine",
        "mariadb": "mysql.MysqlEngine",
    }
)
"""The engines of servers, by scheme."""
_CONDITIONS = {
    "sqlite": "sqlite.conditions.SqliteConditions",
    "duckdb": "duckdb.conditions.DuckdbConditions",
}


def condition_engines(stack: ExitStack) -> ConditionEngines:
    """Return what evaluates the conditions of each dialect, until the stack closes."""
    return Engines[ConditionEngine](_CONDITIONS, lambda engine: stack.callback(engine.close))


def find_reader(location: Location) -> SnapshotReader | None:
    """Return the engine that reads a database, or None for a path that is not a database file.

    Raises:
        UsageError: it is a URL that no engine can read.
    """
    if isinstance(location, PathLocation):
        return next((engine for engine in FILES.values() if engine.can_read(location)), None)
    return _server(location.scheme, str(location))


def find_opener(location: Location) -> TargetOpener:
    """Return the engine that seeds a database.

    Raises:
        UsageError: it is a URL, or the path of a file, that no engine can seed.
    """
    if not isinstance(location, PathLocation):
        return _server(location.scheme, str(location))
    opener = next((engine for engine in FILES.values() if engine.can_seed(location)), None)
    if opener is None:
        raise UsageError(
            "This file is not a database, and its suffix names no kind of database.",
            where=str(location),
            remedy="name the database with a URL "
            f"({', '.join(_url_forms())}), or give the file a suffix such as .sqlite or .duckdb.",
        )
    return opener


def find_writer(location: Location) -> FileEngine | None:
    """Return the engine that makes a new database, or None for a path without the suffix of a database.

    Raises:
        UsageError: it is a URL, and no file.
    """
    if isinstance(location, PathLocation):
        return next((engine for engine in FILES.values() if engine.can_write(location)), None)
    raise UsageError.unsupported_url(str(location), [engine.url_form for engine in FILES.values()])


def open_snapshot(
    location: Location, duckdb: Callable[[], DuckDBConnection], options: ReadOptions = READ_ALL
) -> AbstractContextManager[Snapshot]:
    """Open a database for reading, as it is at this moment.

    Args:
        duckdb: returns the DuckDB connection in UTC that later runs the scans; asked only for a DuckDB file.

    Raises:
        DatabaseError: it cannot be reached or read, or the driver is not installed.
        SourceError: there is no such file, or it is not a database.
        UsageError: it is a URL that no engine can read.
    """
    reader = find_reader(location)
    if reader is None:
        raise SourceError.unknown_kind(str(location), (engine.name for engine in FILES.values()))
    return reader.open_snapshot(location, duckdb, options)


def _server(scheme: str, url: str) -> ServerEngine:
    # SQLAlchemy's URLs also name a driver: `postgresql+psycopg://`.
    engine = SERVERS.get(scheme.partition("+")[0])
    if engine is None:
        raise UsageError.unsupported_url(url, _url_forms())
    return engine


def _url_forms() -> list[str]:
    engines: Iterable[SnapshotReader] = (*FILES.values(), *SERVERS.values())
    return list(dict.fromkeys(engine.url_form for engine in engines))
