"""JSON and YAML texts are read exactly, with the line of each value; what is neither is an error with its line."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdmvc.documents.json_text import as_integer, parse_json, read_document, render_json
from tdmvc.errors import ConfigError
from tests.series import trials

DIGITS = "12345678901234567890.123456789012345678901234567890"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
)


@settings(max_examples=trials(2_000, 100), deadline=None)
@given(value=VALUES, indent=st.sampled_from([None, 0, 2]))
def test_a_json_text_is_read_as_every_reader_does(value: object, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    assert read_document(text, "x.json").value == value
    assert render_json(read_document(text, "x.json").value) == json.dumps(value)


def test_numbers_keep_all_digits() -> None:
    text = f"[1, 1.0, 0.1, {DIGITS}, 1E+400, -0]"
    value = read_document(text, "x.json").value
    assert value == [1, Decimal("1.0"), Decimal("0.1"), Decimal(DIGITS), Decimal("1E+400"), 0]
    assert parse_json(text) == value
    assert [as_integer(one) for one in value][:4] == [1, 1, None, None]


def test_each_value_has_its_line() -> None:
    text = '{\n "a": [\n  1,\n  {"b/~": 2}\n ],\n\n "c": 3}'
    document = read_document(text, "x.json")
    lines = {"": 1, "/a": 2, "/a/0": 3, "/a/1": 4, "/a/1/b~1~0": 4, "/c": 7, "/a/1/gone/deep": 4}
    assert {pointer: document.line(pointer) for pointer in lines} == lines
    yaml = read_document("a:\n- 1\n- b/~: 2\n\nc: 3\n", "x.yaml")
    assert [yaml.line(pointer) for pointer in ("/a/0", "/a/1/b~1~0", "/c")] == [2, 3, 5]


def test_yaml_is_read_by_the_core_schema() -> None:
    text = "a: 2020-01-01\nb: yes\nc: 0o7\nd: 1_000\ne: ~\nf: True\ng: 1e3\nh: '1'\ni: .5\nj: 012\n"
    assert read_document(text, "x.yaml").value == {
        **{"a": "2020-01-01", "b": "yes", "c": "0o7", "d": "1_000", "e": None, "f": True},
        **{"g": Decimal("1e3"), "h": "1", "i": Decimal("0.5"), "j": 12},
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("{", 1),
        ('{"a": 1,}', 1),
        ('{"a": 1\n "b": 2}', 2),
        ("[1,\n,2]", 2),
        ("[01]", 1),
        ("[1.]", 1),
        ("[NaN]", 1),
        ("[Infinity]", 1),
        ('["\t"]', 1),
        ('["\\x"]', 1),
        ('["a]', 1),
        ("{a: 1}", 1),
        ('{"a": 1,\n"a": 2}', 2),
        ("[1]\n2", 2),
        ("[" * 202 + "]" * 202, 1),
        ("[" * 100_000, 1),
        ("[" + "1" * 5_000 + "]", 1),
        ("[1" + " " * 5_000_000 + "]", None),
    ],
)
def test_what_is_no_json_is_an_error_with_its_line(text: str, line: int | None) -> None:
    with pytest.raises(ConfigError) as caught:
        read_document(text, "x.json")
    assert (caught.value.path, caught.value.line) == ("x.json", line)


@pytest.mark.parametrize("text", ["", "{", "NaN", "[1]2", "[" * 100_000, "{'a': 1}"])
def test_a_value_that_is_no_json_raises(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json(text)
