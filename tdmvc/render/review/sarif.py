"""A review as SARIF 2.1.0, the findings format of code scanning."""

import json
from urllib.parse import quote

from tdmvc.model.finding import Finding, Severity
from tdmvc.model.review import Review
from tdmvc.render.cells import visible
from tdmvc.render.format import Paths, RenderOptions
from tdmvc.render.review.placed_findings import PlacedFinding, placed_findings

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render(review: Review, options: RenderOptions) -> str:
    """Return a SARIF log as JSON text; a finding keeps its fingerprint from run to run."""
    placed = list(placed_findings(review))
    rules = list(dict.fromkeys(one.finding.rule for one in placed))
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "tdmvc", "rules": [_rule(rule, placed) for rule in rules]}},
                "columnKind": "unicodeCodePoints",
                "results": [_result(one, rules.index(one.finding.rule), options.paths) for one in placed],
            }
        ],
    }
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"


def _rule(rule: str, placed: list[PlacedFinding]) -> dict[str, object]:
    """Return a rule; its level is the worst of its findings."""
    severities = (one.finding.severity for one in placed if one.finding.rule == rule)
    worst = max(severities, key=lambda severity: severity.rank)
    words = visible(rule).replace("-", " ")
    return {
        "id": visible(rule),
        "shortDescription": {"text": words},
        "defaultConfiguration": {"level": LEVELS[worst]},
    }


def _result(placed: PlacedFinding, rule: int, paths: Paths) -> dict[str, object]:
    finding = placed.finding
    uri = quote(paths(placed.dataset, finding.table), safe="/-._~", errors="replace")
    return {
        "ruleId": visible(finding.rule),
        "ruleIndex": rule,
        "level": LEVELS[finding.severity],
        "message": {"text": placed.text or visible(finding.rule)},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": 1}},
                "logicalLocations": [_logical(placed.dataset, finding)],
            }
        ],
        "partialFingerprints": {"tdmvcFinding/v1": placed.fingerprint},
    }


def _logical(dataset: str, finding: Finding) -> dict[str, object]:
    names = [dataset, *([finding.table] if finding.table else []), *finding.columns[:1]]
    name = ".".join(map(visible, names))
    return {"fullyQualifiedName": name, "kind": "element" if finding.columns else "object"}
