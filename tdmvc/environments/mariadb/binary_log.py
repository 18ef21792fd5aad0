"""What the binary log of an embedded server tells about writes: whether there were any, and to which tables."""

import re
from dataclasses import dataclass

from tdmvc.databases.mysql.connection import MysqlConnection, text_of
from tdmvc.databases.mysql.names import text_literal
from tdmvc.environments.failures import CannotRestoreError

_LONGEST_BYTES = 16 * 1024**2
"""The longest piece of the log that is read; for more, a restart of the server takes less time."""
_TABLE = re.compile(r"table_id: \d+ \((?P<schema>.*)\.(?P<table>[^.]*)\)")
_HARMLESS = re.compile(
    r"(?:use `.*`; )?(?:BEGIN|COMMIT|ROLLBACK|SAVEPOINT .*|ROLLBACK TO .*)", re.IGNORECASE | re.DOTALL
)
"""Statements that change no rows themselves; those that they undo are not in the log."""
_WITHOUT_CHANGES = ("Gtid", "Xid", "Gtid_list", "Binlog_checkpoint", "Format_desc", "Annotate_rows")
_ROWS = ("Write_rows", "Update_rows", "Delete_rows")


@dataclass(frozen=True, slots=True)
class LogPosition:
    """A place in the binary log."""

    file: str
    position: int


def read_position(administrator: MysqlConnection) -> LogPosition:
    """Return where the next event will be.

    Raises:
        DatabaseError: the server refuses.
    """
    ((file, position, *_),) = administrator.query("SHOW MASTER STATUS")
    return LogPosition(text_of(file), int(text_of(position)))


def read_written_rows(administrator: MysqlConnection) -> tuple[str, ...]:
    """Return how many rows were written, of all engines; what is undone counts, too.

    Raises:
        DatabaseError: the server refuses.
    """
    return tuple(
        text_of(value)
        for _, value in administrator.query(
            "SHOW GLOBAL STATUS WHERE Variable_name IN ('Handler_write', 'Handler_update', 'Handler_delete')"
        )
    )


def read_written_tables(
    administrator: MysqlConnection, start: LogPosition, end: LogPosition, schema: str
) -> set[str]:
    """Return the tables of a database whose rows were written between two places of the log.

    Raises:
        CannotRestoreError: something else was changed than rows of this database.
        DatabaseError: the server refuses.
    """
    if start.file != end.file:
        raise CannotRestoreError("another binary log was begun")
    if end.position - start.position > _LONGEST_BYTES:
        raise CannotRestoreError("very many rows were written")
    tables: set[str] = set()
    if start == end:
        return tables
    for _, position, kind, _, _, info in administrator.query(
        f"SHOW BINLOG EVENTS IN {text_literal(start.file)} FROM {start.position}"
    ):
        if int(text_of(position)) >= end.position:
            break
        kind, info = text_of(kind), text_of(info)
        if kind == "Table_map":
            named = _TABLE.fullmatch(info)
            if named is None or named["schema"] != schema:
                raise CannotRestoreError("rows of another database were written")
            tables.add(named["table"])
        elif kind == "Query":
            if not _HARMLESS.fullmatch(info):
                raise CannotRestoreError("the schema was changed, a table was emptied, or accounts were")
        elif kind not in _WITHOUT_CHANGES and not kind.startswith(_ROWS):
            raise CannotRestoreError(f"the binary log has a {kind}")
    return tables
