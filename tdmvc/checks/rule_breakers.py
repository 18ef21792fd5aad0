"""Knows which rows or values break a rule of a contract, so that those of two states can be told apart."""

from collections.abc import Sequence

from tdmvc.checks.table_rows import locate_parts, rows_sql, text_sql
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Finding
from tdmvc.sql.duckdb import DuckDBConnection, store_errors
from tdmvc.sql.quoting import quote_name


def count_new_breakers(
    con: DuckDBConnection, finding: Finding, new: TableSide, olds: Sequence[TableSide]
) -> int | None:
    """Return how many of what a finding counts break its rule in none of the old states.

    None where rows have no key by which they could be found again in the old states.
    Cost: the rule is asked of each state once more.
    """
    asked = _breakers_sql(finding, new)
    if asked is None:
        return None
    before = (_breakers_sql(finding, old) for old in olds if _declares(finding, old))
    known = "".join(f" EXCEPT SELECT * FROM ({query})" for query in before if query)
    with store_errors(new.schema.name, what="The check", parts="its parts"):
        return int(con.execute(f"SELECT count(*) FROM (SELECT * FROM ({asked}){known})").fetchall()[0][0])


def _declares(finding: Finding, side: TableSide) -> bool:
    """Tell whether a state had the rule at all: rows that no rule forbids break nothing."""
    column = side.schema.column(finding.columns[0])
    match finding.rule:
        case "null-in-required":
            return column is not None and column.required
        case "repeated-unique":
            return column is not None and column.unique
    return side.schema.key == finding.columns


def _breakers_sql(finding: Finding, side: TableSide) -> str | None:
    """Return a SELECT of texts that name each breaker once, or None where they have no names."""
    schema = side.schema
    by_name = {column.name: column for column in schema.columns}
    if not set(finding.columns) <= by_name.keys():
        return None
    source = rows_sql(schema, locate_parts(side))
    texts = [text_sql(by_name[name], quote_name(name)) for name in finding.columns]
    match finding.rule:
        case "null-in-required":
            if not schema.key:
                return None
            key = ", ".join(text_sql(by_name[name], quote_name(name)) for name in schema.key)
            return f"SELECT DISTINCT {key} FROM {source} WHERE {quote_name(finding.columns[0])} IS NULL"
        case "null-key":
            is_null = " OR ".join(f"{quote_name(name)} IS NULL" for name in finding.columns)
            return f"SELECT DISTINCT {', '.join(texts)} FROM {source} WHERE {is_null}"
        case "repeated-unique" | "duplicate-key":
            is_whole = " AND ".join(f"{quote_name(name)} IS NOT NULL" for name in finding.columns)
            return (
                f"SELECT {', '.join(texts)} FROM {source} WHERE {is_whole} GROUP BY ALL HAVING count(*) > 1"
            )
    return None
