"""The file of a table's conflicts: written by tdmvc, resolved by a person with an editor."""

import pytest

from tdmvc.errors import ConfigError
from tdmvc.formats.conflict_file import parse_conflict_file, render_conflict_file
from tdmvc.model.merge import Choice, Conflict, ConflictKind, Resolutions, Side
from tdmvc.model.merge_report import ConflictFile, ListedConflict

OBJECTS = {side: letter * 32 + ".dir" for side, letter in zip(Side, "abc", strict=True)}
CELL = Conflict(ConflictKind.CELL, ("7",), "status", "open", "paid", None)
FILE = ConflictFile(
    "orders", OBJECTS, {side: str(side) for side in Side}, ("id",), ("id",), (), (ListedConflict(CELL),), 1
)
TEXT = render_conflict_file(FILE, "tdmvc resolve golden orders")


def _parse(text: str) -> ConflictFile:
    return parse_conflict_file(text, "conflicts/orders.yaml")


def test_the_file_describes_how_to_resolve_it():
    assert (
        "# Resolve each conflict by a line below it: `take: ours`, `take: theirs`, `take: base`, or `value: …`.\n"
        "# Then run: tdmvc resolve golden orders\n"
        "format: tdmvc.conflicts/1\n"
        "table: orders\n"
        "sides:\n"
        f"  base: {{label: base, object: {'a' * 32}.dir}}\n"
        f"  ours: {{label: ours, object: {'b' * 32}.dir}}\n"
        f"  theirs: {{label: theirs, object: {'c' * 32}.dir}}\n"
        "key: [id]\n"
        "count: 1\n"
        "conflicts:\n"
        "  - kind: cell\n"
        '    key: {id: "7"}\n'
        "    column: status\n"
        "    base: open\n"
        "    ours: paid\n"
        "    theirs: null\n"
    ) == TEXT


@pytest.mark.parametrize(
    ("line", "choice"),
    [
        ("take: theirs", Choice(Side.THEIRS)),
        ("value: 5", Choice(None, "5")),
        ("value: ''", Choice(None, "")),
        ("value: null", Choice(None, None)),
        ("value:", Choice(None, None)),
        ("value: 2026-01-01", Choice(None, "2026-01-01")),
    ],
)
def test_a_person_resolves_a_conflict_by_a_line(line, choice):
    found = _parse(f"{TEXT}    {line}\n")
    assert found.decided.choice(CELL) == choice
    assert found.listed == FILE.listed


@pytest.mark.parametrize(
    "take", ["take: ours\n", "take: {table: ours}\n", "take: {columns: {status: ours}}\n"]
)
def test_a_person_resolves_many_at_once(take):
    assert _parse(take + TEXT).decided.choice(CELL) == Choice(Side.OURS)


def test_a_row_that_is_not_listed_can_be_resolved_too():
    found = _parse(f"{TEXT}  - key: {{id: 9}}\n    take: base\n")
    assert found.decided == Resolutions(rows={("9",): {None: Choice(Side.BASE)}})


def test_a_decision_about_a_column_or_the_table_resolves_all_its_conflicts():
    about = (Conflict(ConflictKind.COLUMN_TYPE, (), "total", "int64", "text", "double"),)
    about += (Conflict(ConflictKind.KEY_CHANGED, detail="the key is not the same"),)
    text = render_conflict_file(
        ConflictFile("t", OBJECTS, {}, (), (), (), tuple(map(ListedConflict, about)), 2), "tdmvc resolve"
    )
    lines = text.replace("    theirs: double\n", "    theirs: double\n    take: ours\n") + "    take: base\n"
    assert _parse(lines).decided == Resolutions(Side.BASE, {"total": Side.OURS})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (TEXT.replace("conflicts/1", "conflicts/2"), "reads tdmvc.conflicts/1"),
        (TEXT + "    take: mine\n", "not a side"),
        (TEXT + "    take: ours\n    value: 3\n", "by a side and by a value"),
        (TEXT + "    tak: ours\n", "did you mean 'take'"),
        (TEXT + "    value: [1]\n", "Expected a text"),
        (TEXT.replace("kind: cell", "kind: sell"), "the kind of conflict"),
        (TEXT.replace('{id: "7"}', "{}"), "key column 'id' is missing"),
        (TEXT.replace('{id: "7"}', "{id: 7, x: 1}"), "'x' is unknown"),
        (TEXT + "    hidden: true\n    value: 3\n", "personal cell"),
        (TEXT + "  - key: {id: 9}\n", "neither describes a conflict nor resolves one"),
        (TEXT + "  - key: {id: 9}\n    value: 3\n", "resolves one cell"),
        (
            TEXT + "    take: ours\n  - key: {id: 7}\n    column: status\n    take: base\n",
            "two different decisions",
        ),
        (TEXT + "  - kind: table_removed\n    value: 3\n    column: x\n", "Only a cell"),
        (TEXT.replace("count: 1", "count: many"), "whole number"),
        (TEXT.replace("table: orders", "table: !!python/name:os.system orders"), "a YAML tag"),
        (f"<<<<<<< a\n{TEXT}", "conflict markers"),
        ("- " * 100, "nested too deeply"),
        ("", "The key 'format' is missing"),
    ],
)
def test_an_invalid_decision_is_refused_with_its_line(text, why):
    with pytest.raises(ConfigError, match=why) as error:
        _parse(text)
    assert "conflicts/orders.yaml" in error.value.where


def test_a_row_without_a_key_is_named_by_all_its_cells():
    count = Conflict(ConflictKind.ROW_COUNT, ("a", None), base="1", ours="2", theirs="3")
    file = ConflictFile("t", OBJECTS, {}, (), ("x", "z"), (), (ListedConflict(count),), 1)
    text = render_conflict_file(file, "tdmvc resolve")
    assert "    key: {x: a, z: null}\n" in text
    decided = _parse(text + "    take: ours\n  - key: {x: b, z: c}\n    take: base\n").decided
    assert decided.rows == {("a", None): {None: Choice(Side.OURS)}, ("b", "c"): {None: Choice(Side.BASE)}}


def test_a_name_cannot_break_out_of_the_comment():
    text = render_conflict_file(FILE, "tdmvc resolve golden 'a\ntake: ours\u2028take: theirs'")
    assert _parse(text) == FILE


@pytest.mark.parametrize("name", ["k" * 1500, "日" * 400, "{x}", '"', "a: b", "? a"])
def test_a_column_of_any_name_can_be_in_the_key_and_be_decided(name):
    decided = Resolutions(columns={name: Side.OURS, "status": Side.THEIRS})
    cell = Conflict(ConflictKind.CELL, ("7",), name, "open", "paid", None)
    file = ConflictFile(
        "orders", OBJECTS, FILE.labels, (name,), (name,), (), (ListedConflict(cell),), 1, decided
    )
    assert _parse(render_conflict_file(file, "tdmvc resolve golden orders")) == file
