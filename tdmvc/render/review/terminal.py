"""A review on a terminal: the verdict first, then a reviewer's questions in their order."""

from collections.abc import Sequence

from tdmvc.model.diff import TableDiff, TableStatus
from tdmvc.model.finding import Finding
from tdmvc.model.review import DatasetReview, Review, Verdict
from tdmvc.model.text import number, plural
from tdmvc.render.cells import visible
from tdmvc.render.format import RenderOptions
from tdmvc.render.page import INDENT, Cell, Page, Paint, Step, aligned_count, names
from tdmvc.render.privacy import revealed_review
from tdmvc.render.review.terminal_sections import (
    LONG,
    ONE_SCREEN,
    WHOLE,
    Extent,
    removed_lines_of,
    section_lines,
)
from tdmvc.render.review.wording import commit_facts, dataset_words, main_reasons, review_words, side_facts
from tdmvc.render.table_terminal import Screen
from tdmvc.render.terminal import Style, fit
from tdmvc.render.text import joined
from tdmvc.render.wording import severities, table_name

_WORDS = {
    Verdict.UNCHANGED: "Unchanged",
    Verdict.FINE: "Fine",
    Verdict.ATTENTION: "Attention",
    Verdict.BLOCKED: "Blocked",
}
_REASONS = 4
_UNCHANGED_LINES = 2
_MOST_LINES = 120
_MOST_TABLES = 10
"""A longer review of more tables is cut down to one screen, unless the whole is asked for."""


def render(review: Review, options: RenderOptions) -> str:
    """Return the review as text, its lines at most `options.width` columns wide (40 at the least).

    Commands to copy may be longer. Never raises for any value; values of personal columns are masked,
    unless `options.reveal`, which is for a person's own terminal. A long review is folded to about a
    screen for each dataset, unless `options.is_whole`.
    """
    shown = revealed_review(review) if options.reveal else review
    text = _compose(shown, options, WHOLE if options.is_whole else LONG)
    tables = sum(len(dataset.ranked) for dataset in shown.datasets)
    if options.is_whole or text.count("\n") <= _MOST_LINES or tables <= _MOST_TABLES:
        return text
    return _compose(shown, options, ONE_SCREEN)


def _compose(shown: Review, options: RenderOptions, extent: Extent) -> str:
    page = Page(options)
    page.verdict(_WORDS[shown.verdict], review_words(shown), _verdict_paint(shown.verdict, page.style))
    page.facts(
        [
            (label, " ".join(filter(None, (visible(name), words))))
            for label, name, words in commit_facts(shown)
        ]
    )
    text = page.text
    for dataset in shown.datasets:
        text += "\n" + _dataset(dataset, options, extent)
    return text + _ending(shown, options, is_folded=extent is ONE_SCREEN)


def _verdict_paint(verdict: Verdict, style: Style) -> Paint:
    match verdict:
        case Verdict.BLOCKED:
            return style.red
        case Verdict.ATTENTION:
            return style.yellow
    return style.green


def _ending(review: Review, options: RenderOptions, *, is_folded: bool) -> str:
    page = Page(options)
    if review.unchanged:
        page.blank()
        page.line(f"unchanged: {names(review.unchanged, page.width * _UNCHANGED_LINES)}", page.style.dim)
    steps = [
        Step(f"{visible(command)} --full", "show what is folded")
        if is_folded
        else Step(visible(command), "show this review again")
        for command in review.commands
    ]
    for dataset in review.datasets:
        purpose = f"show the rows of {visible(dataset.dataset)}"
        steps.extend(Step(visible(command), purpose) for command in dataset.commands)
    page.next(steps)
    return page.text if review.unchanged or steps else ""


def _dataset(dataset: DatasetReview, options: RenderOptions, extent: Extent) -> str:
    """Return the dataset: a head of wrapped facts, then lines that are cut at the width."""
    head = Page(options)
    paint = _verdict_paint(dataset.verdict, head.style)
    head.headline(visible(dataset.dataset), f"{_WORDS[dataset.verdict].lower()}: {dataset_words(dataset)}")
    reasons = main_reasons(dataset)
    for reason in reasons[:_REASONS]:
        head.line(f"• {visible(reason)}", paint, indent=INDENT)
    head.folded(len(reasons) - _REASONS)
    _sides(dataset, head)
    _findings(dataset, head, extent)
    screen = Screen.of(options)
    head.add(removed_lines_of(dataset, screen, extent))
    _tables(dataset, head, extent)
    head.add(section_lines(dataset, screen, extent))
    return head.text


def _sides(dataset: DatasetReview, page: Page) -> None:
    facts = [("state", f"{visible(dataset.old.ref)} → {visible(dataset.new.ref)}")]
    for label, old, new in side_facts(dataset.old, dataset.new):
        change = f"{old or 'none'} → {new or 'none'}" if old != new else old
        facts.append((fit(label, page.width // 3), change))
    if dataset.diff.is_changed:
        facts.append(("suggested bump", dataset.diff.bump.level.value))
    page.facts(facts)


def _findings(dataset: DatasetReview, page: Page, extent: Extent) -> None:
    if dataset.findings:
        page.blank()
        page.findings(dataset.findings, most=extent.findings)


def _tables(dataset: DatasetReview, page: Page, extent: Extent) -> None:
    if not dataset.ranked:
        return
    faults: dict[str | None, list[Finding]] = {}
    for finding in dataset.findings:
        faults.setdefault(finding.table, []).append(finding)
    page.blank()
    page.rows(
        [
            _table_row(table, faults.get(table.name, []), page.style)
            for table in dataset.ranked[: extent.tables]
        ],
        right_aligned=frozenset({1, 2, 3, 4}),
    )
    page.folded(len(dataset.ranked) - extent.tables)


def _table_row(table: TableDiff, found: Sequence[Finding], style: Style) -> list[Cell]:
    rows = table.rows
    counts = [
        (f"−{number(rows.removed)}" if rows.removed else "", style.red),
        (f"~{number(rows.changed)}" if rows.changed else "", style.yellow),
        (f"+{number(rows.added)}" if rows.added else "", style.green),
    ]
    notes = [
        severities(found),
        table.status.value if table.status is not TableStatus.CHANGED else "",
        plural(table.cells, "cell") if table.cells else "",
        plural(len(table.schema), "schema change") if table.schema else "",
    ]
    size = rows.old if table.status is TableStatus.REMOVED else rows.new
    return [
        Cell(table_name(table), style.bold),
        Cell(aligned_count(size, "row")),
        *(Cell(text, paint) for text, paint in counts),
        Cell(joined(notes)),
    ]
