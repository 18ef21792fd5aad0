"""Which of two rules demands more: decided where it can be, and never wrongly."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdmvc.model.declarations import Check
from tdmvc.model.finding import Severity
from tdmvc.model.rule_bounds import Strength, compare_thresholds
from tdmvc.model.rule_strength import compare_rules, compare_tests, implies, is_implied, with_joined_bounds
from tdmvc.model.rules import (
    NO_ROWS,
    Condition,
    JsonSchema,
    Length,
    MultipleOf,
    Operator,
    Pattern,
    Present,
    Query,
    Range,
    Required,
    Rule,
    RuleTest,
    Threshold,
    Unique,
    Values,
)

NUMBERS = st.integers(-3, 3).map(Decimal)
RANGES = st.builds(Range, st.none() | NUMBERS, st.none() | NUMBERS, st.booleans(), st.booleans())


def rule(test: RuleTest, *columns: str, threshold: Threshold = NO_ROWS) -> Rule:
    return Rule("t.rule", "t", columns or ("a",), test, threshold)


def in_range(value: Decimal, test: Range) -> bool:
    low, high = test.minimum, test.maximum
    assert not isinstance(low, str)
    assert not isinstance(high, str)
    above = low is None or (value > low if test.excludes_minimum else value >= low)
    below = high is None or (value < high if test.excludes_maximum else value <= high)
    return above and below


@given(RANGES, RANGES)
def test_ranges_compare_as_the_values_that_they_hold(old: Range, new: Range) -> None:
    values = [Decimal(number) / 2 for number in range(-10, 11)]
    before = {value for value in values if in_range(value, old)}
    after = {value for value in values if in_range(value, new)}
    match compare_tests(old, new):
        case Strength.SAME:
            assert before == after
        case Strength.STRICTER:
            assert after < before
        case Strength.WEAKER:
            assert after > before
        case Strength.CHANGED:
            assert before - after
            assert after - before


THRESHOLDS = st.builds(
    lambda operator, first, more, is_percent: Threshold(
        operator, (first, first + more) if "etween" in operator.value else (first,), is_percent
    ),
    st.sampled_from(Operator),
    st.integers(0, 3).map(Decimal),
    st.integers(0, 2).map(Decimal),
    st.booleans(),
)


@given(THRESHOLDS, THRESHOLDS)
def test_thresholds_compare_as_the_numbers_of_rows_that_they_allow(old: Threshold, new: Threshold) -> None:
    found = compare_thresholds(old, new, is_whole=True)
    rows = [(failing, total) for total in (0, 1, 3, 40, 100, 200) for failing in range(total + 1)]

    def allowed(threshold: Threshold) -> set[tuple[int, int]]:
        return {
            (failing, total)
            for failing, total in rows
            if threshold.allows(
                Decimal(failing) * 100 / max(total, 1) if threshold.is_percent else Decimal(failing)
            )
        }

    match found:
        case Strength.SAME:
            assert allowed(old) == allowed(new)
        case Strength.STRICTER:
            assert allowed(new) <= allowed(old)
        case Strength.WEAKER:
            assert allowed(new) >= allowed(old)


@pytest.mark.parametrize(
    ("old", "new", "strength"),
    [
        (Length(maximum=10), Length(maximum=5), "stricter"),
        (Length(1, 10), Length(0, 10), "weaker"),
        (Length(1, 10), Length(2, 11), "changed"),
        (Length(), Length(0), "same"),
        (Values(("a", "b")), Values(("b", "a")), "same"),
        (Values(("a", "b")), Values(("b",)), "stricter"),
        (Values(("a",)), Values(("b",)), "changed"),
        (Values((True,)), Values((1,)), "changed"),
        (Values((1,)), Values((Decimal("1.0"),)), "same"),
        (Present((None,)), Present((None, "")), "stricter"),
        (MultipleOf(Decimal("0.01")), MultipleOf(Decimal("0.05")), "stricter"),
        (MultipleOf(Decimal(2)), MultipleOf(Decimal(3)), "changed"),
        (Unique(), Unique(nulls_distinct=False), "stricter"),
        (Range("2024-01-01"), Range("2024-06-01"), "stricter"),
        (Range("2024-01-01"), Range("2024-01-01T00:00:00"), "changed"),
        (Range("2024-01-01T00:00:00Z"), Range("2024-01-01T01:00:00+01:00"), "same"),
        (Range("2024-01-01T00:00:00Z"), Range("2024-01-01T00:00:00"), "changed"),
        (Range("a"), Range("b"), "changed"),
        (Range("a"), Range("a"), "same"),
        (Pattern("^a"), Pattern("^ab"), "changed"),
        (Condition(Check("a  >= 0")), Condition(Check("a >= 0")), "same"),
        (Condition(Check("a >= 0")), Condition(Check("a >= 1")), "changed"),
        (Query("SELECT 1"), Query("SELECT\n 1"), "same"),
        (JsonSchema('{"a": 1, "b": 2}'), JsonSchema('{"b":2,"a":1}'), "same"),
        (Required(), Unique(), "changed"),
    ],
)
def test_tests_of_each_kind_compare(old: RuleTest, new: RuleTest, strength: str) -> None:
    assert compare_tests(old, new) == strength
    opposite = {"stricter": "weaker", "weaker": "stricter"}.get(strength, strength)
    assert compare_tests(new, old) == opposite


def test_severity_and_threshold_count_too() -> None:
    usual = rule(Range(1, 10))
    mild = replace(usual, severity=Severity.WARNING)
    assert compare_rules(usual, mild) is Strength.WEAKER
    some = replace(usual, threshold=Threshold(Operator.LESS, (Decimal(5),)))
    assert compare_rules(some, usual) is Strength.STRICTER
    # Wider bounds and fewer allowed rows: nobody can tell.
    wider = replace(some, test=Range(0, 10))
    assert compare_rules(usual, wider) is Strength.WEAKER
    assert compare_rules(replace(wider, threshold=NO_ROWS), some) is Strength.CHANGED
    # If values must break the rule, a narrower range makes it weaker.
    must_break = Threshold(Operator.GREATER, (Decimal(5),))
    assert (
        compare_rules(rule(Range(1, 10), threshold=must_break), rule(Range(2, 9), threshold=must_break))
        is Strength.WEAKER
    )


def test_a_count_below_one_is_none() -> None:
    below_one = Threshold(Operator.LESS, (Decimal(1),))
    assert compare_thresholds(below_one, NO_ROWS, is_whole=True) is Strength.SAME
    assert compare_thresholds(below_one, NO_ROWS, is_whole=False) is Strength.STRICTER
    none_of_all = Threshold(is_percent=True)
    assert compare_thresholds(NO_ROWS, none_of_all, is_whole=True) is Strength.SAME


@pytest.mark.parametrize(
    ("stronger", "weaker", "holds"),
    [
        (rule(Unique(is_key=True), "a", "b"), rule(Required(), "b"), True),
        (rule(Unique(is_key=True), "a"), rule(Unique(), "a", "b"), True),
        (rule(Unique(), "a"), rule(Unique(nulls_distinct=False), "a"), False),
        (rule(Values(("aa", "b"))), rule(Length(1, 2)), True),
        (rule(Values(("aa", "b"))), rule(Length(2, 2)), False),
        (rule(Values((1, 5))), rule(Range(0, 10)), True),
        (rule(Range(1, 5)), rule(Range(0)), True),
        (rule(Range(0)), rule(Range(1, 5)), False),
        (rule(Range(1, 5), threshold=Threshold(Operator.LESS, (Decimal(9),))), rule(Range(0)), False),
        (rule(Range(1, 5)), rule(Range(0), "b"), False),
        (rule(Present((None, ""))), rule(Required()), True),
        (rule(Query("SELECT 1")), rule(Query("SELECT 1")), True),
    ],
)
def test_a_rule_implies_another(stronger: Rule, weaker: Rule, *, holds: bool) -> None:
    assert implies(stronger, weaker) is holds


def test_two_bounds_of_the_same_values_are_one_rule() -> None:
    low, high, other = rule(Range(1)), rule(Range(maximum=9, excludes_maximum=True)), rule(Range(2), "b")
    joined = with_joined_bounds([low, other, high])
    assert [one.test for one in joined] == [Range(1, 9, excludes_maximum=True), Range(2)]
    assert is_implied(rule(Range(0, 10)), [high, other, low])
    assert not is_implied(rule(Range(0, 8)), [high, other, low])
    texts = with_joined_bounds([rule(Length(maximum=9)), rule(Length(1))])
    assert [one.test for one in texts] == [Length(1, 9)]
    warning = replace(high, severity=Severity.WARNING)
    assert with_joined_bounds([low, warning]) == (low, warning)
    assert with_joined_bounds([low, low]) == (low, low)
