"""A review as one HTML file that stays below a size, whatever the review holds."""

from collections.abc import Sequence

from tdmvc.model.review import Review
from tdmvc.render.format import RenderOptions
from tdmvc.render.review.budget import DetailLevel
from tdmvc.render.review.html.grid import Grid
from tdmvc.render.review.html.page import PagePlan, render_page

_LEVELS = tuple(
    DetailLevel(
        datasets=datasets,
        tables=tables,
        units=units,
        shifts=shifts,
        findings=findings,
        patterns=patterns,
        schema=facts,
        facts=facts,
        text=text,
    )
    for datasets, tables, units, shifts, findings, patterns, facts, text in (
        (200, 1000, 500, 100, 200, 200, 500, 1000),
        (200, 1000, 50, 20, 100, 50, 100, 600),
        (100, 300, 20, 5, 50, 20, 30, 400),
        (50, 100, 0, 0, 20, 5, 10, 200),
        (20, 10, 0, 0, 5, 0, 3, 120),
        (5, 0, 0, 0, 1, 0, 1, 80),
    )
)
"""Related rows are the first to be left out, then distributions, findings and tables."""
_DETAILS = ((True, True), (True, False), (False, True), (False, False))
"""What a page shows of rows, most first: (unchanged cells, the full text of long values)."""
_SPARE_BYTES = 4_000
_TRIES = 4
_TRIED_ROWS = 20


def render(review: Review, options: RenderOptions) -> str:
    """Return the review as one self-contained HTML page."""
    return render_review_html(review)


def render_review_html(review: Review, *, max_bytes: int = 4_800_000, rows_per_table: int = 5000) -> str:
    """Return the review as one self-contained HTML page of at most `max_bytes` in UTF-8.

    Equal reviews give equal bytes. If it would be too large, the full texts of long values or the unchanged
    cells of changed rows go first, then rows, evenly over the tables, then related rows, distributions,
    findings and tables; the page says what was left out. Below about 100,000 bytes the shortest page is
    returned, however long. Values of personal columns are masked. Never raises for any value. Cost: samples
    beyond what fits are not rendered.

    Args:
        rows_per_table: Rows of all kinds together that a table shows at the most.
    """
    page = ""
    for level in _LEVELS:
        plan = PagePlan(review, level, max(0, rows_per_table))
        page = render_page(plan)
        size = len(page.encode())
        if size <= max_bytes:
            return _with_rows(plan, page, max_bytes - size, max_bytes)
    return page


def _with_rows(plan: PagePlan, bare: str, room_bytes: int, max_bytes: int) -> str:
    """Return the page with as many rows as fit; `bare` is the page without any."""
    grids = plan.grids
    for attempt in range(_TRIES):
        row_bytes = room_bytes - _SPARE_BYTES * 4**attempt
        for has_unchanged, has_full in _DETAILS:
            _show(grids, has_unchanged=has_unchanged, has_full=has_full)
            is_last = (has_unchanged, has_full) == _DETAILS[-1]
            if (is_last or _may_fit(grids, row_bytes)) and _fill(grids, row_bytes):
                break
        page = render_page(plan)
        if len(page.encode()) <= max_bytes:
            return page
    return bare


def _show(grids: Sequence[Grid], *, has_unchanged: bool, has_full: bool) -> None:
    for grid in grids:
        grid.has_unchanged, grid.has_full = has_unchanged, has_full


def _fill(grids: Sequence[Grid], room_bytes: int) -> bool:
    """Give all grids equally many rows; a grid with few rows leaves its share to the others.

    Sets `shown` of each grid. Returns whether every sample is shown; it stops at the first that does not fit.
    """
    for grid in grids:
        grid.shown = 0
    left, position = room_bytes, 0
    waiting = [grid for grid in grids if grid.samples]
    while waiting:
        for grid in waiting:
            cost = _size(grid.row(position)) + (_size(grid.head()) + 600 if position == 0 else 0)
            if cost > left:
                return False
            left -= cost
            grid.shown = position + 1
        position += 1
        waiting = [grid for grid in waiting if len(grid.samples) > position]
    return True


def _may_fit(grids: Sequence[Grid], room_bytes: int) -> bool:
    """Whether all samples may fit, judging by the first rows of each grid."""
    guess = 0.0
    for grid in grids:
        some = min(len(grid.samples), _TRIED_ROWS)
        guess += sum(_size(grid.row(at)) for at in range(some)) / max(some, 1) * len(grid.samples)
    return guess <= 2 * room_bytes


def _size(markup: str) -> int:
    return len(markup) if markup.isascii() else len(markup.encode())
