"""Merges one column of three sides, and finds what a person has to decide about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import pyarrow as pa

from tdmvc.model.merge import Conflict, ConflictKind, Resolutions, Side
from tdmvc.model.schema import Column, TableSchema

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class MergedColumn:
    """A column of the merged table, and what it is called on each side; None if a side lacks it."""

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
class Origin:
    """One column through time."""

    base: Column | None
    ours: Column | None
    theirs: Column | None


class ColumnMerger:
    """Merges columns one by one, and collects what a person has to decide."""

    def __init__(self, resolutions: Resolutions) -> None:
        self._resolutions = resolutions
        self.conflicts: list[Conflict] = []
        self.dropped: list[MergedColumn] = []

    def merge(self, origin: Origin) -> MergedColumn | None:
        """Return the merged column; None if it is dropped."""
        base, ours, theirs = origin.base, origin.ours, origin.theirs
        if base is not None and ours is not None and theirs is not None:
            return self._merge_kept(base, ours, theirs)
        if base is not None:
            return self._merge_dropped(base, ours, theirs)
        if ours is not None and theirs is not None:
            name = ours.name
            if name != theirs.name:
                name = self._added_name(ours, theirs)
            type_ = self._type(name, None, ours, theirs)
            column = replace(_attributes(None, ours, theirs), name=name, type=type_)
            return MergedColumn(column, None, ours, theirs)
        alone = ours or theirs
        assert alone is not None
        return MergedColumn(alone, None, ours, theirs)

    def without_clashes(self, columns: list[MergedColumn]) -> list[MergedColumn]:
        """Resolve or report columns that would have one name, also in another case; leave out all but the first.

        The side that a person chooses keeps the name. The other columns get back the names that they had in
        the base; new ones of the other side are left out.
        """
        while True:
            clash = next(filter(_is_clash, _by_folded_name(columns)), None)
            if clash is None:
                return columns
            kept = self._settle(clash)
            names = {column.name.casefold() for column in columns if column not in clash}
            if any(column.name.casefold() in names for column in kept):
                self.conflicts.append(
                    Conflict(
                        ConflictKind.KEY_CHANGED,
                        column=_clash_name(clash),
                        detail="the names of the columns cannot be merged; take one side of the whole table",
                    )
                )
                kept = []
            columns = [
                next((new for new in kept if _is_same(new, column)), column)
                for column in columns
                if column not in clash or any(_is_same(new, column) for new in kept)
            ]

    def _settle(self, clash: Sequence[MergedColumn]) -> list[MergedColumn]:
        """Return the columns of a clash that stay, with the names that they get."""
        name = _clash_name(clash)
        conflict = Conflict(
            ConflictKind.COLUMN_RENAMED,
            column=name,
            base=_format_origins(Side.BASE, clash),
            ours=_format_origins(Side.OURS, clash),
            theirs=_format_origins(Side.THEIRS, clash),
            detail=f"two columns would be named {name}",
        )
        choice = self._resolutions.choice(conflict)
        if choice is None or choice.side is None:
            self.conflicts.append(conflict)
            return [clash[0]]
        kept: list[MergedColumn] = []
        for column in clash:
            own = column.of(choice.side)
            if own is not None and own.name.casefold() == name.casefold():
                kept.append(replace(column, column=replace(column.column, name=own.name)))
            elif column.base is not None and column.base.name.casefold() != name.casefold():
                kept.append(replace(column, column=replace(column.column, name=column.base.name)))
        return kept

    def _added_name(self, ours: Column, theirs: Column) -> str:
        first = min(ours.name, theirs.name)
        conflict = Conflict(
            ConflictKind.COLUMN_RENAMED,
            column=first,
            ours=ours.name,
            theirs=theirs.name,
            detail="one name in SQL",
        )
        return self._decide(conflict, {Side.BASE: first, Side.OURS: ours.name, Side.THEIRS: theirs.name})

    def refuse_key(self, base: TableSchema, ours: TableSchema, theirs: TableSchema) -> None:
        self.conflicts.append(
            Conflict(
                ConflictKind.KEY_CHANGED,
                base=_format_key(base.key),
                ours=_format_key(ours.key),
                theirs=_format_key(theirs.key),
                detail="rows cannot be matched across different keys",
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
            base=base.type_text,
            ours=_format_column(base, ours),
            theirs=_format_column(base, theirs),
            detail="one side dropped the column, and the other changed it",
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
        sides = {Side.BASE: base.type if base else ours.type, Side.OURS: ours.type, Side.THEIRS: theirs.type}
        if name in self._resolutions.types:
            return sides[self._resolutions.types[name]]
        type_, is_settled = three_way(before, ours.type, theirs.type)
        if is_settled and type_ is not None:
            return type_
        return self._decide(
            Conflict(
                ConflictKind.COLUMN_TYPE,
                column=name,
                base=base.type_text if base else None,
                ours=ours.type_text,
                theirs=theirs.type_text,
            ),
            sides,
        )

    def _decide(self, conflict: Conflict, values: Mapping[Side, T]) -> T:
        choice = self._resolutions.choice(conflict)
        if choice is not None and choice.side is not None:
            return values[choice.side]
        self.conflicts.append(conflict)
        return values[Side.OURS]


def three_way(base: T, ours: T, theirs: T) -> tuple[T, bool]:
    """Return the merged value, and whether the sides agree on it; ours if they do not."""
    if ours == theirs or theirs == base:
        return ours, True
    return (theirs, True) if ours == base else (ours, False)


def _attributes(base: Column | None, ours: Column, theirs: Column) -> Column:
    """Return our column with the changes of their side; if both changed a property, ours counts."""
    before = base or Column(ours.name, ours.type)
    return replace(
        ours,
        physical_type=three_way(before.physical_type, ours.physical_type, theirs.physical_type)[0],
        text_form=three_way(before.text_form, ours.text_form, theirs.text_form)[0],
        looks_like=ours.looks_like or theirs.looks_like,
        required=three_way(before.required, ours.required, theirs.required)[0],
        unique=three_way(before.unique, ours.unique, theirs.unique)[0],
        # What is personal on any side is never shown.
        classification=next(
            (c.classification for c in (ours, theirs, base) if c is not None and c.is_declared_personal),
            three_way(before.classification, ours.classification, theirs.classification)[0],
        ),
    )


def _by_folded_name(columns: Sequence[MergedColumn]) -> list[list[MergedColumn]]:
    found: dict[str, list[MergedColumn]] = {}
    for column in columns:
        found.setdefault(column.name.casefold(), []).append(column)
    return list(found.values())


def _is_clash(columns: Sequence[MergedColumn]) -> bool:
    """Return whether columns get one name only in the merge: no side calls all of them so."""
    if len(columns) < 2:
        return False
    names = {column.name for column in columns}
    is_on_a_side = any({own.name for c in columns if (own := c.of(side))} >= names for side in Side)
    return len(names) < len(columns) or not is_on_a_side


def _clash_name(clash: Sequence[MergedColumn]) -> str:
    return min(column.name for column in clash)


def _format_origins(side: Side, clash: Sequence[MergedColumn]) -> str | None:
    """Return what one side calls the columns of a clash: `code → label`."""
    texts = []
    for column in clash:
        own, base = column.of(side), column.base
        if own is not None:
            is_renamed = base is not None and base.name != own.name
            texts.append(f"{base.name} → {own.name}" if base is not None and is_renamed else own.name)
    return ", ".join(sorted(texts)) or None


def _is_same(one: MergedColumn, other: MergedColumn) -> bool:
    return (one.base, one.ours, one.theirs) == (other.base, other.ours, other.theirs)


def _format_column(base: Column, column: Column | None) -> str | None:
    if column is None:
        return None
    return column.type_text if column.name == base.name else f"{column.type_text}, called {column.name}"


def _format_key(key: tuple[str, ...]) -> str | None:
    return ", ".join(key) or None
