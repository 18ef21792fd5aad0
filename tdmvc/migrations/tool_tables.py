"""The tables that migration tools keep beside those of applied migrations: locks, logs, versions of their own."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tdmvc.migrations.migration_rows import Row, is_true, plain_columns, plain_name
from tdmvc.migrations.migration_tables import MIGRATION_TABLES


@dataclass(frozen=True, slots=True)
class ToolTable:
    """A table that a tool makes for itself."""

    title: str
    """The tool's name for people."""
    name: str
    """A pattern for the table's name in lower case, without schema and underscores."""
    columns: frozenset[str]
    """Columns that identify it, in lower case without underscores."""
    is_locked: Callable[[Row], bool] | None = None
    """Whether a row means that somebody runs migrations, or was stopped while running them."""

    def matches(self, table: str, columns: frozenset[str]) -> bool:
        """Return whether a table with these columns, as `plain_columns` returns them, is the tool's."""
        if not columns.issuperset(self.columns):
            return False
        return re.fullmatch(self.name, plain_name(table.rpartition(".")[2])) is not None


def find_locks(tables: Mapping[str, Collection[str]]) -> dict[str, ToolTable]:
    """Return the tables among tables in which a tool keeps a lock, by name.

    Args:
        tables: the columns of each table.
    """
    locks = [one for one in TOOL_TABLES if one.is_locked is not None]
    return {
        table: kind
        for table, columns in tables.items()
        for plain in [plain_columns(columns)]
        for kind in locks
        if kind.matches(table, plain)
    }


def has_lock(kind: ToolTable, rows: Iterable[Mapping[str, object]]) -> bool:
    """Return whether the rows of a lock table mean that it is held."""
    is_locked = kind.is_locked
    return is_locked is not None and any(
        is_locked({plain_name(name): value for name, value in row.items()}) for row in rows
    )


def is_tool_table(table: str, columns: Collection[str]) -> bool:
    """Return whether a migration tool made a table for itself, so that it is no data."""
    if table.rpartition(".")[0] in _TOOL_SCHEMAS:
        return True
    plain = plain_columns(columns)
    is_history = any(one.matches(table, plain) for one in MIGRATION_TABLES)
    return is_history or any(one.matches(table, plain) for one in TOOL_TABLES)


_TOOL_SCHEMAS: Final = frozenset({"hdb_catalog"})
"""Schemas in which everything is a tool's: the metadata, events and logs of Hasura."""


def _flag(column: str) -> Callable[[Row], bool]:
    return lambda row: is_true(row.get(column))


def _any_row(row: Row) -> bool:
    return True


TOOL_TABLES: Final[Sequence[ToolTable]] = (
    ToolTable("Liquibase", ".*lock", frozenset({"id", "locked", "lockgranted", "lockedby"}), _flag("locked")),
    ToolTable("Knex", ".*migrationslock", frozenset({"index", "islocked"}), _flag("islocked")),
    ToolTable("Kysely", "kyselymigrationlock", frozenset({"id", "islocked"}), _flag("islocked")),
    ToolTable("yoyo", "yoyolock", frozenset({"locked", "ctime", "pid"}), _flag("locked")),
    ToolTable("yoyo", "yoyolog", frozenset({"migrationhash", "migrationid", "operation"})),
    ToolTable("yoyo", "yoyoversion", frozenset({"version", "installedatutc"})),
    ToolTable("EF Core", "efmigrationslock", frozenset({"id", "timestamp"}), _any_row),
    ToolTable("Rails", "arinternalmetadata", frozenset({"key", "value"})),
    ToolTable("Sqitch", "projects", frozenset({"project", "uri", "creatorname", "creatoremail"})),
    ToolTable("Sqitch", "releases", frozenset({"version", "installedat", "installername"})),
    ToolTable("Sqitch", "tags", frozenset({"tagid", "tag", "project", "changeid"})),
    ToolTable("Sqitch", "dependencies", frozenset({"changeid", "dependency", "dependencyid"})),
    ToolTable("Sqitch", "events", frozenset({"event", "changeid", "change", "project"})),
    ToolTable("TypeORM", "typeormmetadata", frozenset({"type", "database", "schema", "value"})),
)
"""Tables of tools that are no data of the application."""
