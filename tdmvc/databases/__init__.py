"""Rows out of databases and into them: one package for each engine, in one registry.

Reading yields the same `SourceTable` values as files do, with the keys, references
and types that the database declares, all of one moment.

`base` says what an engine does. What engines share is here: `clauses` (declarations one by one), `dialects` and
`clocks` (what one engine declares in another's words), `statements` (CREATE …), `value_checks` and `findings` (what a
column cannot hold, and what people are told), `numbering` (next numbers), `state_table`, `scripts`, `files`, `staging`.

The same names mean the same in each engine, a module in an engine of files and mostly a package in one of servers:
`catalog` (what a database declares), `reading`, `creating` with `declaring` (tables and their statements), `encoding`
(values in the form of their columns), `target` with `inserting` or `changing` (writing), `checking`, `fingerprints`,
`broken_references`, `numbering`, `errors`, `script`.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Final

from tdmvc.databases.base import (
    READ_ALL,
    DatabaseEngine,
    DatabaseTarget,
    FileEngine,
    ReadOptions,
    Snapshot,
    TableToWrite,
)
from tdmvc.databases.files import first_bytes
from tdmvc.errors import SourceError, UsageError
from tdmvc.model.conditions import ConditionEngine, ConditionEngines
from tdmvc.model.location import Location, PathLocation
from tdmvc.model.registry import Registry

# By name: this package has a module called duckdb, too.
from tdmvc.sql.duckdb import DuckDBConnection

__all__ = [
    "DatabaseTarget",
    "ReadOptions",
    "Snapshot",
    "TableToWrite",
    "condition_engines",
    "find_engine",
    "find_file_engine",
    "find_target_engine",
    "open_snapshot",
]


FILES: Final = Registry[FileEngine](
    __name__, {"sqlite": "sqlite.SqliteEngine", "duckdb": "duckdb.DuckdbEngine"}
)
"""The engines whose databases are files, by scheme: `"scheme": "module.Class"`."""
SERVERS: Final = Registry[DatabaseEngine](
    __name__,
    {
        "postgresql": "postgres.PostgresEngine",
        "postgres": "postgres.PostgresEngine",
        "mysql": "mysql.MysqlEngine",
        "mariadb": "mysql.MysqlEngine",
    },
)
"""The engines of servers, by scheme."""
_CONDITIONS = {
    "sqlite": "sqlite.conditions.SqliteConditions",
    "duckdb": "duckdb.conditions.DuckdbConditions",
    "postgresql": "translated_conditions.PostgresConditions",
    "mysql": "translated_conditions.MysqlConditions",
}


def condition_engines(stack: ExitStack) -> ConditionEngines:
    """Return what evaluates the conditions of each dialect, until the stack closes."""
    return Registry[ConditionEngine](__name__, _CONDITIONS, lambda engine: stack.callback(engine.close))


def find_engine(location: Location) -> DatabaseEngine | None:
    """Return the engine of a database, by its URL or by its first bytes; None for a path that is no database.

    Raises:
        UsageError: it is a URL of no engine.
    """
    if isinstance(location, PathLocation):
        if location.scheme:
            return FILES.get(location.scheme)
        start = first_bytes(location.path)
        return next((engine for engine in FILES.values() if engine.recognizes(start)), None)
    # SQLAlchemy's URLs also name a driver: `postgresql+psycopg://`.
    engine = SERVERS.get(location.scheme.partition("+")[0])
    if engine is None:
        raise UsageError.unsupported_url(str(location), _url_forms())
    return engine


def find_file_engine(location: PathLocation) -> FileEngine | None:
    """Return the engine of a new file, by its URL or by its suffix; None for a suffix that no database has."""
    if location.scheme:
        return FILES.get(location.scheme)
    suffix = location.path.suffix.lower()
    return next((engine for engine in FILES.values() if suffix in engine.suffixes), None)


def find_target_engine(location: Location) -> DatabaseEngine:
    """Return the engine of a database to be written, which may be a file that is missing or empty.

    Raises:
        UsageError: it is a URL of no engine, or a file of none.
    """
    engine = find_engine(location)
    if engine is None and isinstance(location, PathLocation) and not first_bytes(location.path):
        engine = find_file_engine(location)
    if engine is None:
        raise UsageError(
            "This file is not a database, and its suffix names no kind of database.",
            where=str(location),
            remedy="name the database with a URL "
            f"({', '.join(_url_forms())}), or give the file a suffix such as .sqlite or .duckdb.",
        )
    return engine


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
    engine = find_engine(location)
    if engine is None:
        if isinstance(location, PathLocation) and not location.path.exists():
            raise SourceError.unreadable(str(location), "there is no such file.", remedy="check the path.")
        raise SourceError.unknown_kind(str(location), (one.name for one in FILES.values()))
    return engine.open_snapshot(location, duckdb, options)


def _url_forms() -> list[str]:
    return list(dict.fromkeys(engine.url_form for engine in (*FILES.values(), *SERVERS.values())))
