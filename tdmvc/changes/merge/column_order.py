"""Knows in which order the merged table has its columns."""

from collections.abc import Sequence

from tdmvc.changes.merge.column_merger import MergedColumn
from tdmvc.model.merge import Side
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
    # A column that one side alone has kept stands where the base has it, behind the others.
    old = [*moved, *(name for name in in_base if name not in set(moved))] if moved != in_base else in_base
    here, there = came_on(Side.OURS, ours), came_on(Side.THEIRS, theirs)
    if not here or not there or here == there:
        return [*old, *(here or there)]
    return [*old, *sorted({*here, *there})]
