"""Which blocks of which tables were written since a moment, by the server's own log (WAL)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tdmvc.databases.postgres.connection import Statement
from tdmvc.environments.failures import CannotRestoreError
from tdmvc.environments.postgres.administrator import Administrator
from tdmvc.environments.postgres.table_files import TableFile, TableFiles
from tdmvc.sql.quoting import quote_name

CATALOG_CHANGED = "the catalog was changed, as by DDL, TRUNCATE, ANALYZE or large objects"
MOST_LOG_BYTES = 4 << 20
"""How much of the log is read; a copy is faster than reading more."""
READABLE_SINCE = 160000
_FLUSH_SINCE = 170000
_EXTENSION = """
    SELECT space.nspname FROM pg_catalog.pg_extension AS extension
    JOIN pg_catalog.pg_namespace AS space ON space.oid = extension.extnamespace
    WHERE extension.extname = 'pg_walinspect'
"""
POSITION: Statement = ("SELECT pg_catalog.pg_current_wal_insert_lsn()::text", ())
"""Reads where the log ends now."""
_END = """
    SELECT log.position::text, log.position - %s::pg_lsn
    FROM (SELECT pg_catalog.pg_current_wal_flush_lsn() AS position) AS log
"""
_BLOCKS = """
    SELECT DISTINCT file, CASE WHEN is_table THEN block END, CASE WHEN NOT is_table THEN kind END,
        CASE WHEN NOT is_table THEN number END, other
    FROM (
        SELECT CASE WHEN other.datname IS NULL THEN relfilenode::bigint END AS file, relblocknumber AS block,
            xid::text::bigint AS number, resource_manager || '/' || record_type AS kind,
            relfilenode::bigint = ANY (%(tables)s) AND other.datname IS NULL AS is_table, other.datname AS other
        FROM (SELECT pg_catalog.pg_current_wal_flush_lsn() AS position) AS log,
            LATERAL {schema}.pg_get_wal_block_info(%(start)s::pg_lsn, log.position, false)
            LEFT JOIN pg_catalog.pg_database AS other ON other.oid = reldatabase
                AND NOT pg_catalog.starts_with(other.datname, %(prefix)s) AND other.datname <> ALL (%(made)s)
        WHERE log.position - %(start)s::pg_lsn <= %(most)s
            AND (reldatabase = %(database)s OR other.datname IS NOT NULL)
            AND relforknumber = 0 AND record_type <> 'FPI_FOR_HINT'
            AND NOT (other.datname IS NULL AND relfilenode::bigint = ANY (%(derived)s))
    ) AS written
"""
_OTHERS = """
    SELECT EXISTS (
        SELECT 1
        FROM {schema}.pg_get_wal_block_info(%(start)s::pg_lsn, pg_catalog.pg_current_wal_flush_lsn(), false)
        WHERE reldatabase = %(database)s AND relforknumber = 0
            AND NOT relfilenode::bigint = ANY (%(derived)s)
            AND resource_manager || '/' || record_type = ANY (%(changes)s)
            AND xid::text::bigint <> %(own)s
    )
"""
_ABORTED = """
    SELECT number FROM pg_catalog.unnest(%s::bigint[]) AS number
    WHERE pg_catalog.pg_xact_status(number::text::xid8) = 'aborted'
"""
_CHANGES = frozenset(
    {
        *("Heap/INSERT", "Heap/INSERT+INIT", "Heap/UPDATE", "Heap/UPDATE+INIT", "Heap/HOT_UPDATE"),
        *("Heap/HOT_UPDATE+INIT", "Heap/DELETE", "Heap/INPLACE", "Heap/TRUNCATE"),
        *("Heap2/MULTI_INSERT", "Heap2/MULTI_INSERT+INIT"),
    }
)
"""The records that change rows; the others lock rows, or reorganise the blocks."""


@dataclass(frozen=True, slots=True)
class WrittenBlocks:
    """What was written to a database."""

    tables: Mapping[TableFile, frozenset[int]]
    """The blocks of each table, also of those that transactions wrote which were rolled back."""
    end: str
    """The position up to which the log was read."""


@dataclass(frozen=True, slots=True)
class LogScope:
    """Of which databases the log is read."""

    database: int
    """The number of the one that is reset."""
    prefix: str
    """How the names of databases begin that tdmvc makes and drops while tests run."""
    made: Collection[str]
    """Other databases that tdmvc made or uses."""


class LogReader:
    """Reads the log of an embedded server."""

    def __init__(self, administrator: Administrator, schema: str) -> None:
        self._administrator = administrator
        escaped = quote_name(schema).replace("%", "%%")
        self._blocks = _BLOCKS.format(schema=escaped)
        self._others = _OTHERS.format(schema=escaped)
        self._can_flush = administrator.version >= _FLUSH_SINCE
        if not self._can_flush:
            administrator.rows("SELECT pg_catalog.set_config('synchronous_commit', 'on', false)")

    def statements(self, start: str, scope: LogScope, files: TableFiles) -> list[Statement]:
        """Return the statements that read what was written since a position; `read` takes their rows.

        Args:
            start: a position of the log.

        Raises:
            DatabaseError: the server is gone.
        """
        parameters = {
            "start": start,
            "most": MOST_LOG_BYTES,
            "database": scope.database,
            "prefix": scope.prefix,
            "made": list(scope.made),
            "tables": list(files.tables),
            "derived": list(files.derived),
        }
        return [*self._written_out(), (_END, [start]), (self._blocks, parameters)]

    def read(self, rows: Sequence[list[Any]], files: TableFiles) -> WrittenBlocks:
        """Return the blocks of tables that were written.

        No transaction that writes to the database may have been open.

        Raises:
            CannotRestoreError: something other than rows of tables was changed, or the log is too long.
            DatabaseError: the server is gone.
        """
        *_, ((end, size),), found = rows
        if size > MOST_LOG_BYTES:
            raise CannotRestoreError("much was written")
        blocks: defaultdict[TableFile, set[int]] = defaultdict(set)
        changing: set[int] = set()
        for file, block, kind, number, other in found:
            if other is not None:
                continue
            if kind is None:
                blocks[files.tables[file]].add(block)
            elif kind in _CHANGES:
                changing.add(number)
        if changing - self._aborted(changing):
            raise CannotRestoreError(CATALOG_CHANGED)
        return WrittenBlocks({table: frozenset(found) for table, found in blocks.items()}, end)

    def others_written(self, rows: Sequence[list[Any]]) -> set[str]:
        """Return the other databases whose content was changed, as far as the log was read."""
        *_, found = rows
        return {other for _, _, kind, _, other in found if other is not None and kind in _CHANGES}

    def has_others(self, start: str, database: int, files: TableFiles, own: int | None) -> bool:
        """Whether another transaction than an own one has changed the database since a position.

        Raises:
            DatabaseError: the log cannot be read.
        """
        parameters = {
            "start": start,
            "database": database,
            "derived": list(files.derived),
            "own": own or 0,
            "changes": list(_CHANGES),
        }
        *_, ((found,),) = self._administrator.rows_of(*self._written_out(), (self._others, parameters))
        return bool(found)

    def _written_out(self) -> list[Statement]:
        """Return the statements that make the server write all of its log to the files from which it is read."""
        if self._can_flush:
            return [("SELECT pg_catalog.pg_logical_emit_message(false, 'tdmvc', '', true)", ())]
        self._administrator.write("SELECT pg_catalog.pg_logical_emit_message(true, 'tdmvc', '')")
        return []

    def _aborted(self, numbers: set[int]) -> set[int]:
        """Return the transactions that were rolled back; 0 stands for changes without one."""
        known = [number for number in numbers if number]
        return {number for (number,) in self._administrator.rows(_ABORTED, [known])} if known else set()


def open_log(administrator: Administrator) -> LogReader | None:
    """Return what reads the server's log; None if the server has no functions for that.

    Raises:
        DatabaseError: the server is gone.
    """
    if administrator.version < READABLE_SINCE:
        return None
    found = administrator.rows(_EXTENSION)
    return LogReader(administrator, found[0][0]) if found else None
