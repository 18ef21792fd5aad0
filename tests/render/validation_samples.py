"""Validation reports for the tests of formats: every kind of rule, broken."""

from dataclasses import replace
from decimal import Decimal

from tdmvc.model.declarations import Check, ForeignKey
from tdmvc.model.finding import Severity
from tdmvc.model.masking import MASK
from tdmvc.model.rules import (
    Condition,
    Format,
    JsonSchema,
    Length,
    MultipleOf,
    Operator,
    Pattern,
    Place,
    Present,
    Query,
    Range,
    References,
    Required,
    RowCount,
    Rule,
    RuleTest,
    Threshold,
    Unique,
    Values,
)
from tdmvc.model.validation import (
    Evaluation,
    FailingRow,
    RuleResult,
    RuleVerdict,
    TableValidation,
    ValidationReport,
)

CONTRACT = "datasets/golden/contract.yaml"
_TESTS: dict[str, RuleTest] = {
    "required": Required(),
    "unique": Unique(),
    "key": Unique(is_key=True),
    "length": Length(2, 10),
    "short": Length(minimum=2),
    "long": Length(maximum=1),
    "range": Range(Decimal(1), Decimal(1000)),
    "above": Range(Decimal(0), excludes_minimum=True),
    "below": Range(None, "2026-01-01", excludes_maximum=True),
    "step": MultipleOf(Decimal("0.50")),
    "pattern": Pattern("^[A-Z]+$"),
    "format": Format("email"),
    "values": Values(("new", "open", "paid", "sent", "back", "lost", None)),
    "present": Present((None, "", "n/a")),
    "condition": Condition(Check("shipped_at >= placed_at")),
    "reference": References(ForeignKey(("quantity",), "customers", ("id",))),
    "query": Query("SELECT count(*) FROM orders WHERE total < 0"),
    "json": JsonSchema("{}"),
}


def failed(
    name: str,
    test: RuleTest,
    *,
    severity: Severity = Severity.ERROR,
    value: str | None = "0",
    threshold: Threshold | None = None,
) -> RuleResult:
    rule = Rule(
        f"orders.quantity.{name}",
        "orders",
        ("quantity",),
        test,
        threshold or Threshold(),
        severity,
        place=Place(CONTRACT, 31),
    )
    row = FailingRow({"id": "23"}, {"quantity": value})
    return RuleResult(rule, RuleVerdict.FAILED, Evaluation.SCAN, 500, Decimal(3), 3, (row, row))


EVERY_KIND = ValidationReport(
    "golden",
    CONTRACT,
    (
        TableValidation(
            "orders",
            500,
            (
                *(failed(name, test) for name, test in _TESTS.items()),
                failed("hidden", Format("email"), value=MASK),
                failed("nothing", Range(Decimal(1)), value=None),
                failed("gentle", Range(Decimal(1)), severity=Severity.WARNING),
                failed(
                    "share",
                    Required(),
                    severity=Severity.WARNING,
                    threshold=Threshold(Operator.LESS, (Decimal(95),), is_percent=True),
                ),
                RuleResult(
                    Rule(
                        "orders.count", "orders", (), RowCount(), Threshold(Operator.GREATER, (Decimal(900),))
                    ),
                    RuleVerdict.FAILED,
                    Evaluation.FOOTER,
                    500,
                    Decimal(500),
                ),
                RuleResult(
                    Rule("orders.sum", "orders", (), Query("SELECT sum(total) FROM orders")),
                    RuleVerdict.FAILED,
                    Evaluation.QUERY,
                    500,
                    reason="its number is not shown, because it may come from a personal column",
                ),
                RuleResult(
                    Rule("orders.slow", "orders", (), Query("SELECT 1")),
                    RuleVerdict.NOT_EVALUATED,
                    Evaluation.QUERY,
                    500,
                    reason="it took longer than 60 seconds",
                ),
                RuleResult(
                    Rule("orders.fine", "orders", ("id",), Required(), place=Place(CONTRACT, 3)),
                    RuleVerdict.PASSED,
                    Evaluation.FOOTER,
                    500,
                    Decimal(0),
                    0,
                ),
            ),
            checked_parts=1,
            known_parts=3,
        ),
        TableValidation("customers", 20, (), checked_parts=0),
    ),
    notes=tuple(f"{CONTRACT}:{line}: `schedule` is kept, not run." for line in range(80, 86)),
    undeclared=("logs",),
    at="golden@1.0.0",
)
VALID = ValidationReport(
    "reference",
    "datasets/reference/contract.yaml",
    (
        TableValidation(
            "countries",
            1,
            (
                RuleResult(
                    Rule("countries.pk", "countries", ("code",), Unique(is_key=True)),
                    RuleVerdict.PASSED,
                    Evaluation.HASH,
                    1,
                    Decimal(0),
                    0,
                ),
            ),
            checked_parts=1,
        ),
    ),
    at="reference",
)
HOSTILE = "o\x1b[31mrd\u202eers<script>|\n::error::x"


def hostile() -> ValidationReport:
    """Return a report whose every text tries to break out."""
    rule = Rule(
        HOSTILE,
        HOSTILE,
        (HOSTILE,),
        Values((HOSTILE,)),
        description=HOSTILE,
        place=Place(CONTRACT, 1),
    )
    row = FailingRow({HOSTILE: HOSTILE}, {HOSTILE: HOSTILE * 30})
    result = RuleResult(rule, RuleVerdict.FAILED, Evaluation.SCAN, 1, Decimal(1), 1, (row,))
    lost = RuleResult(
        replace(rule, id=f"{HOSTILE}-2"), RuleVerdict.NOT_EVALUATED, Evaluation.SCAN, 1, reason=HOSTILE
    )
    table = TableValidation(HOSTILE, 1, (result, lost), checked_parts=1)
    return ValidationReport(HOSTILE, HOSTILE, (table,), (HOSTILE,), (HOSTILE,), HOSTILE, (HOSTILE,), HOSTILE)


def large() -> ValidationReport:
    """Return a report of 200 tables, of which one in the middle is broken, with long rules, keys and values."""
    tables = [
        TableValidation(f"table_{number:03}_of_the_shop", 1_000, VALID.results, checked_parts=1)
        for number in range(200)
    ]
    rule = Rule(
        "orders.status.invalidValues",
        "orders",
        ("status", "a column with a long name"),
        Values(("new", "open", "paid" * 40)),
        description="What the shop knows, in many words. " * 40,
        place=Place(CONTRACT, 31),
    )
    key = {"tenant": "k" * 90, "id": "1234567"}
    row = FailingRow(key, {"status": "x" * 3_000, "a column with a long name": "v" * 200})
    result = RuleResult(rule, RuleVerdict.FAILED, Evaluation.SCAN, 1_000, Decimal(700), 700, (row,) * 10)
    tables[150] = TableValidation("orders", 1_000, (*VALID.results, result), checked_parts=1)
    undeclared = tuple(f"log_{number}" for number in range(60))
    return ValidationReport("golden", CONTRACT, tuple(tables), EVERY_KIND.notes, undeclared, at="golden")
