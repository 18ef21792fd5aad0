"""Rules that the standard has no field for are kept in a custom property, and read back as they were."""

from dataclasses import replace
from decimal import Decimal

import pyarrow as pa
import pytest

from tdmvc.contracts.odcs.editing import edit_contract, update_contract
from tdmvc.contracts.odcs.reading import parse_contract, read_contract
from tdmvc.model.finding import Severity
from tdmvc.model.rules import (
    NO_ROWS,
    Format,
    HasType,
    JsonSchema,
    Length,
    MultipleOf,
    Operator,
    Pattern,
    PatternSyntax,
    Present,
    Range,
    Rule,
    RuleTest,
    Threshold,
    Unique,
    Values,
    rule_id,
)
from tdmvc.model.schema import Column, TableSchema
from tdmvc.yaml.reader import parse_yaml
from tests.schemas import assert_valid_contract

TABLE = TableSchema(
    "orders", (Column("a", pa.string()), Column("n", pa.decimal128(9, 2)), Column("d", pa.date32()))
)
SOME = Threshold(Operator.LESS, (Decimal("2.5"),), is_percent=True)


def rule(test: RuleTest, *columns: str, threshold: Threshold = NO_ROWS) -> Rule:
    return Rule(rule_id("orders", columns, "mine"), "orders", columns, test, threshold)


RULES = [
    rule(HasType("string"), "a"),
    rule(Unique(nulls_distinct=False), "a", "n"),
    rule(Unique(is_key=True), "a", threshold=SOME),
    rule(Length(1, 3), "a", threshold=SOME),
    rule(Range(Decimal("1.50"), None, excludes_minimum=True), "n", threshold=SOME),
    rule(Range("2024-01-01", "2024-12-31"), "d", threshold=SOME),
    rule(MultipleOf(Decimal("0.05")), "n", threshold=SOME),
    rule(Pattern(r"(?P<x>\d): # '\"", PatternSyntax.PYTHON, is_whole=True), "a"),
    rule(Pattern("^a$", PatternSyntax.RE2), "a"),
    rule(Format("regex"), "a", threshold=SOME),
    rule(Format("own"), "a"),
    rule(Values(("1", "true", "null", None, "", " x", "ä: b")), "a", "a"),
    rule(Present((None, "-")), "a", "a", threshold=SOME),
    rule(JsonSchema('{"type": "string", "enum": ["a, b"]}', is_text=True), "a"),
]


@pytest.mark.parametrize("one", RULES, ids=lambda one: type(one.test).__name__)
@pytest.mark.parametrize("severity", [Severity.ERROR, Severity.WARNING])
def test_a_rule_without_a_field_reads_back(one: Rule, severity: Severity) -> None:
    wanted = replace(one, severity=severity)
    edited = edit_contract(None, "d", {"orders": replace(TABLE, further_rules=(wanted,))})
    assert edited.unwritten == ()
    assert_valid_contract(edited.text)
    assert parse_contract(edited.text, "c").rules == (wanted,)
    # A second edit adds nothing, and a second rule stands beside the first one.
    table = parse_contract(edited.text, "c").tables["orders"]
    assert update_contract(edited.text, "d", {"orders": table}) == edited.text
    other = rule(Format("other"), "a")
    both = replace(table, further_rules=(*table.further_rules, replace(other, id="orders.a.other")))
    again = parse_contract(update_contract(edited.text, "d", {"orders": both}), "c")
    assert [found.test for found in again.rules] == [wanted.test, other.test]


def test_a_second_range_stands_beside_the_first() -> None:
    first, second = rule(Range(Decimal(0), Decimal(9)), "n"), rule(Range(Decimal(1)), "n")
    named = replace(first, id="orders.n.range"), replace(second, id="orders.n.range-2")
    text = update_contract(None, "d", {"orders": replace(TABLE, further_rules=named)})
    assert {found.test for found in parse_contract(text, "c").rules} == {first.test, second.test}


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("{id: x, test: nonsense, columns: [a]}", "The test 'nonsense' is unknown"),
        ("{id: x, test: format, columns: [b], arguments: {name: uuid}}", "no column 'b'"),
        ("{id: x, test: format, columns: [a], arguments: {nam: uuid}}", "The argument 'nam' is unknown"),
        ("{id: x, test: format, columns: [a], arguments: {}}", "lacks name"),
        ("{id: x, test: format, columns: [a]}", "lacks name"),
        ("{id: x, test: required, columns: [a], severity: awful}", "error, warning or info"),
        ("{id: x, test: required, columns: [a], mustBe: many}", "Expected a number"),
        ("{id: x, test: required, columns: [a], colour: red}", "The key 'colour' is unknown"),
        ("{test: required, columns: [a]}", "'id'"),
    ],
)
def test_what_is_wrong_is_a_fault_with_its_line(entry: str, fault: str) -> None:
    text = update_contract(None, "d", {"orders": TABLE})
    text += f"    customProperties:\n      - property: tdmvcRules\n        value:\n          - {entry}\n"
    (found,) = read_contract(parse_yaml(text, "c.yaml")).faults
    assert fault in found.what
    assert found.line == len(text.splitlines())
