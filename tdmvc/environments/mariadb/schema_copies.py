"""Copies of a database on the same server: tables with their rows, sequences, views, triggers, routines and events."""

from tdmvc.databases.mysql.connection import WRITING_MODE, MysqlConnection
from tdmvc.databases.mysql.names import quoted, quoted_names, table_sql, text_literal
from tdmvc.environments.mariadb.definitions import Definitions, ObjectDefinition, read_characters
from tdmvc.environments.mariadb.failures import tables_with_history
from tdmvc.environments.mariadb.seeded_tables import skip_checks
from tdmvc.environments.mariadb.server_templates import is_own_table
from tdmvc.environments.mariadb.tables import MariadbTable, read_tables, write_sequence
from tdmvc.errors import DatabaseError


def create_schema(connection: MysqlConnection, name: str, like: str | None = None) -> None:
    """Make an empty database, with the character set of another one.

    Raises:
        DatabaseError: the server refuses.
    """
    characters = "" if like is None else read_characters(connection, like)
    connection.execute(f"CREATE DATABASE {quoted(name)} {characters}")


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
        self._definitions = Definitions(connection, source)

    def copy_table(self, table: MariadbTable) -> None:
        copy = table_sql(self._target, table.name)
        self._run(self._definitions.table(table))
        if table.is_sequence:
            write_sequence(self._connection, copy, self._connection.query(f"SELECT * FROM {table.sql}")[0])
        else:
            columns = quoted_names(table.columns)
            self._connection.execute(f"INSERT INTO {copy} ({columns}) SELECT {columns} FROM {table.sql}")

    def copy_views(self) -> None:
        """Make all views, each after those that it reads."""
        waiting = list(self._definitions.views())
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
        for definition in self._definitions.others():
            self._run(definition)

    def _run(self, definition: ObjectDefinition) -> None:
        self._connection.execute(f"USE {quoted(self._target)}")
        for name, value in definition.settings.items():
            self._connection.execute(f"SET SESSION {name} = {text_literal(value)}")
        # The name of a template is long and random, so that nothing else looks like it.
        sql = definition.sql.replace(f"{quoted(self._source)}.", f"{quoted(self._target)}.")
        try:
            self._connection.execute(sql)
        finally:
            self._connection.execute("SET NAMES utf8mb4")
            self._connection.execute(f"SET SESSION sql_mode = '{WRITING_MODE}'")
