"""Finds values that a dataset tells apart and a unique key of the database does not: 'a' and 'A', 'ü' and 'u'."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from tdmvc.databases.base import TableToWrite
from tdmvc.databases.mysql.catalog.relations import MysqlTable
from tdmvc.databases.mysql.catalog.types import MysqlColumn
from tdmvc.databases.mysql.connection import MysqlConnection
from tdmvc.databases.mysql.encoding.literals import InsertFrame, encoder, statements
from tdmvc.databases.mysql.names import quoted, quoted_names, table_sql
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.text import plural

_TABLE = "tdmvc_keys"
_STATEMENT_BYTES = 1 << 20
_TEXTS = ("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set")
_EXACT = ("_0900_bin", "_nopad_bin")


def find_collisions(
    connection: MysqlConnection, table: TableToWrite, target: MysqlTable
) -> Iterator[Finding]:
    """Yield a finding for each unique key whose collation takes different texts of the rows for the same.

    The server itself compares them, in a temporary table.
    """
    columns = {column.name.lower(): column for column in target.columns}
    own = {name.lower(): name for name in table.schema.column_names}
    keys = [
        target.key,
        *((name,) for name in sorted(target.unique)),
        *(one.columns for one in target.unique_keys),
    ]
    for key in keys:
        names = [name.lower() for name in key]
        if not names or not all(name in own and not columns[name].generation for name in names):
            continue
        if not any(_is_inexact(columns[name]) for name in names):
            continue
        count = _count(connection, table, target, [own[name] for name in names])
        if count:
            shown = ", ".join(key)
            yield Finding(
                "texts-collide",
                Severity.ERROR,
                f"{plural(count, 'row')} of {table.schema.name} {'has' if count == 1 else 'have'} values of ({shown}) "
                "that the database takes for the same as those of other rows: its collation ignores case, accents or "
                "spaces at the end.",
                table=table.schema.name,
                columns=tuple(key),
                remedy="give the column a collation that tells them apart, such as utf8mb4_bin, or change the rows.",
                details={"rows": count},
            )


def _is_inexact(column: MysqlColumn) -> bool:
    return column.kind in _TEXTS and not (column.collation or "").endswith(_EXACT)


def _count(connection: MysqlConnection, table: TableToWrite, target: MysqlTable, names: Sequence[str]) -> int:
    """Return how many rows collide with another one that differs."""
    columns = {column.name.lower(): column for column in target.columns}
    encoders = None
    name = table_sql(target.schema, target.name)
    connection.execute(f"DROP TEMPORARY TABLE IF EXISTS {_TABLE}")
    connection.execute(
        f"CREATE TEMPORARY TABLE {_TABLE} ENGINE=InnoDB AS SELECT {quoted_names(names)} FROM {name} LIMIT 0",
        f"Comparing the keys of {target.name}",
    )
    statement = InsertFrame(f"INSERT INTO {_TABLE} VALUES ".encode())
    try:
        for batch in table.read():
            chosen: pa.RecordBatch = batch.select(list(names))
            encoders = encoders or [
                encoder(field.type, columns[field.name.lower()]) for field in chosen.schema
            ]
            for sql, _ in statements(chosen, encoders, statement, _STATEMENT_BYTES):
                connection.execute(sql, f"Comparing the keys of {target.name}")
        is_set = " AND ".join(f"{quoted(one)} IS NOT NULL" for one in names)
        (row,) = connection.query(
            f"SELECT COALESCE(SUM(n - 1), 0) FROM (SELECT COUNT(*) AS n FROM {_TABLE} WHERE {is_set} "
            f"GROUP BY {quoted_names(names)} HAVING COUNT(*) > 1) AS repeated"
        )
        return int(row[0])
    finally:
        connection.execute(f"DROP TEMPORARY TABLE IF EXISTS {_TABLE}")
