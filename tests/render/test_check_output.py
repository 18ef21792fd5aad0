import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tdmvc.model.finding import CheckReport, Finding, Severity
from tdmvc.model.remote import Comparison
from tdmvc.render.documents import document as json_document
from tdmvc.render.format import RenderOptions
from tdmvc.render.reports.check import render as render_check
from tdmvc.render.terminal import display_width

FORMATS = Path(__file__).parents[2] / "docs" / "formats"
COMMIT = "1f3c9ab27d10e5c44b8a6f2e90d1c7b3a5e4f6d8"
NOT_ADDED = Finding(
    "not-added",
    Severity.WARNING,
    "The table drafts is new in the working copy, but not added, so Git does not see it.",
    "golden",
    "drafts",
    remedy="add it with `tdmvc add golden`.",
    details={"file": "datasets/golden/dataset.yaml"},
)
CONFLICT = Finding(
    "conflict-markers",
    Severity.ERROR,
    "The file contains Git conflict markers.",
    "golden",
    remedy="finish the merge: keep one side of each conflict.",
    details={"file": "datasets/golden/orders.dvc", "line": 2},
)
LACKING = Finding(
    "not-on-remote",
    Severity.ERROR,
    "2 objects of golden/orders are not on the remote.",
    "golden",
    "orders",
    remedy="run `tdmvc push golden`.",
    details={"file": "datasets/golden/orders.dvc", "objects": 2},
)
REPORTS = {
    "fine": CheckReport(("golden", "reference"), 14, 6, ()),
    "warned": CheckReport(("golden",), 11, 3, (NOT_ADDED,)),
    "broken": CheckReport(
        ("golden",),
        11,
        3,
        (NOT_ADDED, CONFLICT, LACKING),
        "near",
        COMMIT,
        318,
        {Comparison.SIZE_AND_CHECKSUM: 300, Comparison.SIZE: 16},
    ),
    "empty": CheckReport((), 0, 0, ()),
}


def test_a_report_equals_its_golden_file(golden: Callable[[str, str], None]) -> None:
    pages = [f"# {name}\n{render_check(report, RenderOptions(width=80))}" for name, report in REPORTS.items()]
    golden("report_check", "\n".join(pages))


@pytest.mark.parametrize("name", REPORTS)
def test_a_document_follows_its_schema(name: str) -> None:
    schema = json.loads((FORMATS / "check.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    document = json.loads(json.dumps(json_document(REPORTS[name])))
    Draft202012Validator(schema).validate(document)
    assert document["format"] == "tdmvc.check/1" == schema["title"]


def test_the_published_example_is_valid_and_its_page_names_every_key() -> None:
    page = (FORMATS / "check.md").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads((FORMATS / "check.schema.json").read_text(encoding="utf-8"))
    example = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    assert example
    Draft202012Validator(schema).validate(json.loads(example[1]))
    for key in (*schema["properties"], *schema["$defs"]["finding"]["properties"]):
        assert f"| `{key}` |" in page


def test_a_hostile_name_is_escaped_and_no_line_is_too_wide() -> None:
    hostile = Finding(
        "pointer-file",
        Severity.ERROR,
        "This is not YAML.",
        "gol\x1b[31mden",
        details={"file": "datasets/gol\x1b[31mden/o\u202erders.dvc" + "x" * 200, "line": 3},
    )
    text = render_check(CheckReport(("gol\x1b[31mden",), 1, 0, (hostile,)), RenderOptions(width=80))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert max(display_width(line) for line in text.split("\n")) <= 80
