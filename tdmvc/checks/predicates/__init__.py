"""Tests of single rows as SQL that says the same, for the types for which there is such SQL."""

from tdmvc.checks.predicates.errors import InexactError
from tdmvc.checks.predicates.lists import items_sql
from tdmvc.checks.predicates.numbers import multiple_sql
from tdmvc.checks.predicates.ranges import range_sql
from tdmvc.checks.predicates.texts import format_sql, length_sql, pattern_sql
from tdmvc.checks.predicates.values import present_sql, values_sql
from tdmvc.model.conditions import NotEvaluatedError
from tdmvc.model.rules import (
    Format,
    JsonSchema,
    Length,
    MultipleOf,
    Pattern,
    Present,
    Range,
    Required,
    Rule,
    Unreadable,
    Values,
)
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.duckdb import DuckDBConnection, duckdb_error
from tdmvc.sql.quoting import quote_name
from tdmvc.sql.types import no_rows

__all__ = ["InexactError", "checked_predicate_sql", "find_columns", "predicate_sql", "unpruned"]


def predicate_sql(rule: Rule, schema: TableSchema) -> str:
    """Return an SQL condition that is true for exactly the rows that break a rule; it may be null for others.

    Raises:
        InexactError: no SQL says the same for rows of these types; the reason is named.
        KeyError: the rows lack a column.
        NotEvaluatedError: the contract's own words could not be read.
    """
    if isinstance(rule.test, Unreadable):
        raise NotEvaluatedError(rule.test.reason)
    broken = [_column_sql(rule, column) for column in find_columns(rule, schema)]
    if not broken:
        raise InexactError("it names no column")
    return broken[0] if len(broken) == 1 else " OR ".join(f"({one})" for one in broken)


def checked_predicate_sql(con: DuckDBConnection, rule: Rule, schema: TableSchema) -> str:
    """Return the same as `predicate_sql`, and only if DuckDB understands it: it may find no regular expression of RE2.

    Raises:
        InexactError: no SQL says the same for rows of these types; the reason is named.
        KeyError: the rows lack a column.
    """
    sql = predicate_sql(rule, schema)
    if isinstance(rule.test, Pattern | Format):
        try:
            con.execute(f"SELECT count(*) FROM {no_rows(schema.arrow_schema())} WHERE {sql}").fetchall()
        except duckdb_error() as error:
            raise InexactError("DuckDB cannot evaluate it") from error
    return sql


def find_columns(rule: Rule, schema: TableSchema) -> list[Column]:
    """Return the columns of the rows that a rule is about.

    Raises:
        KeyError: the rows lack one; its argument is the name.
    """
    by_name = {column.name: column for column in schema.columns}
    return [by_name[name] for name in rule.columns]


def unpruned(condition: str) -> str:
    """Return a condition for a WHERE that DuckDB evaluates on every row.

    By the statistics of Parquet files, which leave NaN out, DuckDB skips rows that do meet a condition.
    """
    return f"CASE WHEN {condition} THEN true ELSE false END"


def _column_sql(rule: Rule, column: Column) -> str:
    value = quote_name(column.name)
    match rule.test:
        case Required():
            return f"{value} IS NULL"
        case Length() as test:
            return length_sql(test, column, value)
        case Range() as test:
            return range_sql(test, column, value)
        case MultipleOf(step):
            return multiple_sql(step, column, value)
        case Pattern() as test:
            return pattern_sql(test, column, value)
        case Format(name):
            return format_sql(name, column, value)
        case Values(allowed):
            return values_sql(allowed, column, value)
        case Present(missing):
            return present_sql(missing, column, value)
        case JsonSchema() as test:
            return items_sql(test, column, value)
    raise InexactError("it is no test of single values")
