"""How values become text: nothing hidden, nothing harmful."""

import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdmvc.render.cells import CUT, cell_text, change_texts, masked_text, visible


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "NULL"),
        ("", "''"),
        ("NULL", "'NULL'"),
        (True, "true"),
        ("true", "'true'"),
        (1234567, "1234567"),
        (1.0, "1.0"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1.50"), "1.50"),
        (b"", "0x (0 bytes)"),
        (b"\xff", "0xff (1 byte)"),
        (bytes(1000), "0x" + "00" * 16 + "… (1,000 bytes)"),
        (date(2024, 2, 29), "2024-02-29"),
        (time(1, 2, 3), "01:02:03"),
        (datetime(2024, 1, 1, 12), "2024-01-01 12:00:00"),
        (datetime(2024, 1, 1, 12, tzinfo=UTC), "2024-01-01 12:00:00Z"),
        (datetime(2024, 1, 1, 12, tzinfo=timezone(timedelta(hours=2))), "2024-01-01 12:00:00+02:00"),
        ([1, None, {"a": Decimal("1.5")}], '[1, null, {"a": "1.5"}]'),
        (" a b ", "␠a b␠"),
        ("  ", "␠␠"),
        ("a\tb\r\n", "a␉b␍␊"),
        ("\x1b[31mred\x07\x7f", "␛[31mred␇␡"),
        ("a\u200bb\u00a0\u202e", "a⟨U+200B⟩b⟨U+00A0⟩⟨U+202E⟩"),
        ("\ud800", "⟨U+D800⟩"),
        ("\x9b31m", "⟨U+009B⟩31m"),
        ("名前 é", "名前 é"),
    ],
)
def test_each_value_has_an_unambiguous_text(value: object, text: str) -> None:
    assert cell_text(value) == text


def test_a_long_text_is_cut_and_shows_its_length() -> None:
    text = cell_text("x" * 1234)
    assert CUT - 1 <= len(text) <= CUT
    assert text.endswith("x… (1,234 characters)")
    assert cell_text("x" * CUT) == "x" * CUT


@given(st.one_of(st.text(), st.binary(), st.lists(st.text())))
def test_no_text_can_move_a_cursor(value: object) -> None:
    for text in (cell_text(value), masked_text(value), *change_texts(value, "")):
        assert not {unicodedata.category(character) for character in text} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text(), st.text())
def test_two_texts_that_differ_are_never_shown_alike_when_they_fit(old: str, new: str) -> None:
    if old != new and max(len(old), len(new)) <= CUT:
        texts = [unicodedata.normalize("NFC", text) for text in change_texts(old, new)]
        assert texts[0] != texts[1] or any(mark in old + new for mark in "␀␉␊␛␠⟨'")


def test_long_texts_are_cut_around_the_first_difference() -> None:
    old, new = change_texts("a" * 300 + "old" + "b" * 300, "a" * 300 + "new" + "b" * 300)
    assert "old" in old
    assert "new" in new
    assert old.startswith("…")


def test_texts_that_look_alike_are_shown_as_code_points() -> None:
    assert change_texts("é", "e\u0301") == ("⟨U+00E9⟩", "e⟨U+0301⟩")


def test_values_that_read_alike_name_their_types() -> None:
    assert change_texts("5", 5) == ("5 (text)", "5 (integer)")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "NULL"),
        ("", "•••(0)"),
        ("secret", "•••(6)"),
        (b"ab", "•••(2 bytes)"),
        (4711, "•••"),
        (["x"], "•••"),
    ],
)
def test_a_masked_value_keeps_only_its_length(value: object, text: str) -> None:
    assert masked_text(value) == text


def test_visible_leaves_plain_text_alone() -> None:
    assert visible("order items") == "order items"
