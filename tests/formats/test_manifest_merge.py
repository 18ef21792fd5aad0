"""Merging dataset.yaml and contract.yaml: the cases of tests/cases/merge_manifests, and Git beside them."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from tdmvc.formats.contract import parse_contract
from tdmvc.formats.contract_edit import update_contract
from tdmvc.formats.manifest_merge import merge_manifest
from tdmvc.gitrepo.attributes import with_attributes
from tdmvc.model.merge import ManifestConflict, MarkerStyle, MergedText, NotMerged
from tdmvc.model.schema import Column, TableSchema
from tests.builders import git

CASES = Path(__file__).parents[1] / "cases" / "merge_manifests"


def cases() -> Iterator[Any]:
    for path in sorted(CASES.glob("*.yaml")):
        for case in yaml.safe_load(path.read_text(encoding="utf-8")):
            name = path.name if path.name in ("dataset.yaml", "contract.yaml") else "dataset.yaml"
            yield pytest.param({"file": name, **case}, id=case["name"])


def merge(case: dict[str, Any], *, mirrored: bool = False, path: str = "datasets/golden") -> Any:
    ours, theirs = ("theirs", "ours") if mirrored else ("ours", "theirs")
    return merge_manifest(f"{path}/{case['file']}", case.get("base"), case.get(ours), case.get(theirs))


def conflict(spelled: dict[str, str]) -> ManifestConflict:
    return ManifestConflict(**{"base": None, "ours": None, "theirs": None, **spelled})


@pytest.mark.parametrize("case", list(cases()))
def test_a_case_comes_out_as_it_says(case):
    result = merge(case)
    if "refused" in case:
        assert isinstance(result, NotMerged)
        assert result.reason.startswith(case["refused"])
        return
    assert isinstance(result, MergedText), result
    assert result.text == case["result"]
    assert list(result.conflicts) == [conflict(one) for one in case.get("conflicts", ())]


@pytest.mark.parametrize("case", [case for case in cases() if "result" in case.values[0]])
def test_a_case_says_the_same_the_other_way_round(case):
    result = merge(case, mirrored=True)
    mirrored = [{**asdict(one), "ours": one.theirs, "theirs": one.ours} for one in result.conflicts]
    assert mirrored == [asdict(conflict(one)) for one in case.get("conflicts", ())]
    if not mirrored:
        said = [yaml.safe_load(text) for text in (result.text, case["result"])]
        assert said[0] == said[1]


BASE = "format: tdmvc.dataset/1\nname: golden\npart_rows: 1\nignore: [a.b]\n"
OURS = BASE.replace("part_rows: 1", "part_rows: 2").replace("[a.b]", "[a.b, o.o]")
THEIRS = BASE.replace("part_rows: 1", "part_rows: 3").replace("[a.b]", "[a.b, t.t]")


def test_markers_are_as_git_asks_for_them():
    style = MarkerStyle("HEAD", "1234abc", "topic", size=9)
    result = merge_manifest("dataset.yaml", BASE, OURS, THEIRS, style)
    assert result.text == (
        "format: tdmvc.dataset/1\nname: golden\n"
        "<<<<<<<<< HEAD\npart_rows: 2\n||||||||| 1234abc\npart_rows: 1\n=========\npart_rows: 3\n>>>>>>>>> topic\n"
        "ignore: [a.b, o.o, t.t]\n"
    )
    no_names = merge_manifest("dataset.yaml", BASE, OURS, THEIRS, MarkerStyle("", "", ""))
    assert "<<<<<<<\n" in no_names.text
    assert "|||||||\n" in no_names.text
    assert ">>>>>>>\n" in no_names.text


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
    assert merge_manifest("dataset.yaml", *sides).text == form(
        merge_manifest("dataset.yaml", BASE, OURS, THEIRS).text
    )


def test_a_file_deleted_on_one_side():
    assert merge_manifest("dataset.yaml", BASE, None, BASE) == MergedText(None)
    assert merge_manifest("dataset.yaml", BASE, BASE, None) == MergedText(None)
    assert merge_manifest("dataset.yaml", BASE, None, None) == MergedText(None)
    for ours, theirs in ((None, THEIRS), (THEIRS, None)):
        result = merge_manifest("dataset.yaml", BASE, ours, theirs)
        assert result.text == THEIRS
        assert [(one.path, one.reason) for one in result.conflicts] == [
            ("", "One side deleted the file, and the other changed it.")
        ]


def test_a_side_that_its_reader_refuses_is_merged_all_the_same():
    newer = BASE.replace("part_rows: 1", "from_a_newer_tdmvc: {x: 1}\npart_rows: 1")
    result = merge_manifest("dataset.yaml", BASE, newer, BASE.replace("part_rows: 1", "part_rows: 3"))
    assert result == MergedText(newer.replace("part_rows: 1", "part_rows: 3"))


@pytest.mark.parametrize("is_block", [True, False])
def test_a_column_that_lost_its_type_between_the_sides_clashes_as_a_whole(is_block):
    fields = ["name: x", "logicalType: integer", "physicalType: bigint"]
    both, ours, theirs = (
        "schema:\n- name: a\n  properties:\n"
        + ("  - " + "\n    ".join(words) if is_block else f"  - {{{', '.join(words)}}}")
        + "\n  - {name: y, physicalType: text}\n"
        for words in (fields, [fields[0], fields[2]], [fields[0], fields[1]])
    )
    result = merge_manifest("contract.yaml", both, ours, theirs)
    assert result.conflicts == (
        ManifestConflict(
            "schema[a].properties[x]",
            "{name: x, logicalType: integer, physicalType: bigint}",
            "{name: x, physicalType: bigint}",
            "{name: x, logicalType: integer}",
            "The type of the column 'x' is unknown.",
        ),
    )
    assert result.text.count("<<<<<<<") == 1


A_TO_B = "schema:\n- name: a\n  properties:\n  - name: x\n    logicalType: integer\n    relationships: [{to: b.id}]\n"
B = "- name: b\n  properties: []\n"


def test_a_reference_to_a_table_that_the_other_side_dropped_is_a_conflict():
    base = A_TO_B.replace("    relationships: [{to: b.id}]\n", "") + B
    result = merge_manifest("contract.yaml", base, base.removesuffix(B), A_TO_B + B)
    assert result.conflicts == (
        ManifestConflict(
            "schema[a].properties[x].relationships[b.id]",
            None,
            None,
            "{to: b.id}",
            "The relationship references the table 'b', which does not exist.",
        ),
    )
    assert (
        "<<<<<<< ours\n||||||| base\n=======\n    relationships: [{to: b.id}]\n>>>>>>> theirs\n"
        in result.text
    )


def test_every_reference_that_a_merge_breaks_is_found_and_references_that_hold_are_merged():
    columns = "".join(f"  - name: {name}\n    logicalType: integer\n" for name in "xyz")
    base = f"schema:\n- name: a\n  properties:\n{columns}{B}"
    theirs = base
    for name, to in (("x", "b.id"), ("y", "a.x"), ("z", "b.id")):
        theirs = theirs.replace(f"name: {name}\n", f"name: {name}\n    relationships:\n    - to: {to}\n")
    result = merge_manifest("contract.yaml", base, base.removesuffix(B), theirs)
    assert [one.path for one in result.conflicts] == [
        "schema[a].properties[x].relationships[b.id]",
        "schema[a].properties[z].relationships[b.id]",
    ]
    assert result.text.count("<<<<<<<") == 2
    assert "- name: y\n    relationships:\n    - to: a.x\n" in result.text


def test_a_reference_that_leads_nowhere_on_one_side_already_is_not_the_merges_fault():
    result = merge_manifest(
        "contract.yaml", A_TO_B + B, A_TO_B, (A_TO_B + B).replace("name: x", "name: x\n    unique: true")
    )
    assert result == MergedText(A_TO_B.replace("name: x", "name: x\n    unique: true"))


def columns(*names: str) -> TableSchema:
    return TableSchema("orders", tuple(Column(name, pa.int64()) for name in names), key=("id",))


@pytest.fixture
def forked(app):
    """A repository on the first of two branches that each add a column and a pattern."""
    folder = app / "datasets/golden"
    folder.mkdir(parents=True)
    contract, manifest = folder / "contract.yaml", folder / "dataset.yaml"
    base = update_contract(None, "golden", {"orders": columns("id", "total")})

    def commit(text: str, dataset: str, word: str) -> None:
        contract.write_text(text)
        manifest.write_text(dataset)
        git(app, "add", "-A")
        git(app, "commit", "-q", "-m", word)

    (app / ".gitattributes").write_text(with_attributes("", "datasets"))
    commit(base, BASE, "Base")
    git(app, "checkout", "-q", "-b", "topic")
    commit(update_contract(base, "golden", {"orders": columns("id", "total", "tax")}), THEIRS, "Theirs")
    git(app, "checkout", "-q", "-")
    ours = BASE.replace("[a.b]", "[a.b, o.o]")
    commit(update_contract(base, "golden", {"orders": columns("id", "total", "note")}), ours, "Ours")
    return app


DRIVER = """
import sys
from pathlib import Path
from tdmvc.model.merge import MarkerStyle
from tdmvc.formats.manifest_merge import merge_manifest
base, ours, theirs, size, path = sys.argv[1:]
texts = [Path(name).read_text() for name in (base, ours, theirs)]
merged = merge_manifest(path, *texts, MarkerStyle(size=int(size)))
Path(ours).write_text(merged.text)
sys.exit(bool(merged.conflicts))
"""


@pytest.mark.parametrize("has_driver", [True, False])
def test_git_merges_branches_that_each_add_a_column_and_only_without_the_driver_asks_a_person(
    forked, has_driver
):
    if has_driver:
        script = forked / ".git/driver.py"
        script.write_text(DRIVER)
        command = f"'{sys.executable}' '{script}' %O %A %B %L %P"
        git(forked, "config", "merge.tdmvc.driver", command)
    status = subprocess.run(
        ["git", "-C", forked, "merge", "-q", "-m", "Both", "topic"], capture_output=True
    ).returncode
    contract = (forked / "datasets/golden/contract.yaml").read_text()
    if not has_driver:
        assert status == 1
        assert "<<<<<<< " in contract
        return
    assert status == 0
    table = parse_contract(contract, "x").table("orders")
    assert [column.name for column in table.columns] == ["id", "total", "note", "tax"]
    assert (forked / "datasets/golden/dataset.yaml").read_text() == THEIRS.replace("t.t", "o.o, t.t")


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
