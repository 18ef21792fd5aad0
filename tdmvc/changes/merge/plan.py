"""A decided merge of one table, and how to read its contents."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path

import pyarrow as pa

from tdmvc.changes.comparison import Engine
from tdmvc.changes.merge.aligned import AlignedKeyRange
from tdmvc.changes.merge.batches import Batch, RowMerger
from tdmvc.changes.merge.columns import MergedColumns
from tdmvc.changes.merge.key_ranges import KeyedPart, MergeKeyRange, is_followed, look_at
from tdmvc.model.diff import TableSide
from tdmvc.model.merge import MergeCounts, Resolutions, Side, TableMerge

_BATCH_ROWS = 750_000
"""Rows of all sides that are decided at once."""


@dataclass(frozen=True, slots=True)
class WholePart:
    """A part that the merged table keeps unchanged."""

    span: KeyedPart
    is_closed: bool
    """Whether its end is a boundary, whatever follows."""


@dataclass(frozen=True, slots=True)
class MergeSides:
    """Three states of a table, and which of their parts differ."""

    table: str
    sides: Mapping[Side, TableSide]
    shared: tuple[str, ...]
    """The parts that all sides have."""
    differing: Mapping[Side, tuple[str, ...]]
    """The other parts of each side, sorted."""

    @classmethod
    def of(cls, table: str, sides: Mapping[Side, TableSide]) -> "MergeSides":
        shared = Counter(sides[Side.BASE].parts) & Counter(sides[Side.OURS].parts)
        shared &= Counter(sides[Side.THEIRS].parts)
        differing = {
            side: tuple(sorted((Counter(own.parts) - shared).elements())) for side, own in sides.items()
        }
        return cls(table, sides, tuple(sorted(shared.elements())), differing)

    def locate(self, side: Side, parts: Sequence[str]) -> list[Path]:
        """Return the files of a side's parts, in the order of the names."""
        if not parts:
            return []
        table = self.sides[side]
        # All at once first: missing parts are then fetched at once.
        table.locate(parts)
        return [table.locate([part])[0] for part in parts]


class MergedContents:
    """What a merged table holds: parts taken whole, and rows merged batch by batch."""

    def __init__(
        self,
        engine: Engine,
        sides: MergeSides,
        columns: MergedColumns,
        key_ranges: list[MergeKeyRange] | None,
        aligned: Mapping[int, AlignedKeyRange],
        resolutions: Resolutions,
    ) -> None:
        """Create it from what was planned.

        Args:
            key_ranges: None if the keys have no order; then `query` gives the rows.
            aligned: by number, the key ranges that are decided without looking at rows one by one.
        """
        self._engine = engine
        self._sides = sides
        self._columns = columns
        self._resolutions = resolutions
        self.shared = sides.shared
        self.ordered = key_ranges
        self._aligned = aligned
        self.batches = self._batches()

    @cached_property
    def merger(self) -> RowMerger:
        """The merger of rows, created on first use: most merges only take parts."""
        return RowMerger(
            self._engine(), self._sides.table, self._columns, self._sides.sides, self._resolutions
        )

    def taken_counts(self) -> MergeCounts:
        """Count what is decided without reading single rows: parts that only they changed, and aligned rows."""
        taken = [key_range.taken for key_range in self.ordered or () if not key_range.is_mixed]
        return MergeCounts(
            sum(len(spans) for spans in taken if spans and spans[0].side is Side.THEIRS),
            rows_changed=sum(aligned.rows_changed for aligned in self._aligned.values()),
        )

    def whole_parts(self) -> tuple[tuple[Side, str], ...] | None:
        """Return all parts, each by a side that has it; None if one has to be written."""
        if self.ordered is None or any(key_range.is_mixed for key_range in self.ordered):
            return None
        taken = [part for _, pieces in self.key_ranges() for part in pieces if isinstance(part, WholePart)]
        if not all(part.is_closed for part in taken):
            return None
        parts = [(Side.OURS, content) for content in self.shared]
        parts += [(part.span.side, part.span.content) for part in taken]
        # A table without rows is one part without rows, which has yet to be written.
        return tuple(parts) or None

    def key_ranges(self) -> Iterator[tuple[MergeKeyRange, Iterator[WholePart | pa.RecordBatch]]]:
        """Yield what differs between the sides, in key order; use up the pieces before the next key range."""
        assert self.ordered is not None
        merged = self._merged_key_ranges()
        following = next(merged, None)
        for number, key_range in enumerate(self.ordered):
            if not key_range.is_mixed:
                yield key_range, (WholePart(span, self._is_closed(span, number)) for span in key_range.taken)
            elif number in self._aligned:
                yield key_range, iter([self._aligned[number].merged(self._columns.order)])
            elif following is not None and following[0] == number:
                yield key_range, following[1]
                following = next(merged, None)
            else:
                yield key_range, iter(())  # every row of it was removed

    def shared_between(self, after: MergeKeyRange, before: MergeKeyRange | None) -> list[KeyedPart]:
        """Return the parts that all sides have between two key ranges, in key order. Cost: all footers, once."""
        return [
            span
            for span in self._shared_spans
            if span.low > after.low and (before is None or span.low < before.low)
        ]

    @contextmanager
    def query(self) -> Iterator[str]:
        """Yield the query over all merged rows except those of shared parts, in no order."""
        with self.merger.query(self.batches[0]) as query:
            yield query

    def shared_paths(self) -> list[Path]:
        return self._sides.locate(Side.OURS, self.shared)

    def close(self) -> None:
        """Release what the decisions use."""
        if "merger" in self.__dict__:
            for batch in self.batches:
                self.merger.forget(batch)

    def _merged_key_ranges(self) -> Iterator[tuple[int, Iterator[pa.RecordBatch]]]:
        for batch in self.batches:
            for number, rows in groupby(self.merger.rows(batch), key=lambda piece: piece[0]):
                yield number, (values for _, values in rows)

    def _is_closed(self, span: KeyedPart, key_range: int) -> bool:
        assert self.ordered is not None
        if key_range == len(self.ordered) - 1:
            return True  # all sides have what follows it, if anything
        of_side = (other for key_range in self.ordered for other in key_range.parts[span.side])
        return is_followed(span, of_side) or any(other.low > span.high for other in self._shared_spans)

    @cached_property
    def _shared_spans(self) -> list[KeyedPart]:
        key = [column.name for column in self._columns.key]
        spans = look_at(Side.OURS, self.shared, key, self._sides.locate)
        return sorted(spans, key=lambda span: span.low)

    def _batches(self) -> list[Batch]:
        if self.ordered is None:
            differing = self._sides.differing
            return [Batch(0, differing, {side: (0,) * len(parts) for side, parts in differing.items()})]
        batches: list[Batch] = []
        waiting: list[int] = []
        rows = 0
        for number, key_range in enumerate(self.ordered):
            if key_range.is_mixed and number not in self._aligned:
                if waiting and rows + key_range.rows > _BATCH_ROWS:
                    batches.append(self._batch(len(batches), waiting))
                    waiting, rows = [], 0
                waiting.append(number)
                rows += key_range.rows
        return [*batches, self._batch(len(batches), waiting)] if waiting else batches

    def _batch(self, number: int, key_ranges: Sequence[int]) -> Batch:
        assert self.ordered is not None
        parts: dict[Side, tuple[str, ...]] = {}
        numbers: dict[Side, tuple[int, ...]] = {}
        for side in Side:
            found = sorted(
                (span.content, place) for place in key_ranges for span in self.ordered[place].parts[side]
            )
            parts[side] = tuple(content for content, _ in found)
            numbers[side] = tuple(place for _, place in found)
        return Batch(number, parts, numbers)


class TableMergePlan:
    """A decided merge of one table. For MERGED tables `contents` gives the rows."""

    def __init__(self, merge: TableMerge, contents: MergedContents | None = None) -> None:
        self.merge = merge
        self.contents = contents

    def close(self) -> None:
        if self.contents is not None:
            self.contents.close()
