"""Drift as a JUnit report: a suite for each dataset, a case for each location of migrations."""

import xml.etree.ElementTree as ET
from collections.abc import Collection

from tdmvc.model.migration import Drift, DriftReport, DriftStatus
from tdmvc.render.cells import visible
from tdmvc.render.drift.wording import drift_lines, drift_words
from tdmvc.render.format import RenderOptions
from tdmvc.render.junit import add_case, add_output, add_suite, count_cases, fail, junit_text


def render(report: DriftReport, options: RenderOptions) -> str:
    """Return JUnit XML: a failure for what fails, an error where migrations cannot be read and that fails."""
    root = ET.Element("testsuites", name="tdmvc drift")
    for ref in dict.fromkeys(drift.ref for drift in report.drifts):
        suite = add_suite(root, ref)
        for drift in report.drifts:
            if drift.ref == ref:
                _case(suite, drift, options.fail_on)
        count_cases(suite)
    return junit_text(root)


def _case(suite: ET.Element, drift: Drift, fail_on: Collection[str]) -> None:
    case = add_case(suite, drift.ref, f"migrations {drift.location}")
    lines = [f"{drift_words(drift)} at {visible(drift.at)}", *drift_lines(drift, most=1_000)]
    is_unreadable = drift.status is DriftStatus.UNREADABLE
    if not is_unreadable:
        lines += [f"problem {visible(p.kind)}: {visible(p.message)}" for p in drift.problems]
    if drift.fails_on(fail_on):
        kind = f"drift-{drift.status.value}"
        fail(case, kind, drift.message, "\n".join(lines), is_error=is_unreadable)
    else:
        add_output(case, "\n".join(lines))
