import re
from collections.abc import Callable

import pytest

from tdmvc.render.diff.terminal import render as render_diff
from tdmvc.render.format import RenderOptions
from tdmvc.render.review.terminal import render as render_review_terminal
from tdmvc.render.terminal import display_width
from tests.render import review_samples as samples

REVIEWS = {"blocked": samples.BLOCKED, "fine": samples.FINE, "unchanged": samples.UNCHANGED}


@pytest.mark.parametrize("width", [80, 120])
def test_a_review_equals_its_golden_file(width: int, golden: Callable[[str, str], None]) -> None:
    pages = [
        f"# {name}\n{render_review_terminal(review, RenderOptions(width=width))}"
        for name, review in REVIEWS.items()
    ]
    golden(f"review_terminal_{width}", "\n".join(pages))


def test_a_diff_with_patterns_equals_its_golden_file(golden: Callable[[str, str], None]) -> None:
    golden("review_diff_terminal", render_diff([samples.GOLDEN_DIFF], RenderOptions(width=100)))


@pytest.mark.parametrize("name", REVIEWS)
def test_colours_change_nothing_but_the_colours(name: str) -> None:
    plain, painted = (
        render_review_terminal(REVIEWS[name], RenderOptions(color=color, width=100))
        for color in (False, True)
    )
    assert painted != plain
    assert re.sub(r"\x1b\[\d+m", "", painted) == plain


@pytest.mark.parametrize("width", [1, 40, 60, 80, 200])
def test_no_line_of_an_enormous_or_hostile_review_is_too_wide(width: int) -> None:
    for review in (samples.enormous(12, 120), samples.hostile()):
        body, _, _ = render_review_terminal(review, RenderOptions(width=width)).partition("\nNext:\n")
        assert [line for line in body.split("\n") if display_width(line) > max(width, 40)] == []


def test_the_verdict_is_the_first_word_and_errors_come_before_tables() -> None:
    text = render_review_terminal(samples.BLOCKED, RenderOptions(width=80))
    assert text.startswith("Blocked: 2 datasets differ, 1 unchanged\n")
    order = [
        "from ",
        "error dangling-reference",
        "Removed\n",
        "the table drafts",
        "  audit_log → ",
        "Changes by pattern",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)


def test_two_hundred_tables_are_one_screen_unless_the_whole_is_asked_for() -> None:
    review = samples.many_tables()
    text = render_review_terminal(review, RenderOptions(width=80))
    assert text.count("\n") <= 60
    first = text.split("\n")[:24]
    assert first[0].startswith("Blocked: ")
    assert any(line.startswith("error dangling-reference") for line in first)
    assert "… and 2 errors more" in text
    assert "shifted by +731 days in 200 columns of 200 tables, 19,000 cells" in text
    assert "shifted by +3 days in 200 columns of 200 tables, 1,000 cells" in text
    assert "the column legacy_code (decimal(10,4)) of 200 tables" in text
    assert "0009_same" not in text
    assert "tdmvc review main --full" in text
    whole = render_review_terminal(review, RenderOptions(width=80, is_whole=True))
    assert whole.count("error dangling-reference") == 7
    assert "--full" not in whole
    assert all(table.name in whole for table in review.datasets[0].diff.tables)


def test_personal_values_are_shown_only_on_request() -> None:
    assert samples.SECRET not in render_review_terminal(samples.BLOCKED, RenderOptions(width=120))
    assert samples.SECRET in render_review_terminal(samples.BLOCKED, RenderOptions(width=120, reveal=True))
    assert samples.SECRET not in render_diff([samples.GOLDEN_DIFF], RenderOptions(width=120))
    assert samples.SECRET in render_diff([samples.GOLDEN_DIFF], RenderOptions(width=120, reveal=True))


def test_a_review_prints_only_a_few_rows_of_each_table() -> None:
    text = render_review_terminal(samples.enormous(1, 50), RenderOptions(width=100))
    assert text.count("    + id 1  ") == 10
    assert "… 40 more changed" in text


def test_a_table_with_only_ignored_changes_is_reported_as_such() -> None:
    table = samples.TableDiff(
        "t", samples.TableStatus.UNCHANGED, rows=samples.RowCounts(9, 9, ignored=2), ignored={"seen_at": 2}
    )
    diff = samples.DatasetDiff("golden", "a", "b", (table,), samples.Bump(samples.BumpLevel.NONE))
    assert "ignored by rule: seen_at 2" in render_diff([diff], RenderOptions(width=80))
