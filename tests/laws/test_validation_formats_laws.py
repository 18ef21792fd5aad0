"""All formats of a validation say the same: the same broken rules, counts and rows."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote

from hypothesis import given, settings
from hypothesis import strategies as st

from tdmvc.model.finding import Severity
from tdmvc.model.rules import Length, Query, Range, Required, Rule, RuleTest, Unique
from tdmvc.model.validation import (
    Evaluation,
    FailingRow,
    RuleResult,
    RuleVerdict,
    TableValidation,
    ValidationReport,
)
from tdmvc.render.format import RenderOptions
from tdmvc.render.validation import FORMATS
from tests.series import trials

Said = Mapping[str, tuple[str, str, list[str]]]
"""By rule: its severity, what was measured, and its rows in words."""
WIDE = 300
FEW = 3
"""Rows of a rule on a terminal and in an annotation."""
TESTS: tuple[RuleTest, ...] = (
    Required(),
    Unique(),
    Length(maximum=2),
    Range(Decimal(1), Decimal(9)),
    Query("SELECT count(*) FROM t"),
)
words = st.text("abcxyz", min_size=1, max_size=4)


@st.composite
def results(draw: st.DrawFn, table: str, rows: int) -> tuple[RuleResult, ...]:
    found = []
    for number in range(draw(st.integers(0, 4))):
        rule = Rule(
            f"{table}.rule{number}",
            table,
            ("c",),
            draw(st.sampled_from(TESTS)),
            severity=draw(st.sampled_from(Severity)),
        )
        verdict = draw(st.sampled_from(RuleVerdict))
        match verdict:
            case RuleVerdict.PASSED:
                found.append(RuleResult(rule, verdict, Evaluation.SCAN, rows, Decimal(0), 0))
            case RuleVerdict.NOT_EVALUATED:
                found.append(RuleResult(rule, verdict, Evaluation.SCAN, rows, reason=draw(words)))
            case RuleVerdict.FAILED:
                failing = draw(st.integers(1, rows))
                examples = tuple(
                    FailingRow({"id": str(key)}, {"c": draw(st.none() | words)})
                    for key in range(draw(st.integers(0, min(failing, 5))))
                )
                found.append(
                    RuleResult(rule, verdict, Evaluation.SCAN, rows, Decimal(failing), failing, examples)
                )
    return tuple(found)


@st.composite
def reports(draw: st.DrawFn) -> ValidationReport:
    tables = []
    # With more than ten of a level, annotations of GitHub leave some out.
    for number in range(draw(st.integers(0, 2))):
        rows = draw(st.integers(1, 5_000))
        tables.append(TableValidation(f"t{number}", rows, draw(results(f"t{number}", rows)), 1))
    return ValidationReport("golden", "datasets/golden/contract.yaml", tuple(tables), at="golden")


@settings(max_examples=trials(1_000, 40))
@given(reports())
def test_all_formats_say_the_same(report: ValidationReport) -> None:
    texts = {name: form.render((report,), RenderOptions(width=WIDE)) for name, form in FORMATS.items()}
    whole = from_json(texts["json"])
    short = {rule: (level, measured, rows[:FEW]) for rule, (level, measured, rows) in whole.items()}
    assert from_junit(texts["junit"]) == whole
    assert from_sarif(texts["sarif"]) == whole
    assert from_html(texts["html"]) == whole
    assert from_github(texts["github"]) == short
    assert from_terminal(texts["terminal"]) == short
    # The sums are the same, too.
    document = json.loads(texts["json"])
    errors, warnings = document["errors"], document["warnings"]
    assert (errors, warnings) == tuple(
        sum(said[0] == level for said in whole.values()) for level in ("error", "warning")
    )
    for name in ("terminal", "github", "html"):
        assert (f"{errors:,} error" in texts[name]) == bool(errors)
    suite = ET.fromstring(texts["junit"]).find("testsuite")
    assert suite is not None
    assert int(suite.attrib["failures"]) + int(suite.attrib["errors"]) == errors
    assert document["is_valid"] == (errors == 0)


def from_json(text: str) -> Said:
    return {
        one["rule"]: (
            one["severity"],
            one["message"],
            [row["message"] for row in one["examples"]],
        )
        for table in json.loads(text)["tables"]
        for one in table["results"]
        if one["verdict"] != "passed"
    }


def from_junit(text: str) -> Said:
    found = {}
    for case in ET.fromstring(text).iter("testcase"):
        # A dataset without rules has a case, too, which says so.
        for child in case if "." in case.attrib["name"] else ():
            if child.tag == "system-out":
                first, _, body = (child.text or "").partition("\n")
                level, _, message = first.partition(": ")
            else:
                level, message, body = "error", child.attrib["message"], child.text or ""
            found[case.attrib["name"]] = (level, measured(message), rows_of(body))
    return found


def from_sarif(text: str) -> Said:
    levels = {"error": "error", "warning": "warning", "note": "info"}
    found = {}
    for one in json.loads(text)["runs"][0]["results"]:
        first, _, body = one["message"]["text"].partition("\n")
        found[one["ruleId"]] = (levels[one["level"]], measured(first), rows_of(body))
    return found


def from_github(text: str) -> Said:
    levels = {"error": "error", "warning": "warning", "notice": "info"}
    found = {}
    for level, properties, message in re.findall(r"(?m)^::(\w+) (.*?)::(.*)$", text):
        title = unquote(re.search(r"title=([^,]*)", properties)[1])  # type: ignore[index]
        if ": " in title:
            first, _, body = unquote(message).partition("\n")
            found[title.partition(": ")[2]] = (levels[level], measured(first), rows_of(body))
    return found


def from_terminal(text: str) -> Said:
    found: dict[str, tuple[str, str, list[str]]] = {}
    blocks = re.findall(r"(?m)^(error|warning|info) (\S+): (.*)\n((?:  .*\n)*)", text)
    for level, rule, message, body in blocks:
        found[rule] = (level, message, rows_of(body))
    return found


def from_html(text: str) -> Said:
    page = _Cards()
    page.feed(text)
    return {
        card["name"]: (card["level"], card["measure"], card["rows"])
        for card in page.cards
        if card["level"] != "passed"
    }


class _Cards(HTMLParser):
    """The cards of broken rules."""

    def __init__(self) -> None:
        super().__init__()
        self.cards: list[dict[str, Any]] = []
        self._part = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = (dict(attrs).get("class") or "").split()
        if classes[:1] == ["rule-card"]:
            self.cards.append({"level": classes[1], "name": "", "measure": "", "rows": [], "key": ""})
        card = self.cards[-1] if self.cards else {}
        match tag:
            case "code" if card and not card["name"]:
                self._part = "name"
            case "span" if card and not card["measure"]:
                self._part = "measure"
            case "th" if card and dict(attrs).get("scope") == "row":
                self._part = "key"
            case "td" if "wrong" in classes:
                self._part = "wrong"
            case "tr" if card:
                card["key"] = ""

    def handle_endtag(self, tag: str) -> None:
        self._part = ""

    def handle_data(self, data: str) -> None:
        if not self._part:
            return
        card = self.cards[-1]
        if self._part == "wrong":
            table = card["name"].partition(".")[0]
            card["rows"].append(f"{table} row id={card['key']}: {data}")
        else:
            card[self._part] += data


def measured(message: str) -> str:
    """Return what was measured of `demand: measured`."""
    return message.partition(": ")[2] if "keeps the rule" not in message else message.split(": ", 2)[2]


def rows_of(body: str) -> list[str]:
    return [line.strip() for line in body.split("\n") if re.match(r"\s*t\d+ row ", line)]
