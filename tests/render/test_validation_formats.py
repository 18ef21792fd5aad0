"""The formats of `validate`: what they say, that each is valid for its readers, and that nothing breaks out of it."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tdmvc.model.declarations import Check
from tdmvc.model.rule_words import row_words
from tdmvc.model.rules import Condition
from tdmvc.model.validation import FailingRow, ValidationReport
from tdmvc.render.documents import document
from tdmvc.render.format import RenderOptions
from tdmvc.render.terminal import display_width
from tdmvc.render.validation import FORMATS
from tests.render.strict_junit import faults
from tests.render.strict_sarif import SARIF
from tests.render.validation_samples import CONTRACT, EVERY_KIND, HOSTILE, VALID, failed, hostile
from tests.schemas import FORMATS as PAGES

REPORTS = (EVERY_KIND, VALID)


def render(name: str, *reports: Any, width: int = 80) -> str:
    return FORMATS[name].render(reports or REPORTS, RenderOptions(width=width))


@pytest.mark.parametrize("name", ["terminal", "github", "junit"])
def test_reports_equal_their_golden_file(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"validate_{name}", f"{render(name)}\n---\n{render(name, VALID)}")


@pytest.mark.parametrize("report", [EVERY_KIND, VALID, hostile()], ids=["broken", "valid", "hostile"])
def test_a_document_follows_its_schema(report: Any) -> None:
    schema = json.loads((PAGES / "validate.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    published = json.loads(json.dumps(document(report)))
    Draft202012Validator(schema).validate(published)
    assert published["format"] == "tdmvc.validate/1" == schema["title"]


def test_the_published_example_is_valid_and_its_page_names_every_key() -> None:
    page = (PAGES / "validate.md").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads((PAGES / "validate.schema.json").read_text(encoding="utf-8"))
    example = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    assert example
    Draft202012Validator(schema).validate(json.loads(example[1]))
    tables, results = (schema["$defs"][name]["properties"] for name in ("table", "result"))
    for key in (*schema["properties"], *tables, *results):
        assert f"| `{key}` |" in page


def test_several_datasets_are_an_array_of_documents() -> None:
    assert [one["subject"] for one in json.loads(render("json"))] == ["golden", "reference"]
    assert json.loads(render("json", VALID))["is_valid"] is True


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_on_a_terminal_is_too_wide_but_commands(width: int) -> None:
    for reports in (REPORTS, (hostile(),)):
        text = render("terminal", *reports, width=width)
        lines = [line for line in text.split("\n") if not line.startswith("  tdmvc ")]
        assert max(display_width(line) for line in lines) <= width


@pytest.mark.parametrize("name", FORMATS)
def test_a_hostile_text_stays_a_text(name: str) -> None:
    text = render(name, hostile())
    if name != "json":  # which escapes by its own rules
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "<script" not in text.replace('"<script', "") or name in ("terminal", "github", "json", "sarif")
    if name == "github":
        assert not re.search(r"(?m)^::error::x", text)


def test_junit_has_a_case_for_each_rule_and_errors_for_what_was_not_evaluated() -> None:
    text = render("junit")
    assert faults(text) == []
    assert text.count("<testcase") == sum(len(report.results) for report in REPORTS)
    assert text.count("<error") == 1
    assert 'errors="1"' in text
    assert faults(render("junit", hostile())) == []


@pytest.mark.parametrize("report", [EVERY_KIND, VALID, hostile()], ids=["broken", "valid", "hostile"])
def test_sarif_meets_its_standard(report: ValidationReport) -> None:
    log = json.loads(render("sarif", report))
    assert [error.message for error in Draft202012Validator(SARIF).iter_errors(log)] == []


def test_sarif_names_the_line_of_each_rule_and_keeps_its_fingerprints() -> None:
    log = json.loads(render("sarif"))
    assert log["version"] == "2.1.0"
    first, second = log["runs"]
    assert len(first["results"]) == len(EVERY_KIND.failures)
    assert second["results"] == []
    for result in first["results"]:
        assert first["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning")
    regions = {one["locations"][0]["physicalLocation"]["region"]["startLine"] for one in first["results"]}
    assert regions == {31, 1}
    prints = [one["partialFingerprints"]["tdmvcRule/v1"] for one in first["results"]]
    assert len(set(prints)) == len(prints)
    again = json.loads(render("sarif"))["runs"][0]["results"]
    assert [one["partialFingerprints"]["tdmvcRule/v1"] for one in again] == prints


class _Page(HTMLParser):
    """The tags, and the addresses that a browser would load."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in ("meta", "link", "input", "br"):
            self.open.append(tag)
        self.loads += [value or "" for name, value in attrs if name in ("src", "href", "srcset")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("reports", [REPORTS, (hostile(),)], ids=["broken", "hostile"])
def test_the_page_is_whole_offline_and_without_scripts(reports: Any) -> None:
    page = _Page()
    text = render("html", *reports)
    page.feed(text)
    assert page.open == []
    assert "script" not in page.tags
    assert all(address.startswith(("#", "data:")) for address in page.loads)
    assert "default-src &#x27;none&#x27;" in text
    anchors = set(re.findall(r'href="#([^"]+)"', text))
    assert anchors <= set(re.findall(r' id="([^"]+)"', text))


def test_the_page_shows_bars_rows_and_places() -> None:
    text = render("html")
    assert 'aria-label="3 of 500 rows break this rule"' in text
    assert "datasets/golden/contract.yaml:31" in text
    assert "quantity 0 is outside 1..1000" in text
    assert "1 rule that is kept" in text


def test_the_next_command_is_safe_to_paste() -> None:
    assert "tdmvc sql \"select * from orders where id = '23'\" --at golden@1.0.0" in render("terminal")
    text = render("terminal", hostile())
    assert HOSTILE not in text


def test_a_contract_without_rules_is_not_called_valid() -> None:
    report = ValidationReport("golden", CONTRACT, (), undeclared=("orders",), at="golden")
    text = render("terminal", report)
    assert text.startswith("Nothing to validate: there are no rules\n")
    assert "The contract does not declare orders" in text
    assert "tdmvc contract infer golden" in text
    assert ">nothing to validate<" in render("html", report)


def test_a_row_breaks_what_people_wrote_about_a_condition() -> None:
    rule = replace(
        failed("form", Condition(Check("regexp_full_match(country, '[A-Z]{2}')"))).rule,
        description="A country is two capital letters.",
    )
    row = FailingRow({"id": "1"}, {"country": "de"})
    assert row_words(rule, row).endswith("breaks the rule: A country is two capital letters (country de)")
    assert row_words(replace(rule, description=""), row).endswith("(country, '[A-Z]{2}') (country de)")
