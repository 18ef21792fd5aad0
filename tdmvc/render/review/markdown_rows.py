"""The rows of a review in Markdown: removed rows, related rows, and samples by table."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from tdmvc.model.diff import CellChange, ChangedRowSample, RowSample, TableDiff, TableStatus
from tdmvc.model.review import DatasetReview, RelatedRow
from tdmvc.model.text import number, plural
from tdmvc.render.cells import change_texts, masked_text
from tdmvc.render.markdown import code, folded, long_list, more, table, value
from tdmvc.render.privacy import Personal, personal_by_table, personal_in_key, shown_text
from tdmvc.render.review.budget import OutputBudget
from tdmvc.render.review.markdown_changes import change
from tdmvc.render.review.repeated import removed_columns
from tdmvc.render.review.wording import ROW_SIGNS, related_sample

_WIDEST = 8
"""Columns of a table of rows, and changed cells of one row."""
_UNIT_ROWS = 15
_DEEPEST = 6
_OPEN_TABLES = 5
"""Up to this many tables show their removed rows without a click."""
_OPEN = 12
"""Up to this many rows are shown without a click."""


def removed(dataset: DatasetReview, budget: OutputBudget) -> Iterator[list[str]]:
    """Yield removed tables, columns and rows; the first are never folded, because a reviewer must not miss them."""
    facts = [*_removed_things(dataset.ranked)]
    losing = [table_ for table_ in dataset.ranked if table_.rows.removed and not _has_no_rows_to_show(table_)]
    if not facts and not losing:
        return
    if len(losing) > _OPEN_TABLES:
        counts = [f"{code(table_.name)} {number(table_.rows.removed)}" for table_ in losing]
        shown = f"{', '.join(counts[: budget.level.facts])}{_others(len(counts) - budget.level.facts)}"
        rows = plural(sum(table_.rows.removed for table_ in losing), "row")
        facts.append(f"- {rows} of {plural(len(losing), 'table')}: {shown}")
    elif not budget.level.rows:
        facts += [f"- {_removed_count(table_)}" for table_ in losing]
    yield ["#### Removed"]
    yield long_list(budget.take(facts, budget.level.tables, "removal"), "removal")
    yield more(len(facts) - budget.level.tables, "removal")
    if not budget.level.rows:
        budget.leave_out(sum(table_.rows.removed for table_ in losing), "removed row")
        return
    if len(losing) > _OPEN_TABLES:
        for table_ in losing:
            lines = [
                *_grid(table_.samples.removed[: budget.level.rows], table_.personal_columns),
                "",
                *_hidden(table_.rows.removed, len(table_.samples.removed), budget, "removed row"),
            ]
            if table_.samples.removed:
                yield folded([("rows of ", False), (table_.name, True)], lines)
        return
    for table_ in losing:
        yield [f"{_removed_count(table_)}:" if table_.samples.removed else _removed_count(table_)]
        yield _grid(table_.samples.removed[: budget.level.rows], table_.personal_columns)
        yield _hidden(table_.rows.removed, len(table_.samples.removed), budget, "removed row")


def units(dataset: DatasetReview, budget: OutputBudget) -> Iterator[list[str]]:
    """Yield rows that are related by foreign keys, such as an order with its items."""
    if not dataset.units:
        return
    tables = {table_.name: table_ for table_ in dataset.diff.tables}
    personal = personal_by_table(dataset.diff)
    shown = budget.take(dataset.units, budget.level.units, "unit of related rows")
    if shown:
        yield ["#### Related rows"]
    lines: list[str] = []
    for unit in shown:
        lines.extend(islice(_unit(unit, tables, personal, 0), _UNIT_ROWS))
        lines.extend(f"  - {line}" for line in more(_size(unit) - _UNIT_ROWS, "row of this unit"))
    yield lines
    yield more(len(dataset.units) - len(shown), "unit of related rows") if shown else []


def samples(dataset: DatasetReview, budget: OutputBudget) -> Iterator[list[str]]:
    """Yield changed and added rows by table, folded if they are many."""
    touched = [table_ for table_ in dataset.ranked if table_.rows.changed or table_.rows.added]
    shown = [table_ for table_ in touched if table_.samples.changed or table_.samples.added]
    if not budget.level.rows or not shown:
        for noun in ("changed", "added"):
            budget.leave_out(sum(getattr(table_.rows, noun) for table_ in touched), f"{noun} row")
        return
    yield ["#### Rows"]
    counts = [
        min(len(table_.samples.changed) + len(table_.samples.added), budget.level.rows) for table_ in shown
    ]
    is_open = sum(counts) <= _OPEN
    for table_ in touched:
        lines = _sample_lines(table_, budget)
        if lines:
            yield folded([(table_.name, True), (f": {_touched(table_)}", False)], lines, is_open=is_open)


def _removed_things(tables: Sequence[TableDiff]) -> Iterator[str]:
    for table_ in tables:
        if table_.status is TableStatus.REMOVED:
            yield f"- the table {code(table_.name)} with {plural(table_.rows.old, 'row')}"
    for column, type_, losing in removed_columns(tables):
        shown = f"{', '.join(map(code, losing[:_WIDEST]))}{_others(len(losing) - _WIDEST)}"
        yield f"- the column {code(column)}{f' ({code(type_)})' if type_ else ''} of {shown}"


def _others(count: int) -> str:
    return f" and {plural(count, 'more table')}" if count > 0 else ""


def _has_no_rows_to_show(table_: TableDiff) -> bool:
    """Whether the removed table has no rows to show."""
    return table_.status is TableStatus.REMOVED and not table_.samples.removed


def _removed_count(table_: TableDiff) -> str:
    return f"{plural(table_.rows.removed, 'row')} of {code(table_.name)}"


def _touched(table_: TableDiff) -> str:
    counts = [(table_.rows.changed, "changed"), (table_.rows.added, "added")]
    return ", ".join(f"{number(count)} {word}" for count, word in counts if count)


def _sample_lines(table_: TableDiff, budget: OutputBudget) -> list[str]:
    most, found = budget.level.rows, table_.samples
    blocks = [
        _changes(found.changed[:most], table_),
        _hidden(table_.rows.changed, len(found.changed), budget, "changed row"),
        _grid(found.added[:most], table_.personal_columns),
        _hidden(table_.rows.added, len(found.added), budget, "added row"),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block).split("\n") if any(blocks) else []


def _hidden(count: int, sampled: int, budget: OutputBudget, noun: str) -> list[str]:
    hidden = count - min(sampled, budget.level.rows)
    budget.leave_out(hidden, noun)
    return more(hidden, noun) if sampled else []


def _changes(changed: Sequence[ChangedRowSample], table_: TableDiff) -> list[str]:
    """Return a line for each cell, with the key at the first cell of its row."""
    rows: list[list[str]] = []
    personal = table_.personal_columns
    for sample in changed:
        key = _key(sample.key, personal)
        for cell in sample.cells[:_WIDEST]:
            rows.append([key, code(cell.column), _cell(cell, personal)])
            key = ""
        hidden = len(sample.cells) - _WIDEST
        if hidden > 0:
            rows.append(["", "", f"*… and {plural(hidden, 'more cell')}*"])
    kind = "natural key" if table_.is_natural_key else "key"
    return table([kind, "column", "change"], rows) if rows else []


def _grid(rows: Sequence[RowSample], personal: frozenset[str]) -> list[str]:
    """Return whole rows as a table, the key first."""
    names = list(dict.fromkeys(name for row in rows for name in (*row.key, *row.values)))
    if not names:
        return []
    shown, hidden = names[:_WIDEST], len(names) - _WIDEST
    head = [*map(code, shown), *([f"… {plural(hidden, 'more column')}"] if hidden > 0 else [])]
    lines = [_whole(row, shown, personal) + ([""] if hidden > 0 else []) for row in rows]
    return table(head, lines)


def _whole(row: RowSample, names: Sequence[str], personal: frozenset[str]) -> list[str]:
    cells = row.key | row.values
    return [_value(name, cells[name], personal) if name in cells else "" for name in names]


def _unit(row: RelatedRow, tables: Mapping[str, TableDiff], personal: Personal, depth: int) -> Iterator[str]:
    key = _key(row.key, personal_in_key(row, personal))
    words = [f"`{ROW_SIGNS[row.change]}`", code(row.table), key]
    line = " ".join(word for word in words if word) + _unit_cells(row, tables.get(row.table))
    yield f"{'  ' * min(depth, _DEEPEST)}- {line}"
    for child in row.children:
        yield from _unit(child, tables, personal, depth + 1)


def _unit_cells(row: RelatedRow, table_: TableDiff | None) -> str:
    """Return the row's values or changes, if it is among the samples."""
    personal = table_.personal_columns if table_ else frozenset()
    match related_sample(row, table_):
        case ChangedRowSample(cells=changed):
            cells = [f"{code(cell.column)} {_cell(cell, personal)}" for cell in changed[:_WIDEST]]
            return _listed(cells, len(changed))
        case RowSample(values=values):
            others = {name: value_ for name, value_ in values.items() if name not in row.key}
            cells = [f"{code(name)} {_value(name, value_, personal)}" for name, value_ in others.items()]
            return _listed(cells[:_WIDEST], len(cells))
    return ""


def _listed(cells: Sequence[str], count: int) -> str:
    hidden = [f"… {plural(count - len(cells), 'more cell')}"] if count > len(cells) else []
    return f": {', '.join([*cells, *hidden])}" if cells else ""


def _size(row: RelatedRow) -> int:
    return 1 + sum(map(_size, row.children))


def _key(key: dict[str, object], personal: frozenset[str]) -> str:
    return ", ".join(f"{code(name)} {_value(name, value_, personal)}" for name, value_ in key.items())


def _cell(cell: CellChange, personal: frozenset[str]) -> str:
    if cell.column in personal:
        return change(cell.old, cell.new, (masked_text(cell.old), masked_text(cell.new)))
    inside = f" inside {', '.join(map(code, cell.inside[:_WIDEST]))}" if cell.inside else ""
    return change(cell.old, cell.new, change_texts(cell.old, cell.new)) + inside


def _value(name: str, cell: object, personal: frozenset[str]) -> str:
    return value(shown_text(name, cell, personal), is_null=cell is None)
