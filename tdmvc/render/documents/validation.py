"""The document of a validation."""

from decimal import Decimal

from tdmvc.model import validation
from tdmvc.model.rule_words import demand_words, measured_words, row_words, threshold_words
from tdmvc.model.rules import Rule, kind_of
from tdmvc.render.json import Scope, declare


def _number(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def place_object(rule: Rule) -> dict[str, object] | None:
    """Return the JSON object of where a rule is declared; null if no file declares it."""
    place = rule.place
    if place is None:
        return None
    return {"file": place.path, "line": place.line, "pointer": place.pointer}


def _result(one: validation.RuleResult) -> dict[str, object]:
    rule = one.rule
    return {
        "rule": rule.id,
        "kind": kind_of(rule),
        "columns": list(rule.columns),
        "severity": (one.severity or rule.severity).value,
        "demand": demand_words(rule),
        "description": rule.description,
        "place": place_object(rule),
        "verdict": one.verdict.value,
        "message": measured_words(one),
        "measured": _number(one.measured),
        "allowed": threshold_words(rule.threshold),
        "failing": one.failing,
        "evaluation": one.evaluation.value,
        "reason": one.reason,
        # Values that nobody may see are masks already.
        "examples": [
            {"key": dict(row.key), "values": dict(row.values), "message": row_words(rule, row)}
            for row in one.examples
        ],
    }


def _tables(report: validation.ValidationReport, scope: Scope) -> list[dict[str, object]]:
    return [
        {
            "table": table.table,
            "rows": table.rows,
            "checked_parts": table.checked_parts,
            "known_parts": table.known_parts,
            "results": [_result(one) for one in table.results],
        }
        for table in report.tables
    ]


declare(
    validation.ValidationReport,
    "subject contract is_valid errors warnings tables notes undeclared files",
    format="tdmvc.validate/1",
    is_valid=lambda one, scope: not one.count("error"),
    errors=lambda one, scope: one.count("error"),
    warnings=lambda one, scope: one.count("warning"),
    tables=_tables,
)
