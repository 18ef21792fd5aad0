"""A pointer by its text alone."""

import pytest

from tdmvc.repo.pointer_edit import render_pointer
from tdmvc.repo.pointer_text import conflict_sides, parse_pointer_text

OID = "0123456789abcdef0123456789abcdef.dir"
TEXT = render_pointer("order%20lines", OID, 12, 1)


def test_a_pointer_tells_its_table_and_its_object():
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


@pytest.mark.parametrize("base", ["", "||||||| base\n- md5: c\n"])
def test_a_conflict_has_two_sides(base):
    text = f"outs:\n<<<<<<< HEAD\n- md5: a\n{base}=======\n- md5: b\n>>>>>>> other\n  path: p\n"
    assert conflict_sides(text) == ("outs:\n- md5: a\n  path: p\n", "outs:\n- md5: b\n  path: p\n")


@pytest.mark.parametrize(
    "text", ["outs:\n", "=======\n", "<<<<<<< HEAD\nx\n", "<<<<<<<x\n=======\n>>>>>>>x\n"]
)
def test_a_text_without_a_whole_conflict_has_none(text):
    assert conflict_sides(text) is None
