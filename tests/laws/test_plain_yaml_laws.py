"""Laws of the plain YAML reader: it reads what PyYAML reads, or nothing."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tdmvc.repo.yaml_composer import compose
from tdmvc.repo.yaml_plain import read_plain

MANY = settings(max_examples=1500, deadline=None)

characters = st.text("ab1 :-#{}[],\"'\n\\&*!|>%@?~.<=é\t\r\x85 ﻿", max_size=24)
pieces = st.lists(
    st.sampled_from(
        [
            *(
                "a",
                "b",
                "1.0.0",
                "sha256:ab",
                "~",
                "é",
                "a b",
                "x_y",
                "2026-11-22T10:00:00Z",
                "<<",
                "---",
                "...",
            ),
            *(
                "a: ",
                "b: ",
                "c:",
                ": ",
                ":",
                "- ",
                "-",
                "? ",
                "#",
                " #c",
                "# c",
                "|",
                ">-",
                "&a ",
                "*a",
                "!x ",
            ),
            *(
                "{",
                "}",
                "[",
                "]",
                ", ",
                ",",
                '"x"',
                '"x: y"',
                "'y'",
                "''",
                '"',
                "'",
                "\\",
                "{a: 1}",
                "[a, b]",
            ),
            *(
                "\n",
                "\n",
                "\n",
                "\n  ",
                "\n  ",
                "\n    ",
                "\n - ",
                "\n- ",
                "\n  - ",
                "\na: ",
                "\n  b: ",
                "  ",
            ),
        ]
    ),
    max_size=14,
).map("".join)
key = st.sampled_from(["a", "b", "c_d", "1", "x-y", "on", '"q"', "a b", "é"])
word = st.sampled_from(
    [
        *("a", "1.0", "~", "null", "a b", "sha256:0a", '"v*"', "'x y'", '""', "a, b", "{}", "[]", "[a, 'b']"),
        *(
            "{k: v, l: [m]}",
            "a # c",
            '"a" # c',
            "d 'e'",
            "é",
            "ü b",
            "",
            "yes",
            "(x)",
            "a:b",
            "x [y]",
            "*a",
            "&a b",
        ),
    ]
)


def lines(value: object, indent: int) -> list[str]:
    """Write a tree of mappings and lists, as texts of lines."""
    pad = " " * indent
    if isinstance(value, dict):
        found = []
        for name, item in value.items():
            is_word = isinstance(item, str)
            found.append(f"{pad}{name}: {item}" if is_word else f"{pad}{name}:")
            found += [] if is_word else lines(item, indent + (0 if isinstance(item, list) else 2))
        return found
    if isinstance(value, list):
        found = []
        for item in value:
            first, *others = [f"{pad}  {item}"] if isinstance(item, str) else lines(item, indent + 2) or [""]
            found += [f"{pad}- {first.strip(' ')}", *others]
        return found
    return [f"{pad}{value}"]


trees = st.recursive(
    word,
    lambda inner: (
        st.dictionaries(key, inner, min_size=1, max_size=3) | st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=8,
).map(lambda tree: "\n".join(lines(tree, 0)) + "\n")


@MANY
@given(characters | pieces | trees)
@example('a:\n- b: 1\n  c:\n  - d\ne: {f: [g, "h"], i: j}\n')
@example("a: b\n  c\n")
@example("a: b\n c: d\n")
@example("- a\n- b: c\n   d: e\n")
@example("a: 'it''s'\n")
@example("a: [b, c,]\n")
@example("a: {b: }\n")
@example("a: b#c # d\n")
def test_it_reads_what_pyyaml_reads_or_nothing(text: str) -> None:
    plain = read_plain(text, "p")
    if plain is not None:
        assert plain == compose(text, "p")
