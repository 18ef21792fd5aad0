"""Merging dataset.yaml and contract.yaml: the cases of tests/cases/merge_manifests, markers and line ends."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tdmvc.contracts.odcs.editing import update_contract
from tdmvc.contracts.odcs.reading import parse_contract
from tdmvc.formats.manifest_merge import merge_manifest
from tdmvc.model.merge import ManifestConflict, MarkerStyle, MergedText, NotMerged
from tdmvc.model.schema import Column, TableSchema
from tests.yaml_files import load_yaml, read_yaml

CASES = Path(__file__).parents[1] / "cases" / "merge_manifests"


def cases() -> Iterator[Any]:
    for path in sorted(CASES.glob("*.yaml")):
        for case in read_yaml(path):
            name = path.name if path.name in ("dataset.yaml", "contract.yaml") else "dataset.yaml"
            yield pytest.param({"file": name, **case}, id=case["name"])


def merge(case: dict[str, Any], *sides: str) -> Any:
    return merge_manifest(f"datasets/golden/{case['file']}", *(case.get(side) for side in sides))


def conflicts(case: dict[str, Any]) -> list[dict[str, Any]]:
    absent = {"base": None, "ours": None, "theirs": None}
    return [asdict(ManifestConflict(**{**absent, **one})) for one in case.get("conflicts", ())]


@pytest.mark.parametrize("case", list(cases()))
def test_a_case_has_its_result(case):
    result = merge(case, "base", "ours", "theirs")
    if "refused" in case:
        assert isinstance(result, NotMerged)
        assert result.reason.startswith(case["refused"])
        return
    assert isinstance(result, MergedText), result
    assert result.text == case["result"]
    assert [asdict(one) for one in result.conflicts] == conflicts(case)


@pytest.mark.parametrize("case", [case for case in cases() if "result" in case.values[0]])
def test_a_case_has_the_same_result_with_its_sides_exchanged(case):
    result = merge(case, "base", "theirs", "ours")
    found = [{**asdict(one), "ours": one.theirs, "theirs": one.ours} for one in result.conflicts]
    assert found == conflicts(case)
    if not found:
        assert load_yaml(result.text or "") == load_yaml(case["result"] or "")


BASE = "format: tdmvc.dataset/1\nname: golden\npart_rows: 1\nignore: [a.b]\n"
OURS = BASE.replace("part_rows: 1", "part_rows: 2").replace("[a.b]", "[a.b, o.o]")
THEIRS = BASE.replace("part_rows: 1", "part_rows: 3").replace("[a.b]", "[a.b, t.t]")


def test_markers_have_the_size_that_git_requests():
    style = MarkerStyle("HEAD", "1234abc", "topic", size=9)
    result = merge_manifest("dataset.yaml", BASE, OURS, THEIRS, style)
    assert result.text == (
        "format: tdmvc.dataset/1\nname: golden\n"
        "<<<<<<<<< HEAD\npart_rows: 2\n||||||||| 1234abc\npart_rows: 1\n=========\npart_rows: 3\n>>>>>>>>> topic\n"
        "ignore: [a.b, o.o, t.t]\n"
    )
    no_names = merge_manifest("dataset.yaml", BASE, OURS, THEIRS, MarkerStyle("", "", "")).text.splitlines()
    assert {"<<<<<<<", "|||||||", ">>>>>>>"} < set(no_names)


def windows(text: str) -> str:
    return text.replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("forms", "form"),
    [
        ((windows, windows, windows), windows),
        ((str, str, windows), windows),
        ((str, windows, str), windows),
        ((windows, windows, str), str),
        (("\ufeff{}".format,) * 3, "\ufeff{}".format),
        ((str, "\ufeff{}".format, str), "\ufeff{}".format),
        ((str.rstrip,) * 3, str.rstrip),
        ((str, str.rstrip, str), str.rstrip),
        ((str.rstrip, str.rstrip, str), str),
    ],
)
def test_line_ends_a_byte_order_mark_and_the_last_line_are_merged_like_a_value(forms, form):
    sides = [form(text) for form, text in zip(forms, (BASE, OURS, THEIRS), strict=True)]
    expected = merge_manifest("dataset.yaml", BASE, OURS, THEIRS).text
    assert merge_manifest("dataset.yaml", *sides).text == form(expected)


def table(*names: str) -> TableSchema:
    return TableSchema("orders", tuple(Column(name, pa.int64()) for name in names), key=("id",))


def test_contracts_that_tdmvc_wrote_take_the_new_columns_of_both_sides():
    base = update_contract(None, "golden", {"orders": table("id", "total")})
    ours, theirs = (
        update_contract(base, "golden", {"orders": table("id", "total", name)}) for name in ("note", "tax")
    )
    merged = parse_contract(merge_manifest("contract.yaml", base, ours, theirs).text, "x").table("orders")
    assert [column.name for column in merged.columns] == ["id", "total", "note", "tax"]


def test_a_contract_of_many_tables_is_merged_in_a_few_seconds():
    tables = {
        f"t{n}": TableSchema(f"t{n}", tuple(Column(f"c{m}", pa.int64()) for m in range(20)))
        for n in range(100)
    }
    base = update_contract(None, "golden", tables)
    ours = base.replace("name: c19\n", "name: c19\n        description: ours\n")
    theirs = base.replace("name: c18\n", "name: c18\n        description: theirs\n")
    result = merge_manifest("contract.yaml", base, ours, theirs)
    assert result.text == ours.replace("name: c18\n", "name: c18\n        description: theirs\n")


@pytest.mark.parametrize("theirs", ["tags:\n# why\n- b\n", "tags:\n  # why\n  - b\n"])
def test_a_comment_between_a_key_and_its_list_is_kept_with_a_list_in_brackets(theirs: str) -> None:
    merged = merge_manifest("contract.yaml", "kind: x\n", "kind: x\ntags: [a]\n", f"kind: x\n{theirs}")
    indent = "  " if "  -" in theirs else ""
    assert merged.text == f"kind: x\ntags:\n{indent}# why\n{indent}- a\n{indent}- b\n"
    assert not merged.conflicts


def test_a_comment_in_a_mapping_that_would_become_empty_stays_with_its_side():
    head = "format: tdmvc.dataset/1\nname: golden\n"
    ours = f"{head}tables:\n  a:\n    diff:\n      # why\n      key: [x]\n"
    theirs = f"{head}tables:\n  a:\n    diff:\n      key:\n      - y\n"
    merged = merge_manifest("dataset.yaml", head, ours, theirs)
    assert len(merged.conflicts) == 1
    assert "# why" in merged.text
