"""Knows which columns of three sides are one, and what the merged table's columns are."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import pyarrow as pa

from tdmvc.late_dataclass import dataclass
from tdmvc.model.merge import Conflict, ConflictKind, Resolutions, Side
from tdmvc.model.schema import Column, TableSchema

Renames = Mapping[str, str]
"""New names of a side's columns, by the base's names."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class MergedColumn:
    """A column of the merged table, and what it is called on each side; None where a side lacks it."""

    column: Column
    base: Column | None
    ours: Column | None
    theirs: Column | None

    @property
    def name(self) -> str:
        return self.column.name

    def of(self, side: Side) -> Column | None:
        """Return the column as a side has it."""
        return {Side.BASE: self.base, Side.OURS: self.ours, Side.THEIRS: self.theirs}[side]


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
        """Return the merged table's columns in order; its references are ours."""
        by_name = {column.name: column.column for column in self.all}
        names = set(self.order)
        return TableSchema(
            ours.name,
            tuple(by_name[name] for name in self.order),
            tuple(column.name for column in self.key),
            tuple(r for r in ours.references if set(r.columns) <= names),
        )


def merge_columns(
    base: TableSchema,
    ours: TableSchema,
    theirs: TableSchema,
    our_renames: Renames,
    their_renames: Renames,
    resolutions: Resolutions,
) -> MergedColumns:
    """Bring the columns of three sides together.

    Columns of the base keep its order, or that of the side that changed it; new ones come last,
    by name where both sides have some. Swapping ours and theirs gives the same columns.
    """
    merger = _Merger(resolutions)
    origins = _origins(base, ours, theirs, our_renames, their_renames)
    columns = [column for origin in origins if (column := merger.merge(origin)) is not None]
    columns = merger.without_clashes(columns)
    by_base = {column.base.name: column for column in columns if column.base is not None}
    key = _key(base, ours, theirs, columns, by_base)
    if key is None:
        merger.refuse_key(base, ours, theirs)
        key = ()
    order = _order(base, ours, theirs, columns)
    names = {column.name for column in key}
    cells = tuple(sorted((c for c in columns if c.name not in names), key=lambda c: order.index(c.name)))
    return MergedColumns(key, cells, tuple(order), tuple(merger.dropped), tuple(merger.conflicts))


@dataclass(frozen=True, slots=True)
class _Origin:
    """One column through time."""

    base: Column | None
    ours: Column | None
    theirs: Column | None


def _origins(
    base: TableSchema, ours: TableSchema, theirs: TableSchema, our_renames: Renames, their_renames: Renames
) -> list[_Origin]:
    found: list[_Origin] = []
    seen: tuple[set[str], set[str]] = (set(), set())
    for column in base.columns:
        names = our_renames.get(column.name, column.name), their_renames.get(column.name, column.name)
        sides = ours.column(names[0]), theirs.column(names[1])
        for known, side in zip(seen, sides, strict=True):
            known.update([side.name] if side else [])
        found.append(_Origin(column, *sides))
    came = [column for column in ours.columns if column.name not in seen[0]]
    there = {column.name: column for column in theirs.columns if column.name not in seen[1]}
    found += [_Origin(None, column, there.pop(column.name, None)) for column in came]
    found += [_Origin(None, None, column) for column in there.values()]
    return found


class _Merger:
    """Merges columns one by one, and collects what a person has to decide."""

    def __init__(self, resolutions: Resolutions) -> None:
        self._resolutions = resolutions
        self.conflicts: list[Conflict] = []
        self.dropped: list[MergedColumn] = []

    def merge(self, origin: _Origin) -> MergedColumn | None:
        """Return the merged column; None where it is dropped."""
        base, ours, theirs = origin.base, origin.ours, origin.theirs
        if base is not None and ours is not None and theirs is not None:
            return self._merge_kept(base, ours, theirs)
        if base is not None:
            return self._merge_dropped(base, ours, theirs)
        if ours is not None and theirs is not None:
            type_ = self._type(ours.name, None, ours, theirs)
            return MergedColumn(replace(_attributes(None, ours, theirs), type=type_), None, ours, theirs)
        alone = ours or theirs
        assert alone is not None
        return MergedColumn(alone, None, ours, theirs)

    def without_clashes(self, columns: list[MergedColumn]) -> list[MergedColumn]:
        """Leave out columns whose name another one has taken, and tell of them."""
        found: dict[str, MergedColumn] = {}
        for column in columns:
            if column.name in found:
                self.conflicts.append(
                    Conflict(
                        ConflictKind.COLUMN_RENAMED,
                        column=column.name,
                        detail=f"two columns would be called {column.name}",
                    )
                )
            else:
                found[column.name] = column
        return list(found.values())

    def refuse_key(self, base: TableSchema, ours: TableSchema, theirs: TableSchema) -> None:
        self.conflicts.append(
            Conflict(
                ConflictKind.KEY_CHANGED,
                base=_spell_key(base.key),
                ours=_spell_key(ours.key),
                theirs=_spell_key(theirs.key),
                detail="rows cannot be followed from one key to another",
            )
        )

    def _merge_kept(self, base: Column, ours: Column, theirs: Column) -> MergedColumn:
        name, is_settled = three_way(base.name, ours.name, theirs.name)
        if not is_settled:
            name = self._decide(
                Conflict(
                    ConflictKind.COLUMN_RENAMED,
                    column=base.name,
                    base=base.name,
                    ours=ours.name,
                    theirs=theirs.name,
                ),
                {Side.BASE: base.name, Side.OURS: ours.name, Side.THEIRS: theirs.name},
            )
        type_ = self._type(name, base, ours, theirs)
        column = replace(_attributes(base, ours, theirs), name=name, type=type_)
        return MergedColumn(column, base, ours, theirs)

    def _merge_dropped(self, base: Column, ours: Column | None, theirs: Column | None) -> MergedColumn | None:
        kept, keeper = (ours, Side.OURS) if ours is not None else (theirs, Side.THEIRS)
        if kept is None:
            return None  # both dropped it
        conflict = Conflict(
            ConflictKind.COLUMN_DROPPED,
            column=base.name,
            base=base.spelled_type,
            ours=_spell(base, ours),
            theirs=_spell(base, theirs),
            detail="one side dropped the column, the other changed it",
        )
        choice = self._resolutions.choice(conflict)
        if choice is not None and choice.side is not None:
            if choice.side is Side.BASE:
                return MergedColumn(base, base, None, None)
            return MergedColumn(kept, base, ours, theirs) if choice.side is keeper else None
        if (kept.name, kept.type) != (base.name, base.type):
            self.conflicts.append(conflict)
        else:
            self.dropped.append(MergedColumn(kept, base, ours, theirs))
        return None

    def _type(self, name: str, base: Column | None, ours: Column, theirs: Column) -> pa.DataType:
        # A column of nulls has no type of its own yet.
        before = base.type if base is not None and not base.is_untyped else None
        if ours.is_untyped != theirs.is_untyped:
            return theirs.type if ours.is_untyped else ours.type
        type_, is_settled = three_way(before, ours.type, theirs.type)
        if is_settled and type_ is not None:
            return type_
        return self._decide(
            Conflict(
                ConflictKind.COLUMN_TYPE,
                column=name,
                base=base.spelled_type if base else None,
                ours=ours.spelled_type,
                theirs=theirs.spelled_type,
            ),
            {Side.BASE: base.type if base else ours.type, Side.OURS: ours.type, Side.THEIRS: theirs.type},
        )

    def _decide(self, conflict: Conflict, values: Mapping[Side, T]) -> T:
        choice = self._resolutions.choice(conflict)
        if choice is not None and choice.side is not None:
            return values[choice.side]
        self.conflicts.append(conflict)
        return values[Side.OURS]


def three_way(base: T, ours: T, theirs: T) -> tuple[T, bool]:
    """Return the merged value, and whether the sides agree on it; ours where they do not."""
    if ours == theirs or theirs == base:
        return ours, True
    return (theirs, True) if ours == base else (ours, False)


def _attributes(base: Column | None, ours: Column, theirs: Column) -> Column:
    """Return our column with what their side says of it; where both say something else, ours counts."""
    before = base or replace(ours, required=False, unique=False, classification=None, physical_type=None)
    return replace(
        ours,
        physical_type=three_way(before.physical_type, ours.physical_type, theirs.physical_type)[0],
        required=three_way(before.required, ours.required, theirs.required)[0],
        unique=three_way(before.unique, ours.unique, theirs.unique)[0],
        # What is personal on any side is never shown.
        classification=next(
            (c.classification for c in (ours, theirs, base) if c is not None and c.is_personal),
            three_way(before.classification, ours.classification, theirs.classification)[0],
        ),
    )


def _key(
    base: TableSchema,
    ours: TableSchema,
    theirs: TableSchema,
    columns: Sequence[MergedColumn],
    by_base: Mapping[str, MergedColumn],
) -> tuple[MergedColumn, ...] | None:
    """Return the columns of the one key that all sides have; None where they have not."""
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


def _order(
    base: TableSchema, ours: TableSchema, theirs: TableSchema, columns: Sequence[MergedColumn]
) -> list[str]:
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


def _spell(base: Column, column: Column | None) -> str | None:
    if column is None:
        return None
    return column.spelled_type if column.name == base.name else f"{column.spelled_type}, called {column.name}"


def _spell_key(key: tuple[str, ...]) -> str | None:
    return ", ".join(key) or None
