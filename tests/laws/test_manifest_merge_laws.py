"""Laws of merging manifests: nothing is lost, either side may be called ours, and the words stay people's."""

import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, event, given, note, settings
from hypothesis import strategies as st

from tdmvc.contracts.odcs.reading import parse_contract
from tdmvc.errors import ConfigError
from tdmvc.formats.manifest_merge import LAYOUT_REASON, find_contract_faults, merge_manifest
from tdmvc.model.merge import MergedText, NotMerged
from tdmvc.yaml.node import YamlNode
from tdmvc.yaml.reader import parse_yaml
from tests.laws.strategies_manifests import CONTRACTS, DATASETS, LINKED, Sides, comments, identity, sides
from tests.series import trials

MANY = settings(max_examples=trials(120, 12), deadline=None, suppress_health_check=list(HealthCheck))


def merge_dataset(*texts: str) -> MergedText | NotMerged:
    return merge_manifest("dataset.yaml", *texts)


def merge_contract(*texts: str) -> MergedText | NotMerged:
    return merge_manifest("contract.yaml", *texts)


def contract_faults(text: str) -> set[str]:
    return {name for name, _ in find_contract_faults(parse_yaml(text, "contract.yaml"))}


BOTH = pytest.mark.parametrize(
    ("documents", "merge"), [(DATASETS, merge_dataset), (CONTRACTS, merge_contract)]
)
GONE = object()


def plain(node: YamlNode) -> Any:
    """Return what a file says, as the strict reader sees it."""
    if isinstance(node.value, dict):
        return {key: plain(value) for key, value in node.value.items()}
    if isinstance(node.value, tuple):
        return [plain(value) for value in node.value]
    return None if node.is_null else node.value


def says(text: str) -> Any:
    return plain(parse_yaml(text, "x.yaml"))


def resolved(text: str, side: str) -> str:
    """Return a text with markers as a person leaves it who keeps one side everywhere."""
    kept: list[str] = []
    part = ""
    for line in text.splitlines(keepends=True):
        mark = re.match(r"(<{7} ours|\|{7} base|={7}|>{7} theirs)\n", line)
        if mark:
            part = {"<": "ours", "|": "base", "=": "theirs", ">": ""}[line[0]]
        elif part in ("", side):
            kept.append(line)
    return "".join(kept)


def merged(merge: Any, texts: tuple[str, str, str]) -> MergedText:
    for text in texts:
        note(text)
    result = merge(*texts)
    assert isinstance(result, MergedText), result
    note(str(result.text))
    return result


def is_left_as_lines(result: MergedText) -> bool:
    """Return whether a merge would have lost a comment or a layout, so that the lines of both sides are a conflict."""
    return any(conflict.reason == LAYOUT_REASON for conflict in result.conflicts)


# The rules once more, on plain values and in few words: what the engine is held against.

SETS = {"heads", "ignore", "tags"}
SECTIONS = {"migrations", "tables", "schema", "properties", *SETS}


def expected(name: str, base: Any, ours: Any, theirs: Any, choice: int, clashes: list[str]) -> Any:
    """Return the merged value of a place, each conflict resolved by the side of that number."""
    if ours == theirs or theirs == base:
        return ours
    if ours == base:
        return theirs
    kind = dict if isinstance(ours or theirs, dict) else list
    is_list = name in SECTIONS and isinstance(theirs if ours is GONE else ours, list)
    if GONE in (ours, theirs) and name not in SECTIONS:
        clashes.append(name)
        return (base, ours, theirs)[choice]
    if is_list or ((isinstance(ours, dict) or ours is GONE) and (isinstance(theirs, dict) or theirs is GONE)):
        parts = [_parts(one, is_list=is_list) for one in (base, ours, theirs)]
        result = {}
        for key in {**parts[1], **parts[2]}:
            inner = [part.get(key, GONE) for part in parts]
            value = expected("" if is_list or name in SECTIONS else key, *inner, choice, clashes)
            if value is not GONE:
                result[key] = value
        if not result:
            return GONE if GONE in (ours, theirs) else kind()
        return list(result.values()) if is_list else result
    clashes.append(name)
    return (base, ours, theirs)[choice]


def _parts(value: Any, *, is_list: bool) -> dict[str, Any]:
    if value is GONE:
        return {}
    return {identity(one): one for one in value} if is_list else value


def unordered(value: Any) -> Any:
    """Return a value without the order of its lists."""
    if isinstance(value, dict):
        return {key: unordered(one) for key, one in sorted(value.items())}
    if isinstance(value, list):
        return sorted((unordered(one) for one in value), key=repr)
    return value


@BOTH
@MANY
@given(data=st.data())
def test_a_merge_contains_the_changes_of_its_sides(documents, merge, data):
    case: Sides = data.draw(sides(documents))
    result = merged(merge, case.texts)
    if is_left_as_lines(result):
        event("left as lines")
        for text in case.texts[1:]:
            assert set(text.splitlines()) - set(case.texts[0].splitlines()) <= set(result.text.splitlines())
        return
    event("merged")
    for number, side in enumerate(("base", "ours", "theirs")):
        clashes: list[str] = []
        wanted = expected("root", *case.values, number, clashes)
        assert bool(clashes) == bool(result.conflicts)
        assert unordered(says(resolved(result.text, side))) == unordered(wanted)
        assert len(clashes) == len(result.conflicts)


@BOTH
@MANY
@given(data=st.data())
def test_a_one_sided_change_gives_that_side_byte_for_byte(documents, merge, data):
    base, ours, theirs = data.draw(sides(documents)).texts
    assert merge(base, base, theirs) == MergedText(theirs)
    assert merge(base, ours, base) == MergedText(ours)
    assert merge(base, ours, ours) == MergedText(ours)


@BOTH
@MANY
@given(data=st.data())
def test_a_merge_does_not_depend_on_which_side_is_ours(documents, merge, data):
    case: Sides = data.draw(sides(documents))
    base, ours, theirs = case.texts
    one, other = merged(merge, case.texts), merged(merge, (base, theirs, ours))
    assert sorted((c.path, c.base, c.theirs, c.ours) for c in one.conflicts) == sorted(
        (c.path, c.base, c.ours, c.theirs) for c in other.conflicts
    )
    assert is_left_as_lines(one) == is_left_as_lines(other)
    if is_left_as_lines(one):
        return
    for side, mirrored in (("ours", "theirs"), ("theirs", "ours"), ("base", "base")):
        assert says(resolved(one.text, side)) == says(resolved(other.text, mirrored))


@BOTH
@MANY
@given(data=st.data())
def test_a_comment_is_kept_with_its_entry(documents, merge, data):
    case: Sides = data.draw(sides(documents))
    result = merged(merge, case.texts)
    if is_left_as_lines(result):
        return  # all lines of both sides are there, as the first law says
    for number, side in ((1, "ours"), (2, "theirs")):
        text = resolved(result.text, side)
        for path in _paths(says(text)):
            above, beside = comments(path, ((side, case.seeds[number]),))
            for comment in (*above, beside.strip()):
                if comment in case.texts[number]:
                    assert comment in text


def _paths(value: Any, path: tuple[str, ...] = ()) -> Any:
    inner = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        inner = ((identity(one), one) for one in value)
    for name, one in inner:
        yield (*path, name)
        yield from _paths(one, (*path, name))


@BOTH
@MANY
@given(data=st.data())
def test_correct_merges_of_git_give_the_same_result(documents, merge, data):
    case: Sides = data.draw(sides(documents))
    by_git = git_merge_file(case.texts)
    clashes: list[str] = []
    wanted = unordered(expected("root", *case.values, 1, clashes))
    assume(by_git is not None and not clashes and unordered(by_git) == wanted)
    result = merged(merge, case.texts)
    assert result.conflicts == ()
    assert unordered(says(result.text)) == wanted


def git_merge_file(texts: tuple[str, str, str]) -> Any:
    """Return what Git's merge of lines says; None if it leaves a conflict or what is no manifest."""
    with tempfile.TemporaryDirectory() as folder:
        names = [Path(folder, name) for name in ("base", "ours", "theirs")]
        for name, text in zip(names, texts, strict=True):
            name.write_text(text, encoding="utf-8")
        command = ["git", "merge-file", "-p", names[1], names[0], names[2]]
        done = subprocess.run(command, capture_output=True, check=False)
    try:
        return None if done.returncode else says(done.stdout.decode())
    except ConfigError:
        return None


@MANY
@given(case=sides(LINKED))
def test_a_clean_merge_of_contracts_is_a_contract_and_references_no_table_that_a_side_dropped(case):
    base, ours, theirs = case.texts
    faults = [contract_faults(text) for text in (ours, theirs)]
    result = merged(merge_contract, case.texts)
    assume(ours != theirs and base not in (ours, theirs))
    if result.conflicts:
        event("conflict")
        return
    event("clean")
    assert contract_faults(result.text) <= faults[0] | faults[1]
    if not any(faults):
        parse_contract(result.text, "contract.yaml")


@MANY
@given(case=sides(LINKED))
def test_a_merged_primary_key_is_that_of_a_side(case):
    result = merged(merge_contract, case.texts)
    sides_ = [parse_contract(text, "x") for text in case.texts if not contract_faults(text)]
    assume(len(sides_) == 3 and not result.conflicts)
    for name, table in parse_contract(result.text, "x").tables.items():
        assert table.key in [side.tables[name].key for side in sides_ if name in side.tables]


@MANY
@given(st.tuples(*[st.text(st.sampled_from("a: -[]{}\n#'\"|>&*!\r\ufeff\tb?<=")) for _ in range(3)]))
def test_any_text_is_merged_or_left_to_git(texts):
    result = merge_dataset(*texts)
    if (
        isinstance(result, MergedText)
        and not result.conflicts
        and texts[0] not in texts[1:]
        and texts[1] != texts[2]
    ):
        says(result.text.removeprefix("\ufeff"))
    else:
        assert isinstance(result, MergedText | NotMerged)
