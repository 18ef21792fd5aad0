"""An edit of YAML keeps the lines, spaces and comments of the collections in brackets that it does not change."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tdmvc.yaml.editor import YamlEdit
from tdmvc.yaml.in_line import restore_in_line

TEXT = """\
a: {x: 1,   # first
    y: [ 2,
         3 ]}     # last
b: [
  ü,   {z: 'q'},  # inner
]
c: [4,  5]
d: old
"""


def test_what_an_edit_does_not_touch_stays_as_it_was_written() -> None:
    edit = YamlEdit(TEXT, "p")
    assert edit.render() == TEXT
    edit.root["d"] = "new"
    edit.root["c"].append("6")
    assert edit.render() == TEXT.replace("old", "new").replace("[4,  5]", "[4, 5, 6]")


@pytest.mark.parametrize("value", ["{x: 1}", "{x: '1'}", "[1]", "{x: &a 1}"])
def test_a_collection_that_only_looks_alike_is_not_taken(value: str) -> None:
    assert restore_in_line(f"k: {value}\n", "k: {x:   2}\n") == f"k: {value}\n"
    assert restore_in_line("k: {x: 1}\n", f"k: {value}\n") == (
        "k: {x: 1}\n" if value != "{x: 1}" else f"k: {value}\n"
    )


_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=3)
_VALUES = st.recursive(
    _TEXTS | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(_TEXTS, _VALUES, min_size=1, max_size=4),
    st.booleans(),
    st.sampled_from([8, 80]),
)
def test_the_text_means_the_same_whatever_its_layout(
    document: dict[str, object], is_flow: bool, width: int
) -> None:
    edited = yaml.safe_dump(document, default_flow_style=None, allow_unicode=True)
    original = yaml.safe_dump(document, default_flow_style=is_flow, width=width, indent=6)
    assert yaml.safe_load(restore_in_line(edited, original)) == document
