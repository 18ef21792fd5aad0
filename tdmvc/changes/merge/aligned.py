"""Merges a key range in which the three sides have the same keys, column by column and without a join."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import pyarrow as pa

from tdmvc.changes import kernels
from tdmvc.changes.kernels import Mask, both, either, only
from tdmvc.changes.merge.key_ranges import MergeKeyRange
from tdmvc.changes.walk.alignment import FaultyKey, check_keys
from tdmvc.changes.walk.cells import differing_cells, is_plain
from tdmvc.changes.walk.part_file import PartFile
from tdmvc.model.merge import Side
from tdmvc.model.schema import TableSchema


@dataclass(frozen=True, slots=True)
class AlignedKeyRange:
    """A decided key range without conflicts: our rows with some of their cells."""

    key_range: MergeKeyRange
    cells: Mapping[str, Mask | None]
    """For each column with cells of theirs: in which rows; None if they alone changed it, and all may be theirs."""
    rows_changed: int

    def merged(self, names: Sequence[str]) -> pa.RecordBatch:
        """Return the merged rows in key order."""
        with ExitStack() as stack:
            ours, theirs = (
                stack.enter_context(_open(self.key_range, side)) for side in (Side.OURS, Side.THEIRS)
            )
            wanted = [name for name in names if self.cells.get(name, ...) is not None]
            columns = dict(zip(wanted, ours.read(wanted), strict=True))
            new = dict(zip(self.cells, theirs.read(list(self.cells)), strict=True))
        for name, mask in self.cells.items():
            columns[name] = (
                new[name] if mask is None else kernels.chosen_cells(mask, new[name], columns[name])
            )
        return pa.RecordBatch.from_arrays([columns[name] for name in names], names=list(names))


def decide_aligned(key_range: MergeKeyRange, schema: TableSchema) -> AlignedKeyRange | None:
    """Decide a key range; None if its rows need a join or a person.

    Cost: the raw column chunks of three parts, and the columns in which theirs differ decoded.
    """
    if any(len(key_range.parts[side]) != 1 for side in Side):
        return None
    with ExitStack() as stack:
        base, ours, theirs = (stack.enter_context(_open(key_range, side)) for side in Side)
        if not all(file.is_one_group for file in (base, ours, theirs)):
            return None
        for name in schema.key:
            chunks = base.chunks(name)
            if ours.chunks(name) != chunks or theirs.chunks(name) != chunks:
                return None
        try:
            check_keys(base.read(schema.key))
        except FaultyKey:
            return None
        cells: dict[str, Mask | None] = {}
        changed: Mask | None = None
        for decided in _columns(schema, base, ours, theirs):
            if decided is None:
                return None
            name, mask, edited = decided
            cells[name] = mask
            changed = edited if changed is None else either(changed, edited)
    return AlignedKeyRange(key_range, cells, changed.true_count if changed is not None else 0)


def _columns(
    schema: TableSchema, base: PartFile, ours: PartFile, theirs: PartFile
) -> Iterator[tuple[str, Mask | None, Mask] | None]:
    """Yield each column that they changed, with the cells to take and those that they edited; None for an open one."""
    for column in schema.columns:
        name = column.name
        before, there = base.chunks(name), theirs.chunks(name)
        if name in schema.key or there == before:
            continue
        here = ours.chunks(name)
        if here == there:
            continue
        if not is_plain(column.type) or column.is_json:
            yield None
            return
        [old], [new] = base.read([name]), theirs.read([name])
        edited = differing_cells(old, new)
        if here == before:
            yield name, None, edited
            continue
        [own] = ours.read([name])
        own_edited = differing_cells(old, own)
        if both(both(edited, own_edited), differing_cells(own, new)).true_count:
            yield None
            return
        taken = only(edited, own_edited)
        yield name, taken, taken


def _open(key_range: MergeKeyRange, side: Side) -> PartFile:
    return PartFile(key_range.parts[side][0].path)
