"""How the columns at both ends of a reference compare: as they are, or in a form that they have in common."""

from collections.abc import Callable

import pyarrow as pa

from tdmvc.arrow.types import SIMPLE, is_number
from tdmvc.checks.table_rows import Tables, text_sql
from tdmvc.errors import near_name
from tdmvc.model.conditions import NotEvaluatedError
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.quoting import quote_name

_Form = Callable[[Column, str], str]
"""Given a column and the SQL of its value, return SQL that compares with the other side's."""


def find_lacking(reference: ForeignKey, name: str, tables: Tables) -> str | None:
    """Return what the reference needs and the tables do not have."""
    for table, columns in ((name, reference.columns), (reference.table, reference.to)):
        if table not in tables:
            return f"there is no table {table}{near_name(table, tables)}"
        for column in columns:
            if tables[table].schema.column(column) is None:
                return f"{table} has no column {column}{near_name(column, tables[table].schema.column_names)}"
    return None


def demand_comparable(reference: ForeignKey, name: str, tables: Tables) -> None:
    """Make sure that both ends of a table's reference are there, and that their values compare.

    Raises:
        NotEvaluatedError: they are not, or do not.
    """
    lacking = find_lacking(reference, name, tables)
    if lacking is not None:
        raise NotEvaluatedError(lacking)
    if pair_forms(reference, tables[name].schema, tables[reference.table].schema) is None:
        raise NotEvaluatedError("the types of its columns have no values in common")


def match_sql(reference: ForeignKey, child: TableSchema, parent: TableSchema) -> str:
    """Return the condition under which a row `c` names a row `p`."""
    forms = pair_forms(reference, child, parent) or []
    return " AND ".join(
        f"{form(column_of(child, column), f'c.{quote_name(column)}')}"
        f" = {form(column_of(parent, to), f'p.{quote_name(to)}')}"
        for column, to, form in zip(reference.columns, reference.to, forms, strict=True)
    )


def is_whole(reference: ForeignKey) -> str:
    """Return the condition under which a row `c` names a row at all."""
    return " AND ".join(f"c.{quote_name(column)} IS NOT NULL" for column in reference.columns)


def pair_forms(reference: ForeignKey, child: TableSchema, parent: TableSchema) -> list[_Form] | None:
    """Return in which form the columns compare, or None if a pair has none in common."""
    forms = [
        _pair(column_of(child, column).type, column_of(parent, to).type)
        for column, to in zip(reference.columns, reference.to, strict=True)
    ]
    known = [form for form in forms if form is not None]
    return known if len(known) == len(forms) else None


def _pair(child: pa.DataType, parent: pa.DataType) -> _Form | None:
    both = (child, parent)
    if child == parent:
        return _itself
    if any(pa.types.is_nested(type_) or pa.types.is_binary(type_) for type_ in both):
        return None
    if all(map(pa.types.is_integer, both)):
        return lambda _, sql: f"CAST({sql} AS HUGEINT)"
    if all(map(is_number, both)) and any(map(pa.types.is_floating, both)):
        return lambda _, sql: f"CAST({sql} AS DOUBLE)"
    if all(pa.types.is_date(type_) or pa.types.is_timestamp(type_) for type_ in both):
        return _as_naive
    return as_text


def _itself(column: Column, sql: str) -> str:
    return sql


def _as_naive(column: Column, sql: str) -> str:
    zoned = column.type == SIMPLE["timestamptz"]
    return f"({sql} AT TIME ZONE 'UTC')" if zoned else f"CAST({sql} AS TIMESTAMP)"


def as_text(column: Column, sql: str) -> str:
    """Return a value as text; a decimal without trailing zeros, so that 5.00 is 5."""
    text = text_sql(column, sql)
    if pa.types.is_decimal(column.type) and column.type.scale > 0:
        return f"rtrim(rtrim({text}, '0'), '.')"
    return text


def column_of(schema: TableSchema, name: str) -> Column:
    return next(column for column in schema.columns if column.name == name)
