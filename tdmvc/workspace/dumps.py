"""Loads dumps of databases into a temporary server, which is then read like any other database."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from tdmvc.errors import SourceError, UsageError
from tdmvc.model.location import ServerLocation
from tdmvc.model.progress import ProgressCallback
from tdmvc.model.registry import Registry
from tdmvc.sources.sql_dump import DumpFile
from tdmvc.sources.sql_dump.parts import format_skipped
from tdmvc.workspace.dump_loading import DumpLoader, DumpServer

_SERVERS: Registry[DumpServer] = Registry(
    "tdmvc.workspace", {"postgres": "postgres_dumps.PostgresDumps", "mysql": "mysql_dumps.MysqlDumps"}
)


@dataclass(frozen=True, slots=True)
class LoadedDump:
    """Dumps in a temporary server."""

    location: ServerLocation
    """Of the database, for a user who may read it; its text is the names of the files."""
    schemas: tuple[str, ...]
    """Schemas with tables, if the server has schemas in databases."""
    notes: list[str]


@contextmanager
def loaded_dumps(dumps: Sequence[DumpFile], on_progress: ProgressCallback) -> Iterator[LoadedDump]:
    """Load dumps, one after the other, into one database, and yield where it is until the end of the block.

    Raises:
        DatabaseError: the server cannot be started, or the disk is full.
        SourceError: a dump is cut off, or the server refuses a statement.
        UsageError: the dumps are of different servers.
    """
    names = ", ".join(dump.path.name for dump in dumps)
    if len({dump.is_postgres for dump in dumps}) > 1:
        raise UsageError(
            "Dumps of PostgreSQL and of MySQL cannot be loaded together.",
            where=names,
            remedy="add them one after the other.",
        )
    loader = DumpLoader(on_progress)
    with _SERVERS["postgres" if dumps[0].is_postgres else "mysql"].loaded(dumps, loader) as (
        location,
        schemas,
    ):
        yield _loaded(names, location, schemas, loader)


def _loaded(names: str, location: ServerLocation, schemas: tuple[str, ...], loader: DumpLoader) -> LoadedDump:
    if not loader.has_tables:
        raise SourceError.unreadable(
            names, "it makes no tables.", remedy="dump the tables with their rows, and add that dump."
        )
    skipped = {noun: count for noun, count in loader.skipped.items() if noun}
    notes = [f"left out of {names}: {format_skipped(skipped)}"] if skipped else []
    return LoadedDump(replace(location, label=names), schemas, notes)
