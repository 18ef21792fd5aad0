"""Widths, grids and numbers."""

from tdmvc.model.text import number, plural
from tdmvc.render.terminal import Style, display_width, fit, grid, pad, wrap_items


def test_wide_characters_take_two_columns_and_marks_none() -> None:
    assert display_width("abc") == 3
    assert display_width("名前") == 4
    assert display_width("e\u0301") == 1


def test_text_is_cut_to_columns_and_not_to_characters() -> None:
    assert fit("名前名前", 5) == "名前…"
    assert fit("名前名前", 4) == "名…"
    assert fit("abc", 3) == "abc"
    assert fit("abcd", 1) == "…"
    assert fit("abcd", 0) == ""


def test_a_grid_aligns_columns_by_width() -> None:
    assert grid([["名", "x"], ["abc", "yy"], ["z"]]) == ["名   x", "abc  yy", "z"]


def test_items_are_never_split_across_lines() -> None:
    assert wrap_items(["aaa", "bbb", "ccc"], 9) == ["aaa, bbb,", "ccc"]
    assert wrap_items([], 9) == []


def test_padding_fills_either_side() -> None:
    assert pad("名", 4) == "名  "


def test_numbers_and_nouns() -> None:
    assert number(1234567) == "1,234,567"
    assert plural(1, "row") == "1 row"
    assert plural(1200, "row") == "1,200 rows"
    assert plural(2, "entry", many="entries") == "2 entries"
    assert plural(2, "unit of related rows") == "2 units of related rows"
    assert plural(2, "table with removed rows") == "2 tables with removed rows"


def test_without_colour_nothing_is_added() -> None:
    assert Style(color=False).red("x") == "x"
    assert Style(color=True).red("x") == "\x1b[31mx\x1b[0m"
    assert Style(color=True).bold("") == ""
