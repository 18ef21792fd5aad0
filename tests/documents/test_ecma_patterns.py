r"""Patterns that look around or refer back match what ECMA-262 says, as those without do."""

import pytest

from tdmvc.documents.ecma_patterns import spelled_out, with_spelled_patterns
from tdmvc.documents.json_text import render_json
from tdmvc.documents.validator import Draft, SchemaError, SchemaValidator


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        (r"^(?!0)\d+$", ["10"], ["٣", "01"]),
        (r"^(?=\w)[\w-]+$", ["a-1"], ["é", "-a"]),
        (r"^(?!x)\s$", ["\ufeff", "\u2028"], ["\x85", "x"]),
        (r"^(?!x)\S$", ["\x85", "a"], ["\ufeff", "x"]),
        (r"^(?!x).$", ["a", "\x85"], ["\r", "\u2028"]),
        (r"^(?!x)[\]\s.]$", ["]", ".", " "], ["a"]),
        (r"^(?!x)[^\W]$", ["_"], ["é", "-"]),
        (r"\bab\b", ["ab", "éab"], ["cab"]),
        (r"^(?!x)\ud83d\ude00$", ["😀"], ["a"]),
        (r"^\b\w\cJ", ["a\n"], ["aJ"]),
        (r"^(?!.*(.)\1)[a-z]+$", ["abc"], ["abb"]),
        (r"^(?<one>a|b)\k<one>$", ["aa", "bb"], ["ab"]),
    ],
)
def test_a_pattern_matches_what_ecma_262_says(pattern: str, matching: list[str], others: list[str]) -> None:
    validator = SchemaValidator.of(render_json({"pattern": pattern}), Draft.V2020_12)
    assert [validator.is_valid(text) for text in matching + others] == [True] * len(matching) + [False] * len(
        others
    )


@pytest.mark.parametrize(
    "pattern",
    [r"(a)?\1b", r"(?:(a)|b)\1", r"\1(a)", r"(?!(a))\1", r"(?:(a))*\1", r"(a)(?<=\1)", r"(?<n>a)?\k<n>"],
)
def test_a_reference_to_a_group_that_may_have_matched_nothing_is_an_error(pattern: str) -> None:
    with pytest.raises(SchemaError, match="may have matched nothing"):
        SchemaValidator.of(render_json({"pattern": pattern}), Draft.V2020_12)


def test_only_patterns_change() -> None:
    pattern = r"(?!a)\d"
    schema = {"const": {"pattern": pattern}, "properties": {"pattern": {"pattern": pattern}}}
    found = with_spelled_patterns(schema)
    assert found == {**schema, "properties": {"pattern": {"pattern": "(?!a)[0-9]"}}}


def test_names_of_properties_that_become_the_same_keep_both_schemas() -> None:
    schema = {"patternProperties": {"(?!a)[0-9]": {"minimum": 2}, r"(?!a)\d": {"maximum": 3}}}
    validator = SchemaValidator.of(render_json(schema), Draft.V2020_12)
    assert [validator.is_valid({"1": value}) for value in (1, 2, 3, 4)] == [False, True, True, False]


def test_a_pattern_that_both_engines_read_alike_stays() -> None:
    assert spelled_out(r"^[\w.]+\d$") == r"^[\w.]+\d$"
