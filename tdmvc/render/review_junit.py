"""Knows a review as a JUnit report: a suite a dataset, a case a table and rule, a failure an error."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from tdmvc.model.finding import Severity
from tdmvc.model.review import DatasetReview, Review
from tdmvc.render.cells import visible
from tdmvc.render.finding_identity import PlacedFinding, placed_findings
from tdmvc.render.review_wording import dataset_words

_Case = tuple[str, str]
"""(table or the empty text, rule)"""


def render_review_junit(review: Review) -> str:
    """Return JUnit XML; what no XML file may hold is spelled out, and no value of it moves with the time."""
    root = ET.Element("testsuites", name="tdmvc review")
    placed = list(placed_findings(review))
    for dataset in review.datasets:
        _suite(root, dataset, [one for one in placed if one.dataset == dataset.dataset])
    for name in review.unchanged:
        suite = ET.SubElement(root, "testsuite", name=visible(name))
        ET.SubElement(suite, "testcase", classname=visible(name), name="unchanged", time="0")
        _count(suite)
    _count(root)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(root: ET.Element, dataset: DatasetReview, placed: Sequence[PlacedFinding]) -> None:
    name = visible(dataset.dataset)
    suite = ET.SubElement(root, "testsuite", name=name)
    review = ET.SubElement(suite, "testcase", classname=name, name="review", time="0")
    words = ET.SubElement(review, "system-out")
    words.text = f"{dataset.verdict.value}: {dataset_words(dataset)}"
    cases: dict[_Case, list[PlacedFinding]] = {}
    for one in placed:
        cases.setdefault((one.finding.table or "", one.finding.rule), []).append(one)
    for (table, rule), found in cases.items():
        place = f"{name}.{visible(table)}" if table else name
        case = ET.SubElement(suite, "testcase", classname=place, name=visible(rule), time="0")
        errors = [one for one in found if one.finding.severity is Severity.ERROR]
        others = [one for one in found if one.finding.severity is not Severity.ERROR]
        if errors:
            message = visible(errors[0].finding.message)
            failure = ET.SubElement(case, "failure", message=message, type=visible(rule))
            failure.text = "\n".join(one.text for one in errors)
        if others:
            said = ET.SubElement(case, "system-out")
            said.text = "\n".join(f"{one.finding.severity.value}: {one.text}" for one in others)
    _count(suite)


def _count(element: ET.Element) -> None:
    counts = {
        "tests": len(list(element.iter("testcase"))),
        "failures": len(list(element.iter("failure"))),
        "errors": 0,
        "skipped": 0,
        "time": 0,
    }
    for name, count in counts.items():
        element.set(name, str(count))
