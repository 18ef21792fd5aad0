"""Lists of values as SQL."""

import pyarrow as pa

from tdmvc.checks.predicates.literals import equal_literal, is_nan, listed
from tdmvc.model.rules import Value
from tdmvc.model.schema import Column


def values_sql(allowed: tuple[Value, ...], column: Column, value: str) -> str:
    """Return a condition that is true for a value that is none of a list.

    Raises:
        InexactError: values of the column's type are not compared in SQL.
    """
    literals = _literals(allowed, column)
    if not literals:
        return f"{value} IS NOT NULL"
    is_other = f"{value} NOT IN ({listed(literals, column)})"
    return f"{is_nan(value)} OR {is_other}" if pa.types.is_floating(column.type) else is_other


def present_sql(missing: tuple[Value, ...], column: Column, value: str) -> str:
    """Return a condition that is true for a value that stands for a missing one.

    Raises:
        InexactError: values of the column's type are not compared in SQL.
    """
    is_null = [f"{value} IS NULL"] if None in missing else []
    named = tuple(one for one in missing if one is not None)
    literals = _literals(named, column) if named else []
    # Of no NaN, whatever DuckDB takes from statistics that leave it out.
    is_number = f"isfinite({value}) AND " if pa.types.is_floating(column.type) else ""
    is_listed = [f"{is_number}{value} IN ({listed(literals, column)})"] if literals else []
    return " OR ".join([*is_null, *is_listed]) or "false"


def _literals(values: tuple[Value, ...], column: Column) -> list[str]:
    found = (equal_literal(value, column) for value in values)
    return list(dict.fromkeys(literal for literal in found if literal is not None))
