"""What holds of every form of every review: it is made, it fits, it is sound, and it keeps secrets."""

import json
import xml.etree.ElementTree as ET

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tdmvc.model.review import Review
from tdmvc.render.cells import visible
from tdmvc.render.diff.terminal import render as render_diff
from tdmvc.render.documents import document as json_document
from tdmvc.render.format import RenderOptions
from tdmvc.render.markdown import code, prose, table
from tdmvc.render.review.codequality import render as render_review_codequality
from tdmvc.render.review.github import render as render_review_github
from tdmvc.render.review.junit import render as render_review_junit
from tdmvc.render.review.markdown import MARKER
from tdmvc.render.review.markdown import render as render_review_markdown
from tdmvc.render.review.sarif import render as render_review_sarif
from tdmvc.render.review.terminal import render as render_review_terminal
from tdmvc.render.terminal import display_width
from tests.laws.strategies_reviews import REVIEWS, SECRET, TEXTS
from tests.render.review_samples import NASTY, enormous, hostile
from tests.schemas import assert_valid
from tests.series import trials

PARSER = MarkdownIt("gfm-like")
QUIET = settings(
    max_examples=trials(20, 8),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
LINKS = {"link_open", "link_close"}
INERT = {"text", "code_inline", "softbreak"}


def paths(dataset: str, name: str | None) -> str:
    return f"datasets/{dataset}/{name or 'dataset.yaml'}"


def spans(tokens: list[Token]) -> list[Token]:
    return [child for token in tokens for child in token.children or []]


def letters(text: str) -> str:
    """A sentence may lose its backticks, and gain or show spaces next to them."""
    return "".join(character for character in text if character not in " `␠")


@QUIET
@given(REVIEWS)
@example(hostile())
def test_any_review_is_a_valid_document(review: Review) -> None:
    text = json.dumps(json_document(review), allow_nan=False)
    assert_valid(json.loads(text), "review")
    assert SECRET not in text
    for dataset in review.datasets:
        document = json.loads(json.dumps(json_document(dataset.diff), allow_nan=False))
        assert_valid(document, "diff")


@QUIET
@given(REVIEWS, st.integers(0, 130))
@example(hostile(), 40)
def test_any_review_fits_the_terminal(review: Review, width: int) -> None:
    text = render_review_terminal(review, RenderOptions(width=width))
    for diff in (dataset.diff for dataset in review.datasets):
        text += render_diff([diff], RenderOptions(width=width))
    assert SECRET not in text
    assert text.replace("\n", "").isprintable()
    commands = {f"  {visible(command)}" for command in review.commands}
    commands |= {f"  {visible(command)}" for dataset in review.datasets for command in dataset.commands}
    for line in text.split("\n"):
        assert display_width(line) <= max(width, 40) or line.rstrip() in commands
    assert render_review_terminal(review, RenderOptions(color=True, width=width, reveal=True))


@QUIET
@given(REVIEWS, st.sampled_from([60_000, 9_000, 2_500, 700, 150, 20, 1]))
@example(hostile(), 60_000)
@example(hostile(), 9_000)
@example(enormous(tables=8, rows=800), 60_000)
def test_any_review_is_a_comment_that_is_short_enough_and_closes_what_it_opens(
    review: Review, limit: int
) -> None:
    text = render_review_markdown(
        review, RenderOptions(limit=limit, link="https://ci.example/a b)<c>?x=1&y=2")
    )
    assert len(text) < limit
    assert SECRET not in text
    if limit > len(MARKER) + 1:
        assert text.split("\n")[0] == MARKER
    tokens = PARSER.parse(text)
    fences = [token for token in tokens if token.type == "fence"]
    source = text.split("\n")
    assert all(token.map and source[token.map[1] - 1].startswith(token.markup) for token in fences)
    blocks = "".join(token.content for token in tokens if token.type == "html_block")
    assert blocks.count("<details") == blocks.count("</details>")
    for child in spans(tokens):
        assert child.type in {
            *INERT,
            "strong_open",
            "strong_close",
            "em_open",
            "em_close",
            *LINKS,
            "html_inline",
        }
        if child.type == "link_open":
            assert child.attrGet("href") == "https://ci.example/a%20b)%3Cc%3E?x=1&y=2"
        if child.type == "html_inline":
            assert child.content == "<br>"
        if child.type == "text":
            assert not set(child.content) & set("@#<>`|\\~_*[]$"), child.content


@QUIET
@given(REVIEWS)
@example(hostile())
def test_any_review_is_valid_in_every_machine_format(review: Review) -> None:
    lines = render_review_github(review, RenderOptions(paths=paths)).split("\n")
    assert lines.pop() == ""
    assert all(line.startswith(("::error title=", "::warning title=", "::notice title=")) for line in lines)
    levels = [line.split(" ")[0] for line in lines]
    assert all(levels.count(level) <= 10 for level in set(levels))
    junit = render_review_junit(review, RenderOptions())
    root = ET.fromstring(junit)
    assert int(root.get("tests", "")) == len(list(root.iter("testcase")))
    sarif = render_review_sarif(review, RenderOptions(paths=paths))
    (run,) = json.loads(sarif)["runs"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    quality = render_review_codequality(review, RenderOptions(paths=paths))
    prints = [entry["fingerprint"] for entry in json.loads(quality)]
    assert len(set(prints)) == len(prints) == len(review.findings)
    assert SECRET not in "\n".join([*lines, junit, sarif, quality])


@settings(max_examples=trials(300, 15), deadline=None)
@given(st.one_of(st.text(), TEXTS))
@example("\\|")
@example("` a")
@example("a\\")
def test_any_text_in_a_cell_of_a_table_shows_as_itself(text: str) -> None:
    lines = table([code(text), "b"], [[code(text), f"x {code(text)} → **{code(text)}**"]])
    tokens = PARSER.parse("\n".join(lines))
    assert [token.type for token in tokens].count("td_open") == 2
    codes = [child.content for child in spans(tokens) if child.type == "code_inline"]
    assert codes == [visible(text) or "''"] * 4


@settings(max_examples=trials(300, 15), deadline=None)
@given(
    st.one_of(st.text(), TEXTS, st.lists(st.sampled_from([*NASTY, "1.", "-", "+", "#", " "])).map(" ".join))
)
def test_any_sentence_is_one_paragraph_without_markup(text: str) -> None:
    tokens = PARSER.parse(f"- {prose(text)}\n")
    kinds = [token.type for token in tokens]
    assert kinds[:2] == ["bullet_list_open", "list_item_open"]
    assert kinds.count("inline") <= 1
    assert len(kinds) <= 7
    children = spans(tokens)
    assert {child.type for child in children} <= INERT
    output = "".join(child.content for child in children)
    assert letters(output) == letters(visible(text))
    for child in children:
        if child.type == "text":
            assert not set(child.content) & set("@#<>|\\~_*[]$`&!")
            assert "www." not in child.content
            assert "://" not in child.content
