"""Findings about the rules that a change broke, and about those that were broken before it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from tdmvc.checks.new_violations import CheckedState, age_of
from tdmvc.checks.rule_findings import findings_of
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.checks.validation.validate import validate_tables
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.rule_strength import implies, with_joined_bounds
from tdmvc.model.rules import HasType, Rule
from tdmvc.model.schema import Contract, TableSchema
from tdmvc.model.validation import RuleResult
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.typed_conditions import typed_rules

_BROKEN_REFERENCE = "broken-reference"


@dataclass(frozen=True, slots=True)
class ChangedRules:
    """Evaluates rules on the rows that a change led to, and compares them with what it started from."""

    con: DuckDBConnection
    earlier: Sequence[CheckedState]
    """The states before the change; of a merge, both sides."""
    options: ValidationOptions
    at: str | None = None
    """The reference of the state after it, for the commands that remedies name."""

    def check(self, now: CheckedState, rules: Iterable[Rule]) -> Iterator[Finding]:
        """Yield what breaks rules: what is new with their severity, what was so before as a warning at most.

        Args:
            rules: those of the contract that the change may have broken.

        Raises:
            PartError: a part is damaged.
            StoreError: memory or the room for spilling ran out.
        """
        wanted = {rule.id: rule for rule in rules}
        if not wanted:
            return
        options = replace(self.options, only={rule.table for rule in wanted.values()}, rules=wanted.keys())
        for table in validate_tables(self.con, now.tables, Contract(dict(now.declared)), options):
            for result in table.results:
                if result.rule.id in wanted and result.severity is not None:
                    yield from self._findings(result, now)

    def check_columns(self, now: CheckedState, tables: Iterable[str]) -> Iterator[Finding]:
        """Yield the columns that a contract declares and rows lack, or have in another type."""
        options = replace(self.options, only=set(tables), rules=())
        for table in validate_tables(self.con, now.tables, Contract(dict(now.declared)), options):
            for result in table.results:
                if isinstance(result.rule.test, HasType):
                    yield from self._findings(result, now)

    def _findings(self, result: RuleResult, now: CheckedState) -> Iterator[Finding]:
        aged = age_of(self.con, result, now, self.earlier, self.options)
        schema = _schema(now, result.rule.table)
        if aged.new is not None:
            yield from findings_of(aged.new, schema, at=self.at)
        if aged.old is not None:
            yield from map(_as_before, findings_of(aged.old, schema, at=self.at))


def new_demands(old: Contract, new: Contract) -> Iterator[Rule]:
    """Yield the rules of a contract that an earlier one did not imply; rows that did not change may break them."""
    for name, table in new.tables.items():
        before = old.table(name)
        if before == table:
            continue
        plain = typed_rules(before) if before is not None else ()
        known = (*(before.rules if before is not None else ()), *plain, *with_joined_bounds(plain))
        for rule in table.rules:
            if not any(implies(one, rule) for one in known):
                yield rule


def _schema(state: CheckedState, table: str) -> TableSchema:
    return state.tables[table].schema if table in state.tables else state.declared[table]


def _as_before(finding: Finding) -> Finding:
    """Return a finding on what was already so before a change."""
    severity = Severity.WARNING if finding.severity is Severity.ERROR else finding.severity
    if finding.rule == _BROKEN_REFERENCE:
        message = finding.message.replace(" is broken: ", " was broken before and still is: ", 1)
        return replace(finding, rule="reference-broken-before", severity=severity, message=message)
    return replace(
        finding,
        severity=severity,
        message=f"{finding.message.removesuffix('.')}; this was already so before.",
        details={**finding.details, "new": 0},
    )
