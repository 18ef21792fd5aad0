"""Copies of small tables in the template, from which those that a test wrote are restored."""

from tdmvc.databases.mysql.connection import MysqlConnection
from tdmvc.databases.mysql.names import quoted, quoted_names, table_sql
from tdmvc.environments.mariadb.failures import rows_in_memory
from tdmvc.environments.mariadb.restartable_server import DATABASE
from tdmvc.environments.mariadb.tables import MariadbTable, read_tables

SEEDED = "tdmvc_seeded"
_FEW_ROWS = 2000


def skip_checks(connection: MysqlConnection) -> None:
    """Let a session write rows as they were, in any order of tables.

    Raises:
        DatabaseError: the server refuses.
    """
    connection.execute("SET SESSION foreign_key_checks = 0")
    if connection.is_mariadb:
        connection.execute("SET SESSION check_constraint_checks = 0")


def keep_seeded_tables(administrator: MysqlConnection) -> None:
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
    administrator.execute(f"CREATE DATABASE {SEEDED}")
    for table in tables:
        if table.can_be_copied:
            copy = table_sql(SEEDED, table.name)
            columns = quoted_names(table.columns)
            administrator.execute(f"CREATE TABLE {copy} LIKE {table.sql}")
            administrator.execute(f"INSERT INTO {copy} ({columns}) SELECT {columns} FROM {table.sql}")


def remove_seeded_tables(administrator: MysqlConnection) -> None:
    """Forget what another template kept.

    Raises:
        DatabaseError: the server refuses.
    """
    administrator.execute(f"DROP DATABASE IF EXISTS {SEEDED}")


def restore_rows(administrator: MysqlConnection, table: MariadbTable) -> None:
    """Bring the rows of a table back to what was kept of them.

    Raises:
        DatabaseError: the server refuses, or others lock the table.
    """
    copy = table_sql(SEEDED, table.name)
    columns = quoted_names(table.columns)
    if table.key:
        joined = " AND ".join(f"now.{quoted(name)} = kept.{quoted(name)}" for name in table.key)
        missing = f"{{}}.{quoted(table.key[0])} IS NULL"
        administrator.execute(
            f"DELETE now FROM {table.sql} AS now LEFT JOIN {copy} AS kept ON {joined} "
            f"WHERE {missing.format('kept')}"
        )
        # A row that has a unique value of another one differs from what it was, and is written again, too.
        administrator.execute(
            f"REPLACE INTO {table.sql} ({columns}) SELECT {_columns_of('kept', table)} FROM {copy} AS kept "
            f"LEFT JOIN {table.sql} AS now ON {joined} WHERE {missing.format('now')} OR NOT ({_equal(table)})"
        )
        return
    few = f"SELECT count(*) FROM (SELECT 1 FROM {table.sql} LIMIT {_FEW_ROWS + 1}) AS few"
    if table.engine == "InnoDB" and int(administrator.query(few)[0][0]) <= _FEW_ROWS:
        administrator.execute(f"DELETE FROM {table.sql}")
    else:
        administrator.execute(f"TRUNCATE TABLE {table.sql}")
    administrator.execute(f"INSERT INTO {table.sql} ({columns}) SELECT {columns} FROM {copy}")


def _columns_of(side: str, table: MariadbTable) -> str:
    return ", ".join(f"{side}.{quoted(name)}" for name in table.columns)


def _equal(table: MariadbTable) -> str:
    """Return the condition that two rows are the same to the last bit; texts in other letters are not."""
    conditions = []
    for name in table.columns:
        now, kept = f"now.{quoted(name)}", f"kept.{quoted(name)}"
        conditions.append(f"BINARY {now} <=> BINARY {kept}")
        if name in table.inexact:
            conditions.append(f"{now} + 0 <=> {kept} + 0")
    return " AND ".join(conditions)
