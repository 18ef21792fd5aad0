"""Drift as a JUnit report: a suite for each dataset, a case for each location of migrations."""

import xml.etree.ElementTree as ET
from collections.abc import Collection, Sequence

from tdmvc.model.finding import Finding
from tdmvc.model.migration import Drift, DriftReport, DriftStatus, fails_on
from tdmvc.render.cells import visible
from tdmvc.render.drift.wording import (
    drift_lines,
    drift_words,
    finding_lines,
    findings_by_ref,
    location_words,
)
from tdmvc.render.format import RenderOptions
from tdmvc.render.junit import add_case, add_output, add_suite, count_cases, fail, junit_text


def render(report: DriftReport, options: RenderOptions) -> str:
    """Return JUnit XML: a failure for what fails, an error where migrations cannot be read and that fails."""
    root = ET.Element("testsuites", name="tdmvc drift")
    findings = findings_by_ref(report)
    for ref in dict.fromkeys([*(drift.ref for drift in report.drifts), *findings]):
        suite = add_suite(root, ref)
        for drift in report.drifts:
            if drift.ref == ref:
                _case(suite, drift, options.fail_on)
        if report.database is not None:
            _database_case(suite, ref, findings.get(ref, []), options.fail_on)
        count_cases(suite)
    return junit_text(root)


def _database_case(
    suite: ET.Element, ref: str, findings: Sequence[Finding], fail_on: Collection[str]
) -> None:
    """Add a case for what is wrong with the migrations or the tables of a database."""
    case = add_case(suite, ref, "database")
    failing = [finding for finding in findings if fails_on(finding, fail_on)]
    text = "\n".join(finding_lines(findings))
    if failing:
        fail(case, f"drift-{failing[0].rule}", failing[0].message, text, is_error=False)
    elif text:
        add_output(case, text)


def _case(suite: ET.Element, drift: Drift, fail_on: Collection[str]) -> None:
    case = add_case(suite, drift.ref, location_words(drift))
    lines = [f"{drift_words(drift)} at {visible(drift.at)}", *drift_lines(drift, most=1_000)]
    is_unreadable = drift.status is DriftStatus.UNREADABLE
    if not is_unreadable:
        lines += [f"problem {visible(p.kind)}: {visible(p.message)}" for p in drift.problems]
    if drift.fails_on(fail_on):
        kind = f"drift-{drift.status.value}"
        fail(case, kind, drift.message, "\n".join(lines), is_error=is_unreadable)
    else:
        add_output(case, "\n".join(lines))
