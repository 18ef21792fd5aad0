"""Turns a query that counts rows into one that returns the first of them."""

import json
from typing import Any

from tdmvc.checks.sandbox.guard import Node, ReadQuery, cte_names
from tdmvc.checks.sandbox.jobs import QueryJob, QueryTable
from tdmvc.sql.duckdb import DuckDBConnection

_LONGEST = 200
"""Characters of a value."""


def examples_query(
    con: DuckDBConnection, query: ReadQuery, job: QueryJob, table: QueryTable, count: int
) -> str:
    """Return SQL for the rows that a query counts, as texts: the table's key, or all columns of what is counted."""
    tree = json.loads(json.dumps(query.tree))
    node = tree["statements"][0]["node"]
    alias = _alias_of(job.table, node["from_table"]) if shows_table(query, job.table) else None
    names = table.key or tuple(table.schema.names)
    node["select_list"] = [_star()] if alias is None else [_column(alias, name) for name in names]
    (rows,) = con.execute("SELECT json_deserialize_sql(?)", [json.dumps(tree)]).fetchall()[0]
    first = f"SELECT * FROM ({rows}) AS counted ORDER BY ALL LIMIT {count}"
    return f"SELECT left(CAST(COLUMNS(*) AS VARCHAR), {_LONGEST}) FROM ({first}) AS shown"


def shows_table(query: ReadQuery, table: str) -> bool:
    """Whether what `examples_query` returns are columns of a table under their own names."""
    node = query.tree["statements"][0]["node"]
    return table.casefold() not in cte_names(query.tree) and _alias_of(table, node["from_table"]) is not None


def _alias_of(table: str, source: Node) -> str | None:
    """Return the name by which a FROM calls a table, the leftmost first; None if it has no such table."""
    match source["type"]:
        case "BASE_TABLE" if (
            str(source["table_name"]).casefold() == table.casefold() and not source["column_name_alias"]
        ):
            return str(source["alias"] or source["table_name"])
        case "JOIN":
            return _alias_of(table, source["left"]) or _alias_of(table, source["right"])
    return None


def _column(alias: str, name: str) -> dict[str, Any]:
    return {"class": "COLUMN_REF", "type": "COLUMN_REF", "alias": "", "column_names": [alias, name]}


def _star() -> dict[str, Any]:
    return {"class": "STAR", "type": "STAR", "alias": "", "relation_name": ""}
