"""Copies of small tables in the template, from which those that a test wrote are restored."""

from tdmvc.databases.mysql.connection import MysqlConnection
from tdmvc.databases.mysql.names import quoted_names, table_sql
from tdmvc.environments.mariadb.failures import rows_in_memory
from tdmvc.environments.mariadb.own_server import DATABASE
from tdmvc.environments.mariadb.tables import read_tables

PRISTINE = "tdmvc_pristine"
_UNCHECKED = (
    "SET SESSION foreign_key_checks = 0",
    "SET SESSION unique_checks = 0",
    "SET SESSION check_constraint_checks = 0",
)


def skip_checks(connection: MysqlConnection) -> None:
    """Let a session write rows as they were, in any order of tables.

    Raises:
        DatabaseError: the server refuses.
    """
    for statement in _UNCHECKED:
        connection.execute(statement)


def keep_pristine(administrator: MysqlConnection) -> None:
    """Keep the rows of the tables that can be restored in place.

    Raises:
        DatabaseError: there is no room, or a restart of the server would lose rows.
    """
    tables = read_tables(administrator, DATABASE).values()
    in_memory = [
        table.name
        for table in tables
        if table.engine == "MEMORY" and administrator.query(f"SELECT 1 FROM {table.sql} LIMIT 1")
    ]
    if in_memory:
        raise rows_in_memory(in_memory)
    skip_checks(administrator)
    administrator.execute(f"CREATE DATABASE {PRISTINE}")
    for table in tables:
        if table.can_be_copied:
            copy = table_sql(PRISTINE, table.name)
            columns = quoted_names(table.columns)
            administrator.execute(f"CREATE TABLE {copy} LIKE {table.sql}")
            administrator.execute(f"INSERT INTO {copy} ({columns}) SELECT {columns} FROM {table.sql}")


def remove_pristine(administrator: MysqlConnection) -> None:
    """Forget what another template kept.

    Raises:
        DatabaseError: the server refuses.
    """
    administrator.execute(f"DROP DATABASE IF EXISTS {PRISTINE}")
