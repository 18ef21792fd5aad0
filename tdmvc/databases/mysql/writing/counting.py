"""How many rows tables have, and which number they give next."""

from collections.abc import Sequence

from tdmvc.databases.mysql.catalog.relations import Key, MysqlTable
from tdmvc.databases.mysql.connection import MysqlConnection
from tdmvc.databases.mysql.names import quoted, table_sql, text_literal

_MOST_COUNTED = 10_000
_AT_ONCE = 100


def count_rows(connection: MysqlConnection, tables: Sequence[MysqlTable]) -> dict[Key, int]:
    """Return the row counts of tables, exact for small ones, and never 0 for one that has rows."""
    counts: dict[Key, int] = {}
    for start in range(0, len(tables), _AT_ONCE):
        part = tables[start : start + _AT_ONCE]
        sql = " UNION ALL ".join(
            f"SELECT {i}, (SELECT COUNT(*) FROM (SELECT 1 FROM {table_sql(table.schema, table.name)} "
            f"LIMIT {_MOST_COUNTED + 1}) AS counted)"
            for i, table in enumerate(part)
        )
        for place, count in connection.query(sql, "Counting rows"):
            table = part[int(place)]
            found = int(count)
            counts[table.schema, table.name] = found if found <= _MOST_COUNTED else max(found, table.rows)
    return counts


def next_number(connection: MysqlConnection, table: MysqlTable) -> int:
    """Return the number that a table gives next, as the server knows it now."""
    (row,) = connection.query(
        f"SELECT AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = {text_literal(table.schema)} "
        f"AND TABLE_NAME = {text_literal(table.name)}"
    )
    return int(row[0] or 1)


def number_after_rows(connection: MysqlConnection, table: MysqlTable, column: str) -> int:
    """Return the number that follows the greatest one in a column."""
    (row,) = connection.query(
        f"SELECT COALESCE(MAX({quoted(column)}), 0) FROM {table_sql(table.schema, table.name)}"
    )
    return max(int(float(row[0])), 0) + 1
