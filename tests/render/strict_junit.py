"""Reads a JUnit report as the strictest of its readers would, and says what they would not take."""

import xml.etree.ElementTree as ET

_MAY_HOLD = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"failure", "error", "skipped", "system-out"},
    "failure": set(),
    "error": set(),
    "skipped": set(),
    "system-out": set(),
}
_REQUIRED = {
    "testsuite": {"name", "tests", "failures", "errors"},
    "testcase": {"name", "classname"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
}
_MAY_SAY = {
    "testsuites": {"name", "tests", "failures", "errors", "time"},
    "testsuite": {"skipped", "time", "timestamp", "hostname"},
    "testcase": {"time"},
}
_COUNTED = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}


def faults(text: str) -> list[str]:
    """Return what is wrong: elements and attributes of no schema, missing ones, counts that do not add up."""
    root = ET.fromstring(text)
    found = [] if root.tag == "testsuites" else [f"the root is {root.tag}"]
    for element in root.iter():
        tag, attributes = element.tag, set(element.attrib)
        inside = [child.tag for child in element]
        found += [f"{tag} holds {child}" for child in set(inside) - _MAY_HOLD.get(tag, set())]
        found += [f"{tag} lacks {name}" for name in _REQUIRED.get(tag, set()) - attributes]
        allowed = _REQUIRED.get(tag, set()) | _MAY_SAY.get(tag, set())
        found += [f"{tag} says {name}" for name in attributes - allowed]
        found += [f"{tag} holds {child} twice" for child in set(inside) if _is_twice(tag, child, inside)]
        for name, counted in _COUNTED.items():
            if name in attributes and int(element.attrib[name]) != len(list(element.iter(counted))):
                found.append(f"{tag} miscounts {name}")
        if tag == "testcase" and {"failure", "error"} <= set(inside):
            found.append("a case fails and is in error")
    names = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    found += [f"two cases are called {name}" for name in {name for name in names if names.count(name) > 1}]
    return found


def _is_twice(tag: str, child: str, inside: list[str]) -> bool:
    return tag == "testcase" and inside.count(child) > 1
