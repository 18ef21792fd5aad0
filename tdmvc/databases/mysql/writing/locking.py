"""Locks: one seed of a database at a time, and nobody else in its tables."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence

from tdmvc.databases.mysql.catalog.relations import MysqlTable
from tdmvc.databases.mysql.connection import LOCK_SECONDS, MysqlConnection
from tdmvc.databases.mysql.lock_holders import naming_holders
from tdmvc.databases.mysql.names import OWN_TABLES, alias, table_sql, text_literal
from tdmvc.databases.mysql.writing.broken_references import CHILD, PARENT
from tdmvc.databases.mysql.writing.inserting import CHANGING, EXISTING
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
