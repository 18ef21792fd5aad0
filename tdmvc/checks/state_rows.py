"""Checks all rows of a table against everything that its contract declares, and says what it could not check."""

from collections.abc import Iterator

from tdmvc.checks.contract import check_queries, check_references, check_table
from tdmvc.checks.rules import CheckedTable, Tables
from tdmvc.model.conditions import ConditionEngines
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.rules import Query, Rule, kind_of
from tdmvc.model.schema import TableSchema
from tdmvc.model.text import plural
from tdmvc.sql.duckdb import DuckDBConnection


def check_rows(
    con: DuckDBConnection,
    tables: Tables,
    declared: TableSchema,
    *,
    conditions: ConditionEngines,
    at: str | None = None,
) -> Iterator[Finding]:
    """Yield what the rows of a table break, whenever they came to break it, and which rules were not checked.

    Args:
        tables: the table, and those that its references lead to.
        declared: the contract's table.
        conditions: what evaluates conditions.
        at: the state's reference, for the commands that remedies name.

    Raises:
        PartError: a part is damaged.
        StoreError: memory or the room for spilling ran out.
    """
    name = declared.name
    for _, finding in check_table(CheckedTable(con, tables, name, at=at, conditions=conditions)):
        yield finding
    queries = [rule for rule in tables[name].schema.rules if isinstance(rule.test, Query)]
    for _, finding in check_queries(con, tables, queries, at=at):
        yield finding
    yield from check_references(
        con, tables, changed={name}, includes=lambda table, reference: table == name, at=at
    )
    yield from _not_checked(tables[name].schema, declared)


def _not_checked(rows: TableSchema, declared: TableSchema) -> Iterator[Finding]:
    """Yield a finding for each kind of rule that the rows lack columns for."""
    kept, lacking = {rule.demand for rule in rows.rules}, dict[str, list[Rule]]()
    for rule in declared.rules:
        if any(rows.column(column) is None for column in rule.columns) or rule.demand not in kept:
            lacking.setdefault(kind_of(rule), []).append(rule)
    for kind, rules in lacking.items():
        columns = tuple(dict.fromkeys(column for rule in rules for column in rule.columns))
        place = f" ({', '.join(columns)})" if columns else ""
        yield Finding(
            "rule-not-checked",
            Severity.ERROR,
            f"{plural(len(rules), 'rule')} of {declared.name} {'was' if len(rules) == 1 else 'were'} not checked,"
            f" {kind}{place}: the rows do not have the columns that the contract declares.",
            table=declared.name,
            columns=columns,
            remedy="correct contract.yaml, or add the table again from rows that match it.",
            details={"kind": kind, "count": len(rules)},
        )
