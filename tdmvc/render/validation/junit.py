"""A validation as a JUnit report: a suite for each dataset, a case for each rule."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from tdmvc.model.finding import Severity
from tdmvc.model.rule_words import demand_words
from tdmvc.model.validation import RuleResult, RuleVerdict, ValidationReport
from tdmvc.render.cells import visible
from tdmvc.render.format import RenderOptions
from tdmvc.render.junit import add_case, add_output, add_suite, count_cases, fail, junit_text
from tdmvc.render.validation.wording import example_lines, extent_words, more_rows, result_words


def render(reports: Sequence[ValidationReport], options: RenderOptions) -> str:
    """Return JUnit XML: a failure for each rule that is broken, an error for each that could not be evaluated."""
    root = ET.Element("testsuites", name="tdmvc validate")
    for report in reports:
        suite = add_suite(root, report.subject)
        if not report.results:
            add_output(add_case(suite, report.subject, "validate"), extent_words([report]))
        for result in report.results:
            _case(suite, report, result)
        count_cases(suite)
    return junit_text(root)


def _case(suite: ET.Element, report: ValidationReport, result: RuleResult) -> None:
    case = add_case(suite, f"{report.subject}.{result.rule.table}", result.rule.id)
    if result.severity is None:
        return
    lines = [*example_lines(result)] or [demand_words(result.rule)]
    if left := more_rows(result):
        lines.append(f"… and {left:,} more")
    text = "\n".join(map(visible, lines))
    if result.severity is Severity.ERROR:
        is_error = result.verdict is RuleVerdict.NOT_EVALUATED
        fail(case, result.rule.id, result_words(result), text, is_error=is_error)
    else:
        add_output(case, f"{result.severity.value}: {visible(result_words(result))}\n{text}")
