"""What all formats of a validation say."""

from collections import Counter
from collections.abc import Sequence

from tdmvc.model.finding import Severity
from tdmvc.model.rule_words import demand_words, measured_words, row_words
from tdmvc.model.text import number, plural
from tdmvc.model.validation import RuleResult, RuleVerdict, TableValidation, ValidationReport


def verdict_words(reports: Sequence[ValidationReport]) -> str:
    """Return what was found: `2 errors and 1 warning in 3 tables, 1,234 rows by 34 rules`."""
    counts = Counter(one.severity for report in reports for one in report.failures)
    found = [plural(counts[level], _NOUNS[level]) for level in Severity if counts[level]]
    return f"{' and '.join(found)} in {extent_words(reports)}" if found else extent_words(reports)


def extent_words(reports: Sequence[ValidationReport]) -> str:
    """Return what was validated: `3 tables, 1,234 rows by 34 rules`."""
    tables = [table for report in reports for table in report.tables]
    rules = sum(len(table.results) for table in tables)
    rows = sum(table.rows for table in tables)
    return f"{plural(len(tables), 'table')}, {plural(rows, 'row')} by {plural(rules, 'rule')}"


def table_words(table: TableValidation) -> str:
    """Return how the rules of a table came out: `2 of 9 rules not kept`."""
    failing = sum(one.severity is not None for one in table.results)
    if failing:
        return f"{number(failing)} of {plural(len(table.results), 'rule')} not kept"
    return f"{plural(len(table.results), 'rule')} kept" if table.results else "no rules"


def result_words(result: RuleResult) -> str:
    """Return a rule's demand and what was measured, with the place of the rule."""
    place = f" ({result.rule.place})" if result.rule.place else ""
    return f"{demand_words(result.rule)}: {measured_words(result)}{place}"


def example_lines(result: RuleResult) -> list[str]:
    """Return the first rows that break a rule, each as the message of the rule: with its place."""
    place = f" ({result.rule.place})" if result.rule.place else ""
    return [f"{row_words(result.rule, row)}{place}" for row in result.examples]


def more_rows(result: RuleResult) -> int:
    """Return how many more rows break a rule than are shown."""
    return max((result.failing or 0) - len(result.examples), 0) if result.examples else 0


def is_kept(result: RuleResult) -> bool:
    """Whether the rows keep a rule."""
    return result.verdict is RuleVerdict.PASSED


_NOUNS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "hint"}
