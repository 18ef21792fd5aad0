"""The changes of one table on a terminal: schema, patterns, findings, rows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from tdmvc.model.diff import (
    CellChange,
    ChangedRowSample,
    ChangePattern,
    DatasetDiff,
    RowSample,
    SchemaChange,
    TableDiff,
    TableStatus,
    ViewChange,
)
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.text import number, plural
from tdmvc.render.cells import change_texts, masked_text, visible
from tdmvc.render.format import RenderOptions
from tdmvc.render.page import INDENT, NARROWEST, names
from tdmvc.render.patterns import group_words, has_example, pattern_count, pattern_words, shared_groups
from tdmvc.render.privacy import guarded, shown_text
from tdmvc.render.terminal import Style, display_width, fit, grid, pad, wrap_items, wrap_words
from tdmvc.render.wording import row_words, schema_sign, schema_words, table_name, view_sign, view_words

_DECLARATION_LINES = 4
_PATTERNS = 8
_NAMED_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Screen:
    """The width and colours of the lines."""

    style: Style
    width: int

    @classmethod
    def of(cls, options: RenderOptions) -> "Screen":
        """Return the screen of the options, at least 40 columns wide."""
        return cls(Style(options.color), max(options.width, NARROWEST))

    def inside(self) -> "Screen":
        """Return a screen for lines that will be indented."""
        return replace(self, width=self.width - len(INDENT))

    def fit(self, text: str, taken: int = 0) -> str:
        return fit(text, max(8, self.width - taken))

    def more(self, count: int, noun: str = "", *, indent: str = INDENT) -> Iterator[str]:
        """Yield a line that says how many more there are, if any."""
        if count > 0:
            yield self.style.dim(
                f"{indent}… and {plural(count, f'more {noun}') if noun else f'{number(count)} more'}"
            )


def headline(table: TableDiff, screen: Screen) -> str:
    """Return the table's name and what happened to its rows."""
    style, rows = screen.style, table.rows
    name = table_name(table)
    match table.status:
        case TableStatus.ADDED:
            words, mark = f"added, {plural(rows.new, 'row')}", style.green
        case TableStatus.REMOVED:
            words, mark = f"removed, {plural(rows.old, 'row')}", style.red
        case _:
            before = f"{number(rows.old)} → " if rows.old != rows.new else ""
            size = before + plural(rows.new, "row")
            words, mark = f"{size}: {row_words(rows)}", style.yellow
    shown = screen.fit(name, display_width(words) + len(INDENT))
    return f"{style.bold(mark(shown))}{INDENT}{screen.fit(words, display_width(shown) + len(INDENT))}"


def fact_lines(table: TableDiff, screen: Screen) -> Iterator[str]:
    """Yield the facts about a table: key, rename, schema, patterns, ignored cells."""
    style = screen.style
    if table.is_natural_key and table.key:
        yield f"{INDENT}{style.dim('key:')} {screen.fit(_key_words(table), 7)}"
    if table.evidence:
        yield f"{INDENT}{style.yellow('~')} {screen.fit(f'renamed: {visible(table.evidence)}', 4)}"
    yield from schema_lines(table.schema, screen)
    yield from pattern_lines(table, screen)
    yield from ignored_lines(table, screen)


def _key_words(table: TableDiff) -> str:
    return f"{', '.join(visible(column) for column in table.key)} (natural)"


def schema_lines(changes: Sequence[SchemaChange], screen: Screen) -> Iterator[str]:
    """Yield each change of the schema; what does not fit a line, as a long condition, continues below."""
    for change in changes:
        yield from declaration_lines(schema_sign(change), schema_words(change), screen)


def view_lines(views: Sequence[ViewChange], screen: Screen) -> Iterator[str]:
    """Yield each change of a view, with its query."""
    for view in views:
        yield from declaration_lines(view_sign(view), view_words(view), screen)


def declaration_lines(sign: str, words: str, screen: Screen) -> Iterator[str]:
    """Yield a change after its sign; what does not fit a line continues below."""
    style = screen.style
    paint = {"+": style.green, "−": style.red}.get(sign, style.yellow)
    lines = wrap_words(words, max(8, screen.width - 2 * len(INDENT)), most=_DECLARATION_LINES)
    yield f"{INDENT}{paint(sign)} {lines[0]}"
    yield from (INDENT * 2 + line for line in lines[1:])


def group_lines(diff: DatasetDiff, screen: Screen) -> Iterator[str]:
    """Yield the patterns that several tables share."""
    shared = shared_groups(diff)
    for group in shared[:_PATTERNS]:
        tables = names([table for table, _ in group.members], screen.width // 2)
        words = f"{group_words(group)}, {plural(group.cells, 'cell')}: {tables}"
        yield f"{screen.style.yellow('≈')} {screen.fit(words, 2)}"
    yield from screen.more(len(shared) - _PATTERNS, "pattern")


def pattern_lines(table: TableDiff, screen: Screen) -> Iterator[str]:
    """Yield a line for each pattern, or the changed cells by column if patterns were not searched for."""
    if not table.patterns:
        yield from count_lines("cells: ", table.columns, screen)
        return
    for pattern in table.patterns[:_PATTERNS]:
        yield from _pattern_lines(guarded(pattern, table.personal_columns), screen)
    rest = table.patterns[_PATTERNS:]
    if rest:
        cells = plural(sum(pattern.cells for pattern in rest), "cell")
        yield screen.style.dim(f"{INDENT}… and {plural(len(rest), 'more pattern')}, {cells}")


def _pattern_lines(pattern: ChangePattern, screen: Screen) -> Iterator[str]:
    """Yield the pattern with its example, which goes on its own line if there is no room."""
    style = screen.style
    words = f"{pattern_words(pattern)} in {_pattern_columns(pattern, screen)}, {pattern_count(pattern)}"
    line = screen.fit(words, 4)
    lead = f"{INDENT}{style.yellow('≈')} "
    if not has_example(pattern):
        yield lead + line
        return
    old, new = change_texts(pattern.old, pattern.new, room=max(10, screen.width // 3))
    example = f"such as {old} → {new}"
    if 4 + display_width(line) + 2 + display_width(example) <= screen.width:
        yield f"{lead}{line}  {style.dim(example)}"
        return
    yield lead + line
    yield f"{INDENT}  {style.dim(screen.fit(example, 4))}"


def _pattern_columns(pattern: ChangePattern, screen: Screen) -> str:
    if not pattern.columns:
        return "the rows"
    if len(pattern.columns) > _NAMED_COLUMNS:
        return plural(len(pattern.columns), "column")
    return names(pattern.columns, screen.width // 3)


def ignored_lines(table: TableDiff, screen: Screen) -> Iterator[str]:
    """Yield the changed cells that a rule of dataset.yaml ignores, by column."""
    yield from count_lines("ignored by rule: ", table.ignored, screen)


def count_lines(label: str, columns: dict[str, int], screen: Screen) -> Iterator[str]:
    """Yield counts by column, in at most four lines behind the label."""
    if not columns:
        return
    items = [f"{visible(name)} {number(count)}" for name, count in columns.items()]
    lines = wrap_items(items, screen.width - len(INDENT) - len(label))
    for index, line in enumerate(lines[:4]):
        lead = screen.style.dim(label) if index == 0 else " " * len(label)
        yield f"{INDENT}{lead}{screen.fit(line, len(INDENT) + len(label))}"
    if len(lines) > 4:
        yield screen.style.dim(f"{INDENT}{' ' * len(label)}… {plural(len(items), 'column')} in all")


def finding_lines(findings: Sequence[Finding], screen: Screen) -> Iterator[str]:
    """Yield findings, each with its remedy."""
    style = screen.style
    for finding in findings:
        paint = style.red if finding.severity is Severity.ERROR else style.yellow
        label = fit(f"{finding.severity.value} {visible(finding.rule)}", screen.width // 2) + ": "
        lead = len(INDENT) + display_width(label)
        lines = wrap_items(visible(finding.message).split(" "), screen.width - lead, separator="")
        for index, line in enumerate(lines):
            head = paint(label) if index == 0 else " " * display_width(label)
            yield f"{INDENT}{head}{screen.fit(line, lead)}"
        if finding.remedy:
            for line in wrap_items(
                f"→ {visible(finding.remedy)}".split(" "), screen.width - lead, separator=""
            ):
                yield f"{' ' * lead}{style.dim(screen.fit(line, lead))}"


def sample_lines(table: TableDiff, screen: Screen) -> Iterator[str]:
    """Yield the first rows of each kind, and how many more there are."""
    yield from changed_lines(table, screen)
    yield from removed_lines(table, screen)
    yield from added_lines(table, screen)


def changed_lines(table: TableDiff, screen: Screen) -> Iterator[str]:
    """Yield the sampled cells that changed."""
    yield from _changed_lines(table.samples.changed, table.personal_columns, screen)
    yield from _more(len(table.samples.changed), table.rows.changed, "changed", screen)


def removed_lines(table: TableDiff, screen: Screen) -> Iterator[str]:
    """Yield the removed sample rows."""
    yield from _whole_lines(table.samples.removed, table.personal_columns, screen.style.red("−"), screen)
    yield from _more(len(table.samples.removed), table.rows.removed, "removed", screen)


def added_lines(table: TableDiff, screen: Screen) -> Iterator[str]:
    """Yield the added sample rows."""
    yield from _whole_lines(table.samples.added, table.personal_columns, screen.style.green("+"), screen)
    yield from _more(len(table.samples.added), table.rows.added, "added", screen)


def _more(shown: int, count: int, word: str, screen: Screen) -> Iterator[str]:
    if shown and count > shown:
        yield screen.style.dim(screen.fit(f"{INDENT}  … {number(count - shown)} more {word}"))


def _changed_lines(
    samples: Sequence[ChangedRowSample], personal: frozenset[str], screen: Screen
) -> Iterator[str]:
    """Yield key, column, old → new: one line for each cell, aligned over all samples."""
    if not samples:
        return
    style = screen.style
    cells = [(sample, index, cell) for sample in samples for index, cell in enumerate(sample.cells)]
    room = screen.width // 4
    left = [
        (
            fit(key_text(sample.key, personal), room) if index == 0 else "",
            fit(visible(cell.column), room * 2 // 3),
        )
        for sample, index, cell in cells
    ]
    widths = [max(display_width(row[i]) for row in left) for i in (0, 1)]
    taken = len(INDENT) * 2 + sum(widths) + 4
    for (key, column), (_, index, cell) in zip(left, cells, strict=True):
        sign = style.yellow("~") if index == 0 else " "
        fill = " " * (widths[0] - display_width(key))
        lead = f"{INDENT}{sign} {style.bold(key)}{fill}  {pad(column, widths[1])}  "
        yield lead + change_text(cell, personal, screen, taken)
        if cell.inside and cell.column not in personal:
            paths = ", ".join(visible(path) for path in cell.inside)
            yield " " * taken + style.dim(screen.fit(f"inside: {paths}", taken))


def change_text(cell: CellChange, personal: frozenset[str], screen: Screen, taken: int) -> str:
    room = max(10, screen.width - taken - 3)
    half = room // 2
    if cell.column in personal:
        old, new = masked_text(cell.old), masked_text(cell.new)
    else:
        old, new = change_texts(cell.old, cell.new, room=half)
    old = fit(old, max(half, room - display_width(new)))
    new = fit(new, room - display_width(old))
    return f"{screen.style.red(old)} → {screen.style.green(new)}"


def _whole_lines(
    samples: Sequence[RowSample], personal: frozenset[str], sign: str, screen: Screen
) -> Iterator[str]:
    """Yield the key, then as many other columns as fit on the line."""
    rows = []
    for sample in samples:
        values = joined_until(screen.width, _cell_texts(sample, personal))
        key = [fit(key_text(sample.key, personal), screen.width // 3)] if sample.key else []
        rows.append([*key, values])
    for line in grid(rows):
        yield f"{INDENT}{sign} {screen.fit(line, len(INDENT) + 2)}"


def _cell_texts(sample: RowSample, personal: frozenset[str]) -> Iterator[str]:
    for name, value in sample.values.items():
        if name not in sample.key:
            yield f"{visible(name)} {shown_text(name, value, personal)}"


def joined_until(width: int, texts: Iterable[str]) -> str:
    """Return texts with commas between, as many as fill the line, so that wide rows stay cheap."""
    line = ""
    for text in texts:
        line += f", {text}" if line else text
        if display_width(line) > width:
            break
    return fit(line, width + 1)


def key_text(key: dict[str, object], personal: frozenset[str]) -> str:
    """Return the key as `name value`, masked if a column is personal."""
    return ", ".join(f"{visible(name)} {shown_text(name, value, personal)}" for name, value in key.items())
