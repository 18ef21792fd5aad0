"""A diff on a terminal: totals first, then each table, then the suggested bump."""

from collections.abc import Iterator, Sequence

from tdmvc.model.diff import DatasetDiff, TableDiff
from tdmvc.model.text import plural
from tdmvc.render.cells import visible
from tdmvc.render.format import RenderOptions
from tdmvc.render.page import INDENT
from tdmvc.render.privacy import revealed
from tdmvc.render.table_terminal import (
    Screen,
    fact_lines,
    finding_lines,
    group_lines,
    headline,
    ignored_lines,
    sample_lines,
    view_lines,
)
from tdmvc.render.terminal import wrap_items
from tdmvc.render.wording import STATUS_ORDER, totals


def render(diffs: Sequence[DatasetDiff], options: RenderOptions) -> str:
    """Return diffs as text, its lines at most `options.width` columns wide (40 at the least).

    Never raises for any value; values of personal columns are masked, unless `options.reveal`,
    which is for a person's own terminal.
    """
    if not diffs:
        return "There are no datasets yet. Next: tdmvc add golden SOURCE\n"
    screen = Screen.of(options)
    shown = [revealed(diff) if options.reveal else diff for diff in diffs]
    return "\n\n".join("\n".join(_lines(diff, screen)) + "\n" for diff in shown)


def _lines(diff: DatasetDiff, screen: Screen) -> Iterator[str]:
    style = screen.style
    title = f"{visible(diff.dataset)}: {visible(diff.old)} → {visible(diff.new)}"
    if not diff.is_changed:
        count = plural(len(diff.tables), "table")
        yield screen.fit(f"{title}: no change in {count}")
    else:
        yield style.bold(screen.fit(title))
        yield from (screen.fit(line) for line in wrap_items(totals(diff), screen.width, separator=";"))
    groups = list(group_lines(diff, screen))
    if groups:
        yield ""
        yield from groups
    for table in sorted(diff.tables, key=_place):
        if table.is_changed:
            yield ""
            yield headline(table, screen)
            yield from fact_lines(table, screen)
            yield from finding_lines(table.findings, screen)
            yield from sample_lines(table, screen)
    if diff.views:
        yield ""
        yield from view_lines(diff.views, screen)
    yield from _unchanged_lines(diff, screen)
    yield from _bump_lines(diff, screen)


def _place(table: TableDiff) -> tuple[int, str]:
    return (
        STATUS_ORDER.index(table.status) if table.status in STATUS_ORDER else len(STATUS_ORDER),
        table.name,
    )


def _unchanged_lines(diff: DatasetDiff, screen: Screen) -> Iterator[str]:
    equal = [table for table in diff.tables if not table.is_changed]
    if diff.is_changed and equal:
        names = ", ".join(visible(table.name) for table in equal)
        yield ""
        yield screen.style.dim(screen.fit(f"unchanged: {names}"))
    for table in equal:
        if table.findings or table.ignored:
            yield screen.fit(visible(table.name))
            yield from ignored_lines(table, screen)
            yield from finding_lines(table.findings, screen)


def _bump_lines(diff: DatasetDiff, screen: Screen) -> Iterator[str]:
    if not diff.is_changed:
        return
    yield ""
    yield f"suggested bump: {screen.style.bold(diff.bump.level.value)}"
    for reason in diff.bump.reasons:
        yield screen.fit(f"{INDENT}{visible(reason)}")
