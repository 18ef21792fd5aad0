"""Finds what many changed cells have in common, in one pass and bounded memory."""

from collections.abc import Container, Hashable, Iterable, Sequence
from dataclasses import replace

import pyarrow as pa

from tdmvc.arrow.values import python_values
from tdmvc.changes import kernels
from tdmvc.changes.kernels import take
from tdmvc.changes.pairs import ColumnPair
from tdmvc.changes.pattern_counts import ColumnCounts
from tdmvc.changes.pattern_kinds import is_time, shift_way
from tdmvc.changes.pattern_pairs import ColumnPattern
from tdmvc.changes.same_value import value_id
from tdmvc.model.diff import ChangePattern, PatternGroup, PatternKind, Samples, TableDiff


class PatternFinder:
    """Takes in changed cells, batch by batch, and groups them."""

    def __init__(self, pairs: Iterable[ColumnPair]) -> None:
        self._pairs = {pair.name: pair for pair in pairs}
        self._counts: dict[str, ColumnCounts] = {}
        self._places: dict[tuple[str, Hashable], int] = {}

    def add(self, column: str, old: pa.Array, new: pa.Array) -> None:
        """Count cells of one column that differ; both arrays have the same length."""
        counts = self._counts.setdefault(column, ColumnCounts())
        if counts.is_open and pa.types.is_nested(old.type) | pa.types.is_nested(new.type):
            counts.add(zip(python_values(old), python_values(new), strict=True))
            return
        if counts.is_open:
            first, times = kernels.distinct_pairs(old, new)
            if counts.has_room_for(len(first)):
                olds = python_values(take(old, first))
                news = python_values(take(new, first))
                counts.add(zip(olds, news, strict=True), times.to_pylist())
                return
        counts.add_arrays(old, new)

    def patterns(self) -> tuple[ChangePattern, ...]:
        """Return the patterns, most cells first; columns that changed in the same way share one."""
        merged: dict[Hashable, list[tuple[str, ColumnPattern]]] = {}
        for column, counts in self._counts.items():
            for found in counts.found():
                merged.setdefault(self._likeness(column, found), []).append((column, found))
        ordered = sorted(merged.values(), key=lambda members: -sum(f.cells for _, f in members))
        for place, members in enumerate(ordered):
            for column, found in members:
                self._places[column, found.pattern_id] = place
        return tuple(self._pattern(members) for members in ordered)

    def mark(self, samples: Samples, patterns: Sequence[ChangePattern]) -> Samples:
        """Return the samples with each changed cell's pattern; call `patterns` first."""
        if not patterns:
            return samples
        changed = tuple(
            replace(
                row,
                cells=tuple(
                    replace(cell, pattern=self._place(cell.column, cell.old, cell.new)) for cell in row.cells
                ),
            )
            for row in samples.changed
        )
        return replace(samples, changed=changed)

    def _place(self, column: str, old: object, new: object) -> int | None:
        counts = self._counts.get(column)
        found = counts.match(old, new) if counts else None
        return self._places.get((column, found.pattern_id)) if found else None

    def _likeness(self, column: str, found: ColumnPattern) -> Hashable:
        """Return what must be equal for two columns to share a pattern; personal values are left out."""
        pair = self._pairs[column]
        if pair.is_personal:
            return (True, found.kind)
        if found.kind is PatternKind.MAPPED:
            return (False, found.kind, column)
        return (
            (False, *found.pattern_id) if isinstance(found.pattern_id, tuple) else (False, found.pattern_id)
        )

    def _pattern(self, members: Sequence[tuple[str, ColumnPattern]]) -> ChangePattern:
        first = members[0][1]
        is_personal = self._pairs[members[0][0]].is_personal
        return ChangePattern(
            kind=first.kind,
            columns=tuple(sorted({column for column, _ in members})),
            cells=sum(found.cells for _, found in members),
            old=None if is_personal else first.old,
            new=None if is_personal else first.new,
            by=None if is_personal else first.by,
            distinct=first.distinct,
            is_personal=is_personal,
        )


def group_patterns(tables: Iterable[TableDiff]) -> tuple[PatternGroup, ...]:
    """Return the patterns of all tables, those of one kind (and amount, text or values) together.

    A table in which all rows had one date moves it from one constant to another: that is the same
    shift as in tables with many dates.
    """
    every = [(table.name, pattern) for table in tables for pattern in table.patterns]
    amounts = {_amount_of(pattern) for _, pattern in every if pattern.kind is PatternKind.SHIFTED}
    groups: dict[Hashable, list[tuple[str, ChangePattern]]] = {}
    for table, pattern in every:
        groups.setdefault(_group_key(pattern, amounts), []).append((table, pattern))
    found = []
    for members in groups.values():
        members.sort(key=lambda member: (-member[1].cells, member[0]))
        first = members[0][1]
        kind, by = first.kind, first.by
        if len({_values_of(pattern) for _, pattern in members}) > 1:
            kind, by = PatternKind.SHIFTED, _amount_of(first)
        cells = sum(pattern.cells for _, pattern in members)
        found.append(PatternGroup(kind, by, cells, tuple(members)))
    return tuple(sorted(found, key=lambda group: (-group.cells, group.members[0][0])))


def _group_key(pattern: ChangePattern, amounts: Container[str | None]) -> Hashable:
    """Return what must be equal for patterns to be one; a constant counts as a shift if its values are times.

    Args:
        amounts: by which other patterns shifted, which makes a constant number a shift, too.
    """
    amount = _amount_of(pattern)
    if amount is not None and (is_time(pattern.old) or amount in amounts):
        return (PatternKind.SHIFTED, amount)
    return (*_values_of(pattern), pattern.by, pattern.is_personal)


def _amount_of(pattern: ChangePattern) -> str | None:
    """Return by how much a pattern shifted its values, if they are known and it did."""
    if pattern.is_personal:
        return None
    if pattern.kind is PatternKind.SHIFTED:
        return pattern.by
    way = shift_way(pattern.old, pattern.new) if pattern.kind is PatternKind.CONSTANT else None
    return way[1] if way else None


def _values_of(pattern: ChangePattern) -> tuple[Hashable, ...]:
    """Return the kind, and the values that define it."""
    values: Hashable = None
    if pattern.kind is PatternKind.CONSTANT:
        values = (value_id(pattern.old), value_id(pattern.new))
    elif pattern.kind is PatternKind.SET_TO:
        values = value_id(pattern.new)
    return (pattern.kind, values)
