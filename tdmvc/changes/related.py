"""Finds touched rows that belong together across foreign keys: an order with its items and payments."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tdmvc.model.declarations import ForeignKey
from tdmvc.model.diff import ChangedRowSample, RowSample, SchemaChangeKind, TableDiff, TableStatus
from tdmvc.model.review import RelatedRow, RowChange

_DEEPEST = 32
"""The levels of a unit; deeper rows start a unit of their own."""
_MOST_UNITS = 200

_Values = tuple[object, ...]
_Named = tuple[str, tuple[str, ...], _Values]
"""What a reference names a row by: its table, the columns, their values."""


@dataclass(slots=True, eq=False)
class _Row:
    """A touched row, or an untouched one that touched rows reference."""

    table: str
    change: RowChange
    key: dict[str, object]
    sample: int | None
    old: dict[str, object] | None = None
    """The old row's values that references need, by the new side's column names."""
    new: dict[str, object] | None = None
    parent: "_Row | None" = None
    via: tuple[str, ...] = ()
    rank: tuple[object, ...] = ()
    """Its position among all rows: by table, then by key."""


@dataclass(frozen=True, slots=True)
class _Link:
    """A row that another one may belong to."""

    reference: ForeignKey
    row: _Row | None
    """None for an untouched row."""
    name: _Named
    order: tuple[bool, bool, int]
    """The least is preferred."""


def relate_rows(tables: Sequence[TableDiff]) -> tuple[RelatedRow, ...]:
    """Return units of at least two touched rows among the samples, the largest first, then by table and key.

    Each touched row is in at most one unit. It belongs to one row: of several
    references, preferably to one whose columns are in its key or that references a touched
    row, then to one that looks like composition (`order_items` → `orders`), then to
    the first declared. An untouched row is shown if at least two touched rows
    belong to it; its `key` holds only the columns that are referenced, and none if they
    are personal. Rows beyond a table's samples are unknown here, so a table
    whose samples are cut has no untouched rows.

    Cost: linear in the samples, except for sorting.
    """
    known = {table.name: table for table in tables}
    links = _Links(tables, known)
    rows = [row for table in tables for row in _touched_rows(table, links.needed[table.name])]
    _rank(rows)
    links.index(rows)
    untouched = _attach(rows, links)
    _cut_cycles(rows)
    _cut_deep_units(rows)
    units = [unit for unit in _build([*rows, *untouched]) if unit[0] >= 2]
    units.sort(key=lambda unit: (-unit[0], unit[1].rank))
    return tuple(related for _, _, related in units[:_MOST_UNITS])


class _Links:
    """Resolves the references of touched rows."""

    def __init__(self, tables: Sequence[TableDiff], known: dict[str, TableDiff]) -> None:
        self._known = known
        now = {table.old_name: table.name for table in tables if table.old_name}
        self._references = {
            table.name: [
                ForeignKey(r.columns, target, r.to)
                for r in table.references
                if (target := r.table if r.table in known else now.get(r.table, r.table)) in known
            ]
            for table in tables
        }
        self.needed: dict[str, set[str]] = {table.name: set() for table in tables}
        """By table, the columns at either end of a reference."""
        self._targets: dict[str, set[tuple[str, ...]]] = {table.name: set() for table in tables}
        for name, references in self._references.items():
            for reference in references:
                self.needed[name].update(reference.columns)
                self.needed[reference.table].update(reference.to)
                self._targets[reference.table].add(reference.to)
        self._is_whole = {table.name: _is_whole(table) for table in tables}
        self._composes = {
            (name, reference.table): _composes(name, reference.table)
            for name, references in self._references.items()
            for reference in references
        }
        self._old: dict[_Named, _Row] = {}
        self._new: dict[_Named, _Row] = {}

    def index(self, rows: Iterable[_Row]) -> None:
        """Add the rows; of rows with the same referenced values, the first counts."""
        for row in rows:
            for to in self._targets[row.table]:
                for values, side in ((row.old, self._old), (row.new, self._new)):
                    found = _values(values, to) if values is not None else None
                    if found is not None:
                        side.setdefault((row.table, to, found), row)

    def of(self, row: _Row) -> Iterator[_Link]:
        """Yield the rows that a row references, touched or not; never the row itself."""
        values = row.new if row.new is not None else row.old or {}
        for place, reference in enumerate(self._references[row.table]):
            named = _values(values, reference.columns)
            if named is None:
                continue
            name = (reference.table, reference.to, named)
            # The row's own side first: a removed row may reference another removed one.
            sides = (self._old, self._new) if row.new is None else (self._new, self._old)
            target = sides[0].get(name) or sides[1].get(name)
            if target is row or (target is None and not self._is_whole[reference.table]):
                continue
            is_owner = target is not None or row.key.keys() >= set(reference.columns)
            composes = self._composes[row.table, reference.table]
            yield _Link(reference, target, name, (not is_owner, not composes, place))

    def untouched(self, row: _Row, link: _Link) -> _Row:
        """Return the untouched row of a link, with the child's values: personal if they are personal there."""
        table = link.reference.table
        secret = self._known[row.table].personal_columns
        shown = dict(zip(link.reference.to, link.name[2], strict=True))
        if not secret.isdisjoint(link.reference.columns):
            own = self._known[table].personal_columns
            shown = shown if own.issuperset(shown) else {}
        rank = (table, 1, tuple(map(_order, link.name[2])))
        return _Row(table, RowChange.UNTOUCHED, shown, None, rank=rank)


def _attach(rows: Sequence[_Row], links: _Links) -> list[_Row]:
    """Set the parent of each row, and return the untouched parents."""
    linked = [(row, sorted(links.of(row), key=lambda link: link.order)) for row in rows]
    naming = Counter(link.name for _, found in linked for link in found if link.row is None)
    chosen = [
        (row, next((link for link in found if link.row is not None or naming[link.name] > 1), None), found)
        for row, found in linked
    ]
    choosing = Counter(link.name for _, link, _ in chosen if link is not None and link.row is None)
    untouched: dict[_Named, _Row] = {}
    for row, link, found in chosen:
        if link is not None and link.row is None and choosing[link.name] < 2:
            link = next((other for other in found if other.row is not None), None)
        if link is None:
            continue
        if link.row is None and link.name not in untouched:
            untouched[link.name] = links.untouched(row, link)
        row.parent = link.row or untouched[link.name]
        row.via = link.reference.columns
    return list(untouched.values())


def _cut_cycles(rows: Iterable[_Row]) -> None:
    """Remove the parent of the first row of each cycle."""
    done: set[int] = set()
    for start in rows:
        path: list[_Row] = []
        row: _Row | None = start
        while row is not None and id(row) not in done:
            done.add(id(row))
            path.append(row)
            row = row.parent
        if row is not None and any(row is step for step in path):
            first = min(path[path.index(row) :], key=lambda step: step.rank)
            first.parent, first.via = None, ()


def _cut_deep_units(rows: Sequence[_Row]) -> None:
    """Start a new unit below the deepest level."""
    depth: dict[int, int] = {}
    for start in rows:
        path: list[_Row] = []
        row: _Row | None = start
        while row is not None and id(row) not in depth:
            path.append(row)
            row = row.parent
        above = depth[id(row)] if row is not None else -1
        for step in reversed(path):
            above += 1
            if above == _DEEPEST:
                step.parent, step.via, above = None, (), 0
            depth[id(step)] = above


def _build(rows: Sequence[_Row]) -> Iterator[tuple[int, _Row, RelatedRow]]:
    """Yield each unit, built from its leaves: how many touched rows it has, its root, and the result."""
    children: dict[int, list[_Row]] = {}
    for row in rows:
        if row.parent is not None:
            children.setdefault(id(row.parent), []).append(row)
    for root in rows:
        if root.parent is not None or id(root) not in children:
            continue
        unit = [root]
        for row in unit:
            unit.extend(children.get(id(row), ()))
        built: dict[int, RelatedRow] = {}
        for row in reversed(unit):
            mine = sorted(children.get(id(row), ()), key=lambda child: child.rank)
            built[id(row)] = RelatedRow(
                row.table, row.change, row.key, row.sample, tuple(built[id(c)] for c in mine), row.via
            )
        touched = sum(row.change is not RowChange.UNTOUCHED for row in unit)
        yield touched, root, built[id(root)]


def _touched_rows(table: TableDiff, needed: set[str]) -> Iterator[_Row]:
    renames = {
        change.old: change.new
        for change in table.schema
        if change.kind is SchemaChangeKind.COLUMN_RENAMED and change.old and change.new
    }
    for i, added in enumerate(table.samples.added):
        yield _Row(table.name, RowChange.ADDED, added.key, i, new=_pick(added, needed, {}))
    for i, removed in enumerate(table.samples.removed):
        yield _Row(table.name, RowChange.REMOVED, removed.key, i, old=_pick(removed, needed, renames))
    for i, changed in enumerate(table.samples.changed):
        old, new = _pick_both(changed, needed)
        yield _Row(table.name, RowChange.CHANGED, changed.key, i, old=old, new=new)


def _pick(row: RowSample, needed: set[str], renames: dict[str, str]) -> dict[str, object]:
    values = {renames.get(name, name): value for name, value in row.values.items()}
    return {name: values[name] for name in needed if name in values}


def _pick_both(row: ChangedRowSample, needed: set[str]) -> tuple[dict[str, object], dict[str, object]]:
    new = {name: row.unchanged[name] for name in needed if name in row.unchanged}
    new.update((name, value) for name, value in row.key.items() if name in needed)
    old = dict(new)
    for cell in row.cells:
        if cell.column in needed:
            old[cell.column], new[cell.column] = cell.old, cell.new
    return old, new


def _values(row: dict[str, object], columns: tuple[str, ...]) -> _Values | None:
    """Return the columns' values, or None if one is null or unknown, so that nothing is referenced."""
    values = tuple(row.get(column) for column in columns)
    if any(value is None for value in values):
        return None
    return tuple(repr(value) if isinstance(value, list | dict) else value for value in values)


def _is_whole(table: TableDiff) -> bool:
    """Return whether all touched rows are in the samples, and the table can have untouched ones."""
    if table.status in (TableStatus.ADDED, TableStatus.REMOVED):
        return False
    samples, rows = table.samples, table.rows
    return (len(samples.added), len(samples.removed), len(samples.changed)) == (
        rows.added,
        rows.removed,
        rows.changed,
    )


def _composes(child: str, parent: str) -> bool:
    """Return whether a child's name begins with its parent's name in the singular: `OrderItem` and `orders`."""
    mine, stem = (re.sub(r"[\W_]+", "", name).casefold() for name in (child, parent))
    for ending in ("ies", "es", "s"):
        if stem.endswith(ending) and len(stem) > len(ending) + 2:
            singulars = (stem, stem.removesuffix(ending), stem.removesuffix("s"))
            break
    else:
        singulars = (stem, stem, stem)
    return mine != stem and any(mine.startswith(word) and mine != word for word in singulars)


def _rank(rows: Iterable[_Row]) -> None:
    kinds = list(RowChange)
    for row in rows:
        key = tuple(map(_order, row.key.values()))
        row.rank = (row.table, 0, key, kinds.index(row.change), row.sample)


def _order(value: object) -> tuple[int, object]:
    """Return a sort key for any value: nulls, then numbers, then everything else by its text."""
    if value is None:
        return 0, 0
    if isinstance(value, int | float | Decimal):
        # NaN has no order of its own.
        return (1, value) if value == value else (2, "NaN")
    return 3, value if isinstance(value, str) else str(value)
