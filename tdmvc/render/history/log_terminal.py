"""The log of a dataset, a table or a row on a terminal: a paragraph for each entry, newest first."""

from collections.abc import Sequence

from tdmvc.model.history import (
    CellEvent,
    CellStep,
    HistoryEntry,
    HistoryReport,
    RowEvent,
    RowHistory,
    RowStep,
    TableChange,
)
from tdmvc.model.text import number, short_commit
from tdmvc.render.cells import change_texts, visible
from tdmvc.render.format import RenderOptions
from tdmvc.render.history.wording import (
    PointColumns,
    add_point,
    change_counts,
    count_words,
    entry_marks,
    key_words,
    mark_words,
)
from tdmvc.render.page import INDENT, Cell, Page, Paint
from tdmvc.render.privacy import shown_text
from tdmvc.render.terminal import display_width, fit
from tdmvc.render.text import joined
from tdmvc.render.wording import schema_sign, schema_words

_WIDEST_NAME = 24
_MOST_COLUMNS = 6


def render_log(report: HistoryReport, options: RenderOptions) -> str:
    """Return the commits or versions that changed a dataset or a table, with counts."""
    page = Page(options)
    name = visible(report.dataset) + (f" {visible(report.table)}" if report.table else "")
    points = [entry.point for entry in report.entries]
    if not report.entries:
        page.verdict(name, "no changes in this range")
        page.notes(report.notes)
        return page.text
    verb = "changed or published it" if any(entry.published for entry in report.entries) else "changed it"
    page.verdict(name, count_words(points, verb, is_cut=report.is_cut))
    columns = PointColumns.of(points, page, by_version=False)
    for entry in report.entries:
        page.blank()
        add_point(entry.point, columns, page, tail=entry_marks(entry))
        _tables(entry, report.table, page)
    _end(report.notes, page)
    return page.text


def render_row_log(history: RowHistory, options: RenderOptions) -> str:
    """Return the commits or versions that changed one row, with its values before and after."""
    page = Page(options)
    name = f"{visible(history.dataset)} {visible(history.table)}"
    key = key_words(history.key, history.hidden)
    points = [step.point for step in history.steps]
    if not history.steps:
        page.verdict(f"{name} {key}", "not changed in this range")
        page.notes(history.notes)
        return page.text
    page.headline(f"{name} {key}", count_words(points, "changed it", is_cut=history.is_cut))
    columns = PointColumns.of(points, page, by_version=False)
    for step in history.steps:
        page.blank()
        tail = [f"first in version {mark_words(step.version)}"] if step.version is not None else []
        add_point(step.point, columns, page, tail=tail)
        _row(step, history, page)
    _end(history.notes, page)
    return page.text


def _tables(entry: HistoryEntry, only: str | None, page: Page) -> None:
    """Add a line for each table, with aligned counts, and its schema changes below."""
    texts = [change_counts(table) for table in entry.tables]
    names = [_name(table) for table in entry.tables]
    widest = min(_WIDEST_NAME, max(map(display_width, names), default=0))
    counts = max(map(display_width, texts), default=0)
    is_alone = only is not None and names == [visible(only)]
    for table, name, text in zip(entry.tables, names, texts, strict=True):
        columns = _columns(table)
        cells = [Cell(INDENT), Cell(fit(name, widest)), Cell(text, _paint(table, page)), Cell(columns)]
        widths = [0, widest, counts]
        if is_alone:
            del cells[1], widths[1]
        left = page.width - sum(widths) - len(INDENT) * len(widths)
        cells[0] = Cell("")
        cells[-1] = Cell(fit(columns, left), page.style.dim)
        page.columns(cells, [*widths, left], frozenset())
        for change in table.schema:
            page.line(f"{schema_sign(change)} {schema_words(change)}", page.style.cyan, indent=INDENT * 2)
        if table.missing is not None:
            page.line(visible(table.missing), page.style.yellow, indent=INDENT * 2)


def _name(table: TableChange) -> str:
    return (
        visible(table.table)
        if table.old_name is None
        else f"{visible(table.old_name)} → {visible(table.table)}"
    )


def _paint(table: TableChange, page: Page) -> Paint | None:
    if table.missing is not None:
        return page.style.yellow
    if table.removed and not table.added and not table.changed:
        return page.style.red
    return page.style.green if table.added and not table.removed and not table.changed else None


def _columns(table: TableChange) -> str:
    shown = [
        f"{visible(name)} {number(count)}" for name, count in list(table.columns.items())[:_MOST_COLUMNS]
    ]
    more = len(table.columns) - len(shown)
    return joined([*shown, f"… and {number(more)} more" if more > 0 else ""])


def _row(step: RowStep, history: RowHistory, page: Page) -> None:
    words = {RowEvent.ADDED: "added", RowEvent.REMOVED: "removed", RowEvent.CHANGED: "changed"}
    paints = {
        RowEvent.ADDED: page.style.green,
        RowEvent.REMOVED: page.style.red,
        RowEvent.CHANGED: page.style.cyan,
    }
    is_renamed = step.table != history.table or step.key.keys() != history.key.keys()
    name = f" (then {visible(step.table)} {key_words(step.key, history.hidden)})" if is_renamed else ""
    page.line(words[step.event] + name, paints[step.event], indent=INDENT)
    room = min(_WIDEST_NAME, max((display_width(visible(cell.column)) for cell in step.cells), default=0))
    for cell in step.cells:
        left = page.width - room - 3 * len(INDENT)
        text = Cell(fit(_cell(step, cell, history.hidden, left), left))
        lead = Cell(INDENT + fit(visible(cell.column), room), page.style.dim)
        page.columns([Cell(""), lead, text], [0, room + len(INDENT), left], frozenset())
    for note in step.notes:
        page.line(visible(note), page.style.yellow, indent=INDENT * 2)
    if step.uncertain:
        ids = ", ".join(short_commit(id_) for id_ in step.uncertain[:4]) + (
            ", …" if len(step.uncertain) > 4 else ""
        )
        page.line(f"or by {visible(ids)}, whose rows are not here", page.style.yellow, indent=INDENT * 2)


def _cell(step: RowStep, cell: CellStep, hidden: frozenset[str], room: int) -> str:
    if step.event is not RowEvent.CHANGED:
        return shown_text(cell.column, cell.new if step.event is RowEvent.ADDED else cell.old, hidden)
    if cell.event is CellEvent.COLUMN_ADDED:
        return f"new column: {shown_text(cell.column, cell.new, hidden)}"
    if cell.event is CellEvent.COLUMN_REMOVED:
        return f"column removed, was {shown_text(cell.column, cell.old, hidden)}"
    is_hidden = cell.column in hidden or cell.old_column in hidden
    if is_hidden:
        names = hidden | {cell.column}
        old, new = shown_text(cell.column, cell.old, names), shown_text(cell.column, cell.new, names)
    else:
        old, new = change_texts(cell.old, cell.new, room=max(12, room // 2 - 2))
    if cell.event is CellEvent.COLUMN_RENAMED:
        was = f"renamed, was {visible(cell.old_column or '')}"
        return f"{was}: {new}" if old == new else f"{was}: {old} → {new}"
    return f"{old} → {new}"


def _end(notes: Sequence[str], page: Page) -> None:
    if notes:
        page.blank()
        page.notes(notes)
