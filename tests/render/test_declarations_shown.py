"""What a view, a condition or an index declares is shown whole, wherever a change of it is shown."""

import html
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from tdmvc.model.diff import (
    Bump,
    BumpLevel,
    DatasetDiff,
    RowCounts,
    SchemaChange,
    SchemaChangeKind,
    TableDiff,
    TableStatus,
    ViewChange,
)
from tdmvc.model.review import Review
from tdmvc.render.diff.terminal import render as render_diff
from tdmvc.render.format import RenderOptions
from tdmvc.render.review.html.review import render as render_html
from tdmvc.render.review.markdown import render as render_markdown
from tdmvc.render.review.terminal import render as render_review
from tdmvc.render.terminal import display_width
from tests.render import review_samples as samples

OLD, NEW = "open as SELECT id, total FROM orders WHERE status = 'open'", "open as SELECT id FROM orders"
CONDITION = (
    "status IN ('open', 'paid', 'late', 'cancelled', 'refunded', 'sent', 'lost', 'found') OR total > 17"
)
ORDERS = TableDiff(
    "orders",
    TableStatus.CHANGED,
    ("id",),
    RowCounts(2, 2),
    {},
    (SchemaChange(SchemaChangeKind.CHECKS_CHANGED, None, None, CONDITION),),
)
DIFF = DatasetDiff(
    "golden",
    "main",
    "golden",
    (ORDERS,),
    Bump(BumpLevel.MINOR, ("view open changed",)),
    views=(
        ViewChange("open", TableStatus.CHANGED, OLD, NEW),
        ViewChange("paid", TableStatus.REMOVED, "paid as SELECT 1 AS one", None),
    ),
)
REVIEW = replace(samples.FINE, datasets=(samples.dataset_review(DIFF),))


def _diff(options: RenderOptions) -> str:
    return render_diff([DIFF], options)


def _review(render: Callable[[Review, RenderOptions], str]) -> Callable[[RenderOptions], str]:
    return lambda options: render(REVIEW, options)


PAGES = {
    "diff": _diff,
    "terminal": _review(render_review),
    "markdown": _review(render_markdown),
    "html": _review(render_html),
}


@pytest.mark.parametrize("page", PAGES)
def test_changed_views_and_conditions_are_shown_whole(page: str) -> None:
    text = _plain(PAGES[page](RenderOptions(width=80)))
    for words in (OLD, NEW, "view removed: paid as SELECT 1 AS one", CONDITION):
        assert _plain(words) in text


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize("page", ["diff", "terminal"])
def test_a_long_declaration_takes_a_few_lines_none_too_wide(page: str, width: int) -> None:
    long = replace(DIFF.views[0], new="open as SELECT " + ", ".join(f"column_{n}" for n in range(500)))
    diff = replace(DIFF, views=(long,), bump=Bump(BumpLevel.NONE))
    options = RenderOptions(width=width)
    review = replace(REVIEW, datasets=(samples.dataset_review(diff),))
    lines = (render_diff([diff], options) if page == "diff" else render_review(review, options)).splitlines()
    assert max(map(display_width, lines)) <= width
    assert len(lines) < 40


def _plain(page: str) -> str:
    """Return the text without tags, marks of code and line breaks."""
    return re.sub(r"[\s`]+", " ", html.unescape(re.sub(r"<[a-z/][^>]*>|`", "", page))).replace("\\", "")
