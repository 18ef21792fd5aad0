"""Runs the queries of a contract, each in a process that reaches the rows and nothing else."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from tdmvc.arrow.types import format_type
from tdmvc.checks.sandbox import QueryJob, QueryOutcome, QueryTable, run_queries
from tdmvc.checks.table_rows import Tables, locate_parts
from tdmvc.checks.validation.cache import FoundBefore, cache_name
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.checks.validation.rows import TableRows
from tdmvc.checks.validation.table import judge, not_evaluated
from tdmvc.model.declarations import OWN_DIALECT
from tdmvc.model.hidden_columns import columns_that_look_sensitive, hidden_columns
from tdmvc.model.masking import MASK
from tdmvc.model.rules import Query, Rule
from tdmvc.model.schema import Contract, TableSchema
from tdmvc.model.validation import NULL, Evaluation, FailingRow, RuleResult, RuleVerdict
from tdmvc.sql.portable import engine_name


def run_query_rules(
    rules: Sequence[Rule], tables: Tables, contract: Contract, options: ValidationOptions
) -> dict[str, RuleResult]:
    """Return the results of queries, by the ids of their rules.

    A count that an earlier validation made of the same rows is taken over, if it keeps the rule.

    Raises:
        PartError: a part cannot be found.
        StoreError: the process cannot be started.
    """
    results: dict[str, RuleResult] = {}
    jobs: dict[str, QueryJob] = {}
    for rule in rules:
        assert isinstance(rule.test, Query)
        rows = tables[rule.table].rows if rule.table in tables else 0
        if rule.test.dialect != OWN_DIALECT:
            reason = f"it is written for {engine_name(rule.test.dialect)}"
            results[rule.id] = not_evaluated(rule, rows, reason, Evaluation.QUERY)
            continue
        known = _recalled(rule, rule.test.sql, tables, options)
        if known is not None:
            result = replace(judge(rule, Decimal(known), rows, evaluation=Evaluation.QUERY), failing=known)
            if result.verdict is RuleVerdict.PASSED:
                results[rule.id] = result
                continue
        jobs[rule.id] = QueryJob(rule.test.sql, rule.table)
    if not jobs:
        return results
    opened = _named_tables(jobs.values(), tables)
    outcomes = run_queries(jobs, opened, limits=options.limits, examples=options.examples)
    by_id = {rule.id: rule for rule in rules}
    schemas = [*(side.schema for side in tables.values()), *contract.tables.values()]
    for name, outcome in outcomes.items():
        rule = by_id[name]
        rows = tables[rule.table].rows if rule.table in tables else 0
        results[name] = _result(rule, outcome, rows, schemas)
        _remember(rule, outcome, tables, options)
    return results


def _named_tables(jobs: Iterable[QueryJob], tables: Tables) -> dict[str, QueryTable]:
    """Return the tables that queries name, as the process that runs these opens them.

    Raises:
        PartError: a part cannot be found.
    """
    named = {name for job in jobs for name in Query(job.sql).tables_in(tables)}
    return {
        name: QueryTable(tuple(locate_parts(side)), side.schema.arrow_schema(), side.schema.key)
        for name, side in tables.items()
        if name in named
    }


def _result(rule: Rule, outcome: QueryOutcome, rows: int, schemas: Sequence[TableSchema]) -> RuleResult:
    if outcome.number is None:
        return not_evaluated(rule, rows, outcome.reason or "it returned no number", Evaluation.QUERY)
    result = judge(rule, outcome.number, rows, evaluation=Evaluation.QUERY)
    hidden = {name.casefold() for name in hidden_columns(schemas)}
    may_read_hidden = bool(hidden) and (outcome.names_all_columns or not hidden.isdisjoint(outcome.columns))
    if outcome.counts_rows:
        result = replace(result, failing=int(outcome.number))
    elif may_read_hidden:
        # The largest salary is a salary.
        reason = "its number is not shown, because it may come from a personal column"
        result = replace(result, measured=None, reason=reason)
    if result.verdict is RuleVerdict.PASSED:
        return result
    cells = [cell for row in outcome.rows for cell in row.items()]
    if may_read_hidden and not outcome.shows_table:
        # A column of another name may hold the values of a hidden one.
        hidden |= {name.casefold() for name, _ in cells}
    hidden |= {name.casefold() for name in columns_that_look_sensitive(cells, schemas)}
    return replace(result, examples=tuple(_example(row, hidden) for row in outcome.rows))


def _example(row: Mapping[str, str | None], hidden: Collection[str]) -> FailingRow:
    return FailingRow(
        {
            name: NULL if text is None else MASK if name.casefold() in hidden else text
            for name, text in row.items()
        },
        {},
    )


def _state(sql: str, tables: Tables) -> tuple[str, frozenset[str]] | None:
    """Return the name of a query in the cache, and the bytes that it may read; None if nothing can be known of them."""
    named = {name: tables[name] for name in sorted(Query(sql).tables_in(tables))}
    digests = [TableRows(side).digests() for side in named.values()]
    if None in digests:
        return None
    schemas = [
        "\0".join([name, *(f"{c.name} {format_type(c.type)}" for c in side.schema.columns)])
        for name, side in named.items()
    ]
    parts = frozenset(f"{place}/{digest}" for place, of in enumerate(digests) for digest in of or ())
    return cache_name("query", sql, *schemas), parts


def _recalled(rule: Rule, sql: str, tables: Tables, options: ValidationOptions) -> int | None:
    state = None if options.is_full else _state(sql, tables)
    if state is None:
        return None
    test, parts = state
    return next((one.rows for one in options.cache.states(test) if one.parts == parts), None)


def _remember(rule: Rule, outcome: QueryOutcome, tables: Tables, options: ValidationOptions) -> None:
    """Keep what a query counted; any other number may be a value."""
    assert isinstance(rule.test, Query)
    state = _state(rule.test.sql, tables)
    if state is not None and outcome.counts_rows and outcome.number is not None:
        test, parts = state
        number = int(outcome.number)
        options.cache.remember_state(test, FoundBefore(parts, frozenset(), number, number))
