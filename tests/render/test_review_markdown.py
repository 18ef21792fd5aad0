"""A review as one comment: what it says, in which order, how it escapes, and how it grows shorter."""

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tdmvc.model.diff import ChangePattern, PatternKind, RowCounts
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.review import Review
from tdmvc.render.cells import cell_text, change_texts, visible
from tdmvc.render.format import RenderOptions
from tdmvc.render.markdown import code, comment, fence, folded, link, prose
from tdmvc.render.review.markdown import MARKER, render
from tests.render import review_samples as samples
from tests.series import trials

PARSER = MarkdownIt("gfm-like")


def render_review_markdown(review: Review, **options: Any) -> str:
    return render(review, RenderOptions(**options))


@pytest.mark.parametrize("name", ["BLOCKED", "FINE", "UNCHANGED"])
def test_a_comment_equals_its_golden_file(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"review_markdown_{name.lower()}", render_review_markdown(getattr(samples, name)))


def test_the_marks_are_first_and_at_each_dataset() -> None:
    lines = render_review_markdown(samples.BLOCKED).split("\n")
    assert lines[0] == MARKER == "<!-- tdmvc-review -->"
    assert lines.count(MARKER) == 1
    assert [line for line in lines if line.startswith("<!-- tdmvc-review:")] == [
        "<!-- tdmvc-review:golden -->",
        "<!-- tdmvc-review:reference -->",
    ]


def test_the_answers_come_in_the_order_of_the_questions() -> None:
    text = render_review_markdown(replace(samples.BLOCKED, datasets=(samples.GOLDEN,)))
    titles = [
        "⛔ `golden`: blocked", "1 error: dangling-reference", "| version |", "| release |", "| migrations main |",
        "Suggested bump: **major**", "#### Blocking", "`tdmvc add golden`", "#### Removed",
        "#### Tables, riskiest first", "#### Changes by pattern",
        "#### Schema", "#### Related rows", "#### Rows\n", "#### Shifted distributions",
        "#### Ignored by rule", "tdmvc diff main golden",
    ]  # fmt: skip
    places = [text.index(title) for title in titles]
    assert places == sorted(places)


def test_removed_rows_are_never_folded() -> None:
    text = render_review_markdown(samples.BLOCKED)
    before, _, _ = text.partition("the table `drafts` with 12 rows")
    assert before.count("<details") == before.count("</details>")
    assert "`` `rm -rf` \\| Ltd ``" in text


def test_four_thousand_changed_cells_read_as_one_line() -> None:
    text = render_review_markdown(samples.BLOCKED)
    assert "- '' → NULL in 4 columns of 2 tables: **4,012 cells** in `customers` (" in text
    assert "`open` → **`new | fresh`** in `status`: 12 cells" in text


def test_null_the_empty_text_and_the_word_null_are_three_things() -> None:
    text = render_review_markdown(samples.hostile())
    assert "*NULL* → **`'NULL'`**" in text
    assert "*NULL* → **`''`**" in text


def test_a_long_cell_is_cut_and_shows_its_length() -> None:
    assert "(500 characters)" in render_review_markdown(samples.hostile())


def test_rows_of_one_order_are_one_unit() -> None:
    text = render_review_markdown(samples.BLOCKED)
    assert (
        "- `+` `orders` `order_no` `A-9`: `status` `new`, `price` `1.50`\n"
        "  - `+` `order_items` `item_id` `501`: `order_no` `A-9`, `sku` `X1`\n"
    ) in text


def test_every_cell_of_a_hostile_table_shows_the_value_and_nothing_else() -> None:
    review = samples.hostile()
    tokens = PARSER.parse(render_review_markdown(review))
    shown = {
        "".join(child.content for child in token.children or [])
        for before, token in pairwise(tokens)
        if before.type == "td_open"
    }
    for value in samples.NASTY:
        assert f"NULL → {change_texts(None, value)[1]} inside {code_text(value)}" in shown
        assert cell_text(value) in shown


def code_text(value: str) -> str:
    (token,) = PARSER.parseInline(code(value))
    return "".join(child.content for child in token.children or [])


def test_no_personal_value_is_shown() -> None:
    text = render_review_markdown(samples.BLOCKED)
    assert samples.SECRET not in text
    assert "`•••(15)` → **`•••(15)`**" in text


def test_a_pattern_of_a_personal_column_shows_no_value_even_if_it_was_not_marked() -> None:
    leaky = ChangePattern(PatternKind.SET_TO, ("email",), 2, "a", samples.SECRET)
    table = replace(samples.CUSTOMERS, patterns=(leaky,))
    diff = replace(samples.GOLDEN_DIFF, tables=(table,), patterns=())
    review = replace(samples.BLOCKED, datasets=(replace(samples.GOLDEN, diff=diff),))
    text = render_review_markdown(review)
    assert "all set to one value in `email`" in text
    assert samples.SECRET not in text


def test_the_whole_review_is_linked() -> None:
    text = render_review_markdown(samples.BLOCKED, link="https://ci.example/a?b=1&c=2")
    assert "[the full review](<https://ci.example/a?b=1&amp;c=2>)" in text


def test_equal_reviews_give_equal_bytes() -> None:
    assert render_review_markdown(samples.enormous(9, 90)) == render_review_markdown(samples.enormous(9, 90))


def test_an_enormous_review_is_short_and_lists_what_it_left_out() -> None:
    review = samples.enormous()
    text = render_review_markdown(review, link="https://ci.example/")
    assert 15_000 < len(text) < 60_000
    (left,) = re.findall(r"\*\*Not shown here:\*\* (.*)", text)
    assert "100,000 changed rows" in left
    assert "1,000 removed rows" in left
    assert "150 findings" in left or "170 findings" in left
    assert left.endswith("See [the full review](<https://ci.example/>).")


def test_samples_are_left_out_first_then_patterns_then_tables_then_all_but_the_verdict() -> None:
    review = samples.enormous(40, 4_000)
    shown = []
    for limit in (10**7, 60_000, 15_000, 4_000, 700, 150, 60, 10):
        text = render_review_markdown(review, limit=limit)
        assert len(text) < limit
        shown.append(
            (
                "old 0" in text,
                "Changes by pattern" in text,
                "riskiest first" in text,
                "blocked" in text,
                text.startswith(MARKER),
            )
        )
    assert shown == sorted(shown, reverse=True)
    assert shown[0] == (True,) * 5
    steps = {
        (False, True, True, True, True),
        (False, False, False, True, True),
        (False, False, False, False, False),
    }
    assert steps < set(shown)


def test_a_count_is_never_lost_if_rows_have_no_sample() -> None:
    table = replace(
        samples.CUSTOMERS, rows=RowCounts(10, 7, removed=3), samples=samples.Samples(), ignored={}
    )
    diff = replace(samples.GOLDEN_DIFF, tables=(table,), patterns=())
    text = render_review_markdown(replace(samples.BLOCKED, datasets=(samples.dataset_review(diff),)))
    assert "3 rows of `customers`" in text
    assert "**Not shown here:** 3 removed rows." in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 rows removed from Album", "2 rows removed from Album"),
        ("column Album.Year added", "column `Album.Year` added"),
        ("ask @ann about #12, GH-12 and a|b.", "ask `@ann` about `#12`, `GH-12` and `a|b`."),
        ("then `tdmvc add golden`.", "then `tdmvc add golden`."),
        ("see http://x.example or www.x.example", "see `http://x.example` or `www.x.example`"),
        ("commit 1f3c9ab27d10", "commit `1f3c9ab27d10`"),
        ("1. not a list", "`1.` not a list"),
        ("- not a list", "`-` not a list"),
        ("`a``b`", "`a` `b`"),
        ("audit_log is *bold* <b>", "`audit_log` is `*bold*` `<b>`"),
    ],
)
def test_a_sentence_keeps_its_words_and_disarms_the_rest(text: str, expected: str) -> None:
    assert prose(text) == expected


def test_a_code_span_is_longer_than_the_backticks_in_it() -> None:
    assert code("a`b``c") == "```a`b``c```"
    assert code("`") == "`` ` ``"
    assert code("") == "`''`"


def test_nothing_ends_a_fence_a_mark_or_a_summary_early() -> None:
    assert fence(["```", "echo"], "sh") == ["````sh", "```", "echo", "````"]
    assert comment("x", "--> <b>") == "<!-- x:-%2D%3E%20%3Cb%3E -->"
    assert folded([("</summary>", True)], ["x"])[0] == (
        "<details><summary><code>&lt;/summary&gt;</code></summary>"
    )
    assert link("x", "javascript:alert(1)") == "x"


def test_a_finding_without_a_place_and_a_remark_are_listed_too() -> None:
    remark = Finding("old-rows", Severity.INFO, "Nothing is newer than a year.")
    review = replace(samples.FINE, datasets=(samples.dataset_review(samples.REFERENCE.diff, (remark,)),))
    text = render_review_markdown(review)
    assert "- **info** `old-rows`: Nothing is newer than a year." in text
    assert "#### Blocking" not in text


TYPES = st.one_of(
    st.builds("decimal({},{})".format, st.integers(1, 38), st.integers(0, 9)),
    st.builds("numeric({}, {})".format, st.integers(1, 38), st.integers(0, 9)),
    st.builds("enum('{}', 'c d')".format, st.text("ab |_*<#@&", max_size=5)),
    st.builds("list<{}>[]".format, st.text("ab(|", max_size=4)),
    st.sampled_from(["varchar(20)[]", "double precision", "timestamp(6) with time zone", "f(g(x), y)"]),
)


@settings(max_examples=trials(300, 40), deadline=None)
@given(TYPES, TYPES)
def test_a_sentence_with_types_shows_its_text_and_no_type_is_torn_apart(old: str, new: str) -> None:
    sentence = f"type of t.price changed from {old} to {new} (now {new})."
    (token,) = PARSER.parseInline(prose(sentence))
    pieces = token.children or []
    assert "".join(piece.content for piece in pieces).replace("`", "") == visible(sentence).replace("`", "")
    for type_ in {old, new} & {"varchar(20)[]", "f(g(x), y)"} | {
        t for t in (old, new) if t[:3] in ("dec", "num")
    }:
        assert type_ in {piece.content for piece in pieces if piece.type == "code_inline"}


def test_two_hundred_tables_are_a_short_comment_with_every_error_in_it() -> None:
    text = render_review_markdown(samples.many_tables())
    before, _, _ = text.partition("<details")
    assert len(text) < 20_000
    assert before.count("**error**") == len(samples.many_tables().datasets[0].blocking)
    assert "the column `legacy_code` (`decimal(10,4)`) of" in before
    assert text.count("legacy_code") == 1
    assert "shifted by +731 days in 200 columns of 200 tables: **19,000 cells**" in text
    assert "Shifted distributions" not in text
    assert text.count("<details") == text.count("</details>")
