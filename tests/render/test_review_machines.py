"""A review for machines: its document, and the forms of GitHub, JUnit, SARIF and GitLab."""

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tdmvc.model.finding import Severity
from tdmvc.model.review import Review
from tdmvc.render.documents import document as json_document
from tdmvc.render.format import RenderOptions
from tdmvc.render.review.codequality import render as render_review_codequality
from tdmvc.render.review.github import render as render_review_github
from tdmvc.render.review.junit import render as render_review_junit
from tdmvc.render.review.sarif import render as render_review_sarif
from tests.render import review_samples as samples
from tests.render.strict_sarif import SARIF

FORMATS = Path(__file__).parents[2] / "docs" / "formats"
SCHEMA = json.loads((FORMATS / "review.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
REVIEWS = (samples.BLOCKED, samples.FINE, samples.UNCHANGED, samples.hostile())


def paths(dataset: str, table: str | None) -> str:
    return f"datasets/{dataset}/{table}.dvc" if table else f"datasets/{dataset}/dataset.yaml"


def document(review: Review) -> Any:
    return json.loads(json.dumps(json_document(review), allow_nan=False))


@pytest.mark.parametrize("review", REVIEWS)
def test_the_document_follows_its_schema(review: Review) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert [error.message for error in VALIDATOR.iter_errors(document(review))] == []


def test_the_example_on_the_page_follows_the_schema() -> None:
    page = (FORMATS / "review.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", page, flags=re.DOTALL)
    VALIDATOR.validate(json.loads(example))


def test_the_schema_of_the_review_holds_the_schema_of_the_diff() -> None:
    assert SCHEMA["$defs"]["diff"] == json.loads((FORMATS / "diff.schema.json").read_text(encoding="utf-8"))


def test_the_schema_refuses_unknown_keys() -> None:
    published = document(samples.BLOCKED)
    published["datasets"][0]["diff"]["tables"][0]["surplus"] = 1
    assert not VALIDATOR.is_valid(published)


def test_the_document_has_verdict_totals_patterns_units_and_shifts() -> None:
    published = document(samples.BLOCKED)
    assert (published["verdict"], published["unchanged"]) == ("blocked", ["masked-eu"])
    assert published["summary"]["findings"] == {"error": 1, "warning": 1, "info": 0}
    assert published["summary"]["rows"] == {"added": 4, "removed": 14, "changed": 3_152, "ignored": 278}
    golden = published["datasets"][0]
    assert golden["ranked"] == ["orders", "drafts", "customers", "audit_trail", "order_items"]
    tables = {table["name"]: table for table in golden["diff"]["tables"]}
    assert tables["orders"]["natural_key"] is True
    assert tables["orders"]["patterns"][1] == {
        "kind": "shifted",
        "columns": ["price"],
        "cells": 40,
        "example": {"old": "9.90", "new": "10.40"},
        "by": "+0.50",
    }
    assert tables["customers"]["patterns"][1]["example"] == {}
    assert tables["customers"]["ignored"] == {"updated_at": 3_378, "applied": 278}
    assert tables["customers"]["samples"]["changed"][0]["unchanged"] == {"name": "Zoë", "note": None}
    assert tables["audit_trail"]["evidence"] == "98 % of the rows are equal"
    assert golden["diff"]["patterns"][0] == {
        "kind": "empty_to_null",
        "cells": 4_012,
        "members": [
            {"table": "customers", "columns": ["address2", "fax", "note"], "cells": 3_100},
            {"table": "orders", "columns": ["comment"], "cells": 912},
        ],
    }
    assert [child["sample"] for child in golden["units"][0]["children"]] == [0, 1]
    assert golden["shifts"][1]["personal"] is True


def test_no_personal_value_is_in_any_machine_format() -> None:
    forms = [
        json.dumps(document(samples.BLOCKED)),
        render_review_github(samples.BLOCKED, RenderOptions(paths=paths)),
        render_review_junit(samples.BLOCKED, RenderOptions()),
        render_review_sarif(samples.BLOCKED, RenderOptions(paths=paths)),
        render_review_codequality(samples.BLOCKED, RenderOptions(paths=paths)),
    ]
    assert samples.SECRET not in "\n".join(forms)
    assert '{"masked": true, "length": 15}' in forms[0]


def test_github_gets_an_annotation_for_each_finding_and_a_notice_for_each_dataset() -> None:
    lines = render_review_github(samples.BLOCKED, RenderOptions(paths=paths)).splitlines()
    assert len(lines) == 4
    assert lines[0] == (
        "::error title=tdmvc dangling-reference%3A golden/orders (customer_id),"
        "file=datasets/golden/orders.dvc::2 rows of orders name a customer that is not there: customer_id 17, 18."
        "%0AFix: bring the customers back, or remove their orders, then `tdmvc add golden`."
    )
    assert lines[3] == (
        "::notice title=tdmvc review of reference,file=datasets/reference/dataset.yaml"
        "::fine: tables: 1 changed; rows: 1 added"
    )


def test_github_gets_ten_of_a_level_and_the_number_of_the_others() -> None:
    lines = render_review_github(samples.enormous(), RenderOptions(paths=paths)).splitlines()
    errors = [line for line in lines if line.startswith("::error ")]
    assert len(errors) == 10
    assert errors[-1] == "::error title=tdmvc::191 more errors: see the summary of this job."


def test_no_value_ends_a_workflow_command_or_a_property_of_it() -> None:
    finding = replace(samples.DANGLING, rule="a:b,c", message="100 %\r\n::error::x", table="t,\n:")
    review = replace(samples.FINE, datasets=(replace(samples.REFERENCE, findings=(finding,)),))
    line = render_review_github(review, RenderOptions(paths=paths)).splitlines()[0]
    assert line.startswith(
        "::error title=tdmvc a%3Ab%2Cc%3A reference/t%2C␊%3A (customer_id),"
        "file=datasets/reference/t%2C%0A%3A.dvc::100 %25␍␊::error::x%0AFix: "
    )


def test_junit_has_a_suite_for_each_dataset_and_a_failure_for_each_error() -> None:
    root = ET.fromstring(render_review_junit(samples.BLOCKED, RenderOptions()))
    assert [suite.get("name") for suite in root] == ["golden", "reference", "masked-eu"]
    assert (root.get("tests"), root.get("failures")) == ("5", "1")
    (failure,) = root.iter("failure")
    assert failure.get("type") == "dangling-reference"
    warned = root.find(".//testcase[@name='drift-behind']/system-out")
    assert warned is not None
    assert (warned.text or "").startswith("warning: 1 migration has not been applied")


def test_junit_puts_findings_of_one_rule_and_table_into_one_case() -> None:
    twice = replace(samples.GOLDEN, findings=(samples.DANGLING, samples.DANGLING, samples.BEHIND))
    root = ET.fromstring(render_review_junit(replace(samples.BLOCKED, datasets=(twice,)), RenderOptions()))
    assert len(root.findall(".//testcase[@name='dangling-reference']")) == 1
    (failure,) = root.iter("failure")
    assert (failure.text or "").count("2 rows of orders") == 2


def test_junit_holds_no_character_that_xml_forbids() -> None:
    finding = replace(samples.DANGLING, message="a\x00\x0b\ufffe\ud800]]><b>&")
    review = replace(samples.FINE, datasets=(replace(samples.REFERENCE, findings=(finding,)),))
    (failure,) = ET.fromstring(render_review_junit(review, RenderOptions())).iter("failure")
    assert failure.get("message") == "a␀␋⟨U+FFFE⟩⟨U+D800⟩]]><b>&"


@pytest.mark.parametrize("review", REVIEWS)
def test_sarif_meets_its_standard(review: Review) -> None:
    log = json.loads(render_review_sarif(review, RenderOptions(paths=paths)))
    assert [error.message for error in Draft202012Validator(SARIF).iter_errors(log)] == []


def test_a_rule_of_sarif_has_the_worst_level_that_it_was_found_with() -> None:
    milder = replace(samples.DANGLING, severity=Severity.WARNING, table="items")
    review = replace(
        samples.BLOCKED, datasets=(replace(samples.GOLDEN, findings=(milder, samples.DANGLING)),)
    )
    (run,) = json.loads(render_review_sarif(review, RenderOptions(paths=paths)))["runs"]
    assert [rule["defaultConfiguration"]["level"] for rule in run["tool"]["driver"]["rules"]] == ["error"]
    assert [result["level"] for result in run["results"]] == ["warning", "error"]


def test_a_fingerprint_outlives_a_changed_count_but_not_a_changed_place() -> None:
    def prints(*findings: Any) -> list[str]:
        review = replace(samples.BLOCKED, datasets=(replace(samples.GOLDEN, findings=findings),))
        entries = json.loads(render_review_codequality(review, RenderOptions(paths=paths)))
        (run,) = json.loads(render_review_sarif(review, RenderOptions(paths=paths)))["runs"]
        found = [result["partialFingerprints"]["tdmvcFinding/v1"] for result in run["results"]]
        assert found == [entry["fingerprint"] for entry in entries]
        return found

    first = samples.DANGLING
    (one,) = prints(first)
    assert prints(replace(first, message="3 rows of orders …")) == [one]
    assert prints(samples.BEHIND, first)[1] == one
    assert one not in prints(replace(first, table="items"))
    assert len({one, *prints(first, first)}) == 2


def test_code_quality_has_what_gitlab_requires() -> None:
    entries = json.loads(render_review_codequality(samples.BLOCKED, RenderOptions(paths=paths)))
    assert [entry["severity"] for entry in entries] == ["blocker", "major"]
    assert entries[0]["location"] == {"path": "datasets/golden/orders.dvc", "lines": {"begin": 1}}
    assert all(
        set(entry) == {"description", "check_name", "fingerprint", "severity", "location"}
        for entry in entries
    )
