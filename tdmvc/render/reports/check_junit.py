"""The result of `check` as a JUnit report: a suite for each dataset, a case for each table and rule."""

import xml.etree.ElementTree as ET
from collections import Counter

from tdmvc.model.finding import CheckReport, Finding, Severity
from tdmvc.render.cells import visible
from tdmvc.render.format import RenderOptions
from tdmvc.render.junit import add_case, add_output, add_suite, count_cases, fail, junit_text
from tdmvc.render.reports.check import extent_words

_NOT_CHECKED = frozenset({"rows-not-checked", "rule-not-evaluated", "check-not-evaluated"})


def render(report: CheckReport, options: RenderOptions) -> str:
    """Return JUnit XML: a failure for each error, an error for what could not be checked at all."""
    root = ET.Element("testsuites", name="tdmvc check")
    for name in dict.fromkeys([*report.datasets, *(str(finding.dataset) for finding in report.findings)]):
        suite = add_suite(root, name)
        add_output(add_case(suite, name, "check"), extent_words(report))
        counts: Counter[tuple[str, str]] = Counter()
        for finding in report.findings:
            if str(finding.dataset) == name:
                place = f"{name}.{finding.table}" if finding.table else name
                counts[place, finding.rule] += 1
                _case(suite, finding, place, counts[place, finding.rule])
        count_cases(suite)
    return junit_text(root)


def _case(suite: ET.Element, finding: Finding, place: str, number: int) -> None:
    case = add_case(suite, place, finding.rule if number == 1 else f"{finding.rule} {number}")
    parts = (str(finding.details.get("file", "")), finding.message, finding.remedy)
    text = "\n".join(visible(part) for part in parts if part)
    if finding.severity is Severity.ERROR:
        fail(case, finding.rule, finding.message, text, is_error=finding.rule in _NOT_CHECKED)
    else:
        add_output(case, f"{finding.severity.value}: {text}")
