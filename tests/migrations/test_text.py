"""YAML, JSON and properties files that nothing has validated before."""

import pytest
import yaml

from tdmvc.errors import MigrationsError
from tdmvc.migrations.text import parse_json, parse_properties, parse_yaml
from tdmvc.yaml import composer
from tdmvc.yaml.foreign import flatten


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1", "1"),
        ("0100", "64"),
        ("0x1F", "31"),
        ("0b101", "5"),
        ("1_000", "1000"),
        ("-7", "-7"),
        ("+7", "7"),
        ("12:30:00", "45000"),
        ("1.50", "1.5"),
        ("1e3", "1000.0"),
        ("12345678.9", "12345678.9"),
        ("20240101120000", "20240101120000"),
        ("yes", "true"),
        ("Off", "false"),
        ("~", None),
        ("", None),
        ("2024-01-15", "2024-01-15"),
        ("'1.50'", "1.50"),
        ('"yes"', "yes"),
        ("1.2.3", "1.2.3"),
        ("08", "08"),
        ("_1", "_1"),
        ("0x", "0x"),
        ("!!python/object/apply:os.system [x]", None),
        ("9" * 5_000, "9" * 5_000),
    ],
)
def test_a_plain_scalar_is_read_as_in_yaml(written, read):
    (document,) = parse_yaml("a.yaml", f"key: {written}\n")
    if written.startswith("!!python"):
        # A tag is only a word here.
        assert document == {"key": ["x"]}
    else:
        assert document.get("key") == read


def test_lines_merges_and_several_documents_are_kept():
    text = "a:\n  x: 1\n---\nb:\n- c: 2\n- <<: {y: 3}\n  y: 4\n"
    first, second = parse_yaml("a.yaml", text)
    assert (first, second) == ({"a": {"x": "1"}}, {"b": [{"c": "2"}, {"y": "4"}]})
    assert [first.line, first["a"].line, second.line] == [1, 2, 4]
    assert [item.line for item in second["b"]] == [5, 6]
    with pytest.raises(MigrationsError, match="refers to no complete anchor"):
        parse_yaml("a.yaml", "a: &one 1\n---\nb: *one\n")


def test_written_values_override_merged_mappings():
    (document,) = parse_yaml("a.yaml", "- &a {x: 1, y: 2}\n- &b {x: 3, z: 4}\n- {<<: [*a, *b], y: 5}\n")
    assert document[2] == {"x": "1", "y": "5", "z": "4"}


def test_nested_mappings_have_dotted_keys():
    (document,) = parse_yaml("a.yaml", "a:\n  b: {c: 1}\n  d: [2]\ne.f: 3\n")
    assert sorted(flatten(document)) == [("a.b.c", "1"), ("e.f", "3")]


@pytest.mark.parametrize(
    ("text", "why", "line"),
    [
        ("a: [1\nb: 2\n", "not YAML", 2),
        ("a: 1\n<<<<<<< HEAD\n", "merge conflict", 2),
        ("\n" + "[" * 200 + "]" * 200, "too deeply", 2),
        ("a: *nobody\n", "refers to no complete anchor", 1),
        ("- &a [1]\n- &a [*a]\n", "refers to no complete anchor", 2),
        ("a: \0\n", "not YAML", 1),
    ],
)
def test_invalid_yaml_is_an_error_that_names_the_line(text, why, line):
    with pytest.raises(MigrationsError, match=why) as caught:
        parse_yaml("db/a.yaml", text)
    assert caught.value.where == ("db/a.yaml" if line is None else f"db/a.yaml, line {line}")


def test_the_parser_without_libyaml_gives_the_same(monkeypatch):
    text = "a: &x [1, {b: yes}]\nc: *x\n--- \nd: |\n  text\n"
    fast = parse_yaml("a.yaml", text)
    monkeypatch.setattr(composer, "LOADER", yaml.SafeLoader)
    assert parse_yaml("a.yaml", text) == fast


@pytest.mark.parametrize(
    ("text", "why", "line"),
    [("{\n}}", "not JSON", 2), ("[" * 100_000, "too deeply", None), ("", "not JSON", 1)],
    ids=range(3),
)
def test_invalid_json_is_an_error_that_names_the_line(text, why, line):
    with pytest.raises(MigrationsError, match=why) as caught:
        parse_json("a.json", text)
    assert caught.value.where == ("a.json" if line is None else f"a.json, line {line}")


def test_properties_are_read_with_both_separators_and_without_comments():
    text = "# a=1\n! b=2\n c = 3 \nd: e=4\n\nf=\nnothing\n" + " " * 100_000 + "\n"
    assert list(parse_properties(text)) == [("c", "3"), ("d", "e=4"), ("f", "")]
