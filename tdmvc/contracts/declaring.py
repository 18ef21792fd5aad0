"""Turns rules into what a table declares by itself: a required column, a unique key, a reference, a condition."""

from collections.abc import Iterable
from dataclasses import replace

import pyarrow as pa

from tdmvc.model.declarations import UniqueKey
from tdmvc.model.finding import Severity
from tdmvc.model.rule_strength import is_implied
from tdmvc.model.rules import NO_ROWS, Condition, Length, References, Required, Rule, Unique
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.typed_conditions import typed_rule, typed_rules


def declare_rules(table: TableSchema, rules: Iterable[Rule]) -> TableSchema:
    """Return the table with further rules, each in the plainest form; one that the table implies changes nothing.

    The key stays as it is: rows are sorted by it.
    """
    for rule in rules:
        if not is_implied(typed_rule(rule, table), typed_rules(table)):
            table = _declare(table, rule)
    return table


def _declare(table: TableSchema, rule: Rule) -> TableSchema:
    column = table.column(rule.columns[0]) if len(rule.columns) == 1 else None
    if rule.threshold == NO_ROWS and rule.severity is Severity.ERROR:
        match rule.test:
            case Required() if column is not None:
                return _with_column(table, replace(column, required=True))
            case Unique(nulls_distinct=True, is_key=False) if column is not None:
                return _with_column(table, replace(column, unique=True))
            case Unique(nulls_distinct, is_key=False) if len(rule.columns) > 1:
                unique = UniqueKey(rule.columns, _own_name(rule), nulls_distinct=nulls_distinct)
                return replace(table, unique_keys=(*table.unique_keys, unique))
            case Length(None, int() as limit) if column is not None and pa.types.is_string(column.type):
                return _with_column(table, replace(column, max_length=limit))
            case Condition(check):
                return replace(table, checks=(*table.checks, check))
            case References(reference):
                return replace(table, references=(*table.references, reference))
    return replace(table, further_rules=(*table.further_rules, replace(rule, place=None)))


def _own_name(rule: Rule) -> str | None:
    """Return the name that a rule's id has, if it is more than what the rule is about."""
    word = rule.id.removeprefix(f"{rule.table}.")
    return None if word.endswith("unique") or "," in word else word


def _with_column(table: TableSchema, column: Column) -> TableSchema:
    columns = tuple(column if one.name == column.name else one for one in table.columns)
    return replace(table, columns=columns)
