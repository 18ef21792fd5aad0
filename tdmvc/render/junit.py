"""JUnit reports that CI servers can read: suites, cases, failures, counts.

Characters that XML cannot hold are made visible, and nothing in a report depends on the time.
"""

import xml.etree.ElementTree as ET

from tdmvc.render.cells import visible

_COUNTED = {"tests": "testcase", "failures": "failure", "errors": "error"}


def add_suite(root: ET.Element, name: str) -> ET.Element:
    return ET.SubElement(root, "testsuite", name=visible(name))


def add_case(suite: ET.Element, place: str, name: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", classname=visible(place), name=visible(name), time="0")


def fail(case: ET.Element, kind: str, message: str, text: str, *, is_error: bool = False) -> None:
    """Add a failure to a case, or an error if it could not be checked; `text` is already visible."""
    tag = "error" if is_error else "failure"
    ET.SubElement(case, tag, message=visible(message), type=visible(kind)).text = text


def add_output(case: ET.Element, text: str) -> None:
    """Add text that a case prints; `text` is already visible."""
    ET.SubElement(case, "system-out").text = text


def count_cases(element: ET.Element) -> None:
    """Write the counts of a suite, or of all suites."""
    for name, tag in _COUNTED.items():
        element.set(name, str(len(list(element.iter(tag)))))
    if element.tag == "testsuite":
        # Jenkins' schema allows this count on a suite, and not on all of them together.
        element.set("skipped", "0")
    element.set("time", "0")


def junit_text(root: ET.Element) -> str:
    """Return the report as XML text, with the counts of all suites."""
    count_cases(root)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'
