"""Tells what breaks a rule only now from what broke it in an earlier state, too."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from decimal import Decimal

from tdmvc.checks.table_rows import SHOWN_KEYS, Tables, compared_sql
from tdmvc.checks.validation.examples import first_failing_rows
from tdmvc.checks.validation.failing import FailingSource
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.checks.validation.pairing import as_text
from tdmvc.checks.validation.rows import TableRows
from tdmvc.checks.validation.table import TableValidator
from tdmvc.checks.validation.validate import validate_rule
from tdmvc.model.finding import Severity
from tdmvc.model.rule_strength import is_implied
from tdmvc.model.rules import NO_ROWS, HasType, References, Rule, Unique
from tdmvc.model.schema import TableSchema
from tdmvc.model.validation import RuleResult
from tdmvc.sql.duckdb import DuckDBConnection, store_errors
from tdmvc.sql.quoting import quote_name

_AGED = "tdmvc_violations"


@dataclass(frozen=True, slots=True)
class CheckedState:
    """Tables of a state, and what its contract declares."""

    tables: Tables
    declared: Mapping[str, TableSchema]


@dataclass(frozen=True, slots=True)
class AgedResult:
    """What breaks a rule: what no earlier state had, and what one of them had; None for nothing."""

    new: RuleResult | None
    old: RuleResult | None


def age_of(
    con: DuckDBConnection,
    result: RuleResult,
    now: CheckedState,
    earlier: Sequence[CheckedState],
    options: ValidationOptions,
) -> AgedResult:
    """Return what is new of the result of a rule that is not kept.

    A row that breaks a rule is found again by its key and its values in the columns of the rule; of rows that are
    alike in these, so many are old as an earlier state had. Values that repeat are new if one of their rows is. What
    holds of a table as a whole is old if an earlier state did not keep it either. A state that did not demand as
    much broke nothing.

    Cost: the rule is evaluated again on each earlier state that demands it.

    Raises:
        PartError: a part is damaged.
        StoreError: memory or the room for spilling ran out.
    """
    rule = result.rule
    olds = [state for state in earlier if rule.table in state.tables and _demands(state, rule)]
    if not olds:
        return AgedResult(result, None)
    with store_errors(rule.table, what="The check", parts="its parts"), ExitStack() as stack:
        if result.failing and rule.threshold == NO_ROWS:
            violations = _Violations(con, rule, options, stack)
            found = violations.find(now)
            if found is not None:
                schemas = [
                    schema
                    for state in (now, *earlier)
                    if rule.table in state.tables
                    for schema in (state.tables[rule.table].schema, state.declared.get(rule.table))
                    if schema is not None
                ]
                return violations.aged(result, found, olds, schemas)
    is_old = any(
        validate_rule(con, state.tables, state.declared, rule, options).verdict is result.verdict
        for state in olds
    )
    return AgedResult(None, result) if is_old else AgedResult(result, None)


def _demands(state: CheckedState, rule: Rule) -> bool:
    """Whether a state demanded as much of its rows, whatever it called it and however bad it called a violation."""
    declared = state.declared.get(rule.table)
    if declared is None:
        return False
    match rule.test:
        case References(reference):
            return declared.has_reference(reference)
        case HasType(name) if (column := declared.column(rule.columns[0])) is not None:
            return column.type_text == name
    if any((one.demand, one.threshold) == (rule.demand, rule.threshold) for one in declared.rules):
        return True
    return is_implied(replace(rule, severity=Severity.INFO), declared.rules)


@dataclass(frozen=True, slots=True)
class _Found:
    """The rows of a state that break a rule."""

    rows: TableRows
    source: FailingSource


@dataclass(frozen=True, slots=True)
class _Violations:
    """Finds the rows that break a rule, and compares those of states; what it makes lasts until the stack closes."""

    con: DuckDBConnection
    rule: Rule
    options: ValidationOptions
    stack: ExitStack

    def find(self, state: CheckedState) -> _Found | None:
        """Return the rows that break the rule; None if it does not speak of rows, or cannot be evaluated."""
        table = self.rule.table
        validator = TableValidator(self.con, state.tables, state.declared[table], [self.rule], self.options)
        source = validator.failing(self.rule, self.stack)
        return None if source is None else _Found(validator.rows, source)

    def aged(
        self, result: RuleResult, now: _Found, olds: Sequence[CheckedState], schemas: Sequence[TableSchema]
    ) -> AgedResult:
        """Return what is new of a result.

        Args:
            olds: the earlier states that demand the rule.
            schemas: those of all states, each of which may hide columns.
        """
        key = now.rows.schema.key
        identity = (*key, *self.rule.columns) or now.rows.schema.column_names
        found = [one for state in olds if (one := self.find(state)) is not None]
        known = [sql for one in found if (sql := self._identified(one, identity)) is not None]
        here = self._identified(now, identity)
        assert here is not None
        names = [*(f"i{place}" for place in range(len(identity))), "n"]
        age = "true"
        if known:
            same = " AND ".join(f"a.{name} IS NOT DISTINCT FROM b.{name}" for name in names)
            age = f"NOT EXISTS (FROM ({' UNION ALL '.join(known)}) b WHERE {same})"
        self.stack.callback(self.con.execute, f"DROP TABLE IF EXISTS temp.{_AGED}")
        aged = self._grouped(f"SELECT a.*, {age} AS is_new FROM ({here}) a", len(key))
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE {_AGED} AS {aged}")
        return AgedResult(
            self._part(result, now, "is_new", schemas), self._part(result, now, "NOT is_new", schemas)
        )

    def _identified(self, found: _Found, names: Sequence[str]) -> str | None:
        """Return a SELECT of the place and the identity of each row; None if the rows lack a column of it."""
        columns = [column for name in names if (column := found.rows.schema.column(name)) is not None]
        if len(columns) < len(names):
            return None
        texts, source = [], found.source
        for place, column in enumerate(columns):
            value = f"s.{quote_name(column.name)}"
            form = compared_sql(column, value) if isinstance(self.rule.test, Unique) else value
            texts.append(f"{as_text(column, form)} AS i{place}")
        same = ", ".join(f"i{place}" for place in range(len(texts)))
        return (
            f"SELECT *, row_number() OVER (PARTITION BY {same} ORDER BY f, r) AS n FROM"
            f" (SELECT s.{source.scan.file} AS f, s.{source.scan.row} AS r, {', '.join(texts)} FROM {source.sql} s)"
        )

    def _grouped(self, aged: str, first: int) -> str:
        """Return a SELECT of places with their age; rows with one repeated value share it, and its group `g`.

        Args:
            first: the place of the rule's first column in the identity.
        """
        if not isinstance(self.rule.test, Unique):
            return f"SELECT f, r, is_new, false AS has_null, NULL AS g FROM ({aged})"
        values = [f"i{first + place}" for place in range(len(self.rule.columns))]
        has_null = "false"
        if self.rule.test.is_key:
            has_null = " OR ".join(f"{value} IS NULL" for value in values)
        group = f"row({', '.join(values)})"
        return (
            f"SELECT f, r, {has_null} AS has_null, {group} AS g,"
            f" CASE WHEN {has_null} THEN is_new ELSE bool_or(is_new) OVER (PARTITION BY {group}) END AS is_new"
            f" FROM ({aged})"
        )

    def _part(
        self, result: RuleResult, now: _Found, age: str, schemas: Sequence[TableSchema]
    ) -> RuleResult | None:
        ((rows, nulls, groups),) = self.con.execute(
            "SELECT count(*), count(*) FILTER (has_null), count(DISTINCT g) FILTER (NOT has_null)"
            f" FROM temp.{_AGED} WHERE {age}"
        ).fetchall()
        if not rows:
            return None
        scan = now.source.scan
        places = (
            f"(SELECT f, r FROM temp.{_AGED} WHERE {age}) p ON s.{scan.file} = p.f AND s.{scan.row} = p.r"
        )
        aged = f"(SELECT s.* FROM {now.source.sql} s SEMI JOIN {places})"
        examples = first_failing_rows(
            self.con,
            now.rows,
            FailingSource(aged, scan),
            schemas=schemas,
            columns=self.rule.columns,
            count=SHOWN_KEYS,
        )
        is_unique = isinstance(self.rule.test, Unique)
        measured = Decimal(nulls + groups if is_unique else rows)
        return replace(result, measured=measured, failing=rows, nulls=nulls, examples=examples)
