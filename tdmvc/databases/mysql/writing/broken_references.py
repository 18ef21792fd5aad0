"""References that rows break, which the server does not check for rows loaded without checks."""

from collections.abc import Iterable, Iterator

from tdmvc.databases.findings import broken_reference
from tdmvc.databases.mysql.catalog.relations import MysqlTable
from tdmvc.databases.mysql.connection import MysqlConnection
from tdmvc.databases.mysql.names import alias, quoted, table_sql
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.finding import Finding

CHILD, PARENT = "child", "parent"
"""The purposes of the aliases under which tables are compared."""


def find_broken_references(
    connection: MysqlConnection, tables: dict[str, MysqlTable], names: Iterable[str]
) -> Iterator[Finding]:
    """Yield the references from and to some tables that rows break.

    Args:
        tables: all tables of the database by name.
    """
    chosen = set(names)
    for name, table in tables.items():
        for reference in table.references:
            if name not in chosen and reference.table not in chosen:
                continue
            count = _count(connection, table, reference, tables[reference.table])
            if count:
                yield broken_reference(name, reference.columns, reference.table, count)


def _count(connection: MysqlConnection, child: MysqlTable, reference: ForeignKey, parent: MysqlTable) -> int:
    own, other = alias(CHILD, child.schema, child.name), alias(PARENT, parent.schema, parent.name)
    pairs = list(zip(reference.columns, reference.to, strict=True))
    matches = " AND ".join(f"{own}.{quoted(column)} = {other}.{quoted(to)}" for column, to in pairs)
    is_set = " AND ".join(f"{own}.{quoted(column)} IS NOT NULL" for column, _ in pairs)
    (row,) = connection.query(
        f"SELECT COUNT(*) FROM {table_sql(child.schema, child.name)} AS {own} LEFT JOIN "
        f"{table_sql(parent.schema, parent.name)} AS {other} ON {matches} "
        f"WHERE {is_set} AND {other}.{quoted(pairs[0][1])} IS NULL",
        f"Checking the references of {child.name}",
    )
    return int(row[0])
