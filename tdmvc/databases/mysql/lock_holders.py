"""Names the sessions that hold a lock for which another one waited too long."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from tdmvc.databases.mysql.connection import MysqlConnection
from tdmvc.databases.mysql.errors import LOCK_CODES, RefusedStatementError
from tdmvc.databases.mysql.names import text_literals
from tdmvc.errors import DatabaseError


@contextmanager
def naming_holders(connection: MysqlConnection, schemas: Sequence[str]) -> Iterator[None]:
    """Add to the error of a lock that others hold which sessions these are, and how to end the first one."""
    try:
        yield
    except RefusedStatementError as error:
        if error.code not in LOCK_CODES or error.details:
            raise
        sessions: list[tuple[str, str]] = []
        with suppress(DatabaseError):  # the session may be gone, too
            sessions = _holders(connection, schemas) or _in_databases(connection, schemas)
        remedy = f"{error.remedy} To end it: KILL {sessions[0][0]};" if sessions else error.remedy
        details = [text for _, text in sessions]
        raise DatabaseError(error.what, where=error.where, remedy=remedy, details=details) from None


def _holders(connection: MysqlConnection, schemas: Sequence[str]) -> list[tuple[str, str]]:
    """Return the sessions that hold locks on tables, if the server says so: MySQL, or MariaDB with a plugin."""
    if connection.is_mariadb:
        source = (
            "SELECT DISTINCT p.ID, p.USER, p.HOST, p.TIME, m.TABLE_NAME FROM information_schema.METADATA_LOCK_INFO m "
            "JOIN information_schema.PROCESSLIST p ON p.ID = m.THREAD_ID "
            f"WHERE p.ID <> CONNECTION_ID() AND m.TABLE_SCHEMA IN ({text_literals(schemas)})"
        )
    else:
        source = (
            "SELECT DISTINCT t.PROCESSLIST_ID, t.PROCESSLIST_USER, t.PROCESSLIST_HOST, t.PROCESSLIST_TIME, "
            "m.OBJECT_NAME FROM performance_schema.metadata_locks m "
            "JOIN performance_schema.threads t ON t.THREAD_ID = m.OWNER_THREAD_ID "
            "WHERE m.OBJECT_TYPE = 'TABLE' AND m.LOCK_STATUS = 'GRANTED' AND t.PROCESSLIST_ID <> CONNECTION_ID() "
            f"AND m.OBJECT_SCHEMA IN ({text_literals(schemas)})"
        )
    try:
        rows = connection.query(f"{source} ORDER BY 1, 5 LIMIT 5")
    except RefusedStatementError:
        return []  # the user may not see it, or the plugin metadata_lock_info is missing
    return [
        (number, f"session {number} of {user}@{host} holds a lock on {table} (for {seconds} seconds)")
        for number, user, host, seconds, table in rows
    ]


def _in_databases(connection: MysqlConnection, schemas: Sequence[str]) -> list[tuple[str, str]]:
    """Return the other sessions that use databases, as far as the user may see them; open transactions first."""
    rows = connection.query(
        "SELECT p.ID, p.USER, p.HOST, p.COMMAND, p.TIME FROM information_schema.PROCESSLIST p "
        f"WHERE p.ID <> CONNECTION_ID() AND p.DB IN ({text_literals(schemas)}) ORDER BY p.ID LIMIT 50"
    )
    open_ones: set[str] = set()
    with suppress(RefusedStatementError):  # it needs the right PROCESS
        found = connection.query("SELECT trx_mysql_thread_id FROM information_schema.INNODB_TRX")
        open_ones = {number for (number,) in found}
    rows = sorted(rows, key=lambda row: row[0] not in open_ones)[:5]
    return [
        (
            number,
            f"session {number} of {user}@{host} is in the database ({str(command).lower()} for {seconds} seconds"
            + (", with an open transaction)" if number in open_ones else ")"),
        )
        for number, user, host, command, seconds in rows
    ]
