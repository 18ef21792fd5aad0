"""Reads from a database which migrations were applied to it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tdmvc.databases import Snapshot
from tdmvc.databases.base import QualifiedName
from tdmvc.migrations.migration_tables import OTHER_SCHEMAS, find_migration_tables
from tdmvc.migrations.tool_tables import find_locks, has_lock, is_tool_table
from tdmvc.workspace.migration_fits import MigrationRows

_MOST_ROWS = 100_000
"""A table with more rows than that holds something else."""


@dataclass(frozen=True, slots=True)
class LiveTables:
    """The tables of migration tools in a database."""

    applied: tuple[MigrationRows, ...]
    locks: tuple[tuple[str, str], ...] = ()
    """Tables whose lock is held, each with its tool's name."""


def read_migration_tables(snapshot: Snapshot, left_out: Collection[str] = ()) -> LiveTables:
    """Return the tables of migration tools in all schemas of a database; no other rows are read.

    Args:
        left_out: tables, as the snapshot names them, that do not count.

    Raises:
        DatabaseError: the database cannot be read.
    """
    selected = snapshot.read_names()
    tables = {
        name: found for name, found in _read_columns(snapshot, selected).items() if name not in left_out
    }
    columns = {name: of for name, (_, of) in tables.items()}
    applied = []
    for name, kind in find_migration_tables(columns).items():
        rows = snapshot.read_rows(tables[name][0], _MOST_ROWS + 1)
        if len(rows) <= _MOST_ROWS:
            applied.append(MigrationRows(name, kind, rows, name in selected))
    locks = [
        (name, kind.title)
        for name, kind in find_locks(columns).items()
        if has_lock(kind, snapshot.read_rows(tables[name][0], _MOST_ROWS))
    ]
    return LiveTables(tuple(applied), tuple(locks))


def find_tool_tables(snapshot: Snapshot) -> list[str]:
    """Return the tables of a snapshot that migration tools made for themselves, sorted."""
    selected = snapshot.read_names()
    tables = _read_columns(snapshot, selected)
    return [name for name in selected if name in tables and is_tool_table(name, tables[name][1])]


def without_tool_schemas(
    schemas: Sequence[str], columns: Mapping[QualifiedName, Collection[str]]
) -> list[str]:
    """Return the schemas that have more than what migration tools made for themselves; all, if none has."""
    own = set(schemas)
    for schema in schemas:
        tables = {name.table: of for name, of in columns.items() if name.schema == schema}
        if tables and all(is_tool_table(f"{schema}.{table}", of) for table, of in tables.items()):
            own.discard(schema)
    return [schema for schema in schemas if schema in own or not own]


def _read_columns(
    snapshot: Snapshot, selected: Collection[str]
) -> Mapping[str, tuple[QualifiedName, tuple[str, ...]]]:
    """Return the columns of all tables by name: as the snapshot names them, or with their schema."""
    found = {}
    known = set(selected)
    for name, columns in snapshot.read_columns(OTHER_SCHEMAS).items():
        full = f"{name.schema}.{name.table}" if name.schema else name.table
        is_read = not name.schema or name.schema in snapshot.schemas
        own = name.table if is_read and full not in known and name.table in known else full
        found[own] = (name, columns)
    return found
