"""Knows how a dataset diff reads on a terminal: the sum first, then table by table, then what it means."""

from collections.abc import Iterator, Sequence

from tdmvc.model.change import (
    CellChange,
    ChangedRowSample,
    DatasetDiff,
    RowCounts,
    RowSample,
    SchemaChange,
    SchemaChangeKind,
    TableDiff,
    TableStatus,
)
from tdmvc.model.finding import Finding, Severity
from tdmvc.render.cells import cell_text, change_texts, masked_text, visible
from tdmvc.render.terminal import Style, display_width, fit, grid, number, pad, plural, wrap_items

_INDENT = "  "
_NARROWEST = 40
_ORDER = (TableStatus.CHANGED, TableStatus.RENAMED, TableStatus.ADDED, TableStatus.REMOVED)
_SCHEMA_SIGNS = {SchemaChangeKind.COLUMN_ADDED: "+", SchemaChangeKind.COLUMN_REMOVED: "−"}


def render_diff(diff: DatasetDiff, *, color: bool, width: int) -> str:
    """Return the diff as text that ends in a newline, its lines at most `width` columns wide (40 at the least).

    Never raises for any value; values of personal columns are masked.
    """
    return "\n".join(_lines(diff, _Page(Style(color), max(width, _NARROWEST)))) + "\n"


class _Page:
    """How wide and how colourful the text may be."""

    def __init__(self, style: Style, width: int) -> None:
        self.style = style
        self.width = width

    def fit(self, text: str, taken: int = 0) -> str:
        return fit(text, max(8, self.width - taken))


def _lines(diff: DatasetDiff, page: _Page) -> Iterator[str]:
    style = page.style
    title = f"{visible(diff.dataset)}: {visible(diff.old)} → {visible(diff.new)}"
    if not diff.is_changed:
        count = plural(len(diff.tables), "table")
        yield page.fit(f"{title}: no change in {count}")
    else:
        yield style.bold(page.fit(title))
        yield from (page.fit(line) for line in wrap_items(_totals(diff), page.width, separator=";"))
    for table in sorted(diff.tables, key=_place):
        if table.is_changed:
            yield ""
            yield from _table_lines(table, page)
    yield from _unchanged_lines(diff, page)
    yield from _bump_lines(diff, page)


def _totals(diff: DatasetDiff) -> list[str]:
    states = [table.status for table in diff.tables]
    tables = [f"{number(states.count(status))} {status.value}" for status in _ORDER if status in states]
    if TableStatus.UNCHANGED in states:
        tables.append(f"{number(states.count(TableStatus.UNCHANGED))} unchanged")
    rows = RowCounts(
        added=sum(table.rows.added for table in diff.tables),
        removed=sum(table.rows.removed for table in diff.tables),
        changed=sum(table.rows.changed for table in diff.tables),
        ignored=sum(table.rows.ignored for table in diff.tables),
    )
    cells = sum(table.cells for table in diff.tables)
    parts = [f"tables: {', '.join(tables)}", f"rows: {_row_words(rows)}"]
    if cells:
        parts.append(plural(cells, "changed cell"))
    return parts


def _row_words(rows: RowCounts) -> str:
    counts = [
        (rows.added, "added"),
        (rows.removed, "removed"),
        (rows.changed, "changed"),
        (rows.ignored, "ignored"),
    ]
    return ", ".join(f"{number(count)} {word}" for count, word in counts if count) or "no change"


def _place(table: TableDiff) -> tuple[int, str]:
    return (_ORDER.index(table.status) if table.status in _ORDER else len(_ORDER), table.name)


def _table_lines(table: TableDiff, page: _Page) -> Iterator[str]:
    yield _headline(table, page)
    yield from _schema_lines(table.schema, page)
    yield from _column_lines(table, page)
    yield from _finding_lines(table.findings, page)
    yield from _sample_lines(table, page)


def _headline(table: TableDiff, page: _Page) -> str:
    style, rows = page.style, table.rows
    name = visible(table.name)
    if table.old_name is not None:
        name = f"{visible(table.old_name)} → {name}"
    match table.status:
        case TableStatus.ADDED:
            words, mark = f"added, {plural(rows.new, 'row')}", style.green
        case TableStatus.REMOVED:
            words, mark = f"removed, {plural(rows.old, 'row')}", style.red
        case _:
            before = f"{number(rows.old)} → " if rows.old != rows.new else ""
            size = before + plural(rows.new, "row")
            words, mark = f"{size}: {_row_words(rows)}", style.yellow
    shown = page.fit(name, display_width(words) + len(_INDENT))
    return f"{style.bold(mark(shown))}{_INDENT}{page.fit(words, display_width(shown) + len(_INDENT))}"


def _schema_lines(changes: Sequence[SchemaChange], page: _Page) -> Iterator[str]:
    style = page.style
    for change in changes:
        sign = _SCHEMA_SIGNS.get(change.kind, "~")
        paint = {"+": style.green, "−": style.red}.get(sign, style.yellow)
        yield f"{_INDENT}{paint(sign)} {page.fit(_schema_words(change), 4)}"


def _schema_words(change: SchemaChange) -> str:
    column = visible(change.column or "")
    old, new = visible(change.old or "none"), visible(change.new or "none")
    match change.kind:
        case SchemaChangeKind.COLUMN_ADDED:
            return f"column {column} {new}"
        case SchemaChangeKind.COLUMN_REMOVED:
            return f"column {column} {old}"
        case SchemaChangeKind.COLUMN_RENAMED:
            return f"column {old} → {new}"
        case SchemaChangeKind.TYPE_WIDENED:
            return f"type of {column} widened: {old} → {new}"
        case SchemaChangeKind.TYPE_CHANGED:
            return f"type of {column} changed: {old} → {new}"
        case SchemaChangeKind.KEY_CHANGED:
            return f"key: {old} → {new}"
        case SchemaChangeKind.REFERENCES_CHANGED:
            return f"reference added: {new}" if change.old is None else f"reference removed: {old}"
        case SchemaChangeKind.REQUIRED_CHANGED | SchemaChangeKind.UNIQUE_CHANGED:
            return f"column {column}: {old} → {new}"


def _column_lines(table: TableDiff, page: _Page) -> Iterator[str]:
    if not table.columns:
        return
    items = [f"{visible(name)} {number(count)}" for name, count in table.columns.items()]
    label = "cells: "
    lines = wrap_items(items, page.width - len(_INDENT) - len(label))
    for index, line in enumerate(lines[:4]):
        lead = page.style.dim(label) if index == 0 else " " * len(label)
        yield f"{_INDENT}{lead}{page.fit(line, len(_INDENT) + len(label))}"
    if len(lines) > 4:
        yield page.style.dim(f"{_INDENT}{' ' * len(label)}… {plural(len(items), 'column')} in all")


def _finding_lines(findings: Sequence[Finding], page: _Page) -> Iterator[str]:
    style = page.style
    for finding in findings:
        paint = style.red if finding.severity is Severity.ERROR else style.yellow
        label = fit(f"{finding.severity.value} {visible(finding.rule)}", page.width // 2) + ": "
        lead = len(_INDENT) + display_width(label)
        lines = wrap_items(visible(finding.message).split(" "), page.width - lead, separator="")
        for index, line in enumerate(lines):
            head = paint(label) if index == 0 else " " * display_width(label)
            yield f"{_INDENT}{head}{page.fit(line, lead)}"
        if finding.remedy:
            for line in wrap_items(
                f"→ {visible(finding.remedy)}".split(" "), page.width - lead, separator=""
            ):
                yield f"{' ' * lead}{style.dim(page.fit(line, lead))}"


def _sample_lines(table: TableDiff, page: _Page) -> Iterator[str]:
    style, samples, rows = page.style, table.samples, table.rows
    personal = table.personal_columns
    yield from _changed_lines(samples.changed, personal, page)
    yield from _more(len(samples.changed), rows.changed, "changed", page)
    yield from _whole_lines(samples.removed, personal, style.red("−"), page)
    yield from _more(len(samples.removed), rows.removed, "removed", page)
    yield from _whole_lines(samples.added, personal, style.green("+"), page)
    yield from _more(len(samples.added), rows.added, "added", page)


def _more(shown: int, count: int, word: str, page: _Page) -> Iterator[str]:
    if shown and count > shown:
        yield page.style.dim(page.fit(f"{_INDENT}  … {number(count - shown)} more {word}"))


def _changed_lines(
    samples: Sequence[ChangedRowSample], personal: frozenset[str], page: _Page
) -> Iterator[str]:
    """Key, column, old → new; one line a cell, aligned over all samples."""
    if not samples:
        return
    style = page.style
    cells = [(sample, index, cell) for sample in samples for index, cell in enumerate(sample.cells)]
    room = page.width // 4
    left = [
        (
            fit(_key_text(sample.key, personal), room) if index == 0 else "",
            fit(visible(cell.column), room * 2 // 3),
        )
        for sample, index, cell in cells
    ]
    widths = [max(display_width(row[i]) for row in left) for i in (0, 1)]
    taken = len(_INDENT) * 2 + sum(widths) + 4
    for (key, column), (_, index, cell) in zip(left, cells, strict=True):
        sign = style.yellow("~") if index == 0 else " "
        fill = " " * (widths[0] - display_width(key))
        lead = f"{_INDENT}{sign} {style.bold(key)}{fill}  {pad(column, widths[1])}  "
        yield lead + _change_words(cell, personal, page, taken)
        if cell.inside and cell.column not in personal:
            paths = ", ".join(visible(path) for path in cell.inside)
            yield " " * taken + style.dim(page.fit(f"inside: {paths}", taken))


def _change_words(cell: CellChange, personal: frozenset[str], page: _Page, taken: int) -> str:
    room = max(10, page.width - taken - 3)
    half = room // 2
    if cell.column in personal:
        old, new = masked_text(cell.old), masked_text(cell.new)
    else:
        old, new = change_texts(cell.old, cell.new, room=half)
    old = fit(old, max(half, room - display_width(new)))
    new = fit(new, room - display_width(old))
    return f"{page.style.red(old)} → {page.style.green(new)}"


def _whole_lines(
    samples: Sequence[RowSample], personal: frozenset[str], sign: str, page: _Page
) -> Iterator[str]:
    """Key, then the other columns as far as the line goes."""
    rows = []
    for sample in samples:
        others = {name: value for name, value in sample.values.items() if name not in sample.key}
        values = ", ".join(
            f"{visible(name)} {_value_text(name, value, personal)}" for name, value in others.items()
        )
        key = [fit(_key_text(sample.key, personal), page.width // 3)] if sample.key else []
        rows.append([*key, values])
    for line in grid(rows):
        yield f"{_INDENT}{sign} {page.fit(line, len(_INDENT) + 2)}"


def _key_text(key: dict[str, object], personal: frozenset[str]) -> str:
    return ", ".join(f"{visible(name)} {_value_text(name, value, personal)}" for name, value in key.items())


def _value_text(name: str, value: object, personal: frozenset[str]) -> str:
    return masked_text(value) if name in personal else cell_text(value)


def _unchanged_lines(diff: DatasetDiff, page: _Page) -> Iterator[str]:
    equal = [table for table in diff.tables if not table.is_changed]
    if diff.is_changed and equal:
        names = ", ".join(visible(table.name) for table in equal)
        yield ""
        yield page.style.dim(page.fit(f"unchanged: {names}"))
    for table in equal:
        if table.findings:
            yield page.fit(visible(table.name))
            yield from _finding_lines(table.findings, page)


def _bump_lines(diff: DatasetDiff, page: _Page) -> Iterator[str]:
    if not diff.is_changed:
        return
    yield ""
    yield f"suggested bump: {page.style.bold(diff.bump.level.value)}"
    for reason in diff.bump.reasons:
        yield page.fit(f"{_INDENT}{visible(reason)}")
