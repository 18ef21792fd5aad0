"""What a rule demands and how a row breaks it, in words that every output shares."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from tdmvc.model.declarations import ForeignKey
from tdmvc.model.rules import (
    NO_ROWS,
    Condition,
    Format,
    HasType,
    JsonSchema,
    Length,
    MultipleOf,
    Operator,
    Pattern,
    Present,
    Query,
    Range,
    References,
    Required,
    RowCount,
    Rule,
    Threshold,
    Unique,
    Unreadable,
    Value,
    Values,
)
from tdmvc.model.text import number, plural
from tdmvc.model.validation import FailingRow, RuleResult, RuleVerdict

_LONGEST = 60
"""Characters of a value, a pattern or a condition."""
_MOST_VALUES = 5
_OPERATORS = {
    Operator.EQUAL: "exactly {}",
    Operator.NOT_EQUAL: "not {}",
    Operator.GREATER: "more than {}",
    Operator.GREATER_OR_EQUAL: "{} or more",
    Operator.LESS: "less than {}",
    Operator.LESS_OR_EQUAL: "{} or fewer",
    Operator.BETWEEN: "{} to {}",
    Operator.NOT_BETWEEN: "not {} to {}",
}


def demand_words(rule: Rule) -> str:
    """Return what a rule demands: `quantity is within 1..1000`."""
    return f"{_subject(rule)} {_words(rule, {})[0]}".strip()


def purpose_words(rule: Rule) -> str:
    """Return what a rule is for, as people wrote it beside its SQL, and otherwise what it demands; no full stop."""
    if rule.description and isinstance(rule.test, Condition | Query):
        return _own_words(rule).rstrip(".")
    return demand_words(rule).rstrip(".")


def threshold_words(threshold: Threshold) -> str:
    """Return which numbers a threshold allows: `less than 95 %`."""
    unit = " %" if threshold.is_percent else ""
    return _OPERATORS[threshold.operator].format(*(_decimal(one) + unit for one in threshold.numbers))


def measured_words(result: RuleResult) -> str:
    """Return what was measured, with what is allowed if that is more than none: `3 of 500 rows`."""
    rule = result.rule
    if result.verdict is RuleVerdict.NOT_EVALUATED:
        return f"not evaluated: {result.reason}"
    if isinstance(rule.test, HasType):
        return result.reason or "the type fits"
    allowed = "" if rule.threshold == NO_ROWS else f"; allowed: {threshold_words(rule.threshold)}"
    if rule.threshold.is_percent and result.measured is not None:
        return f"{_decimal(result.measured)} % of {plural(result.rows, 'row')}{allowed}"
    if isinstance(rule.test, RowCount):
        return f"{plural(result.rows, 'row')}{allowed}"
    if result.failing is not None:
        return f"{number(result.failing)} of {plural(result.rows, 'row')}{allowed}"
    if result.measured is None:
        return f"{result.reason or 'its number is not shown'}{allowed}"
    return f"the query returned {_decimal(result.measured)}{allowed or '; allowed: 0'}"


def result_line(result: RuleResult) -> str:
    """Return a broken rule in one line, by its first failing row if that is known, with the place of the rule."""
    rule = result.rule
    place = f" ({rule.place})" if rule.place else ""
    if not result.examples:
        return f"{rule.id}: {demand_words(rule)}: {measured_words(result)}{place}"
    more = (result.failing or 1) - 1
    rest = f", and {plural(more, 'more row')}" if more > 0 else ""
    return f"{row_words(rule, result.examples[0])}{rest}{place}"


def row_words(rule: Rule, row: FailingRow) -> str:
    """Return how a row breaks a rule: `orders row id=23: quantity 0 is outside 1..1000`."""
    key = ", ".join(f"{name}={_text(text)}" for name, text in row.key.items())
    return f"{rule.table} row {key}: {failure_words(rule, row.values)}"


def failure_words(rule: Rule, values: Mapping[str, str | None]) -> str:
    """Return what is wrong with the values of a row: `quantity 0 is outside 1..1000`."""
    return _words(rule, values)[1]


def rule_label(rule: Rule) -> str:
    """Return how a message calls a rule: its id, and where it is declared."""
    return f"{rule.id} ({rule.place})" if rule.place is not None else rule.id


def reference_words(table: str, reference: ForeignKey) -> str:
    """Return both ends of a reference: `orders (customer_id) → customers (id)`."""
    return f"{table} ({', '.join(reference.columns)}) → {reference.table} ({', '.join(reference.to)})"


def _words(rule: Rule, row: Mapping[str, str | None]) -> tuple[str, str]:
    """Return what a rule demands of its subject, and what is wrong with the values of a row that breaks it."""
    values = _values(row)
    match rule.test:
        case Required():
            return "is never null", f"{_names(rule.columns)} is null"
        case Unique(is_key=True):
            broken = f"the key {values} {'is null' if None in row.values() else 'repeats'}"
            return "is a key: it never repeats and is never null", broken
        case Unique():
            return "never repeats", f"{values} repeats"
        case Length() as test:
            return f"is {_length(test)}", f"{values} is {_wrong_length(test)}"
        case Range() as test:
            return f"is {_within(test)}", f"{values} is {_outside(test)}"
        case MultipleOf(step):
            return f"is a multiple of {_decimal(step)}", f"{values} is no multiple of {_decimal(step)}"
        case Pattern(expression):
            return f"matches {_clipped(expression)}", f"{values} does not match {_clipped(expression)}"
        case Format(name):
            return f"is a valid {name}", f"{values} is not a valid {name}"
        case Values(allowed):
            none = f"none of {_list(allowed)}" if allowed else "there, and may not be"
            return f"is one of {_list(allowed)}", f"{values} is {none}"
        case Present(missing):
            demand = f"is {'never' if len(missing) == 1 else 'none of'} {_list(missing)}"
            return demand, f"{values} stands for a missing value"
        case References(reference):
            return f"is in {_target(reference)}", f"{values} is not in {_target(reference)}"
        case Condition(check):
            expression = _clipped(check.expression)
            # What people wrote about the rule says more to them than its SQL.
            broken = f"the rule: {purpose_words(rule)}" if rule.description else expression
            return f"keeps {expression}", f"breaks {broken}" + (f" ({values})" if row else "")
        case Query():
            words = f"the rule: {_own_words(rule)}"
            return f"keeps {words}", f"breaks {words}"
        case JsonSchema():
            what = "the formats of its JSON Schema" if rule.test.is_about_formats else "its JSON Schema"
            return f"fits {what}", f"{values} does not fit {what}"
        case HasType(type_):
            return _whole(rule, f"has the type {type_}")
        case RowCount():
            return _whole(rule, f"has {threshold_words(rule.threshold)} rows")
        case Unreadable():
            return _whole(rule, "has a rule that cannot be read")


def _whole(rule: Rule, demand: str) -> tuple[str, str]:
    """Return the words of a rule that no single row breaks."""
    return demand, f"breaks {_subject(rule)} {demand}"


def _own_words(rule: Rule) -> str:
    """Return how a contract calls a rule that no other words say."""
    return " ".join((rule.description or rule.id).split())


def _subject(rule: Rule) -> str:
    if not rule.columns or isinstance(rule.test, Condition | Query):
        return rule.table
    between = "." if len(rule.columns) == 1 else " "
    return f"{rule.table}{between}{_names(rule.columns)}"


def _target(reference: ForeignKey) -> str:
    between = "." if len(reference.to) == 1 else " "
    return f"{reference.table}{between}{_names(reference.to)}"


def _names(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"({', '.join(names)})"


def _values(values: Mapping[str, str | None]) -> str:
    """Return columns with their values: `quantity 0`, `tenant 1, code A`."""
    return ", ".join(f"{name} {_text(text)}" for name, text in values.items()) or "the value"


def _text(text: str | None) -> str:
    return "NULL" if text is None else _clipped(text) or "''"


def _within(test: Range) -> str:
    low, high = _bound(test.minimum), _bound(test.maximum)
    if low and high and not (test.excludes_minimum or test.excludes_maximum):
        return f"within {low}..{high}"
    words = []
    if low:
        words.append(f"above {low}" if test.excludes_minimum else f"at least {low}")
    if high:
        words.append(f"below {high}" if test.excludes_maximum else f"at most {high}")
    return " and ".join(words) or "a number"


def _outside(test: Range) -> str:
    low, high = _bound(test.minimum), _bound(test.maximum)
    if low and high and not (test.excludes_minimum or test.excludes_maximum):
        return f"outside {low}..{high}"
    return f"not {_within(test)}"


def _length(test: Length) -> str:
    low, high = test.minimum, test.maximum
    if low is not None and high is not None:
        return f"{number(low)}..{number(high)} characters long"
    if high is not None:
        return f"at most {plural(high, 'character')} long"
    return f"at least {plural(low or 0, 'character')} long"


def _wrong_length(test: Length) -> str:
    low, high = test.minimum, test.maximum
    if low is not None and high is not None:
        return f"not {_length(test)}"
    if high is not None:
        return f"longer than {plural(high, 'character')}"
    return f"shorter than {plural(low or 0, 'character')}"


def _list(values: Sequence[Value]) -> str:
    shown = ", ".join("null" if value is None else _bound(value) or "''" for value in values[:_MOST_VALUES])
    more = len(values) - _MOST_VALUES
    return f"{shown} and {number(more)} more" if more > 0 else shown


def _bound(value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case Decimal():
            return _decimal(value)
    return _clipped(str(value))


def _decimal(value: Decimal) -> str:
    """Return a number without an exponent and without zeros at its end; a long fraction is cut."""
    if not value.is_finite():
        return str(value)
    text = f"{round(value, 4) if value.as_tuple().exponent < -4 else value:f}"  # type: ignore[operator]
    return text.rstrip("0").rstrip(".") if "." in text else text


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
