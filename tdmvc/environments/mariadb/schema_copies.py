"""Copies of a database on the same server: tables with their rows, sequences, views, triggers, routines and events."""

from collections.abc import Sequence

from tdmvc.databases.mysql.connection import WRITING_MODE, MysqlConnection, text_of
from tdmvc.databases.mysql.names import quoted, quoted_names, table_sql, text_literal
from tdmvc.environments.mariadb.failures import tables_with_history
from tdmvc.environments.mariadb.seeded_tables import skip_checks
from tdmvc.environments.mariadb.server_templates import is_own_table
from tdmvc.environments.mariadb.tables import MariadbTable, read_tables, write_sequence
from tdmvc.errors import DatabaseError

_SETTINGS = ("sql_mode", "character_set_client", "collation_connection")
"""What a trigger, routine, event or view was made with, and keeps."""


def create_schema(connection: MysqlConnection, name: str, like: str | None = None) -> None:
    """Make an empty database, with the character set of another one.

    Raises:
        DatabaseError: the server refuses.
    """
    characters = ""
    if like is not None:
        ((charset, collation),) = connection.query(
            "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA "
            f"WHERE SCHEMA_NAME = {text_literal(like)}"
        )
        characters = f" CHARACTER SET {text_of(charset)} COLLATE {text_of(collation)}"
    connection.execute(f"CREATE DATABASE {quoted(name)}{characters}")


def fill_schema(connection: MysqlConnection, source: str, target: str) -> None:
    """Fill an empty database with all that another has.

    Raises:
        DatabaseError: the server refuses, or a table keeps a history, which cannot be copied.
    """
    tables = [table for table in read_tables(connection, source).values() if not is_own_table(table.name)]
    with_history = [table.name for table in tables if table.kind == "SYSTEM VERSIONED"]
    if with_history:
        raise tables_with_history(with_history)
    skip_checks(connection)
    copier = _Copier(connection, source, target)
    # Tables take numbers from sequences, views and triggers read tables.
    for table in sorted(tables, key=lambda table: not table.is_sequence):
        copier.copy_table(table)
    copier.copy_views()
    copier.copy_others()


class _Copier:
    def __init__(self, connection: MysqlConnection, source: str, target: str) -> None:
        self._connection = connection
        self._source = source
        self._target = target

    def copy_table(self, table: MariadbTable) -> None:
        kind = "SEQUENCE" if table.is_sequence else "TABLE"
        copy = table_sql(self._target, table.name)
        self._run(self._definition(kind, table.name, "Create Table"))
        if table.is_sequence:
            write_sequence(self._connection, copy, self._connection.query(f"SELECT * FROM {table.sql}")[0])
        else:
            columns = quoted_names(table.columns)
            self._connection.execute(f"INSERT INTO {copy} ({columns}) SELECT {columns} FROM {table.sql}")

    def copy_views(self) -> None:
        """Make all views, each after those that it reads."""
        waiting = [
            self._definition("VIEW", name, "Create View")
            for name in self._names("VIEWS", "TABLE_NAME", "TABLE_SCHEMA")
        ]
        while waiting:
            left = []
            for definition in waiting:
                try:
                    self._run(definition)
                except DatabaseError as error:
                    left.append(definition)
                    failure = error
            if len(left) == len(waiting):
                raise failure
            waiting = left

    def copy_others(self) -> None:
        """Make triggers, routines and events."""
        for name in self._names("TRIGGERS", "TRIGGER_NAME", "TRIGGER_SCHEMA"):
            self._run(self._definition("TRIGGER", name, "SQL Original Statement"))
        for kind in ("FUNCTION", "PROCEDURE"):
            where = f" AND ROUTINE_TYPE = '{kind}'"
            for name in self._names("ROUTINES", "ROUTINE_NAME", "ROUTINE_SCHEMA", where):
                self._run(self._definition(kind, name, f"Create {kind.title()}"))
        for name in self._names("EVENTS", "EVENT_NAME", "EVENT_SCHEMA"):
            self._run(self._definition("EVENT", name, "Create Event"))

    def _names(self, view: str, column: str, schema: str, where: str = "") -> Sequence[str]:
        rows = self._connection.query(
            f"SELECT {column} FROM information_schema.{view} "
            f"WHERE {schema} = {text_literal(self._source)}{where} ORDER BY {column}"
        )
        return [text_of(name) for (name,) in rows]

    def _definition(self, kind: str, name: str, column: str) -> dict[str, str]:
        """Return the statement that makes an object, as `sql`, with the settings that it keeps."""
        # What is in the current database is named without it.
        self._connection.execute(f"USE {quoted(self._source)}")
        ((found),) = self._connection.query_values(f"SHOW CREATE {kind} {quoted(name)}")
        # The name of a template is long and random, so that nothing else looks like it.
        sql = text_of(found[column]).replace(f"{quoted(self._source)}.", f"{quoted(self._target)}.")
        return {"sql": sql, **{name: text_of(found[name]) for name in _SETTINGS if name in found}}

    def _run(self, definition: dict[str, str]) -> None:
        self._connection.execute(f"USE {quoted(self._target)}")
        for name in _SETTINGS:
            if name in definition:
                self._connection.execute(f"SET SESSION {name} = {text_literal(definition[name])}")
        try:
            self._connection.execute(definition["sql"])
        finally:
            self._connection.execute("SET NAMES utf8mb4")
            self._connection.execute(f"SET SESSION sql_mode = '{WRITING_MODE}'")
