"""Rules beside keys and references in reviews and merges: what breaks them, and what a merge alone breaks."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tdmvc.checks.merged import CheckedState, check_merged
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.databases import condition_engines
from tdmvc.model.conditions import ConditionEngines
from tdmvc.model.declarations import Check
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.rules import (
    Condition,
    Format,
    MultipleOf,
    Operator,
    Pattern,
    PatternSyntax,
    Place,
    Present,
    Query,
    Range,
    Required,
    RowCount,
    Rule,
    RuleTest,
    Threshold,
    Unique,
    Values,
)
from tdmvc.model.schema import Column, TableSchema
from tests.checks.rule_checks import check_rules
from tests.laws.strategies_tables import write_parts

ITEMS = TableSchema(
    "items",
    (Column("id", pa.int64()), Column("price", pa.float64()), Column("code", pa.string())),
    ("id",),
)
Rows = Sequence[tuple[int, float | None, str | None]]
PLACE = Place("contract.yaml", 9)


@pytest.fixture
def engines() -> Iterator[ConditionEngines]:
    with ExitStack() as stack:
        yield condition_engines(stack)


def with_rule(
    columns: tuple[str, ...],
    test: RuleTest,
    threshold: Threshold = Threshold(),  # noqa: B008
    severity: Severity = Severity.ERROR,
) -> TableSchema:
    rule = Rule("items.r", "items", columns, test, threshold, severity, place=PLACE)
    return replace(ITEMS, further_rules=(rule,))


def side(folder: Path, schema: TableSchema, *parts: Rows) -> TableSide:
    rows = [[dict(zip(schema.column_names, row, strict=True)) for row in part] for part in parts]
    return write_parts(folder, schema, rows)


def merge(
    con: duckdb.DuckDBPyConnection, folder: Path, schema: TableSchema, merged: list[Rows], *sides: list[Rows]
) -> list[Finding]:
    states = [
        CheckedState({"items": side(folder, schema, *parts)}, {"items": schema}) for parts in (merged, *sides)
    ]
    found = check_merged(con, states[0], states[1:], ValidationOptions())
    assert con.execute("SELECT table_name FROM duckdb_tables()").fetchall() == []
    return list(found)


AT_MOST_HALF = Threshold(Operator.LESS_OR_EQUAL, (Decimal(50),), is_percent=True)


@pytest.mark.parametrize(
    ("columns", "test", "threshold", "keys"),
    [
        (("price",), Range(minimum=0), Threshold(), ["2", "4"]),
        (("price",), MultipleOf(Decimal("0.5")), Threshold(), ["3", "4"]),
        (("code",), Values(("a", "b")), Threshold(), ["3"]),
        (("code",), Present((None, "a")), Threshold(), ["1", "4"]),
        (("code",), Required(), AT_MOST_HALF, None),
        (("code",), Required(), Threshold(Operator.LESS, (Decimal(25),), is_percent=True), ["4"]),
        (
            ("price",),
            Condition(Check("price > 0", "ck", "sqlite")),
            Threshold(Operator.LESS, (Decimal(1),)),
            ["2"],
        ),
        ((), RowCount(), Threshold(Operator.GREATER, (Decimal(4),)), []),
        ((), RowCount(), Threshold(Operator.EQUAL, (Decimal(4),)), None),
        (("code",), Unique(), Threshold(Operator.EQUAL, (Decimal(1),)), []),
        (("code",), Unique(), Threshold(Operator.EQUAL, (Decimal(0),)), None),
        ((), Query("SELECT max(id) FROM items"), Threshold(Operator.LESS, (Decimal(4),)), []),
    ],
)
def test_each_rule_gives_one_finding_with_its_place(
    con: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    engines: ConditionEngines,
    columns: tuple[str, ...],
    test: RuleTest,
    threshold: Threshold,
    keys: list[str] | None,
) -> None:
    table = side(
        tmp_path,
        with_rule(columns, test, threshold, Severity.WARNING),
        [(1, 1.0, "a"), (2, -1.0, "b")],
        [(3, 0.3, "c"), (4, float("nan"), None)],
    )
    found = check_rules(con, {"items": table}, conditions=engines)
    if keys is None:
        assert found == ()
        return
    (one,) = found
    assert (one.rule, one.severity, one.columns) == ("broken-rule", Severity.WARNING, columns)
    assert one.details.get("keys", []) == keys
    assert "the rule items.r (contract.yaml:9)" in one.message


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        (Format("no-such-format"), "no-such-format"),
        (Pattern("(", PatternSyntax.RE2), "DuckDB cannot evaluate it; "),
        (Query("SELECT 1 FROM nowhere"), "nowhere"),
        (Query("SELECT 1", "postgresql"), "it is written for PostgreSQL"),
    ],
)
def test_a_rule_that_cannot_be_evaluated_is_an_error(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, test: RuleTest, reason: str
) -> None:
    columns = () if isinstance(test, Query) else ("code",)
    table = side(tmp_path, with_rule(columns, test), [(1, 1.0, "a")])
    (found,) = check_rules(con, {"items": table})
    assert (found.rule, found.severity) == ("rule-not-evaluated", Severity.ERROR)
    assert found.message.startswith("The rule items.r (contract.yaml:9) of items was not evaluated: ")
    assert reason in found.message


def test_what_only_a_merge_breaks_is_new(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    schema = with_rule((), RowCount(), Threshold(Operator.LESS, (Decimal(3),)))
    base: Rows = [(1, 1.0, "a")]
    ours, theirs = [base, [(2, 1.0, "b")]], [base, [(3, 1.0, "c")]]
    (new,) = merge(con, tmp_path, schema, [base, *ours[1:], *theirs[1:]], ours, theirs)
    assert (new.rule, new.severity) == ("broken-rule", Severity.ERROR)
    many: Rows = [(4, 1.0, "d"), (5, 1.0, "e")]
    (old,) = merge(con, tmp_path, schema, [base, many, *ours[1:]], [base, many], ours)
    assert (old.severity, old.details["new"]) == (Severity.WARNING, 0)


def test_rows_that_a_side_had_broken_are_not_the_merges_fault(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    schema = with_rule(("price",), Range(minimum=0))
    base: Rows = [(1, 1.0, "a")]
    bad: Rows = [(2, -1.0, "b")]
    good: Rows = [(3, 1.0, "c")]
    (old,) = merge(con, tmp_path, schema, [base, bad, good], [base, bad], [base, good])
    assert (old.severity, old.details["new"]) == (Severity.WARNING, 0)
    mixed: Rows = [(2, -1.0, "b"), (4, -2.0, "d")]
    new, old = merge(con, tmp_path, schema, [base, mixed, good], [base, bad], [base, good])
    assert (new.severity, new.details["keys"]) == (Severity.ERROR, ["4"])
    assert (old.severity, old.details["keys"]) == (Severity.WARNING, ["2"])


def test_an_invariant_of_two_tables_that_only_a_merge_breaks_is_found(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    sums = Query(
        "SELECT count(*) FROM items i WHERE i.price <> (SELECT sum(l.price) FROM lines l WHERE l.code = i.code)"
    )
    items = replace(ITEMS, further_rules=(Rule("items.sums", "items", (), sums),))
    lines = replace(ITEMS, name="lines")

    def state(price: float, *amounts: float) -> CheckedState:
        found = {
            "items": side(tmp_path, items, [(1, price, "a")]),
            "lines": side(tmp_path, lines, [(n, amount, "a") for n, amount in enumerate(amounts)]),
        }
        return CheckedState(found, {"items": items, "lines": lines})

    ours, theirs = state(3.0, 1.0, 2.0), state(5.0, 1.0, 4.0)
    assert check_merged(con, theirs, [ours, theirs], ValidationOptions()) == ()
    (new,) = check_merged(con, state(3.0, 1.0, 4.0), [ours, theirs], ValidationOptions())
    assert (new.rule, new.severity, new.details["id"]) == ("broken-rule", Severity.ERROR, "items.sums")
    broken = state(9.0, 1.0, 2.0)
    (old,) = check_merged(con, state(9.0, 1.0, 2.0, 3.0), [broken, theirs], ValidationOptions())
    assert (old.severity, old.details["new"]) == (Severity.WARNING, 0)
    assert (
        check_merged(con, state(3.0, 1.0, 4.0), [ours, theirs], ValidationOptions(), unknown=["lines"]) == ()
    )
