"""What a database has, as the server describes it: definitions, and a text that shows whether anything was changed."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tdmvc.databases.mysql.connection import MysqlConnection, text_of
from tdmvc.databases.mysql.names import quoted, text_literal
from tdmvc.environments.mariadb.tables import MariadbTable

_COLUMNS = {
    "TABLE": "Create Table",
    "SEQUENCE": "Create Table",
    "VIEW": "Create View",
    "TRIGGER": "SQL Original Statement",
    "FUNCTION": "Create Function",
    "PROCEDURE": "Create Procedure",
    "EVENT": "Create Event",
}
"""The column of SHOW CREATE that has the statement, by the kind of object."""
_SETTINGS = ("sql_mode", "character_set_client", "collation_connection")


@dataclass(frozen=True, slots=True)
class ObjectDefinition:
    """How an object is made."""

    sql: str
    settings: Mapping[str, str]
    """What a trigger, routine, event or view was made with, and keeps."""


class Definitions:
    """The definitions of a database's objects, in which what is in the same database is named without it."""

    def __init__(self, connection: MysqlConnection, schema: str) -> None:
        self._connection = connection
        self._schema = schema

    def table(self, table: MariadbTable) -> ObjectDefinition:
        """Return the definition of a table or a sequence.

        Raises:
            DatabaseError: the server refuses.
        """
        return self._read("SEQUENCE" if table.is_sequence else "TABLE", table.name)

    def views(self) -> Iterator[ObjectDefinition]:
        """Yield the definitions of views, by name.

        Raises:
            DatabaseError: the server refuses.
        """
        yield from self._read_all("VIEW", self._names("VIEWS", "TABLE_NAME", "TABLE_SCHEMA"))

    def others(self) -> Iterator[ObjectDefinition]:
        """Yield the definitions of triggers, routines and events.

        Raises:
            DatabaseError: the server refuses.
        """
        yield from self._read_all("TRIGGER", self._names("TRIGGERS", "TRIGGER_NAME", "TRIGGER_SCHEMA"))
        for kind in ("FUNCTION", "PROCEDURE"):
            where = f" AND ROUTINE_TYPE = '{kind}'"
            yield from self._read_all(kind, self._names("ROUTINES", "ROUTINE_NAME", "ROUTINE_SCHEMA", where))
        yield from self._read_all("EVENT", self._names("EVENTS", "EVENT_NAME", "EVENT_SCHEMA"))

    def _names(self, view: str, column: str, schema: str, where: str = "") -> Sequence[str]:
        rows = self._connection.query(
            f"SELECT {column} FROM information_schema.{view} "
            f"WHERE {schema} = {text_literal(self._schema)}{where} ORDER BY {column}"
        )
        return [text_of(name) for (name,) in rows]

    def _read_all(self, kind: str, names: Iterable[str]) -> Iterator[ObjectDefinition]:
        return (self._read(kind, name) for name in names)

    def _read(self, kind: str, name: str) -> ObjectDefinition:
        # What is in the current database is named without it.
        self._connection.execute(f"USE {quoted(self._schema)}")
        ((found),) = self._connection.query_values(f"SHOW CREATE {kind} {quoted(name)}")
        settings = {setting: text_of(found[setting]) for setting in _SETTINGS if setting in found}
        return ObjectDefinition(text_of(found[_COLUMNS[kind]]), settings)


def read_characters(connection: MysqlConnection, schema: str) -> str:
    """Return the character set and the collation of a database as CREATE DATABASE takes them; empty if there is none.

    Raises:
        DatabaseError: the server refuses.
    """
    rows = connection.query(
        "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA "
        f"WHERE SCHEMA_NAME = {text_literal(schema)}"
    )
    return "".join(f"CHARACTER SET {text_of(row[0])} COLLATE {text_of(row[1])}" for row in rows)


def stamp_schema(connection: MysqlConnection, schema: str, tables: Sequence[MariadbTable]) -> str:
    """Return a text that changes with the definitions of a database, its rows and the next numbers of its tables.

    Rows are compared by the server's own checksums: a few exchanges of values between two rows leave these as they are.

    Args:
        tables: the tables and sequences that count.

    Raises:
        DatabaseError: the server refuses.
    """
    definitions = Definitions(connection, schema)
    digest = hashlib.sha256()
    digest.update(repr((read_characters(connection, schema), [table.name for table in tables])).encode())
    for definition in (*map(definitions.table, tables), *definitions.views(), *definitions.others()):
        digest.update(repr((definition.sql, sorted(definition.settings.items()))).encode())
    names = [table.sql for table in tables if not table.is_sequence]
    if names:
        digest.update(repr(connection.query(f"CHECKSUM TABLE {', '.join(names)} EXTENDED")).encode())
    for table in tables:
        if table.is_sequence:
            digest.update(repr(connection.query(f"SELECT * FROM {table.sql}")).encode())
    return digest.hexdigest()
