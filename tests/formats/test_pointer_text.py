"""A pointer by its text alone."""

import pytest

from tdmvc.formats.conflict_markers import conflict_texts, render_conflict_texts
from tdmvc.formats.pointers import parse_pointer_text, render_pointer
from tdmvc.model.merge import Side

OID = "0123456789abcdef0123456789abcdef.dir"
TEXT = render_pointer("order%20lines", OID, 12, 1)


def test_a_pointer_names_its_table_and_its_object():
    pointer = parse_pointer_text(TEXT)
    assert pointer is not None
    assert (pointer.table, pointer.object) == ("order lines", OID)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "outs: []\n",
        "outs: 3\n",
        TEXT.replace(".dir", ""),
        TEXT.replace("hash: md5", "hash: etag"),
        TEXT.replace("order%20lines", "../orders"),
        TEXT.replace("order%20lines", "'..'"),
        TEXT + "wdir: ..\n",
        TEXT + "deps:\n- path: x\n",
        TEXT + TEXT.removeprefix("outs:\n"),
        "<<<<<<< ours\n" + TEXT,
        "\0",
    ],
)
def test_any_other_text_is_no_pointer(text):
    assert parse_pointer_text(text) is None


@pytest.mark.parametrize(
    ("lines", "base"), [("", None), ("||||||| 1a2b\n- md5: c\n", "outs:\n- md5: c\n  path: p\n")]
)
def test_a_conflict_is_split_into_its_sides(lines, base):
    text = f"outs:\n<<<<<<< HEAD\n- md5: a\n{lines}=======\n- md5: b\n>>>>>>> other one\n  path: p\n"
    found = conflict_texts(text)
    assert found is not None
    assert (found.ours, found.theirs) == ("outs:\n- md5: a\n  path: p\n", "outs:\n- md5: b\n  path: p\n")
    assert found.base == base
    assert found.labels[Side.OURS] == "HEAD"
    assert found.labels[Side.THEIRS] == "other one"
    assert not found.is_whole


@pytest.mark.parametrize(
    "text", ["outs:\n", "=======\n", "<<<<<<< HEAD\nx\n", "<<<<<<<x\n=======\n>>>>>>>x\n"]
)
def test_a_text_without_a_complete_conflict_has_none(text):
    assert conflict_texts(text) is None


@pytest.mark.parametrize("gone", [None, *Side])
def test_a_conflict_over_a_whole_file_is_read_as_it_was_written(gone):
    texts = {side: None if side is gone else f"outs: {side}\n" for side in Side}
    found = conflict_texts(
        render_conflict_texts(texts, {Side.OURS: "main", Side.THEIRS: "1a2b (a\n\x1b[31mb)"})
    )
    assert found is not None
    assert {Side.BASE: found.base, Side.OURS: found.ours, Side.THEIRS: found.theirs} == {
        side: text or "" for side, text in texts.items()
    }
    assert found.labels == {Side.OURS: "main", Side.BASE: "base", Side.THEIRS: "1a2b (a  [31mb)"}
    assert found.is_whole


def test_two_conflicts_are_not_one_complete_conflict():
    texts = {side: f"{side}\n" for side in Side}
    found = conflict_texts(render_conflict_texts(texts, {}) * 2)
    assert found is not None
    assert not found.is_whole
