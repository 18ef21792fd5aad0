"""Findings about rules that rows do not keep, made from the results of a validation."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tdmvc.checks.not_evaluated import NOT_EVALUATED
from tdmvc.checks.table_rows import SHOWN_KEYS, format_keys, list_keys
from tdmvc.model.declarations import Check
from tdmvc.model.finding import Finding
from tdmvc.model.masking import MASK
from tdmvc.model.rule_words import measured_words, purpose_words, reference_words, rule_label, threshold_words
from tdmvc.model.rules import NO_ROWS, Condition, Length, References, Required, Rule, Unique
from tdmvc.model.schema import TableSchema
from tdmvc.model.text import format_key, plural
from tdmvc.model.validation import FailingRow, RuleResult, RuleVerdict
from tdmvc.sql.portable import engine_name

_SHOWN_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class _Broken:
    """A rule that is not kept, with what its findings say of it."""

    result: RuleResult
    schema: TableSchema
    at: str | None

    @property
    def rule(self) -> Rule:
        return self.result.rule

    @property
    def where(self) -> str:
        """The column of a rule with one, as messages call it."""
        return f"{self.rule.table}.{self.rule.columns[0]}"

    def keys(self, rows: Sequence[FailingRow]) -> list[str]:
        """Return the keys of the first failing rows as texts; none for a table without a key."""
        if not self.schema.key:
            return []
        keys = [list(row.key.values()) for row in rows]
        if any(MASK in key for key in keys):
            return [MASK] * min(len(keys), SHOWN_KEYS)
        return [format_key(key) for key in keys][:SHOWN_KEYS]

    def finding(
        self, name: str, message: str, remedy: str, *, is_shown: bool = True, **details: object
    ) -> Finding:
        command = f"tdmvc validate {shlex.quote(self.at)}" if self.at else "tdmvc validate"
        see = f"; see the rows: `{command} --tables {shlex.quote(self.rule.table)}`" if is_shown else ""
        severity = self.result.severity
        assert severity is not None
        return Finding(
            name,
            severity,
            message,
            table=self.rule.table,
            columns=self.rule.columns,
            remedy=f"{remedy}{see}.",
            details={"id": self.rule.id, **details},
        )


def findings_of(result: RuleResult, schema: TableSchema, *, at: str | None = None) -> Iterator[Finding]:
    """Yield what a result says about rows: nothing if the rule is kept, two findings for a key with nulls and repeats.

    Args:
        schema: that of the rows.
        at: the reference of the state, for the command that shows the rows.
    """
    if result.verdict is RuleVerdict.PASSED:
        return
    broken = _Broken(result, schema, at)
    if result.verdict is RuleVerdict.NOT_EVALUATED:
        yield _not_evaluated(broken)
        return
    if result.rule.threshold != NO_ROWS or result.failing is None:
        yield _broken_rule(broken)
        return
    match result.rule.test:
        case Required():
            yield _null(broken, result.failing)
        case Unique(is_key=True):
            yield from _key(broken, result.failing)
        case Unique():
            yield _repeated(broken, result.failing)
        case Length(None, int() as limit):
            yield _too_long(broken, result.failing, limit)
        case Condition(check):
            yield _unmet(broken, result.failing, check)
        case References():
            yield _orphans(broken, result.failing)
        case _:
            yield _broken_rule(broken)


def _null(broken: _Broken, count: int) -> Finding:
    keys = broken.keys(broken.result.examples)
    return broken.finding(
        "null-in-required",
        f"{broken.where} is required, but it is null in {plural(count, 'row')}"
        f"{format_keys(broken.schema.key, keys, count)}.",
        "fill the column, or remove `required` from contract.yaml",
        count=count,
        keys=keys,
    )


def _key(broken: _Broken, failing: int) -> Iterator[Finding]:
    """Yield the nulls of a key and its repetitions; a diff reports the same: of two for one table, keep one."""
    result, key = broken.result, ", ".join(broken.rule.columns)
    has_null = [row for row in result.examples if None in row.values.values()]
    if result.nulls:
        keys = broken.keys(has_null)
        yield broken.finding(
            "null-key",
            f"The key ({key}) of {broken.rule.table} is null in {plural(result.nulls, 'row')}"
            f"{_listed(keys, result.nulls)}.",
            "fill the key columns, or choose other key columns with --key",
            count=result.nulls,
            keys=keys,
        )
    count = int(result.measured or 0) - result.nulls
    if count:
        # FailingRow has no hash, as it holds dicts.
        others = {str(row.key): row for row in result.examples if row not in has_null}
        keys = broken.keys(list(others.values()))
        appear = "appears" if count == 1 else "appear"
        yield broken.finding(
            "duplicate-key",
            f"{plural(count, 'key')} ({key}) of {broken.rule.table} {appear} more than once{_listed(keys, count)}.",
            "give each row its own key, or choose other key columns with --key",
            count=count,
            rows=failing - result.nulls,
            keys=keys,
        )


def _repeated(broken: _Broken, rows: int) -> Finding:
    names, values = broken.rule.columns, int(broken.result.measured or 0)
    is_one = len(names) == 1
    what = broken.where if is_one else f"({', '.join(names)}) of {broken.rule.table}"
    appear = "appears" if values == 1 else "appear"
    keys = broken.keys(broken.result.examples)
    return broken.finding(
        "repeated-unique",
        f"{what} is unique, but {plural(values, 'value')} {appear} in {plural(rows, 'row')}"
        f"{format_keys(broken.schema.key, keys, rows)}.",
        "change or remove the surplus rows, or remove "
        + ("`unique`" if is_one else "the rule `duplicateValues` of these columns")
        + " from contract.yaml",
        count=values,
        rows=rows,
        keys=keys,
    )


def _too_long(broken: _Broken, count: int, limit: int) -> Finding:
    column = broken.schema.column(broken.rule.columns[0])
    is_stated = column is None or column.max_length is not None or column.length_limit != limit
    allowed = (
        f"may have {plural(limit, 'character')}"
        if column is None or is_stated
        else f"is {column.declared_type}"
    )
    keys = broken.keys(broken.result.examples)
    return broken.finding(
        "text-too-long",
        f"{broken.where} {allowed}, but {plural(count, 'text is', many='texts are')} longer"
        f"{format_keys(broken.schema.key, keys, count)}.",
        "shorten the texts, or "
        + ("change `maxLength` in contract.yaml" if is_stated else "declare a longer type at the source"),
        count=count,
        limit=limit,
        keys=keys,
    )


def _unmet(broken: _Broken, count: int, check: Check) -> Finding:
    keys = broken.keys(broken.result.examples)
    return broken.finding(
        "broken-check",
        f"{plural(count, 'row')} of {broken.rule.table}{format_keys(broken.schema.key, keys, count)}"
        f" {'does' if count == 1 else 'do'} not meet the check {_check_label(check)}.",
        "change the rows, or the check in contract.yaml",
        check=check.name,
        count=count,
        keys=keys,
    )


def _orphans(broken: _Broken, count: int) -> Finding:
    assert isinstance(broken.rule.test, References)
    reference = broken.rule.test.reference
    keys = broken.keys(broken.result.examples)
    return broken.finding(
        "broken-reference",
        f"The reference {reference_words(broken.rule.table, reference)} is broken: {plural(count, 'row')} of"
        f" {broken.rule.table}{format_keys(broken.schema.key, keys, count)} refer{'s' if count == 1 else ''} to a row"
        f" of {reference.table} that does not exist.",
        f"add the missing rows to {reference.table}, or change these",
        parent=reference.table,
        to=list(reference.to),
        count=count,
        keys=keys,
    )


def _broken_rule(broken: _Broken) -> Finding:
    rule, result = broken.rule, broken.result
    remedy = "change the rows, or the rule in contract.yaml"
    if result.failing is None:
        return broken.finding(
            "broken-rule",
            f"The rows of {rule.table} break the rule {rule_label(rule)}: {purpose_words(rule)};"
            f" {measured_words(result)}.",
            remedy,
        )
    count, keys = result.failing, broken.keys(result.examples)
    allowed = "" if rule.threshold == NO_ROWS else f"; allowed: {threshold_words(rule.threshold)}"
    return broken.finding(
        "broken-rule",
        f"{plural(count, 'row')} of {rule.table}{format_keys(broken.schema.key, keys, count)}"
        f" {'breaks' if count == 1 else 'break'} the rule {rule_label(rule)}: {purpose_words(rule)}{allowed}.",
        remedy,
        count=count,
        keys=keys,
    )


def _not_evaluated(broken: _Broken) -> Finding:
    rule, reason = broken.rule, str(broken.result.reason)
    lacking = [name for name in rule.columns if broken.schema.column(name) is None]
    remedy = "correct the rule in contract.yaml"
    if lacking:
        remedy = "correct contract.yaml, or add the table again from rows that match it"
    match rule.test:
        case Condition(check):
            is_of_server = broken.rule.is_of_database
            name = engine_name(check.dialect)
            if is_of_server and not lacking:
                remedy = (
                    f"load the rows into a {name} database that has the check (`tdmvc seed`): "
                    "it refuses rows that break it"
                )
            server = {"server": check.dialect} if is_of_server else {}
            return broken.finding(
                NOT_EVALUATED,
                f"The check {_check_label(check)} of {rule.table} was not evaluated: {reason}.",
                remedy,
                is_shown=False,
                check=check.name,
                reason=reason,
                **server,
            )
        case References(reference) if not lacking:
            remedy = f"correct {reference.table}, or remove the relationship from contract.yaml"
    return broken.finding(
        "rule-not-evaluated",
        f"The rule {rule_label(rule)} of {rule.table} was not evaluated: {reason}.",
        remedy,
        is_shown=False,
        reason=reason,
    )


def _check_label(check: Check) -> str:
    text = " ".join(check.expression.split())
    shown = text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…"
    return f"{check.name} ({shown})" if check.name else f"({shown})"


def _listed(keys: Sequence[str], count: int) -> str:
    return f": {list_keys(keys, count)}" if keys else ""
