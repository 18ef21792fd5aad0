"""Cutting sorted rows into parts at boundaries that depend only on the keys.

A boundary falls after a row whose key hash is small enough, never inside a run
of equal keys, never before a minimum and, beyond a maximum, at the next row
that ends a run. So a value edit moves no boundary, and an insert or a delete
moves only the boundaries of its neighbours.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tdmvc.store.arrays import Numbers
from tdmvc.store.key_hash import key_hash

DEFAULT_PART_ROWS = 32_768


@dataclass(frozen=True, slots=True)
class Cut:
    """The rows of one part, and whether any key in it repeats."""

    table: pa.Table
    has_repeats: bool
    """Neighbouring rows have equal key hashes, and so almost surely equal keys."""


def cut(
    batches: Iterable[pa.RecordBatch], key: tuple[str, ...], *, part_rows: int = DEFAULT_PART_ROWS
) -> Iterator[Cut]:
    """Yield the parts of a stream of rows that is sorted by key.

    The batches do not affect the result. At most one part and one batch are in memory.

    Args:
        batches: canonical rows in key order.
        key: key columns; empty means all columns.
        part_rows: the target length; parts have between a quarter and four times as many rows.
    """
    cutter = Cutter(key, part_rows)
    for batch in batches:
        yield from cutter.add(batch)
    yield from cutter.finish()


class Cutter:
    """Cuts rows into parts as they arrive."""

    def __init__(self, key: tuple[str, ...], part_rows: int = DEFAULT_PART_ROWS) -> None:
        self._key = key
        self._rule = _CutRule(part_rows)
        self._rows: list[pa.RecordBatch] = []
        self._hashes = np.zeros(0, np.uint64)

    @property
    def is_at_boundary(self) -> bool:
        """Whether the next row starts a part."""
        return not self._rows

    def add(self, batch: pa.RecordBatch) -> Iterator[Cut]:
        """Add the next rows in key order, and yield the parts that end in them."""
        if batch.num_rows == 0:
            return
        names = self._key or tuple(batch.schema.names)
        self._rows.append(batch)
        self._hashes = np.concatenate([self._hashes, key_hash([batch.column(name) for name in names])])
        # The last row's successor is not known yet, so nothing can end there.
        ends = self._rule.ends(self._hashes)
        if ends:
            table = pa.Table.from_batches(self._rows)
            start = 0
            for end in ends:
                yield _cut(table.slice(start, end - start), self._hashes[start:end])
                start = end
            self._rows = table.slice(start).to_batches()
            self._hashes = self._hashes[start:]

    def settle(self) -> Iterator[Cut]:
        """Yield the pending rows if a part ends with them, whatever the next key is."""
        if self._rows and self._rule.ends(np.append(self._hashes, ~self._hashes[-1])):
            yield from self.finish()

    def finish(self) -> Iterator[Cut]:
        """Yield the pending rows as the last part."""
        if self._rows:
            yield _cut(pa.Table.from_batches(self._rows), self._hashes)
            self._rows, self._hashes = [], self._hashes[:0]


class _CutRule:
    def __init__(self, part_rows: int) -> None:
        self.minimum = max(1, part_rows // 4)
        self.maximum = part_rows * 4
        self.below = np.uint64(2**64 // part_rows)

    def ends(self, hashes: Numbers) -> list[int]:
        """Return the row counts after which parts end, for all but the last, open part."""
        run_ends = hashes[:-1] != hashes[1:]
        wanted = np.flatnonzero(run_ends & (hashes[:-1] < self.below)) + 1
        allowed: Numbers | None = None
        ends: list[int] = []
        start = 0
        while True:
            following = wanted[np.searchsorted(wanted, start + self.minimum) :]
            end = int(following[0]) if len(following) else len(hashes) + self.maximum
            if end > start + self.maximum:
                if allowed is None:
                    allowed = np.flatnonzero(run_ends) + 1
                forced = allowed[np.searchsorted(allowed, start + self.maximum) :]
                end = min(end, int(forced[0])) if len(forced) else end
            if end >= len(hashes):
                return ends
            ends.append(end)
            start = end


def _cut(table: pa.Table, hashes: Numbers) -> Cut:
    return Cut(table.combine_chunks(), bool(len(hashes) > 1 and (hashes[1:] == hashes[:-1]).any()))
