"""How each rule about single rows is evaluated: as SQL in the scan, or by something else, batch by batch."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tdmvc.arrow.types import format_type
from tdmvc.checks.fallback import open_fallback
from tdmvc.checks.predicates import InexactError, checked_predicate_sql, find_columns
from tdmvc.checks.validation.cache import cache_name
from tdmvc.model.conditions import ConditionEngine, ConditionEngines, NotEvaluatedError, RowCondition
from tdmvc.model.declarations import OWN_DIALECT, Check
from tdmvc.model.rules import Condition, Rule
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.portable import engine_name


@dataclass(frozen=True, slots=True)
class RowTest:
    """A test that each row keeps or breaks by itself."""

    name: str
    """In the cache of counts."""
    rule: Rule
    columns: tuple[Column, ...]
    sql: str | None = None
    """The condition that is true for rows that break it; None if `open` evaluates it."""
    open: Callable[[], AbstractContextManager[RowCondition]] | None = None
    plain_sql: str | None = None
    """As `sql`, of a test that `open` evaluates too, if a row makes this SQL fail."""
    reason: str | None = None
    """Why it is not evaluated in SQL."""
    is_fallback: bool = False
    """Whether something that is slower than SQL evaluates it."""


def plan_row_test(
    con: DuckDBConnection, rule: Rule, schema: TableSchema, engines: ConditionEngines
) -> RowTest:
    """Return how a rule about single rows is evaluated.

    Raises:
        NotEvaluatedError: it cannot be.
    """
    columns = find_columns(rule, schema)
    if isinstance(rule.test, Condition):
        return _plan_condition(rule, rule.test.check, columns, engines)
    try:
        sql = checked_predicate_sql(con, rule, schema)
    except InexactError as error:
        return _plan_fallback(rule, columns, str(error))
    return RowTest(cache_name(sql), rule, tuple(columns), sql)


def _plan_fallback(rule: Rule, columns: Sequence[Column], reason: str) -> RowTest:
    try:
        with open_fallback(rule, columns):
            pass
    except NotEvaluatedError as error:
        raise NotEvaluatedError(f"{reason}; {error}") from error
    name = cache_name(repr((rule.columns, rule.test)), *_types(columns))
    return RowTest(name, rule, tuple(columns), None, lambda: open_fallback(rule, columns), None, reason, True)


def _plan_condition(
    rule: Rule, check: Check, columns: Sequence[Column], engines: ConditionEngines
) -> RowTest:
    dialect = check.dialect or OWN_DIALECT
    engine = _engine_for(check, columns, engines)
    # In the order of the table, as for the other checks.
    name = cache_name(dialect, check.expression, *_types(columns))
    plain = engine.find_plain_sql(check.expression, rule.table, columns)
    reason = None if dialect == OWN_DIALECT else f"it is evaluated as {engine_name(dialect)} does"
    return RowTest(
        name,
        rule,
        tuple(columns),
        None,
        lambda: engine.open(check.expression, rule.table, columns),
        None if plain is None else f"NOT {plain}",
        reason,
    )


def _engine_for(check: Check, columns: Sequence[Column], engines: ConditionEngines) -> ConditionEngine:
    """Return what evaluates a condition over these columns.

    Raises:
        NotEvaluatedError: nothing does.
    """
    engine = engines.get(check.dialect or OWN_DIALECT)
    if engine is None:
        raise NotEvaluatedError(f"it is written for {engine_name(check.dialect)}")
    if not columns:
        raise NotEvaluatedError("it names no column of the table")
    return engine


def _types(columns: Sequence[Column]) -> list[str]:
    return [
        f"{column.name}\0{format_type(column.type)}\0{column.physical_type}\0{column.collation}"
        for column in columns
    ]
