"""Building a table from unchanged parts and new rows between them, as if all its rows had been sorted and cut."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa

from tdmvc.arrow.constants import empty_table
from tdmvc.model.schema import TableSchema
from tdmvc.store.build import (
    DEFAULT_BUILD,
    BuildOptions,
    BuiltPart,
    Counts,
    PartSink,
    built_table,
    finish_parts,
)
from tdmvc.store.built import BuiltTable, KnownPart
from tdmvc.store.cutting import Cut, Cutter
from tdmvc.store.parquet import read_part


@dataclass(frozen=True, slots=True)
class ReusedPart:
    """A part that the store has, and that stays unless rows before it run into it."""

    content: str
    known: KnownPart
    rows: int
    path: Path
    is_closed: bool = True
    """Its end is a boundary, whatever follows."""


SpliceItem: TypeAlias = ReusedPart | pa.RecordBatch


def splice_table(
    ranges: Iterable[Iterable[SpliceItem]],
    following: Callable[[int], Sequence[ReusedPart]],
    shared: Sequence[ReusedPart],
    schema: TableSchema,
    sink: PartSink,
    *,
    options: BuildOptions = DEFAULT_BUILD,
) -> BuiltTable:
    """Build a table; the result equals `build_table` over all its rows, and the cost is that of the new rows.

    Args:
        ranges: unchanged parts and batches of new rows in key order; batches in canonical types.
        following: returns the shared parts between a range, by its number, and the next one, in key
            order; called only if rows run on beyond their range.
        shared: the parts before, between and after the ranges, in any order.
    """
    splicer = _Splicer(schema, options)
    fresh = list(finish_parts(splicer.cuts(ranges, following), schema, sink, options.known, splicer.counts))
    reused = [*splicer.reused, *(part for part in shared if part.content not in splicer.used)]
    if not fresh and not reused:
        empty = Cut(empty_table(schema.arrow_schema()), has_repeats=False)
        fresh = list(finish_parts(iter([empty]), schema, sink, options.known, splicer.counts))
    splicer.counts.rows += sum(part.rows for part in reused)
    kept = [
        BuiltPart(part.content, part.known.md5, part.rows, part.known.size_bytes, is_new=False)
        for part in reused
    ]
    return built_table([*kept, *fresh], splicer.counts)


class _Splicer:
    def __init__(self, schema: TableSchema, options: BuildOptions) -> None:
        self._schema = schema
        self._cutter = Cutter(schema.key, options.part_rows)
        self._on_progress = options.on_progress
        self.counts = Counts(schema)
        self.reused: list[ReusedPart] = []
        self.used: set[str] = set()
        """Shared parts whose rows were cut again."""

    def cuts(
        self, ranges: Iterable[Iterable[SpliceItem]], following: Callable[[int], Sequence[ReusedPart]]
    ) -> Iterator[Cut]:
        for number, pieces in enumerate(ranges):
            for piece in pieces:
                if isinstance(piece, ReusedPart):
                    yield from self._part(piece)
                else:
                    yield from self._rows(piece)
            yield from self._cutter.settle()
            if not self._cutter.is_at_boundary:
                yield from self._run_on(following(number))
        yield from self._cutter.finish()

    def _part(self, part: ReusedPart) -> Iterator[Cut]:
        yield from self._cutter.settle()
        if self._cutter.is_at_boundary and part.is_closed:
            self.reused.append(part)
            return
        for batch in read_part(str(part.path)).to_batches():
            yield from self._rows(batch)

    def _run_on(self, parts: Sequence[ReusedPart]) -> Iterator[Cut]:
        """Cut shared parts again until a new boundary matches an old one."""
        for part in parts:
            self.used.add(part.content)
            for batch in read_part(str(part.path)).to_batches():
                yield from self._rows(batch)
            yield from self._cutter.settle()
            if self._cutter.is_at_boundary:
                return

    def _rows(self, batch: pa.RecordBatch) -> Iterator[Cut]:
        for rows in self.counts.watch(iter([batch]), self._on_progress):
            yield from self._cutter.add(rows)
