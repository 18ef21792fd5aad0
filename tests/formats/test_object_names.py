"""Which objects a text names: rather too many than too few, and never silently none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdmvc.formats.conflict_markers import render_conflict_texts
from tdmvc.formats.object_names import ObjectNames, find_objects, may_name_objects, read_object_names
from tdmvc.formats.pointers import render_pointer
from tdmvc.model.merge import Side

A, B, C = (f"{letter * 32}.dir" for letter in "abc")
FILE = "d" * 32
HEX = st.text("0123456789abcdef", min_size=32, max_size=32)

LOCK = f"""\
schema: '2.0'
stages:
  deps:
    cmd: make
    deps:
    - path: raw
      hash: md5
      md5: {A}
    params:
      params.yaml:
        md5: true
    outs:
    - path: rows
      hash: md5
      md5: {B}
      size: 1
      nfiles: 2
  old:
    cmd: old
    outs:
    - path: kept-by-dvc-2
      md5: {C}
"""


def names(text: str, path: str = "datasets/golden/orders.dvc") -> ObjectNames:
    found = read_object_names(path, text.encode())
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("datasets/golden/orders.dvc", True),
        ("model.bin.dvc", True),
        ("dvc.lock", True),
        ("pipelines/x/dvc.lock", True),
        ("datasets/golden/versions/1.0.0.yaml", True),
        ("datasets/golden/conflicts/orders/rows.json", True),
        ("datasets/golden/versions/contracts/ab.yaml", False),
        ("datasets/golden/contract.yaml", False),
        (".dvc", False),
        ("dvc.yaml", False),
        ("orders.dvc.txt", False),
    ],
)
def test_only_files_that_may_name_objects_are_read(path: str, expected: bool) -> None:
    assert may_name_objects(path) is expected


@given(HEX)
def test_a_pointer_that_tdmvc_writes_names_its_listing(digits: str) -> None:
    text = render_pointer("orders", f"{digits}.dir", 12, 3)
    assert names(text) == ObjectNames(pointed=frozenset({f"{digits}.dir"}))


def test_outputs_are_pointers_and_dependencies_and_old_outputs_are_mentions() -> None:
    found = names(LOCK, "dvc.lock")
    assert (found.pointed, found.mentioned) == ({B}, {A, C})


def test_every_name_in_flow_style_is_found() -> None:
    text = f"outs: [{{md5: {A}, hash: md5, path: orders}}]\n"
    assert names(text).pointed == {A}
    text = f'{{"deps": [{{"md5": "{A}"}}], "outs": [{{"md5": "{B}", "hash": "md5", "path": "x"}}]}}\n'
    assert names(text).pointed == {A, B}


def test_all_sides_of_a_conflict_are_pointers() -> None:
    text = (
        f"outs:\n<<<<<<< ours\n- md5: {A}\n||||||| base\n- md5: {B}\n=======\n- md5: {C}\n>>>>>>> theirs\n"
        "  hash: md5\n  path: orders\n"
    )
    assert names(text).pointed == {A, B, C}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_written_by_a_windows_shell_is_read(encoding: str) -> None:
    found = read_object_names("a.dvc", render_pointer("a", A, 1, 1).replace("\n", "\r\n").encode(encoding))
    assert found is not None
    assert found.pointed == {A}


def test_an_import_that_was_not_downloaded_names_nothing() -> None:
    text = "frozen: true\ndeps:\n- path: x\n  repo:\n    url: https://example.test/r\nouts:\n- path: x\n  hash: md5\n"
    assert names(text, "x.dvc") == ObjectNames()


def test_upper_case_is_the_same_object() -> None:
    assert names(render_pointer("a", A.upper().replace("DIR", "dir"), 1, 1)).pointed == {A}


@given(st.integers(1, len(render_pointer("orders", A, 12, 3)) - 1))
def test_a_truncated_pointer_names_its_listing_or_is_unreadable(length: int) -> None:
    """Unless it was cut before anything that it could name: then it is no mapping of outputs any more."""
    found = read_object_names("orders.dvc", render_pointer("orders", A, 12, 3)[:length].encode())
    assert found is None or A in found.pointed | found.mentioned


@pytest.mark.parametrize(
    "data", [b"", b"\x00\x01", b"\xff", b"outs:\n- md5: 12\n", b"- a\n", b"outs: {", b"just text\n"]
)
def test_a_file_that_is_no_pointer_is_unreadable(data: bytes) -> None:
    assert read_object_names("orders.dvc", data) is None


def test_versions_of_other_tools_are_ignored() -> None:
    assert names(f"object: {A}\n", "app/versions/1.yaml") == ObjectNames()
    assert read_object_names("app/versions/1.yaml", b"\xff") == ObjectNames()


def test_a_version_names_its_tables_and_is_unreadable_without_them() -> None:
    path = "datasets/golden/versions/1.0.0.yaml"
    text = f"format: tdmvc.version/1\ncontent: sha256:{'e' * 64}\ntables:\n  t: {{object: {A}, rows: 1}}\n"
    assert names(text, path) == ObjectNames(pointed=frozenset({A}))
    assert read_object_names(path, text[: text.index("tables:")].encode()) is None
    assert read_object_names(path, text.replace(A, A[:20]).encode()) is None


def test_hashes_of_other_lengths_are_no_objects() -> None:
    assert find_objects(("f" * 64 + " " + "f" * 40 + f" x{FILE} {FILE}").encode()) == {FILE}


@pytest.mark.parametrize("sides", [(A, A, B), (A, None, B), (None, A, B), (A, B, None)])
def test_every_side_of_a_pointer_in_conflict_is_a_pointer(sides: tuple[str | None, ...]) -> None:
    texts = {side: one and render_pointer("orders", one, 1, 1) for side, one in zip(Side, sides, strict=True)}
    found = read_object_names("orders.dvc", render_conflict_texts(texts, {}).encode())
    assert found == ObjectNames(pointed=frozenset(one for one in sides if one))
