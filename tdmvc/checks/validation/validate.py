"""Validates the tables of a dataset against a contract."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Context, localcontext

from tdmvc.checks.table_rows import Tables
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.checks.validation.queries import run_query_rules
from tdmvc.checks.validation.table import TableValidator, not_evaluated
from tdmvc.errors import near_name
from tdmvc.model.rules import ANY_NUMBER, Query, RowCount, Rule, rule_id
from tdmvc.model.schema import Contract, TableSchema
from tdmvc.model.validation import RuleResult, TableValidation
from tdmvc.sql.duckdb import DuckDBConnection, store_errors

_DIGITS = 50
"""Of a percentage: more than any threshold is written with."""


def validate_tables(
    con: DuckDBConnection, tables: Tables, contract: Contract, options: ValidationOptions | None = None
) -> tuple[TableValidation, ...]:
    """Return what every rule of a contract finds in the rows, by table in the contract's order.

    Counts are exact. A rule that cannot be evaluated is a result that says so, never a pass; so is each rule
    of a table that is not there.

    Args:
        tables: those of the dataset, by name; also the ones that references and queries of `options.only` need.

    Cost: the footers, then one scan of the columns that rules of single rows need, of the parts that no earlier
    validation has counted; columns of unique keys and references are read whole, in memory that the connection
    bounds; queries run in a process of their own.

    Raises:
        PartError: a part is missing or damaged.
        StoreError: memory or the room for spilling ran out.
    """
    options = options or ValidationOptions()
    wanted = [
        table for table in contract.tables.values() if options.only is None or table.name in options.only
    ]
    queries = [rule for table in wanted for rule in options.rules_of(table) if isinstance(rule.test, Query)]
    found = {}
    with localcontext(Context(prec=_DIGITS)):
        for table in wanted:
            with store_errors(table.name, what="The validation", parts="its parts"):
                found[table.name] = _validate(con, tables, table, options)
        by_id = run_query_rules(queries, tables, contract, options)
    return tuple(_in_order(found[table.name], options.rules_of(table), by_id) for table in wanted)


def validate_rule(
    con: DuckDBConnection,
    tables: Tables,
    declared: Mapping[str, TableSchema],
    rule: Rule,
    options: ValidationOptions,
) -> RuleResult:
    """Return what a rule finds in the rows of tables, whether or not their contract has it; without failing rows.

    Args:
        declared: the tables of their contract.

    Raises:
        PartError: a part is missing or damaged.
        StoreError: memory or the room for spilling ran out.
    """
    options = replace(options, examples=0)
    with (
        localcontext(Context(prec=_DIGITS)),
        store_errors(rule.table, what="The validation", parts="its parts"),
    ):
        if isinstance(rule.test, Query):
            return run_query_rules([rule], tables, Contract(dict(declared)), options)[rule.id]
        found = TableValidator(con, tables, declared[rule.table], [rule], options).validate()
    return next(one for one in found.results if one.rule is rule)


def _validate(
    con: DuckDBConnection, tables: Tables, table: TableSchema, options: ValidationOptions
) -> TableValidation:
    if table.name in tables:
        return TableValidator(con, tables, table, options.rules_of(table), options).validate()
    reason = f"there is no table {table.name}{near_name(table.name, tables)}"
    rules = options.rules_of(table)
    results = [not_evaluated(rule, 0, reason) for rule in rules if not isinstance(rule.test, Query)]
    if not table.rules:
        # What is declared and not there never passes.
        rule = Rule(rule_id(table.name, (), "table"), table.name, (), RowCount(), ANY_NUMBER)
        results.append(not_evaluated(rule, 0, reason))
    return TableValidation(table.name, 0, tuple(results), 0)


def _in_order(
    validation: TableValidation, rules: Sequence[Rule], queries: dict[str, RuleResult]
) -> TableValidation:
    """Return the results in the order of the contract; those on columns without a rule come first."""
    by_id = {result.rule.id: result for result in validation.results}
    by_id.update({rule.id: queries[rule.id] for rule in rules if rule.id in queries})
    declared = [by_id.pop(rule.id) for rule in rules]
    return replace(validation, results=(*by_id.values(), *declared))
