"""A checked merge as a JUnit report: a suite for each dataset, a case for each table and rule."""

import xml.etree.ElementTree as ET
from collections import Counter

from tdmvc.model.finding import Severity
from tdmvc.model.merge_report import MergeCheck
from tdmvc.render.format import RenderOptions
from tdmvc.render.junit import add_case, add_output, add_suite, count_cases, fail, junit_text
from tdmvc.render.merge.check.wording import Remark, check_verdict, remarks

_FILES = "files"


def render(check: MergeCheck, options: RenderOptions) -> str:
    """Return JUnit XML: a failure for what prevents the merge."""
    root = ET.Element("testsuites", name="tdmvc merge-check")
    found = list(remarks(check))
    whole = add_suite(root, "merge")
    add_output(add_case(whole, "merge", "merge"), ": ".join(check_verdict(check)))
    count_cases(whole)
    named = [dataset.name for dataset in check.datasets]
    for name in dict.fromkeys([*named, *(remark.dataset or _FILES for remark in found)]):
        suite = add_suite(root, name)
        own = [remark for remark in found if (remark.dataset or _FILES) == name]
        counts: Counter[tuple[str, str]] = Counter()
        for remark in own:
            counts[remark.place, remark.rule] += 1
            _case(suite, remark, counts[remark.place, remark.rule])
        if not own:
            add_case(suite, name, "merges")
        count_cases(suite)
    return junit_text(root)


def _case(suite: ET.Element, remark: Remark, number: int) -> None:
    name = remark.rule if number == 1 else f"{remark.rule} {number}"
    case = add_case(suite, remark.place.replace("/", "."), name)
    text = "\n".join([remark.message, *remark.lines])
    if remark.severity is Severity.ERROR:
        fail(case, remark.rule, remark.message, text)
    else:
        add_output(case, f"{remark.severity.value}: {text}")
