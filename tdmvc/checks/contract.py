"""Checks rows against the rules that their contract declares."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from tdmvc.checks.rules import CheckedTable, RuleCheck, Tables, checks_of
from tdmvc.checks.rules.collecting import forget_broken_rows
from tdmvc.checks.rules.measure import MeasureCheck, measure_queries
from tdmvc.model.conditions import ConditionEngines
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.rules import Query, References, Rule
from tdmvc.sql.duckdb import DuckDBConnection, store_errors

NO_ENGINES: ConditionEngines = {}


def check_contract(
    con: DuckDBConnection,
    tables: Tables,
    *,
    only: Collection[str] | None = None,
    at: str | None = None,
    conditions: ConditionEngines = NO_ENGINES,
) -> tuple[Finding, ...]:
    """Return what is wrong with the rows of each table by itself: at most one finding per rule and column set.

    The rules `duplicate-key` and `null-key` are those of a diff: drop what agrees
    with one of its findings in rule and table.

    Args:
        only: the tables to check; None means all.
        at: the state's reference, for the commands that remedies name.
        conditions: what evaluates conditions; without an engine, each gives a warning.

    Cost: nulls are read from the footers; keys, unique columns, limited texts and the columns of conditions
    are read whole, in memory that the connection bounds. A table that declares nothing is not opened.

    Raises:
        PartError: a part is damaged.
        StoreError: memory or the room for spilling ran out.
    """
    names = [name for name in sorted(tables) if only is None or name in only]
    checked = (CheckedTable(con, tables, name, at=at, conditions=conditions) for name in names)
    findings = [finding for table in checked for _, finding in check_table(table)]
    queries = [
        rule
        for name in sorted(tables)
        for rule in tables[name].schema.rules
        if isinstance(rule.test, Query)
        and (only is None or not {name, *rule.test.tables_in(tables)}.isdisjoint(only))
    ]
    findings += [finding for _, finding in check_queries(con, tables, queries, at=at)]
    return tuple(findings)


def check_table(table: CheckedTable) -> Iterator[tuple[RuleCheck, Finding]]:
    """Yield the findings of all rules of a table but its references and queries, each with what found it.

    Raises:
        PartError: a part is damaged.
        StoreError: memory or the room for spilling ran out.
    """
    declared = [rule for rule in table.schema.rules if not isinstance(rule.test, References | Query)]
    if declared and table.has_rows:
        yield from _check(table, declared)


def check_queries(
    con: DuckDBConnection, tables: Tables, rules: Sequence[Rule], *, at: str | None = None
) -> Iterator[tuple[RuleCheck, Finding]]:
    """Yield the findings of rules that are queries, each with what found it.

    Cost: a process for all of them, and what it reads of the tables that they name.

    Raises:
        PartError: a part is damaged.
        StoreError: the process cannot be started.
    """
    measured = measure_queries(rules, tables) if rules else []
    for rule, known in zip(rules, measured, strict=True):
        check = MeasureCheck(rule, known)
        for finding in check.check(CheckedTable(con, tables, rule.table, at=at)):
            yield check, _graded(finding, rule)


def check_references(
    con: DuckDBConnection,
    tables: Tables,
    *,
    changed: Collection[str],
    old: Sequence[Tables] = (),
    includes: Callable[[str, ForeignKey], bool] = lambda table, reference: True,
    at: str | None = None,
) -> tuple[Finding, ...]:
    """Return the broken references from and to the changed tables, by table and in declared order.

    Rows that were broken before in the same way (same key, same values) are one
    warning, `reference-broken-before`; all others one error, `broken-reference`.
    A reference that leads to no table or column is `reference-without-target`, one
    whose types have nothing in common `reference-not-comparable`.

    Args:
        old: the tables before the change; of a merge, those of both sides: a row that was broken in
            one of them is not newly broken. Without them, every broken row is new.
        includes: returns whether to check a reference, by the table that declares it.
        at: the new state's reference, for the commands that remedies name.

    Cost: reads the columns of the reference on both of its ends; `old` is read only
    where something is broken now.

    Raises:
        PartError: a part is damaged.
        StoreError: memory or the room for spilling ran out.
    """
    findings: list[Finding] = []
    for name in sorted(tables):
        declared = [
            rule
            for rule in tables[name].schema.rules
            if isinstance(rule.test, References)
            and (name in changed or rule.test.reference.table in changed)
            and includes(name, rule.test.reference)
        ]
        table = CheckedTable(con, tables, name, old=old, at=at)
        findings.extend(finding for _, finding in _check(table, declared))
    return tuple(findings)


def count_new_violations(
    con: DuckDBConnection, check: RuleCheck, new: Tables, olds: Sequence[Tables]
) -> int | None:
    """Return how many violations of a rule are in none of the old states.

    None if a violation has no identity by which it could be found again in the old states.
    Cost: the rule is checked again on each state.
    """
    with store_errors(check.rule.table, what="The check", parts="its parts"):
        try:
            violations = check.violations_sql(con, new)
            if violations is None:
                return None
            before = (check.violations_sql(con, old) for old in olds if check.is_declared_in(old))
            known = "".join(f" EXCEPT SELECT * FROM ({query})" for query in before if query)
            count = f"SELECT count(*) FROM (SELECT * FROM ({violations}){known})"
            return int(con.execute(count).fetchall()[0][0])
        finally:
            forget_broken_rows(con)


def _check(table: CheckedTable, declared: Sequence[Rule]) -> Iterator[tuple[RuleCheck, Finding]]:
    """Yield the findings of some rules of a table, each with what found it.

    Raises:
        PartError: a part is damaged.
        StoreError: memory or the room for spilling ran out.
    """
    with store_errors(table.name, what="The check", parts="its parts"):
        for check in (check for rule in declared for check in checks_of(rule, table.conditions)):
            for finding in check.check(table):
                yield check, _graded(finding, check.rule)


def _graded(finding: Finding, rule: Rule) -> Finding:
    """Return a finding that is no worse than its rule."""
    if finding.severity is Severity.ERROR and rule.severity is not Severity.ERROR:
        return replace(finding, severity=rule.severity)
    return finding
