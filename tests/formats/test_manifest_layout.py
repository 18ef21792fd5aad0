"""Which lines of a manifest say what, whose a comment is, and in which order entries stand after a merge."""

import subprocess
import sys

import pytest

from tdmvc.errors import ConfigError
from tdmvc.formats.manifests.layout import Entry, Node, shifted
from tdmvc.formats.manifests.layout_reader import read_layout
from tdmvc.formats.manifests.order import merge_order

TEXT = """\
# the file's own

---
# about a
a: 1  # one
t:  # beside t

  # about k
  k:
    - - x
      - y: |+
          # no comment

        z: 5
    # below k's list
   # below k

  # about m, because it is not deeper
  m: "two
    lines"  # behind
f: {a: , b: [1, "#"], c: 'it''s'}
g:
- p   # beside p
- # beside a dash
  q: 1
-
# the end
"""


def entry(node: Node, *names: str | int) -> Entry:
    found = (
        [one for one in node.entries if one.name == names[0]] if isinstance(names[0], str) else node.entries
    )
    one = found[0] if isinstance(names[0], str) else found[names[0]]
    return entry(one.node, *names[1:]) if names[1:] else one


@pytest.fixture(scope="module")
def layout():
    return read_layout(TEXT, "x.yaml")


def test_a_files_head_is_what_a_blank_line_or_the_documents_start_parts_from_the_first_entry(layout):
    assert layout.head == ("# the file's own", "", "---")
    assert entry(layout.root, "a").lead == ("# about a",)
    assert read_layout("# one\n\n# two\na: 1\n", "x").head == ("# one", "")
    assert read_layout("# one\na: 1\n", "x").head == ()
    assert read_layout("# all there is\n", "x").head == ("# all there is",)


def test_a_comment_belongs_to_what_follows_unless_it_is_indented_deeper(layout):
    k = entry(layout.root, "t", "k")
    assert k.lead == ("", "  # about k")
    assert k.node.foot == ("    # below k's list", "   # below k")
    assert k.lines[-2:] == k.node.foot
    assert entry(layout.root, "t", "m").lead == ("", "  # about m, because it is not deeper")
    assert layout.root.foot == ("# the end",)
    assert entry(layout.root, "g").node.foot == ()


def test_an_entry_is_its_prefix_its_words_and_what_stands_beside(layout):
    parts = {
        ("a",): ("a: ", "1", "  # one"),
        ("t",): ("t:", "", "  # beside t"),
        ("t", "m"): ("m: ", '"two\n    lines"', "  # behind"),
        ("t", "k", 0, 1, "y"): ("y: ", "|+\n          # no comment\n", ""),
        ("f",): ("f: ", "{a: , b: [1, \"#\"], c: 'it''s'}", ""),
        ("f", "b"): ("b: ", '[1, "#"]', ""),
        ("g", 0): ("- ", "p", "   # beside p"),
        ("g", 1): ("-", "", " # beside a dash"),
        ("g", 2): ("-", "", ""),
    }
    for names, expected in parts.items():
        found = entry(layout.root, *names)
        assert (found.prefix, found.node.source, found.suffix) == expected


def test_lines_of_an_element_are_without_the_dashes_before_it(layout):
    assert entry(layout.root, "t", "k", 0, 0).lines == ("      - x",)
    assert entry(layout.root, "t", "k", 0, 1, "y").lines[0] == "        y: |+"
    assert entry(layout.root, "t", "k", 0, 1).wording[0] == "- y: |+"


def test_what_a_layout_says_is_what_the_words_say(layout):
    assert layout.root.value == {
        "a": "1",
        "t": {"k": [["x", {"y": "# no comment\n\n", "z": "5"}]], "m": "two lines"},
        "f": {"a": None, "b": ["1", "#"], "c": "it's"},
        "g": ["p", {"q": "1"}, None],
    }


def test_characters_of_several_bytes_do_not_shift_what_follows():
    root = read_layout('ä: "ö😀"  # é\nß: [€, x]\n', "x").root
    assert [(one.name, one.node.source, one.suffix) for one in root.entries] == [
        ("ä", '"ö😀"', "  # é"),
        ("ß", "[€, x]", ""),
    ]


def test_a_comment_within_brackets_is_seen_and_a_hash_in_words_is_none():
    root = read_layout("a: [x, # why\n  y]\nb: ['#', \"# x\", a#b]\n", "x").root
    assert [one.node.has_comment for one in root.entries] == [True, False]


def test_text_that_is_not_utf_8_is_refused_with_its_line():
    with pytest.raises(ConfigError, match="not UTF-8 text") as caught:
        read_layout("a: 1\nb: \udc80\n", "x")
    assert caught.value.line == 2


def test_lines_are_shifted_without_losing_words():
    assert shifted(["a", "  b", ""], 2) == ("  a", "    b", "")
    assert shifted(["  a", " b", "", "    c"], -2) == ("a", "b", "", "  c")


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ("abc", "abc", "abc", "abc"),
        ("abc", "abxc", "abc", "abxc"),
        ("abc", "abcy", "abcx", "abcxy"),
        ("abc", "xabc", "abcx", "abcx"),
        ("abc", "cab", "abxc", "cabx"),
        ("abc", "abc", "cxab", "cxab"),
        ("abc", "bac", "cba", "bac"),
        ("ab", "axzb", "ayb", "axzyb"),
        ("abc", "ac", "abxc", "abxc"),
        ("", "ba", "ab", "ab"),
        ("", "xa", "a", "xa"),
        ("a", "abc", "axcb", "axbc"),
        ("abd", "bad", "abcd", "bcad"),
        ("ab", "", "abx", "abx"),
    ],
)
def test_additions_stand_behind_what_they_follow_and_moves_of_one_side_are_kept(base, ours, theirs, merged):
    assert "".join(merge_order(base, ours, theirs)) == merged


def test_a_merge_driver_does_not_load_the_editor():
    code = "import sys, tdmvc.formats.manifest_merge; sys.exit('ruamel.yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
