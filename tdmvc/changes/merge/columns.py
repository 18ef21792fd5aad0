"""Which columns of three sides are the same column, and the columns and column order of the merged table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tdmvc.changes.merge.column_merger import ColumnMerger, MergedColumn, Origin
from tdmvc.model.merge import Conflict, Resolutions, Side
from tdmvc.model.schema import TableSchema


def merged_order(
    base: TableSchema, ours: TableSchema, theirs: TableSchema, columns: Sequence[MergedColumn]
) -> list[str]:
    """Return the names: those of the base in its order, or in that of the side that moved some; then new ones.

    New columns of one side keep its order; those of two sides go by name, so that both sides may change places.
    """

    def old_of(side: Side, schema: TableSchema) -> list[str]:
        by_name = {c.name: m.name for m in columns if m.base is not None and (c := m.of(side)) is not None}
        return [by_name[name] for name in schema.column_names if name in by_name]

    def came_on(side: Side, schema: TableSchema) -> list[str]:
        names = {c.name: m.name for m in columns if m.base is None and (c := m.of(side)) is not None}
        return [names[name] for name in schema.column_names if name in names]

    in_base, in_ours, in_theirs = (
        old_of(Side.BASE, base),
        old_of(Side.OURS, ours),
        old_of(Side.THEIRS, theirs),
    )
    moved = in_theirs if in_ours == [name for name in in_base if name in set(in_ours)] else in_ours
    # A column that one side alone has kept keeps the base's position, after the others.
    old = [*moved, *(name for name in in_base if name not in set(moved))] if moved != in_base else in_base
    here, there = came_on(Side.OURS, ours), came_on(Side.THEIRS, theirs)
    if not here or not there or here == there:
        return [*old, *(here or there)]
    return [*old, *sorted({*here, *there})]


Renames = Mapping[str, str]
"""New names of a side's columns, by the base's names."""


@dataclass(frozen=True, slots=True)
class MergedColumns:
    """The columns of the merged table."""

    key: tuple[MergedColumn, ...]
    """In key order; empty for a table without a key."""
    cells: tuple[MergedColumn, ...]
    """The others, in the order of the table."""
    order: tuple[str, ...]
    """All names, in the order of the table."""
    dropped: tuple[MergedColumn, ...]
    """Columns that one side dropped and the other kept as it was: edits of their cells would be lost."""
    conflicts: tuple[Conflict, ...]
    """About the key and about columns; those that were decided are left out."""

    @property
    def all(self) -> tuple[MergedColumn, ...]:
        return (*self.key, *self.cells)

    @property
    def have_one_shape(self) -> bool:
        """Whether all sides have these columns, whatever they call them."""
        return not self.dropped and all(c.base and c.ours and c.theirs for c in self.all)

    def schema(self, ours: TableSchema) -> TableSchema:
        """Return the merged table's columns in order; all other declarations are ours."""
        by_name = {column.name: column.column for column in self.all}
        kept = ours.restricted(tuple(by_name[name] for name in self.order))
        return replace(kept, key=tuple(column.name for column in self.key))


def merge_columns(
    base: TableSchema,
    ours: TableSchema,
    theirs: TableSchema,
    our_renames: Renames,
    their_renames: Renames,
    resolutions: Resolutions,
) -> MergedColumns:
    """Match and merge the columns of three sides.

    Columns of the base keep its order, or that of the side that changed it; new ones come last,
    by name if both sides have some. Swapping ours and theirs gives the same columns.
    """
    merger = ColumnMerger(resolutions)
    origins = _origins(base, ours, theirs, our_renames, their_renames)
    columns = [column for origin in origins if (column := merger.merge(origin)) is not None]
    columns = merger.without_clashes(columns)
    by_base = {column.base.name: column for column in columns if column.base is not None}
    key = _key(base, ours, theirs, columns, by_base)
    if key is None:
        merger.refuse_key(base, ours, theirs)
        key = ()
    order = merged_order(base, ours, theirs, columns)
    names = {column.name for column in key}
    cells = tuple(sorted((c for c in columns if c.name not in names), key=lambda c: order.index(c.name)))
    return MergedColumns(key, cells, tuple(order), tuple(merger.dropped), tuple(merger.conflicts))


def _origins(
    base: TableSchema, ours: TableSchema, theirs: TableSchema, our_renames: Renames, their_renames: Renames
) -> list[Origin]:
    """Match the columns of three sides; names that differ only by case are one name, as in SQL."""
    found: list[Origin] = []
    matched: tuple[set[str], set[str]] = (set(), set())
    renames = _with_case(base, ours, our_renames), _with_case(base, theirs, their_renames)
    for column in base.columns:
        names = [names.get(column.name, column.name) for names in renames]
        sides = ours.column(names[0]), theirs.column(names[1])
        for known, side in zip(matched, sides, strict=True):
            known.update([side.name] if side else [])
        found.append(Origin(column, *sides))
    added = [column for column in ours.columns if column.name not in matched[0]]
    there = {column.name: column for column in theirs.columns if column.name not in matched[1]}
    for column in added:
        same = [name for name in there if name.casefold() == column.name.casefold()]
        name = column.name if column.name in there else next(iter(same), None)
        found.append(Origin(None, column, there.pop(name) if name is not None else None))
    found += [Origin(None, None, column) for column in there.values()]
    return found


def _with_case(base: TableSchema, side: TableSchema, renames: Renames) -> Renames:
    """Return a side's renames with those in which only the case changed, which need no evidence."""
    taken = {*base.column_names, *renames.values()}
    new = {name.casefold(): name for name in side.column_names if name not in taken}
    gone = [name for name in base.column_names if name not in renames and side.column(name) is None]
    return {**renames, **{name: new[name.casefold()] for name in gone if name.casefold() in new}}


def _key(
    base: TableSchema,
    ours: TableSchema,
    theirs: TableSchema,
    columns: Sequence[MergedColumn],
    by_base: Mapping[str, MergedColumn],
) -> tuple[MergedColumn, ...] | None:
    """Return the columns of the one key that all sides have; None if they have not."""
    by_side = {
        side: {c.name: merged for merged in columns if (c := merged.of(side)) is not None} for side in Side
    }
    keys = []
    for side, schema in ((Side.OURS, ours), (Side.THEIRS, theirs), (Side.BASE, base)):
        if side is Side.BASE and not base.columns:
            continue  # the table is new on both sides
        found = tuple(by_side[side].get(name) for name in schema.key)
        if None in found:
            return None
        keys.append(found)
    if any(key != keys[0] for key in keys[1:]):
        return None
    key = tuple(column for column in keys[0] if column is not None)
    has_base = bool(base.columns)
    if any(c.ours is None or c.theirs is None or (has_base and c.base is None) for c in key):
        return None
    return key
