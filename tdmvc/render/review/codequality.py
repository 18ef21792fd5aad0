"""A review as GitLab's Code Quality report, which a merge request shows next to its files."""

import json

from tdmvc.model.finding import Severity
from tdmvc.model.review import Review
from tdmvc.render.cells import visible
from tdmvc.render.format import RenderOptions
from tdmvc.render.review.placed_findings import placed_findings

_SEVERITIES = {Severity.ERROR: "blocker", Severity.WARNING: "major", Severity.INFO: "info"}


def render(review: Review, options: RenderOptions) -> str:
    """Return the report as JSON text; no two entries share a fingerprint, and each keeps its own."""
    report = [
        {
            "description": placed.text or visible(placed.finding.rule),
            "check_name": visible(placed.finding.rule),
            "fingerprint": placed.fingerprint,
            "severity": _SEVERITIES[placed.finding.severity],
            "location": {
                "path": visible(options.paths(placed.dataset, placed.finding.table)),
                "lines": {"begin": 1},
            },
        }
        for placed in placed_findings(review)
    ]
    return json.dumps(report, ensure_ascii=False, indent=2) + "\n"
