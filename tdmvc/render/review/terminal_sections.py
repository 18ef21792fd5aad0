"""The sections of a review on a terminal: removals, patterns, schema, related rows, rows, distributions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from tdmvc.model.diff import (
    ChangedRowSample,
    DatasetDiff,
    RowSample,
    Samples,
    TableDiff,
    TableStatus,
)
from tdmvc.model.masking import MASK
from tdmvc.model.review import Bar, DatasetReview, RelatedRow, RowChange, Shift
from tdmvc.model.text import plural
from tdmvc.render.cells import change_texts, masked_text, visible
from tdmvc.render.page import INDENT, names
from tdmvc.render.patterns import group_words, pattern_groups, shared_groups
from tdmvc.render.privacy import Personal, is_personal_shift, personal_by_table, personal_in_key, shown_text
from tdmvc.render.review.repeated import removed_columns, schema_groups, telling_shifts
from tdmvc.render.review.wording import ROW_SIGNS, related_sample, shift_words
from tdmvc.render.table_terminal import (
    Screen,
    added_lines,
    changed_lines,
    count_lines,
    declaration_lines,
    group_lines,
    joined_until,
    key_text,
    pattern_lines,
    removed_lines,
    view_lines,
)
from tdmvc.render.terminal import display_width, fit, pad, wrap_words
from tdmvc.render.text import percent
from tdmvc.render.wording import bar, table_name

_ROWS = 10
"""Samples of one kind in one table."""
_UNITS = 10
_UNIT_ROWS = 15
_DEEPEST = 6
_SHIFTS = 10
_BARS = 12
_BAR_WIDTH = 16


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of a dataset is shown, and whether more than the first answers are."""

    tables: int
    findings: int
    removals: int
    patterns: int
    has_rows: bool
    """Whether schema, rows and distributions are shown."""


WHOLE = Extent(tables=1000, findings=200, removals=1000, patterns=1000, has_rows=True)
LONG = Extent(tables=40, findings=20, removals=40, patterns=40, has_rows=True)
ONE_SCREEN = Extent(tables=8, findings=5, removals=8, patterns=8, has_rows=False)


def removed_lines_of(dataset: DatasetReview, screen: Screen, extent: Extent) -> Iterator[str]:
    """Yield what was removed, below its title."""
    yield from _titled("Removed", _removed(dataset, screen, extent), screen)


def section_lines(dataset: DatasetReview, screen: Screen, extent: Extent) -> Iterator[str]:
    """Yield every section below the tables that is not empty, below its title."""
    if not extent.has_rows:
        yield from _titled("Changes by pattern", _every_pattern(dataset.diff, screen, extent), screen)
        yield from _folded_sections(dataset, screen)
        return
    tables = [_first_rows(table) for table in dataset.ranked[: extent.tables]]
    sections = [
        ("Changes by pattern", _patterns(dataset.diff, tables, screen)),
        ("Schema", _schema(dataset, screen)),
        ("Related rows", _units(dataset, screen)),
        ("Rows", _rows(tables, screen)),
        ("Shifted distributions", _shifts(dataset, screen)),
        ("Ignored by rule", _ignored(dataset.diff.tables, screen)),
    ]
    for title, lines in sections:
        yield from _titled(title, lines, screen)


def _titled(title: str, lines: Iterator[str], screen: Screen) -> Iterator[str]:
    first = next(lines, None)
    if first is not None:
        yield ""
        yield screen.style.bold(screen.fit(title))
        yield first
        yield from lines


def _folded_sections(dataset: DatasetReview, screen: Screen) -> Iterator[str]:
    """Yield a line that counts what one screen has no room for."""
    changes = sum(len(tables) for _, _, tables in schema_groups(dataset.ranked)) + len(dataset.diff.views)
    counts = [
        (changes, "schema change"),
        (len(dataset.units), "unit of related rows"),
        (sum(bool(table.rows.changed or table.rows.added) for table in dataset.ranked), "table with rows"),
        (len(telling_shifts(dataset)), "shifted distribution"),
        (sum(bool(table.ignored) for table in dataset.ranked), "table with ignored changes"),
    ]
    words = ", ".join(plural(count, noun) for count, noun in counts if count)
    if words:
        yield ""
        yield from (screen.style.dim(line) for line in wrap_words(f"Folded: {words}.", screen.width, most=3))


def _first_rows(table: TableDiff) -> TableDiff:
    some = table.samples
    return replace(table, samples=Samples(some.added[:_ROWS], some.removed[:_ROWS], some.changed[:_ROWS]))


def _removed(dataset: DatasetReview, screen: Screen, extent: Extent) -> Iterator[str]:
    red = screen.style.red("−")
    tables = [_first_rows(table) for table in dataset.ranked]
    gone = [table for table in tables if table.status is TableStatus.REMOVED]
    losing = [
        table
        for table in tables
        if table.rows.removed and (table.samples.removed or table.status is not TableStatus.REMOVED)
    ]
    words = [f"the table {visible(table.name)} with {plural(table.rows.old, 'row')}" for table in gone]
    for column, type_, names_ in removed_columns(tables):
        lost = f"the column {visible(column)}{f' ({visible(type_)})' if type_ else ''} of "
        where = visible(names_[0]) if len(names_) == 1 else plural(len(names_), "table") + ": "
        words.append(lost + where + (names(names_, screen.width // 2) if len(names_) > 1 else ""))
    for text in words[: extent.removals]:
        yield f"{INDENT}{red} {screen.fit(text, 4)}"
    yield from screen.more(len(words) - extent.removals, "removal")
    if not extent.has_rows and len(losing) > 1:
        rows = plural(sum(table.rows.removed for table in losing), "row")
        tables_ = (
            f"{plural(len(losing), 'table')}: {names([table.name for table in losing], screen.width // 2)}"
        )
        yield f"{INDENT}{red} {screen.fit(f'{rows} of {tables_}', 4)}"
        return
    for table in losing[: extent.removals]:
        rows = f"{plural(table.rows.removed, 'row')} of {visible(table.name)}"
        yield f"{INDENT}{red} {screen.fit(rows, 4)}"
        if extent.has_rows:
            yield from _indented(removed_lines(table, screen.inside()))
    yield from screen.more(len(losing) - extent.removals, "table with removed rows")


def _patterns(diff: DatasetDiff, tables: Sequence[TableDiff], screen: Screen) -> Iterator[str]:
    """Yield what several tables share first; it is not repeated below the tables."""
    yield from _indented(group_lines(diff, screen.inside()))
    shared = {
        (table, pattern.kind, pattern.columns)
        for group in shared_groups(diff)
        for table, pattern in group.members
    }
    for table in tables:
        own = tuple(
            pattern for pattern in table.patterns if (table.name, pattern.kind, pattern.columns) not in shared
        )
        if own or not table.patterns:
            yield from _below(table, pattern_lines(replace(table, patterns=own), screen.inside()), screen)


def _every_pattern(diff: DatasetDiff, screen: Screen, extent: Extent) -> Iterator[str]:
    """Yield a line for each pattern, of one table or several, most cells first."""
    groups = pattern_groups(diff)
    for group in groups[: extent.patterns]:
        tables = names(list(dict.fromkeys(table for table, _ in group.members)), screen.width // 3)
        words = f"{group_words(group)}, {plural(group.cells, 'cell')}: {tables}"
        yield f"{INDENT}{screen.style.yellow('≈')} {screen.fit(words, 4)}"
    rest = groups[extent.patterns :]
    if rest:
        cells = plural(sum(group.cells for group in rest), "cell")
        yield screen.style.dim(f"{INDENT}… and {plural(len(rest), 'more pattern')}, {cells}")


def _schema(dataset: DatasetReview, screen: Screen) -> Iterator[str]:
    """Yield the changes but removed columns, which are among the removals; equal ones of several tables once."""
    for table in dataset.ranked:
        if table.status is TableStatus.RENAMED:
            why = f"renamed: {visible(table.evidence)}" if table.evidence else "renamed"
            line = f"{INDENT}{screen.style.yellow('~')} {screen.inside().fit(why, 4)}"
            yield from _below(table, [line], screen)
    below: dict[str, list[str]] = {}
    for sign, words, tables in schema_groups(dataset.ranked):
        title = names(tables, screen.width - len(INDENT)) if len(tables) > 1 else visible(tables[0])
        below.setdefault(title, []).extend(declaration_lines(sign, words, screen.inside()))
    for title, lines in below.items():
        yield INDENT + screen.style.bold(screen.fit(title, len(INDENT)))
        yield from _indented(lines)
    yield from view_lines(dataset.diff.views, screen)


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
    found = telling_shifts(dataset)
    for shift in found[:_SHIFTS]:
        place = f"{visible(shift.table)}.{visible(shift.column)}"
        yield f"{INDENT}{screen.fit(f'{place}: {shift_words(shift)}', len(INDENT))}"
        yield from _bars(shift, screen, is_personal=is_personal_shift(shift, personal))
    yield from screen.more(len(found) - _SHIFTS, "distribution")


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
