"""Knows the machine's form of what `check` found: `tdmvc.check/1`, described in docs/formats."""

from tdmvc.model.finding import CheckReport
from tdmvc.render.diff.json import finding_document


def check_document(report: CheckReport) -> dict[str, object]:
    """Return `tdmvc.check/1`."""
    return {
        "format": "tdmvc.check/1",
        "datasets": list(report.datasets),
        "tables": report.tables,
        "versions": report.versions,
        "remote": report.remote,
        "commit": report.commit,
        "objects": report.objects,
        "findings": [finding_document(finding) for finding in report.findings],
    }
