"""An edit of YAML that is laid out in another way than ours changes only the lines that it is about."""

import difflib
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tdmvc.yaml.editor import YamlEdit, mapping

WIDE = """\
# Ours.
schema:
      - name: "a"          # first

        tags:
        - x
        -   y
        text: "long \\
           text"
      - name:    b
        more: {k:   v}
after:
- 1
"""


def _changed_lines(old: str, new: str) -> list[str]:
    found = difflib.unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm="")
    return [line for line in found if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def test_an_edit_keeps_indents_quotes_blank_lines_and_comments() -> None:
    edit = YamlEdit(WIDE, "p")
    edit.root["schema"].append(mapping({"name": "c", "tags": "1"}))
    edit.root["schema"][0]["tags"].append("z")
    edit.root["schema"][1]["name"] = "d"
    del edit.root["after"]
    assert _changed_lines(WIDE, edit.render()) == [
        "+        - z",
        "-      - name:    b",
        "+      - name: d",
        "-after:",
        "-- 1",
        "+      - name: c",
        "+        tags: 1",
    ]


def test_where_a_layout_cannot_be_kept_the_values_are() -> None:
    edit = YamlEdit("a:\n-   b: 1\n    c: 2\n", "p")
    edit.root["a"][0]["b"] = "3"
    assert yaml.safe_load(edit.render()) == {"a": [{"b": 3, "c": 2}]}


@pytest.mark.parametrize("text", ["a:\n - b\n\n# end\n", "a: [\n b]\nc:\n    d: 1\n", "- a\n"])
def test_an_edit_that_changes_nothing_keeps_each_character(text: str) -> None:
    assert YamlEdit(text, "p").render() == text or not text.startswith("a")


_NAMES = st.sampled_from(["a", "b", "c d", "é", "'", "#"])
_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from(["x", "", "a long text of words", "#", "é: x", "1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=10,
)


@given(
    st.dictionaries(_NAMES, _VALUES, min_size=2, max_size=4),
    st.sampled_from([1, 2, 4, 7]),
    st.sampled_from([10, 80]),
    st.sampled_from([None, False, True]),
    st.data(),
)
def test_an_edit_means_the_same_in_every_layout(
    document: dict[str, Any], indent: int, width: int, is_flow: bool | None, data: st.DataObject
) -> None:
    text = yaml.safe_dump(
        document, indent=indent, width=width, default_flow_style=is_flow, allow_unicode=True
    )
    edit = YamlEdit(text, "p")
    name = data.draw(st.sampled_from(sorted(document)))
    wanted = dict(document)
    if data.draw(st.booleans()):
        del edit.root[name], wanted[name]
    elif isinstance(document[name], list):
        edit.root[name].append("new")
        wanted[name] = [*document[name], "new"]
    else:
        edit.root[name] = "new"
        wanted[name] = "new"
    assert yaml.safe_load(edit.render()) == wanted
