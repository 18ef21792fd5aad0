"""Locks: one seed of a database at a time, and nobody else in its tables."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from tdmvc.databases.mysql.broken_references import CHILD, PARENT
from tdmvc.databases.mysql.catalog import MysqlTable
from tdmvc.databases.mysql.connection import LOCK_SECONDS, MysqlConnection
from tdmvc.databases.mysql.errors import LOCK_CODES, RefusedStatementError
from tdmvc.databases.mysql.inserting import CHANGING, EXISTING
from tdmvc.databases.mysql.names import OWN_TABLES, alias, table_sql, text_literal, text_literals
from tdmvc.errors import DatabaseError


class SeedLock:
    """The lock that a session holds while it seeds a database; the server releases it when the session ends."""

    def __init__(self, connection: MysqlConnection, schema: str) -> None:
        self._connection = connection
        # The server takes names of up to 64 characters.
        self._name = text_literal(f"tdmvc.{hashlib.sha256(schema.encode()).hexdigest()[:32]}")
        self.is_held = False

    def take(self, seconds: int = LOCK_SECONDS) -> bool:
        """Return whether the lock is held, after waiting for it."""
        if not self.is_held:
            (row,) = self._connection.query(f"SELECT GET_LOCK({self._name}, {seconds})")
            self.is_held = row[0] == "1"
        return self.is_held

    def require(self) -> None:
        """Take the lock.

        Raises:
            DatabaseError: another seed holds it for too long.
        """
        if self.take():
            return
        (row,) = self._connection.query(f"SELECT IS_USED_LOCK({self._name})")
        raise DatabaseError(
            f"Another seed of this database is running (session {row[0]} of the server).",
            where=self._connection.where,
            remedy="wait until it ends, then run the same command again.",
        )


def lock_tables(
    connection: MysqlConnection,
    schema: str,
    written: Sequence[MysqlTable],
    related: Iterable[MysqlTable],
) -> None:
    """Lock tables for writing, and those with references from or to them for reading; commits.

    Each alias under which a table is read later needs a lock of its own.

    Raises:
        DatabaseError: another session holds a lock for too long; it says which may.
    """
    words = [f"{table_sql(schema, name)} WRITE" for name in sorted(OWN_TABLES)]
    for table in written:
        purposes = {EXISTING: "READ", CHANGING: "WRITE", CHILD: "READ", PARENT: "READ"}
        words += [f"{table_sql(table.schema, table.name)} WRITE", *_aliased(table, purposes)]
    for table in related:
        words += _aliased(table, {CHILD: "READ", PARENT: "READ"})
    with naming_holders(connection, sorted({schema, *(table.schema for table in written)})):
        connection.execute(f"LOCK TABLES {', '.join(words)}", "Locking the tables")


def related_tables(tables: Mapping[str, MysqlTable], names: Collection[str]) -> list[str]:
    """Return the tables with references from or to the named ones, sorted, without these."""
    found = set()
    for name, table in tables.items():
        for reference in table.references:
            if name in names:
                found.add(reference.table)
            if reference.table in names:
                found.add(name)
    return sorted((found & tables.keys()).difference(names))


def _aliased(table: MysqlTable, purposes: Mapping[str, str]) -> list[str]:
    name = table_sql(table.schema, table.name)
    return [
        f"{name} AS {alias(purpose, table.schema, table.name)} {kind}" for purpose, kind in purposes.items()
    ]


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
