"""Simple conditions are read as the rules that they are, and only where they mean exactly the same."""

from decimal import Decimal

import pyarrow as pa
import pytest

from tdmvc.model.declarations import Check, Collation
from tdmvc.model.rules import (
    Condition,
    Length,
    MultipleOf,
    Pattern,
    PatternSyntax,
    Present,
    Range,
    Rule,
    RuleTest,
    Values,
)
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.typed_conditions import typed_rule

TABLE = TableSchema(
    "t",
    (
        Column("n", pa.int64()),
        Column("m", pa.int64()),
        Column("d", pa.decimal128(10, 2)),
        Column("f", pa.float64()),
        Column("r", pa.float32()),
        Column("x", pa.string()),
        Column("c", pa.string(), "character(5)"),
        Column("v", pa.string(), "character varying(9)"),
        Column("k", pa.string(), collation=Collation("nocase", "sqlite")),
        Column("j", pa.string(), "jsonb"),
        Column("b", pa.bool_()),
        Column("day", pa.date32()),
        Column("at", pa.timestamp("us")),
        Column("z", pa.timestamp("us", tz="UTC")),
        Column("l", pa.list_(pa.int64())),
    ),
)
ENGINES = ("postgresql", "mysql", "sqlite", "duckdb")


def _read(expression: str, dialect: str) -> RuleTest:
    return typed_rule(Rule("t.check", "t", (), Condition(Check(expression, dialect=dialect))), TABLE).test


@pytest.mark.parametrize("dialect", ENGINES)
@pytest.mark.parametrize(
    ("expression", "test"),
    [
        ("n >= 1", Range(1)),
        ("N>1", Range(1, None, True)),
        ("1 <= n", Range(1)),
        ("n BETWEEN 1 AND 9", Range(1, 9)),
        ("(n >= -1) AND (n < 9)", Range(-1, 9, False, True)),
        ("n < 9 AND n >= 1", Range(1, 9, False, True)),
        ("((n >= 0))", Range(0)),
        ("d <= 0.5", Range(None, Decimal("0.5"))),
        ("f <= 0.5", Range(None, Decimal("0.5"))),
        ("n IN (1, 2)", Values((1, 2))),
        ("n = 1", Values((1,))),
        ("n NOT IN (1, 2)", Present((1, 2))),
        ("n IS NOT NULL AND n <> 0", Present((None, 0))),
        ("n % 5 = 0", MultipleOf(Decimal(5))),
        ("day >= '2026-01-01'", Range("2026-01-01")),
    ],
)
def test_a_simple_condition_is_a_rule_of_its_kind(expression: str, test: RuleTest, dialect: str) -> None:
    assert _read(expression, dialect) == test


@pytest.mark.parametrize(
    ("expression", "dialect", "test"),
    [
        ("length(x) <= 9", "postgresql", Length(None, 9)),
        ("char_length(x) BETWEEN 2 AND 9", "mysql", Length(2, 9)),
        ("length(x) > 0", "sqlite", Length(1)),
        ("len(l) <= 3", "duckdb", Length(None, 3)),
        ("cardinality(l) <= 3", "postgresql", Length(None, 3)),
        ("x IN ('a', 'o''b')", "postgresql", Values(("a", "o'b"))),
        ("x IN ('a', 'b')", "sqlite", Values(("a", "b"))),
        ("CAST(`x` AS BINARY) IN ('a', 'b\\\\c')", "mysql", Values(("a", "b\\c"))),
        ("x <> ''", "duckdb", Present(("",))),
        ("x >= 'a'", "duckdb", Range("a")),
        (
            "(v)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])",
            "postgresql",
            Values(("a", "b")),
        ),
        ("(x = ANY (ARRAY['a'::text, 'b'::text]))", "postgresql", Values(("a", "b"))),
        ("((d >= (0)::numeric) AND (d <= (9)::numeric))", "postgresql", Range(0, 9)),
        ("day >= '2026-01-01'::date", "postgresql", Range("2026-01-01")),
        ("f >= 0 AND f <> 'NaN'", "postgresql", Range(0)),
        ("f >= 0", "sqlite", Range(0)),
        ("b IN (1)", "mysql", Values((True,))),
        ("b = true", "postgresql", Values((True,))),
        ("regexp_full_match(x, 'a+')", "duckdb", Pattern("a+", PatternSyntax.RE2, True)),
    ],
)
def test_each_engine_has_its_own_forms(expression: str, dialect: str, test: RuleTest) -> None:
    assert _read(expression, dialect) == test


@pytest.mark.parametrize(
    ("expression", "dialect"),
    [
        ("length(x) <= 9", "mysql"),  # bytes
        ("length(c) <= 4", "postgresql"),  # without the blanks at the end
        ("c IN ('a')", "postgresql"),
        ("x IN ('a')", "mysql"),  # whatever the case
        ("k IN ('a')", "sqlite"),
        ("x >= 'a'", "postgresql"),  # in the order of a language
        ("f >= 0", "postgresql"),  # and NaN
        ("f <> 'NaN'", "postgresql"),
        ("r >= 0.1", "duckdb"),
        ("n IN (1, NULL)", "postgresql"),  # always true or null
        ("n >= 1 OR n IS NULL", "postgresql"),
        ("n >= m", "postgresql"),
        ("n >= 1 AND m >= 1", "postgresql"),
        ("n >= 1 AND n >= 2", "postgresql"),
        ("NOT n >= 1", "postgresql"),
        ("n NOT BETWEEN 1 AND 9", "postgresql"),
        ("n + 1 >= 1", "postgresql"),
        ("n >= '1'", "sqlite"),
        ("x >= 1", "sqlite"),
        ("at >= '2026-01-01 00:00:00'", "sqlite"),
        ("z >= '2026-01-01 00:00:00'", "postgresql"),  # in the zone of the session
        ("(x)::varchar(2) = 'ab'", "postgresql"),
        ("j = '{}'", "postgresql"),
        ('"N" >= 1', "postgresql"),  # another column
        ("n >= 1 AND", "postgresql"),
        ("(" * 3000 + "n >= 1" + ")" * 3000, "postgresql"),
        ("n % 5 = 1", "postgresql"),
        ("d % 0.5 = 0", "sqlite"),
    ],
)
def test_what_may_mean_something_else_stays_a_condition(expression: str, dialect: str) -> None:
    assert isinstance(_read(expression, dialect), Condition)
