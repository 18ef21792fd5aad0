"""The documents of contracts."""

from tdmvc.model import contract_changes, contract_report, inference
from tdmvc.model.rule_words import demand_words
from tdmvc.model.rules import Rule, kind_of
from tdmvc.render.documents.validation import place_object
from tdmvc.render.json import Scope, declare, to_object


def rule_object(rule: Rule | None) -> dict[str, object] | None:
    """Return the JSON object of a rule; null if there is none."""
    if rule is None:
        return None
    threshold = rule.threshold
    return {
        "id": rule.id,
        "kind": kind_of(rule),
        "columns": list(rule.columns),
        "demand": demand_words(rule),
        "description": rule.description,
        "severity": rule.severity.value,
        "threshold": {
            "operator": threshold.operator.value,
            "numbers": [format(number, "f") for number in threshold.numbers],
            "unit": "percent" if threshold.is_percent else "rows",
        },
        "place": place_object(rule),
    }


def _tables(report: contract_report.ContractReport, scope: Scope) -> list[dict[str, object]]:
    return [
        {
            "name": table.name,
            "description": table.description,
            "key": list(table.key),
            "columns": [to_object(column, scope) for column in table.columns],
            "rules": [rule_object(rule) for rule in table.rules],
        }
        for table in report.tables
    ]


declare(
    contract_report.ContractReport,
    "name path tables service_levels notes",
    format="tdmvc.contract-show/1",
    tables=_tables,
    service_levels=lambda report, scope: [
        {
            "property": level.property.value,
            "amount": format(level.amount, "f"),
            "unit": level.unit.value,
            "columns": [f"{table}.{column}" for table, column in level.columns],
        }
        for level in report.service_levels
    ],
)
declare(
    contract_changes.ContractDiff,
    "old new bump breaks changes",
    format="tdmvc.contract-diff/1",
    breaks=lambda diff, scope: sorted(diff.breaks),
)
declare(
    contract_changes.ContractChange,
    "kind table columns message level breaks old new",
    breaks=lambda change, scope: sorted(change.breaks),
    old=lambda change, scope: rule_object(change.old),
    new=lambda change, scope: rule_object(change.new),
)
declare(
    inference.InferenceReport,
    "dataset ref path minimum_rows is_applied unwritten tables",
    format="tdmvc.contract-infer/1",
)
declare(inference.TableInference, "table rows proposals notes")
declare(
    inference.Proposal,
    "rule evidence support may_break command",
    rule=lambda one, scope: rule_object(one.rule),
    may_break=lambda one, scope: float(f"{one.may_break:.4g}"),
)
declare(
    contract_report.ContractImport,
    "dataset path source is_written is_new changes conflicts left_out unwritten notes",
    format="tdmvc.contract-import/1",
)
