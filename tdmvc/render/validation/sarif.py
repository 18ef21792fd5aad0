"""A validation as SARIF 2.1.0, the findings format of code scanning; a result is at the line of its rule."""

import hashlib
import json
from collections.abc import Sequence
from urllib.parse import quote

from tdmvc.model.finding import Severity
from tdmvc.model.rule_words import demand_words
from tdmvc.model.validation import RuleResult, ValidationReport
from tdmvc.render.cells import visible
from tdmvc.render.format import RenderOptions
from tdmvc.render.review.sarif import LEVELS, SCHEMA
from tdmvc.render.validation.wording import example_lines, result_words


def render(reports: Sequence[ValidationReport], options: RenderOptions) -> str:
    """Return a SARIF log as JSON text: a run for each dataset; a result keeps its fingerprint from run to run."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report) for report in reports]}
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"


def _run(report: ValidationReport) -> dict[str, object]:
    return {
        "tool": {"driver": {"name": "tdmvc", "rules": [_rule(one) for one in report.failures]}},
        "automationDetails": {"id": f"tdmvc validate/{visible(report.subject)}"},
        "columnKind": "unicodeCodePoints",
        "results": [_result(report, one, place) for place, one in enumerate(report.failures)],
    }


def _rule(result: RuleResult) -> dict[str, object]:
    return {
        "id": visible(result.rule.id),
        "shortDescription": {"text": visible(demand_words(result.rule))},
        "defaultConfiguration": {"level": LEVELS[result.severity or Severity.ERROR]},
    }


def _result(report: ValidationReport, result: RuleResult, index: int) -> dict[str, object]:
    rule = result.rule
    path = rule.place.path if rule.place else report.contract
    uri = quote(path, safe="/-._~", errors="replace")
    text = "\n".join(map(visible, [result_words(result), *example_lines(result)]))
    mark = hashlib.sha256("\0".join((report.subject, rule.id)).encode(errors="replace")).hexdigest()
    name = ".".join(map(visible, [report.subject, rule.table, *rule.columns[:1]]))
    return {
        "ruleId": visible(rule.id),
        "ruleIndex": index,
        "level": LEVELS[result.severity or Severity.ERROR],
        "message": {"text": text},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": uri},
                    "region": {"startLine": (rule.place.line if rule.place else None) or 1},
                },
                "logicalLocations": [
                    {"fullyQualifiedName": name, "kind": "element" if rule.columns else "object"}
                ],
            }
        ],
        "partialFingerprints": {"tdmvcRule/v1": mark},
    }
