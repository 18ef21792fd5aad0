"""A review as a JUnit report: a suite for each dataset, a case for each table and rule."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from tdmvc.model.finding import Severity
from tdmvc.model.review import DatasetReview, Review
from tdmvc.render.format import RenderOptions
from tdmvc.render.junit import add_case, add_output, add_suite, count_cases, fail, junit_text
from tdmvc.render.review.placed_findings import PlacedFinding, placed_findings
from tdmvc.render.review.wording import dataset_words

_Case = tuple[str, str]
"""(table or the empty text, rule)"""


def render(review: Review, options: RenderOptions) -> str:
    """Return JUnit XML; characters that XML cannot hold are made visible, and nothing depends on the time."""
    root = ET.Element("testsuites", name="tdmvc review")
    placed = list(placed_findings(review))
    for dataset in review.datasets:
        _suite(root, dataset, [one for one in placed if one.dataset == dataset.dataset])
    for name in review.unchanged:
        suite = add_suite(root, name)
        add_case(suite, name, "unchanged")
        count_cases(suite)
    return junit_text(root)


def _suite(root: ET.Element, dataset: DatasetReview, placed: Sequence[PlacedFinding]) -> None:
    name = dataset.dataset
    suite = add_suite(root, name)
    review = add_case(suite, name, "review")
    add_output(review, f"{dataset.verdict.value}: {dataset_words(dataset)}")
    cases: dict[_Case, list[PlacedFinding]] = {}
    for one in placed:
        cases.setdefault((one.finding.table or "", one.finding.rule), []).append(one)
    for (table, rule), found in cases.items():
        case = add_case(suite, f"{name}.{table}" if table else name, rule)
        errors = [one for one in found if one.finding.severity is Severity.ERROR]
        others = [one for one in found if one.finding.severity is not Severity.ERROR]
        if errors:
            fail(case, rule, errors[0].finding.message, "\n".join(one.text for one in errors))
        if others:
            add_output(case, "\n".join(f"{one.finding.severity.value}: {one.text}" for one in others))
    count_cases(suite)
