"""The findings on the rules of tables, as commands make them."""

from collections.abc import Mapping, Sequence

import duckdb

from tdmvc.checks.changed_rules import ChangedRules
from tdmvc.checks.new_violations import CheckedState
from tdmvc.checks.rule_findings import findings_of
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.checks.validation.validate import validate_tables
from tdmvc.model.conditions import ConditionEngines
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Finding
from tdmvc.model.schema import Contract

NO_ENGINES: ConditionEngines = {}


def state_of(tables: Mapping[str, TableSide]) -> CheckedState:
    """Return tables with the contract that their schemas come to."""
    return CheckedState(tables, {name: side.schema for name, side in tables.items()})


def check_rules(
    con: duckdb.DuckDBPyConnection,
    tables: Mapping[str, TableSide],
    *,
    at: str | None = None,
    conditions: ConditionEngines = NO_ENGINES,
) -> tuple[Finding, ...]:
    """Return the findings of all rules, as `check --rows` and `publish` make them."""
    contract = Contract({name: side.schema for name, side in tables.items()})
    return tuple(
        finding
        for table in validate_tables(con, tables, contract, ValidationOptions(conditions=conditions))
        for result in table.results
        for finding in findings_of(result, tables[table.table].schema, at=at)
    )


def check_change(
    con: duckdb.DuckDBPyConnection,
    tables: Mapping[str, TableSide],
    old: Sequence[Mapping[str, TableSide]] = (),
    *,
    at: str | None = None,
) -> tuple[Finding, ...]:
    """Return the findings of all rules, compared with earlier states, as a review makes them."""
    now = state_of(tables)
    rules = [rule for table in now.declared.values() for rule in table.rules]
    check = ChangedRules(con, [state_of(one) for one in old], ValidationOptions(), at)
    return tuple(check.check(now, rules))
