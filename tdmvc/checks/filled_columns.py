"""What rows of one side of a merge got in a column that only the other side has."""

from collections.abc import Iterator, Mapping

import pyarrow as pa

from tdmvc.checks.table_rows import first_keys, format_keys, has_personal_key, side_sql
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.text import plural
from tdmvc.sql.defaults import default_sql, no_default_reason
from tdmvc.sql.duckdb import DuckDBConnection, store_errors
from tdmvc.sql.quoting import quote_name


def check_filled_columns(
    con: DuckDBConnection, merged: TableSide, sides: Mapping[str, TableSide]
) -> Iterator[Finding]:
    """Yield, for each column that one side lacks, how many of that side's new rows got the default, or null.

    Rows whose value somebody chose are not counted. Cost: the keys of three states, for such tables only.

    Args:
        sides: both sides, by what they are called.

    Raises:
        PartError: a part is damaged.
        StoreError: memory or the room for spilling ran out.
    """
    names = list(sides)
    for name, other in zip(names, reversed(names), strict=True):
        lacking, having = sides[name].schema, sides[other].schema
        columns = [
            column
            for column in merged.schema.columns
            if lacking.column(column.name) is None and having.column(column.name) is not None
        ]
        schemas = (merged.schema, lacking, having)
        if not columns or any(_key_types(schema, merged.schema) is None for schema in schemas):
            continue
        new = (
            f"(SELECT m.* FROM {side_sql(merged)} m"
            f" SEMI JOIN {side_sql(sides[name])} s ON {_same_key(merged.schema, lacking)}) m"
            f" ANTI JOIN {side_sql(sides[other])} s ON {_same_key(merged.schema, having)}"
        )
        with store_errors(merged.schema.name, what="The check", parts="its parts"):
            for column in columns:
                yield from _filled(con, merged.schema, column, f"(SELECT m.* FROM {new}) AS new", name)


def _filled(
    con: DuckDBConnection, schema: TableSchema, column: Column, source: str, side: str
) -> Iterator[Finding]:
    default, value = default_sql(column), quote_name(column.name)
    rows = f"{source} WHERE {value} IS NOT DISTINCT FROM {default}"
    count, nulls = con.execute(
        f"SELECT count(*), count(*) FILTER (WHERE {value} IS NULL) FROM {rows}"
    ).fetchall()[0]
    if not count:
        return
    is_null = nulls == count
    reason = no_default_reason(column)
    if is_null and reason is None:
        if column.default is None:
            return  # null is what any database gives the rows
        reason = f"{column.default} is no {column.type_text}"
    keys = first_keys(con, schema, rows, is_personal=has_personal_key(schema))
    got = "null" if is_null else f"its default {column.default}"
    yield Finding(
        "default-not-known" if is_null else "default-filled",
        Severity.WARNING if is_null else Severity.INFO,
        f"{plural(count, 'row')} of {schema.name} from {side}{format_keys(schema.key, keys, count)}"
        f" got {got} in {column.name}, a column of the other side only{f': {reason}' if is_null else ''}.",
        table=schema.name,
        columns=(column.name,),
        remedy=f"give {'it a value' if count == 1 else 'them values'} in the merged rows." if is_null else "",
        details={"count": count, "side": side, "keys": list(keys)},
    )


def _key_types(side: TableSchema, merged: TableSchema) -> list[pa.DataType] | None:
    """Return the types of the merged key's columns on a side; None if it lacks one, or if there is no key."""
    found = [column.type for name in merged.key if (column := side.column(name)) is not None]
    return found if found and len(found) == len(merged.key) else None


def _same_key(merged: TableSchema, side: TableSchema) -> str:
    """Return an SQL condition for the rows `m` and `s` of one key; keys of different types compare as texts."""
    is_one_type = _key_types(merged, merged) == _key_types(side, merged)
    pairs = ([f"{row}.{quote_name(name)}" for row in "ms"] for name in merged.key)
    return " AND ".join(
        f"{one} IS NOT DISTINCT FROM {other}"
        if is_one_type
        else f"CAST({one} AS VARCHAR) IS NOT DISTINCT FROM CAST({other} AS VARCHAR)"
        for one, other in pairs
    )
