"""The rows of one kind (removed, changed, added) of a table as a grid with frozen key columns."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from html import escape

from tdmvc.model.diff import ChangedRowSample, RowSample, TableDiff
from tdmvc.model.review import RowChange
from tdmvc.model.text import number, plural
from tdmvc.render.cells import visible
from tdmvc.render.review.html.anchors import RowAnchors
from tdmvc.render.review.html.cell import change_cell, value_cell
from tdmvc.render.review.html.full_value import is_long
from tdmvc.render.review.html.markup import Html, element, joined, text
from tdmvc.render.review.wording import samples_of
from tdmvc.render.text import shell_word

KINDS = (RowChange.REMOVED, RowChange.CHANGED, RowChange.ADDED)
"""Removed rows come first."""

_MOST_NUMERIC = 40
_LONGEST_NAME = 60


@dataclass(slots=True)
class Grid:
    """The samples of one kind, whose rows become markup one by one, as far as the page has room."""

    table: TableDiff
    change: RowChange
    anchors: RowAnchors
    samples: Sequence[RowSample | ChangedRowSample]
    has_unchanged: bool = False
    """Whether unchanged cells are shown, too."""
    has_full: bool = False
    """Whether long values can be unfolded."""
    shown: int = 0
    """The number of rows on the page."""
    columns: tuple[str, ...] = ()
    """The columns outside the key; of changed rows, those with changes."""
    folded: tuple[str, ...] = ()
    """Columns without a change in these samples."""
    _rows: dict[tuple[int, bool, bool], Html] = field(default_factory=dict)

    @classmethod
    def of(cls, table: TableDiff, change: RowChange, anchors: RowAnchors, most: int) -> "Grid":
        """Take at most `most` samples of the kind."""
        grid = cls(table, change, anchors, samples_of(table, change)[:most])
        if change is RowChange.CHANGED:
            touched = dict.fromkeys(
                cell.column for row in grid.samples if isinstance(row, ChangedRowSample) for cell in row.cells
            )
            others = dict.fromkeys(
                name for row in grid.samples if isinstance(row, ChangedRowSample) for name in row.unchanged
            )
            order = {name: place for place, name in enumerate(table.columns)}
            grid.columns = tuple(sorted(touched, key=lambda name: order.get(name, len(order))))
            grid.folded = tuple(name for name in others if name not in touched and name not in grid.keys)
        else:
            names = dict.fromkeys(
                name for row in grid.samples if isinstance(row, RowSample) for name in row.values
            )
            grid.columns = tuple(name for name in names if name not in grid.keys)
        return grid

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self.samples[0].key) if self.samples else ()

    @property
    def total(self) -> int:
        """The number of rows of the kind in the data, not only in the samples."""
        counts = self.table.rows
        by_kind = {
            RowChange.REMOVED: counts.removed,
            RowChange.CHANGED: counts.changed,
            RowChange.ADDED: counts.added,
        }
        return max(by_kind[self.change], len(self.samples))

    def row(self, position: int) -> Html:
        """Return a row; each row is rendered once."""
        at = (position, self.has_unchanged, self.has_full)
        if at not in self._rows:
            self._rows[at] = self._row(position)
        return self._rows[at]

    def head(self) -> Html:
        """Return the names of the columns."""
        folded = self.folded if self.has_unchanged else ()
        cells = [element("th", _name(name), scope="col") for name in self.keys]
        cells += [element("th", _name(name), scope="col", class_="c") for name in self.columns]
        cells += [element("th", _name(name), scope="col", class_="c u") for name in folded]
        return element("thead", element("tr", *cells))

    def numeric(self) -> str:
        """Return the positions, from 1, of the columns that hold only numbers, separated by spaces."""
        names = (*self.keys, *self.columns, *self.folded)
        places = [
            str(place)
            for place, name in enumerate(names[:_MOST_NUMERIC], start=1)
            if name not in self.keys and _is_numeric(self._values(name))
        ]
        return " ".join(places)

    def _values(self, name: str) -> Iterable[object]:
        for row in self.samples[:200]:
            if isinstance(row, RowSample):
                yield row.values.get(name)
            else:
                yield row.unchanged.get(name)
                yield from (v for cell in row.cells if cell.column == name for v in (cell.old, cell.new))

    @property
    def may_unfold(self) -> bool:
        """Whether a value of the samples has more to unfold."""
        personal = self.table.personal_columns
        return any(
            is_long(value)
            for row in self.samples
            for name, value in _named_values(row)
            if name not in personal
        )

    def _row(self, position: int) -> Html:
        sample = self.samples[position]
        identifier = escape(self.anchors.of(self.change, position) or "")
        keys = [f"<th>{self._value(name, sample.key.get(name))}</th>" for name in self.keys]
        cells = [*keys, *(self._whole(sample) if isinstance(sample, RowSample) else self._changed(sample))]
        link = f'<a class="at" href="#{identifier}" aria-label="Link to this row">#</a>'
        # The link is inside the first cell, so that columns keep their places.
        first = (cells or ["<td></td>"])[0]
        start = first.index(">") + 1
        return Html(f'<tr id="{identifier}">{first[:start]}{link}{first[start:]}{"".join(cells[1:])}</tr>')

    def _value(self, name: str, value: object) -> Html:
        return value_cell(value, is_personal=name in self.table.personal_columns, has_full=self.has_full)

    def _whole(self, sample: RowSample) -> list[str]:
        return [
            f"<td>{self._value(name, sample.values[name])}</td>" if name in sample.values else "<td></td>"
            for name in self.columns
        ]

    def _changed(self, sample: ChangedRowSample) -> list[str]:
        personal = self.table.personal_columns
        cells = {cell.column: cell for cell in sample.cells}
        parts = []
        for name in self.columns:
            cell = cells.get(name)
            if cell is not None:
                pattern = "" if cell.pattern is None else f' data-p="{cell.pattern}"'
                shown = change_cell(cell, is_personal=name in personal, has_full=self.has_full)
                parts.append(f"<td{pattern}>{shown}</td>")
            elif self.has_unchanged and name in sample.unchanged:
                parts.append(f'<td class="s">{self._value(name, sample.unchanged[name])}</td>')
            else:
                parts.append("<td></td>")
        for name in self.folded if self.has_unchanged else ():
            folded = self._value(name, sample.unchanged[name]) if name in sample.unchanged else ""
            parts.append(f'<td class="u">{folded}</td>')
        return parts


def _named_values(row: RowSample | ChangedRowSample) -> Iterator[tuple[str, object]]:
    yield from row.key.items()
    if isinstance(row, RowSample):
        yield from row.values.items()
    else:
        yield from row.unchanged.items()
        for cell in row.cells:
            yield from ((cell.column, cell.old), (cell.column, cell.new))


def render_grid(grid: Grid, see_all: str, toggle: str) -> Html | None:
    """Return the grid with its counter, or nothing if there is no row of the kind.

    Args:
        grid: Its `shown` is the number of rows to show.
        see_all: The command that writes every row.
        toggle: A name of its own for the switch of the folded columns.
    """
    if not grid.total:
        return None
    kind = grid.change.value
    words = joined(
        element("span", f"{number(grid.total)} {kind}", class_="count"),
        _counter(grid),
        element("span", class_="match", hidden=True),
    )
    is_open = grid.change is not RowChange.ADDED or grid.shown <= 20
    more = None
    if grid.shown < grid.total:
        left = "Every row" if grid.shown else "The rows"
        more = element("p", f"{left}: ", element("code", text(see_all)), class_="more")
    body = joined(_body(grid, toggle), more)
    if grid.change is RowChange.REMOVED:
        return element("div", element("h4", words), body, class_="grid removed")
    return element(
        "details", element("summary", element("h4", words)), body, class_=f"grid {kind}", open=is_open
    )


def _body(grid: Grid, toggle: str) -> Html | None:
    if not grid.shown:
        return None
    switch = None
    if grid.folded and grid.has_unchanged:
        switch = joined(
            element("input", type="checkbox", class_="fold", id=toggle),
            element("label", f"show {plural(len(grid.folded), 'unchanged column')}", for_=toggle),
        )
    rows = joined(*(grid.row(position) for position in range(grid.shown)))
    table = element(
        "table",
        grid.head(),
        element("tbody", rows),
        data_n=grid.numeric() or None,
        data_k=str(len(grid.keys)),
    )
    label = f"{grid.change.value} rows of {grid.table.name}"[:120]
    scroll = element("div", table, class_="scroll", tabindex="0", role="region", aria_label=visible(label))
    return joined(switch, scroll)


def _counter(grid: Grid) -> Html | None:
    if grid.shown == grid.total:
        return None
    shown = f"showing {number(grid.shown)} of {number(grid.total)} {grid.change.value} rows"
    return element("span", shown if grid.shown else "not shown on this page", class_="note")


def see_all_command(old: str, new: str, table: str) -> str:
    """Return what to type to get every row of a table."""
    return f"tdmvc diff {shell_word(old)} {shell_word(new)} --table {shell_word(table)} --rows DIR"


def _name(name: str) -> Html:
    return text(name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…")


def _is_numeric(values: Iterable[object]) -> bool:
    kinds = {type(value) for value in values if value is not None}
    return bool(kinds) and kinds <= {int, float, Decimal}
