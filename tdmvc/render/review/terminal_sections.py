"""The sections of a review on a terminal: removals, patterns, schema, related rows, rows, distributions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from tdmvc.model.diff import (
    ChangedRowSample,
    DatasetDiff,
    RowSample,
    Samples,
    SchemaChangeKind,
    TableDiff,
    TableStatus,
    ViewChange,
)
from tdmvc.model.masking import MASK
from tdmvc.model.review import Bar, DatasetReview, RelatedRow, RowChange, Shift
from tdmvc.model.text import plural
from tdmvc.render.cells import change_texts, masked_text, visible
from tdmvc.render.page import INDENT
from tdmvc.render.privacy import Personal, is_personal_shift, personal_by_table, personal_in_key, shown_text
from tdmvc.render.review.wording import ROW_SIGNS, related_sample, shift_words
from tdmvc.render.table_terminal import (
    Screen,
    added_lines,
    changed_lines,
    count_lines,
    group_lines,
    joined_until,
    key_text,
    pattern_lines,
    removed_lines,
    schema_lines,
    view_lines,
)
from tdmvc.render.terminal import display_width, fit, pad
from tdmvc.render.text import percent
from tdmvc.render.wording import bar, table_name

_TABLES = 40
_ROWS = 10
"""Samples of one kind in one table."""
_UNITS = 10
_UNIT_ROWS = 15
_DEEPEST = 6
_SHIFTS = 10
_BARS = 12
_BAR_WIDTH = 16
_REASONS = 20


def section_lines(dataset: DatasetReview, screen: Screen) -> Iterator[str]:
    """Yield every section that is not empty, below its title."""
    tables = [_first_rows(table) for table in dataset.ranked[:_TABLES]]
    sections = [
        ("Removed", _removed(tables, screen)),
        ("Changes by pattern", _patterns(dataset.diff, tables, screen)),
        ("Schema", _schema(tables, dataset.diff.views, screen)),
        ("Related rows", _units(dataset, screen)),
        ("Rows", _rows(tables, screen)),
        ("Shifted distributions", _shifts(dataset, screen)),
        ("Ignored by rule", _ignored(dataset.diff.tables, screen)),
        (f"Suggested bump: {dataset.diff.bump.level.value}", _bump(dataset.diff, screen)),
    ]
    for title, lines in sections:
        first = next(lines, None)
        if first is not None:
            yield ""
            yield screen.style.bold(screen.fit(title))
            yield first
            yield from lines


def _first_rows(table: TableDiff) -> TableDiff:
    some = table.samples
    return replace(table, samples=Samples(some.added[:_ROWS], some.removed[:_ROWS], some.changed[:_ROWS]))


def _removed(tables: Sequence[TableDiff], screen: Screen) -> Iterator[str]:
    red = screen.style.red("−")
    for table in tables:
        if table.status is TableStatus.REMOVED:
            words = f"the table {visible(table.name)} with {plural(table.rows.old, 'row')}"
            yield f"{INDENT}{red} {screen.fit(words, 4)}"
    for table in tables:
        for change in table.schema:
            if change.kind is SchemaChangeKind.COLUMN_REMOVED:
                words = f"the column {visible(change.column or '')} of {visible(table.name)}"
                yield f"{INDENT}{red} {screen.fit(words, 4)}"
    for table in tables:
        if table.rows.removed and (table.samples.removed or table.status is not TableStatus.REMOVED):
            words = f"{plural(table.rows.removed, 'row')} of {visible(table.name)}"
            yield f"{INDENT}{red} {screen.fit(words, 4)}"
            yield from _indented(removed_lines(table, screen.inside()))


def _patterns(diff: DatasetDiff, tables: Sequence[TableDiff], screen: Screen) -> Iterator[str]:
    """Yield what several tables share first."""
    yield from _indented(group_lines(diff, screen.inside()))
    for table in tables:
        yield from _below(table, pattern_lines(table, screen.inside()), screen)


def _schema(tables: Sequence[TableDiff], views: Sequence[ViewChange], screen: Screen) -> Iterator[str]:
    narrow = screen.inside()
    for table in tables:
        lines = list(schema_lines(table.schema, narrow))
        if table.status is TableStatus.RENAMED:
            why = f"renamed: {visible(table.evidence)}" if table.evidence else "renamed"
            lines.insert(0, f"{INDENT}{screen.style.yellow('~')} {narrow.fit(why, 4)}")
        yield from _below(table, lines, screen)
    yield from view_lines(views, screen)


def _rows(tables: Sequence[TableDiff], screen: Screen) -> Iterator[str]:
    narrow = screen.inside()
    for table in tables:
        lines = [*changed_lines(table, narrow), *added_lines(table, narrow)]
        keys = ", ".join(visible(column) for column in table.key)
        yield from _below(table, lines, screen, f"natural key: {keys}" if table.is_natural_key else "")


def _units(dataset: DatasetReview, screen: Screen) -> Iterator[str]:
    tables = {table.name: table for table in dataset.diff.tables}
    personal = personal_by_table(dataset.diff)
    for unit in dataset.units[:_UNITS]:
        yield from islice(_unit(unit, tables, personal, screen, 1), _UNIT_ROWS)
        yield from screen.more(_size(unit) - _UNIT_ROWS, "row of this unit", indent=INDENT * 2)
    yield from screen.more(len(dataset.units) - _UNITS, "unit")


def _unit(
    row: RelatedRow, tables: dict[str, TableDiff], personal: Personal, screen: Screen, depth: int
) -> Iterator[str]:
    style = screen.style
    paints = {RowChange.ADDED: style.green, RowChange.REMOVED: style.red, RowChange.CHANGED: style.yellow}
    lead = INDENT * min(depth, _DEEPEST)
    key = key_text(row.key, personal_in_key(row, personal))
    cells = joined_until(screen.width, _unit_cells(row, tables.get(row.table)))
    words = "  ".join(text for text in (f"{visible(row.table)} {key}".rstrip(), cells) if text)
    sign = paints.get(row.change, style.dim)(ROW_SIGNS[row.change])
    yield f"{lead}{sign} {screen.fit(words, len(lead) + 2)}"
    for child in row.children:
        yield from _unit(child, tables, personal, screen, depth + 1)


def _unit_cells(row: RelatedRow, table: TableDiff | None) -> Iterator[str]:
    """Yield the row's values or changes, if it is among the samples."""
    personal = table.personal_columns if table else frozenset()
    match related_sample(row, table):
        case ChangedRowSample(cells=cells):
            for cell in cells:
                texts = (
                    (masked_text(cell.old), masked_text(cell.new))
                    if cell.column in personal
                    else change_texts(cell.old, cell.new)
                )
                yield f"{visible(cell.column)} {texts[0]} → {texts[1]}"
        case RowSample(values=values):
            for name, value in values.items():
                if name not in row.key:
                    yield f"{visible(name)} {shown_text(name, value, personal)}"


def _shifts(dataset: DatasetReview, screen: Screen) -> Iterator[str]:
    personal = personal_by_table(dataset.diff)
    for shift in dataset.shifts[:_SHIFTS]:
        place = f"{visible(shift.table)}.{visible(shift.column)}"
        yield f"{INDENT}{screen.fit(f'{place}: {shift_words(shift)}', len(INDENT))}"
        yield from _bars(shift, screen, is_personal=is_personal_shift(shift, personal))
    yield from screen.more(len(dataset.shifts) - _SHIFTS)


def _bars(shift: Shift, screen: Screen, *, is_personal: bool) -> Iterator[str]:
    """Yield, for each bar: its label, then bar and share of the old and of the new side."""
    half = max(4, min(_BAR_WIDTH, (screen.width - 30) // 3))
    labels = [_bar_label(one, screen.width // 3, is_personal=is_personal) for one in shift.bars[:_BARS]]
    room = max(map(display_width, labels), default=0)
    for label, one in zip(labels, shift.bars, strict=False):
        old = f"{pad(bar(one.old, half), half)} {percent(one.old)}"
        new = f"{pad(bar(one.new, half), half)} {percent(one.new)}"
        line = f"{pad(label, room)}  {pad(old, half + 7)}  {new}"
        yield f"{INDENT * 2}{screen.fit(line, len(INDENT) * 2)}".rstrip()
    yield from screen.more(len(shift.bars) - _BARS, indent=INDENT * 2)


def _bar_label(one: Bar, room: int, *, is_personal: bool) -> str:
    return fit(MASK if is_personal or not one.label else visible(one.label), room)


def _ignored(tables: Sequence[TableDiff], screen: Screen) -> Iterator[str]:
    for table in tables:
        if table.ignored or table.rows.ignored:
            rows = f"{plural(table.rows.ignored, 'row')} with no other change" if table.rows.ignored else ""
            yield _named(table, screen, rows)
            yield from _indented(count_lines("", table.ignored, screen.inside()))


def _bump(diff: DatasetDiff, screen: Screen) -> Iterator[str]:
    if diff.is_changed:
        for reason in diff.bump.reasons[:_REASONS]:
            yield screen.fit(f"{INDENT}{visible(reason)}")
        yield from screen.more(len(diff.bump.reasons) - _REASONS)


def _below(table: TableDiff, lines: Iterable[str], screen: Screen, words: str = "") -> Iterator[str]:
    """Yield the lines indented below the table's name, or nothing if there are none."""
    below = list(lines)
    if below:
        yield _named(table, screen, words)
        yield from _indented(below)


def _named(table: TableDiff, screen: Screen, words: str) -> str:
    name = fit(table_name(table), screen.width // 2)
    line = INDENT + screen.style.bold(name)
    if not words:
        return line
    return f"{line}{INDENT}{screen.style.dim(screen.fit(words, display_width(name) + 2 * len(INDENT)))}"


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (INDENT + line for line in lines)


def _size(row: RelatedRow) -> int:
    return 1 + sum(map(_size, row.children))
