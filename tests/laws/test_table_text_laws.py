"""What holds of the text that Git compares, for any table."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tdmvc.model.dataset import TableContents
from tdmvc.model.schema import Column
from tdmvc.render.cells import masked_text
from tdmvc.render.table_text import render_conflict, render_table

HOSTILE = st.sampled_from(
    [
        *(
            "",
            "NULL",
            "'NULL'",
            "''",
            "a\nb",
            "a␊b",
            "│",
            " │ x=1",
            "=",
            "\x1b[31m",
            "\u202e",
            "<<<<<<< ours",
        ),
        *("# rows 3", "⟨U+2502⟩", "⟨U+200B⟩", "\u200b", "x" * 200, "x" * 199 + "y", "\ud800", "\r", "\u2028"),
        "•••(3)",
    ]
)
TEXTS = st.one_of(HOSTILE, st.text(max_size=100))
VALUES = st.one_of(
    st.none(),
    TEXTS,
    st.integers(),
    st.floats(),
    st.booleans(),
    st.binary(max_size=40),
    st.decimals(allow_nan=False, allow_infinity=False, places=2),
    st.datetimes(timezones=st.just(UTC)),
    st.lists(TEXTS, max_size=3),
    st.dictionaries(st.text(max_size=3), TEXTS, max_size=2),
)
NAMES = st.lists(
    st.one_of(HOSTILE.filter(bool), st.text(min_size=1, max_size=8)), min_size=1, max_size=4, unique=True
)
SECRET = b"0123456789abcdef0123456789abcdef"


@st.composite
def tables(draw: st.DrawFn) -> TableContents:
    names = draw(NAMES)
    rows = draw(st.lists(st.tuples(*[VALUES] * len(names)), max_size=4))
    keys = draw(st.integers(1, len(names)))
    return _table(names, rows, keys, hidden=draw(st.sets(st.sampled_from(names))))


def _table(
    names: list[str], rows: list[tuple[Any, ...]], keys: int, *, hidden: set[str], secret: bytes = SECRET
) -> TableContents:
    return TableContents(
        name="orders",
        content="sha256:" + "0" * 64,
        columns=tuple(Column(name, pa.string()) for name in names),
        order=tuple(names[:keys]),
        rows=len(rows),
        hidden=frozenset(hidden),
        cells=tuple(rows),
        redaction_key=secret,
    )


@given(tables())
def test_every_row_is_one_line_and_every_cell_one_piece_of_it(table):
    lines = render_table(table).split("\n")
    head = 3 + len(table.columns)
    assert lines.pop() == ""
    assert len(lines) == head + len(table.cells)
    assert "".join(lines).isprintable()
    for line in lines[head:]:
        cells = line.split(" │ ")
        assert len(cells) == len(table.columns)
        assert all("=" in cell for cell in cells)
        assert line.count("│") == len(cells) - 1


@given(tables())
def test_the_same_table_gives_the_same_text(table):
    assert render_table(table) == render_table(table)


@given(TEXTS, TEXTS)
def test_texts_that_differ_give_lines_that_differ(one, other):
    lines = [render_table(_table(["a"], [(text,)], 1, hidden=set())) for text in (one, other)]
    assert (lines[0] == lines[1]) == (one == other)


@given(st.lists(TEXTS, max_size=4), st.lists(TEXTS, max_size=4))
def test_nested_cells_that_differ_give_lines_that_differ(one, other):
    lines = [render_table(_table(["a"], [(value,)], 1, hidden=set())) for value in (one, other)]
    assert (lines[0] == lines[1]) == (one == other)


@given(st.text("xyz0123456789", min_size=4, max_size=60), st.integers(), st.binary(max_size=32))
def test_no_hidden_value_is_reported(secret_text, key, secret):
    text = render_table(_table(["id", "name"], [(key, secret_text)], 1, hidden={"name"}, secret=secret))
    shown = text.splitlines()[-1].split("name=")[1]
    assert shown.split("~")[0] == masked_text(secret_text)
    assert len(shown) - len(masked_text(secret_text)) == (5 if secret else 0)


def test_a_mark_shows_a_change_but_not_that_two_rows_are_equal():
    def marks(*values: object) -> list[str]:
        rows = [(number, value) for number, value in enumerate(values)]
        lines = render_table(_table(["id", "name"], rows, 1, hidden={"name"})).splitlines()[-len(rows) :]
        return [line.split("~")[1] for line in lines]

    before, after = marks("ada", "ada", "eve"), marks("ada", "bob", "eve")
    assert before[0] != before[1]
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True]


def test_rows_without_a_key_and_clones_without_a_secret_get_no_marks():
    rows = [("ada", "x"), ("eve", "y")]
    assert "~" not in render_table(_table(["a", "b"], rows, 2, hidden={"a"}))
    assert "~" not in render_table(_table(["a", "b"], rows, 1, hidden={"b"}, secret=b""))


def test_nulls_times_and_numbers_read_as_everywhere():
    row = (1, None, Decimal("1.50"), datetime(2024, 2, 29, 12, tzinfo=UTC), True)
    text = render_table(_table(["id", "a", "b", "c", "d"], [row], 1, hidden=set()))
    assert text.splitlines()[-1] == "id=1 │ a=NULL │ b=1.50 │ c=2024-02-29 12:00:00Z │ d=true"


@given(tables())
def test_a_conflict_of_a_table_with_itself_is_the_table(table):
    assert render_conflict(table, table) == render_table(table)


def test_a_conflict_marks_just_the_rows_that_differ():
    ours = _table(["id", "n"], [(1, "a"), (2, "b")], 1, hidden=set())
    theirs = _table(["id", "n"], [(1, "a"), (2, "c")], 1, hidden=set())
    assert render_conflict(ours, theirs).splitlines()[-6:] == [
        "id=1 │ n=a",
        "<<<<<<< ours",
        "id=2 │ n=b",
        "=======",
        "id=2 │ n=c",
        ">>>>>>> theirs",
    ]
