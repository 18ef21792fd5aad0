"""Which of two rules demands more of the rows, as far as that can be decided."""

import json
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from tdmvc.model.finding import Severity
from tdmvc.model.rule_bounds import (
    Strength,
    bounds_of_length,
    bounds_of_range,
    compare_bounds,
    compare_thresholds,
    lies_in,
    strength_of,
)
from tdmvc.model.rules import (
    NO_ROWS,
    Condition,
    JsonSchema,
    Length,
    MultipleOf,
    Operator,
    Pattern,
    PatternSyntax,
    Present,
    Query,
    Range,
    References,
    Required,
    RowCount,
    Rule,
    RuleTest,
    Unique,
    Value,
    Values,
)

_OPPOSITE = {Strength.STRICTER: Strength.WEAKER, Strength.WEAKER: Strength.STRICTER}


def compare_rules(old: Rule, new: Rule) -> Strength:
    """Return how a rule compares with the one that it replaces, on the same columns."""
    if (old.table, old.columns) != (new.table, new.columns):
        return Strength.CHANGED
    return _all(
        (
            _counted(old, compare_tests(old.test, new.test)),
            compare_thresholds(old.threshold, new.threshold, is_whole=not isinstance(old.test, Query)),
            _order(new.severity, old.severity),
        )
    )


def implies(stronger: Rule, weaker: Rule) -> bool:
    """Whether rows that keep one rule surely keep the other, so that the other says nothing more."""
    if stronger.table != weaker.table or stronger.severity.rank < weaker.severity.rank:
        return False
    is_same = compare_tests(stronger.test, weaker.test) is Strength.SAME
    names_columns = isinstance(weaker.test, Condition | References | Query)
    if is_same and (names_columns or stronger.columns == weaker.columns):
        is_whole = not isinstance(weaker.test, Query)
        found = compare_thresholds(weaker.threshold, stronger.threshold, is_whole=is_whole)
        return found in (Strength.SAME, Strength.STRICTER)
    if stronger.threshold != NO_ROWS or not weaker.threshold.allows(Decimal(0)):
        return False
    if isinstance(stronger.test, Query | RowCount) or isinstance(weaker.test, RowCount | Query):
        return False
    return _test_implies(stronger, weaker)


def is_implied(rule: Rule, rules: Iterable[Rule]) -> bool:
    """Whether one of several rules, or a lower and an upper bound together, imply another."""
    rules = tuple(rules)
    return any(implies(other, rule) for other in (*rules, *with_joined_bounds(rules)))


def with_joined_bounds(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return the rules; a lower bound and an upper one of the same values, each alone, become one rule."""
    found = list(rules)
    for place, low in enumerate(found):
        for other, high in enumerate(found):
            joined = _joined(low, high) if place != other else None
            if joined is not None:
                found[min(place, other)] = joined
                del found[max(place, other)]
                return with_joined_bounds(found)
    return tuple(found)


def _joined(low: Rule, high: Rule) -> Rule | None:
    """Return the rule that two bounds come to; None if they are not two bounds that belong together."""
    is_alike = (low.table, low.columns, low.severity) == (high.table, high.columns, high.severity)
    if not is_alike or not low.threshold == high.threshold == NO_ROWS:
        return None
    match low.test, high.test:
        case Range(least, None), Range(None, most) if least is not None and most is not None:
            test = Range(least, most, low.test.excludes_minimum, high.test.excludes_maximum)
            return replace(low, test=test)
        case Length(int() as fewest, None), Length(None, int() as longest):
            return replace(low, test=Length(fewest, longest))
    return None


def compare_tests(old: RuleTest, new: RuleTest) -> Strength:
    """Return whether a test lets fewer values pass than the one that it replaces."""
    # In Python, lists that hold true and 1 are equal.
    if old == new and not isinstance(old, Values | Present):
        return Strength.SAME
    match old, new:
        case Range(), Range():
            return compare_bounds(bounds_of_range(old), bounds_of_range(new))
        case Length(), Length():
            return compare_bounds(bounds_of_length(old), bounds_of_length(new))
        case Values(before), Values(after):
            # A null passes, listed or not.
            nulls = {_comparable(None)}
            return _compare_sets(
                frozenset(map(_comparable, before)) - nulls, frozenset(map(_comparable, after)) - nulls
            )
        case Present(before), Present(after):
            # The more values stand for a missing one, the fewer pass.
            return _compare_sets(frozenset(map(_comparable, after)), frozenset(map(_comparable, before)))
        case MultipleOf(before_step), MultipleOf(after_step) if before_step and after_step:
            is_stricter, is_weaker = after_step % before_step == 0, before_step % after_step == 0
            return strength_of(is_stricter=is_stricter, is_weaker=is_weaker)
        case Unique(was_distinct, was_key), Unique(is_distinct, is_key):
            return strength_of(
                is_stricter=was_distinct >= is_distinct and was_key <= is_key,
                is_weaker=was_distinct <= is_distinct and was_key >= is_key,
            )
        case (
            (Condition(), Condition())
            | (Query(), Query())
            | (JsonSchema(), JsonSchema())
            | (Pattern(), Pattern())
        ):
            return Strength.SAME if _text_of(old) == _text_of(new) else Strength.CHANGED
    return Strength.CHANGED


def _counted(rule: Rule, found: Strength) -> Strength:
    """Return what a stricter test means for a rule: if values must break it, a stricter test makes it weaker."""
    if found is Strength.SAME or isinstance(rule.test, RowCount | Query):
        return found
    match rule.threshold.operator:
        case Operator.LESS | Operator.LESS_OR_EQUAL:
            return found
        case Operator.EQUAL if rule.threshold.numbers[0] == 0:
            return found
        case Operator.BETWEEN if rule.threshold.numbers[0] == 0:
            return found
        case Operator.GREATER | Operator.GREATER_OR_EQUAL:
            return _OPPOSITE.get(found, found)
    return Strength.CHANGED


def _test_implies(stronger: Rule, weaker: Rule) -> bool:
    match stronger.test, weaker.test:
        case Unique(is_key=True), Required():
            return set(weaker.columns) <= set(stronger.columns)
        case Unique() as more, Unique(is_key=False) as less:
            # What never repeats in some columns never repeats with more of them.
            is_distinct = less.nulls_distinct or not more.nulls_distinct or more.is_key
            return set(stronger.columns) <= set(weaker.columns) and is_distinct
    if stronger.columns != weaker.columns:
        return False
    match stronger.test, weaker.test:
        case Required(), Present(missing):
            return missing == (None,)
        case Present(missing), Required():
            return None in missing
        case Values(allowed), Length() as length:
            return all(isinstance(one, str) and _fits(len(one), length) for one in allowed if one is not None)
        case Values(allowed), Range():
            outer = bounds_of_range(weaker.test)
            return outer is not None and all(lies_in(one, outer) for one in allowed if one is not None)
    return compare_tests(weaker.test, stronger.test) in (Strength.SAME, Strength.STRICTER)


def _fits(count: int, length: Length) -> bool:
    return (length.minimum or 0) <= count and (length.maximum is None or count <= length.maximum)


def _text_of(test: RuleTest) -> object:
    """Return what an SQL text, a JSON Schema or a pattern says, whatever its layout."""
    match test:
        case Pattern(expression, PatternSyntax.ECMA, is_whole):
            return f"^(?:{expression})$" if is_whole else expression
        case Condition(check):
            return " ".join(check.expression.split())
        case Query(sql, dialect):
            return (" ".join(sql.split()), dialect)
        case JsonSchema(schema, draft, is_text):
            try:
                content = json.loads(schema) if test.is_row else _without_null(json.loads(schema))
                return (json.dumps(content, sort_keys=True), draft, is_text, test.is_about_formats)
            except ValueError:
                return (schema, draft, is_text, test.is_about_formats)
    return test


def _without_null(schema: object) -> object:
    """Return the schema of a column's values without what only lets a null pass, which passes anyway."""
    match schema:
        case {"allOf": [inner], **others} | {"anyOf": [{"type": "null"}, inner], **others} if not others:
            return _without_null(inner)
    return schema


def _comparable(value: Value) -> object:
    """Return a value in a form in which true is not one."""
    return (isinstance(value, bool), Decimal(value) if isinstance(value, int) else value)


def _compare_sets(old: frozenset[object], new: frozenset[object]) -> Strength:
    return strength_of(is_stricter=new <= old, is_weaker=old <= new)


def _all(found: Iterable[Strength]) -> Strength:
    """Return what several comparisons of one rule come to."""
    kinds = set(found) - {Strength.SAME}
    if not kinds:
        return Strength.SAME
    return kinds.pop() if len(kinds) == 1 else Strength.CHANGED


def _order(new: Severity, old: Severity) -> Strength:
    return strength_of(is_stricter=new.rank >= old.rank, is_weaker=new.rank <= old.rank)
