"""How merges, merges that were only checked, and reverts are told, to people and to programs."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tdmvc.model.merge_report import MergeCheck, MovedDataset
from tdmvc.render.documents import document as json_document
from tdmvc.render.format import RenderOptions
from tdmvc.render.merge.check.github import render as render_merge_check_github
from tdmvc.render.merge.check.junit import render as render_merge_check_junit
from tdmvc.render.merge.check.markdown import render as render_merge_check_markdown
from tdmvc.render.merge.check.terminal import render as render_merge_check
from tdmvc.render.merge.revert_terminal import render as render_revert
from tdmvc.render.merge.terminal import render as render_merge
from tests.render.merge_samples import CHECKS, MERGES, REVERTS
from tests.render.strict_junit import faults

FORMATS = Path(__file__).parents[2] / "docs" / "formats"
DOCUMENTS: dict[str, list[Any]] = {
    "merge": [json_document(report) for report in MERGES.values()],
    "merge-check": [json_document(check) for check in CHECKS.values()],
    "revert": [json_document(report) for report in REVERTS.values()],
}
HOSTILE = "a,b:c%0A::error::x\n| `@ada` <b>\u202e\x00 ]]>"


def pointer(dataset: str, table: str | None) -> str:
    return f"datasets/{dataset}/{table or 'dataset'}"


def pages(samples: dict[str, Any], render: Callable[..., str]) -> str:
    return "\n".join(f"# {name}\n{render(one, RenderOptions(width=80))}" for name, one in samples.items())


def test_people_see_what_changed_what_is_open_and_the_next_command(
    golden: Callable[[str, str], None],
) -> None:
    golden("report_merge", pages(MERGES, render_merge))
    golden("report_merge_check", pages(CHECKS, render_merge_check))
    golden("report_revert", pages(REVERTS, render_revert))


def test_ci_gets_the_same_result(golden: Callable[[str, str], None]) -> None:
    texts = []
    for name, check in CHECKS.items():
        texts += [f"# {name}\n", render_merge_check_github(check, RenderOptions(paths=pointer))]
        texts += [
            render_merge_check_junit(check, RenderOptions()),
            render_merge_check_markdown(check, RenderOptions()),
        ]
    golden("report_merge_check_ci", "\n".join(texts))


@pytest.mark.parametrize("verb", DOCUMENTS)
def test_a_document_follows_its_schema_and_its_page(verb: str) -> None:
    schema = json.loads((FORMATS / f"{verb}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    check = Draft202012Validator(schema)
    for document in DOCUMENTS[verb]:
        assert [e.message for e in check.iter_errors(json.loads(json.dumps(document)))] == []
        assert document["format"] == schema["title"] == f"tdmvc.{verb}/1"
        assert list(check.iter_errors({**document, "surprise": 1}))
    page = (FORMATS / f"{verb}.md").read_text(encoding="utf-8")
    objects = [schema, *(part for part in schema["$defs"].values() if "properties" in part)]
    assert {key for part in objects for key in part["properties"] if f"`{key}`" not in page} == set()
    example = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    assert example
    assert [error.message for error in check.iter_errors(json.loads(example[1]))] == []


def test_no_personal_value_is_in_any_format() -> None:
    texts = [json.dumps(document) for documents in DOCUMENTS.values() for document in documents]
    texts += [pages(MERGES, render_merge), pages(CHECKS, render_merge_check), pages(REVERTS, render_revert)]
    for check in CHECKS.values():
        texts += [
            render_merge_check_github(check, RenderOptions(paths=pointer)),
            render_merge_check_junit(check, RenderOptions()),
        ]
        texts.append(render_merge_check_markdown(check, RenderOptions()))
    assert not [text for text in texts if "secret" in text]


def hostile() -> MergeCheck:
    """Names that mean something to each format."""
    check = CHECKS["open"]
    tables = tuple(replace(table, name=HOSTILE) for table in check.datasets[0].tables)
    dataset = MovedDataset(HOSTILE, tables, unchecked=HOSTILE)
    return replace(check, base=HOSTILE, datasets=(dataset,), files=(HOSTILE,), drifts=CHECKS["drift"].drifts)


def test_hostile_names_break_no_format() -> None:
    check = hostile()
    lines = render_merge_check_github(check, RenderOptions(paths=pointer)).splitlines()
    assert all(re.match(r"::(error|warning|notice) title=", line) for line in lines)
    assert faults(render_merge_check_junit(check, RenderOptions())) == []
    ET.fromstring(render_merge_check_junit(check, RenderOptions()))
    for text in (
        render_merge_check(check, RenderOptions(width=80)),
        render_merge_check_markdown(check, RenderOptions()),
    ):
        assert "\x00" not in text
        assert "\u202e" not in text


def test_junit_counts_what_prevents_the_merge_as_failures() -> None:
    for name, failures in {"fine": 0, "open": 5, "broken": 1, "drift": 2}.items():
        root = ET.fromstring(render_merge_check_junit(CHECKS[name], RenderOptions()))
        assert (name, root.get("failures"), root.get("errors")) == (name, str(failures), "0")
        assert faults(render_merge_check_junit(CHECKS[name], RenderOptions())) == []
