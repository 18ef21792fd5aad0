"""JSON, read into nodes with lines."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdmvc.errors import ConfigError
from tdmvc.yaml.json_text import parse_document, parse_json
from tdmvc.yaml.node import YamlNode


def as_value(node: YamlNode) -> object:
    if isinstance(node.value, dict):
        return {key: as_value(inner) for key, inner in node.value.items()}
    if isinstance(node.value, tuple):
        return [as_value(inner) for inner in node.value]
    return json.loads(node.value) if node.is_plain else node.value


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES, st.sampled_from([None, 1, "\t"]))
def test_every_value_of_json_is_read_as_it_is(value: object, indent: int | str | None) -> None:
    assert as_value(parse_json(json.dumps(value, indent=indent), "a.json")) == value


def test_a_node_knows_the_line_and_the_keys_that_lead_to_it() -> None:
    root = parse_json('{\n "a": 1,\n "b": {\n  "c": [\n true,\n false\n ]\n }\n}', "a.json")
    found = root.need("b").need("c")
    assert (found.line, found.key, [one.line for one in found.elements()]) == (4, "b.c", [5, 6])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("{", 1),
        ('{"a": 1,}', 1),
        ("[1,\n2,]", 2),
        ('{"a": 1\n\n"b": 2}', 3),
        ('{"a":\n01}', 2),
        ('{"a": "\\x"}', 1),
        ('{"a": NaN}', 1),
        ('{"a": 1}\n{}', 2),
        ('{"a": 1,\n"a": 2}', 2),
        ("[" * 200 + "]" * 200, 1),
        ("\x00\x01", 1),
        ('"' + "\\u12" + '"', 1),
        ("{1: 2}", 1),
        ('{"a" 1}', 1),
        ('"\\ud83d"', 1),
    ],
)
def test_what_is_no_json_is_an_error_with_its_line(text: str, line: int) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_json(text, "a.json")
    assert caught.value.line == line


def test_ten_megabytes_are_refused_at_once() -> None:
    with pytest.raises(ConfigError, match="larger than 5 MB"):
        parse_json("[" + "1," * 5_000_000 + "1]", "a.json")


def test_a_document_is_json_or_yaml_by_its_first_sign() -> None:
    assert parse_document('{"a":\t"\\ud83d\\ude00"}', "a").need("a").value == "😀"
    assert parse_document("{a: 1}", "a.yml").need("a").value == "1"
    assert parse_document("a: 1", "a").need("a").value == "1"
