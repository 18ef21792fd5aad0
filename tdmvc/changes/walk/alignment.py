"""Finds the rows of two sorted sides that have the same key."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Self

import pyarrow as pa

from tdmvc.changes import kernels
from tdmvc.changes.kernels import (
    NOWHERE,
    Mask,
    Positions,
    chosen,
    first_of,
    inverse,
    mask_at,
    only,
    positions_of,
    take,
    uniform,
)

_LARGEST_CODE = 2**62
_SHORTEST_LEAP = 512
_ROWS_IN_A_RUN = 64
"""Runs that are shorter on average cost more to cut out than to copy."""


class FaultyKey(Exception):
    """A key repeats, is null or out of order, so rows cannot be paired. Internal to the walk."""


@dataclass(frozen=True, slots=True)
class SideRows:
    """The rows of one side: those with a match on the other side, and those that are alone."""

    alone: Positions = field(default_factory=lambda: NOWHERE)
    matches: Mask | None = None
    """Which rows have a match; None if all have."""
    runs: tuple[tuple[int, int], ...] = ()
    """(first row, rows) of the matches, if they are in few pieces."""

    @classmethod
    def of(cls, matches: Mask) -> Self:
        """Split the rows by a mask of those with a match."""
        if not matches.false_count:
            return cls()
        alone = positions_of(inverse(matches))
        few = len(alone) * _ROWS_IN_A_RUN < len(matches)
        return cls(alone, matches, tuple(_runs(alone.to_pylist(), len(matches))) if few else ())

    @classmethod
    def apart_from(cls, alone: Sequence[int], rows: int) -> Self:
        """Split the rows by the positions of those without a match, in ascending order."""
        return cls.of(inverse(mask_at(alone, rows))) if alone else cls()

    def matched(self, column: pa.Array) -> pa.ChunkedArray:
        """Return the column of the rows with a match. Cost: few pieces are cut out, and not copied."""
        if self.matches is None:
            return pa.chunked_array([column])
        if self.runs:
            return pa.chunked_array([column.slice(*run) for run in self.runs], column.type)
        return pa.chunked_array([chosen(column, self.matches)])

    def rows_of(self, matches: Positions) -> Positions:
        """Return the positions among all rows for positions among the matches."""
        return matches if self.matches is None else take(positions_of(self.matches), matches)


@dataclass(frozen=True, slots=True)
class Alignment:
    """Which rows are one: the matches of both sides, in the order in which they come."""

    old: SideRows = field(default_factory=SideRows)
    new: SideRows = field(default_factory=SideRows)


def _runs(alone: Iterable[int], rows: int) -> Iterator[tuple[int, int]]:
    start = 0
    for row in (*alone, rows):
        if row > start:
            yield start, row - start
        start = row + 1


def check_keys(columns: Sequence[pa.Array]) -> None:
    """Make sure that keys are whole, all different and in order.

    Raises:
        FaultyKey: one repeats, has a null, or is less than the one before.
    """
    last = max(len(columns[0]) - 1, 0)
    if any(column.null_count for column in columns):
        raise FaultyKey
    undecided = uniform(last, is_set=True)
    for column in columns:
        before, after = column.slice(0, last), column.slice(1)
        # What does not rise must be the same, and is for the next column to decide.
        undecided = only(undecided, kernels.less(before, after))
        if not undecided.true_count:
            return
        if only(undecided, kernels.equal(before, after)).true_count:
            raise FaultyKey
    raise FaultyKey


def align(old: Sequence[pa.Array], new: Sequence[pa.Array]) -> Alignment:
    """Pair the rows of two sides by their key columns.

    Cost: for whole numbers that are nearly the same, one comparison of both sides; else a
    hash table over the keys of each side.

    Raises:
        FaultyKey: a key repeats, has a null or is out of order.
    """
    if any(column.null_count for column in (*old, *new)):
        raise FaultyKey
    codes = _ordered_numbers(old, new)
    if codes is None:
        check_keys(old)
        check_keys(new)
        codes = _codes(old, new)
    elif not all(_rises(side) for side in codes):
        raise FaultyKey
    elif (found := _align_rising(*codes)) is not None:
        return found
    before, after = codes
    old_rows = SideRows.of(kernels.is_among(before, after))
    new_rows = SideRows.of(kernels.is_among(after, before))
    if not old_rows.matched(before).equals(new_rows.matched(after)):
        # Both sides have the same order, so matches ascend, unless a file's order is wrong.
        raise FaultyKey
    return Alignment(old_rows, new_rows)


def _align_rising(old: pa.Array, new: pa.Array) -> Alignment | None:
    """Align two ascending sequences by jumping from difference to difference; None if there are many."""
    removed: list[int] = []
    added: list[int] = []
    i = j = 0
    leap = _SHORTEST_LEAP
    while i < len(old) and j < len(new):
        rows = min(leap, len(old) - i, len(new) - j)
        before, after = old.slice(i, rows), new.slice(j, rows)
        if before.equals(after):
            i, j, leap = i + rows, j + rows, leap * 2
            continue
        same = first_of(kernels.differing(before, after))
        i, j, leap = i + same, j + same, _SHORTEST_LEAP
        if old[i].as_py() < new[j].as_py():
            removed.append(i)
            i += 1
        else:
            added.append(j)
            j += 1
        if (len(removed) + len(added)) * _ROWS_IN_A_RUN > len(old) + len(new):
            return None
    removed += range(i, len(old))
    added += range(j, len(new))
    return Alignment(SideRows.apart_from(removed, len(old)), SideRows.apart_from(added, len(new)))


def _rises(numbers: pa.Array) -> bool:
    last = max(len(numbers) - 1, 0)
    return not kernels.less(numbers.slice(0, last), numbers.slice(1)).false_count


def _ordered_numbers(old: Sequence[pa.Array], new: Sequence[pa.Array]) -> tuple[pa.Array, pa.Array] | None:
    """Return one number per row, in the order of the keys; None if a key is not a whole number or is too large."""
    if not len(old[0]) or not len(new[0]):
        return None
    codes: tuple[pa.Array, pa.Array] | None = None
    size = 1
    for before, after in zip(old, new, strict=True):
        left, right = kernels.whole_numbers(before), kernels.whole_numbers(after)
        if left is None or right is None:
            return None
        ends = [*kernels.bounds(left), *kernels.bounds(right)]
        least = min(ends)
        span = max(ends) - least + 1
        size *= span
        if size > _LARGEST_CODE:
            return None
        left, right = kernels.lowered(left, least), kernels.lowered(right, least)
        if codes is not None:
            left, right = kernels.packed(codes[0], span, left), kernels.packed(codes[1], span, right)
        codes = left, right
    return codes


def _codes(old: Sequence[pa.Array], new: Sequence[pa.Array]) -> tuple[pa.Array, pa.Array]:
    """Return one small number per row, equal for equal keys."""
    codes: pa.Array | None = None
    size = 1
    for before, after in zip(old, new, strict=True):
        column, count = kernels.codes_of(pa.concat_arrays([before, after]))
        if codes is None:
            codes, size = column, count
            continue
        if size * count > _LARGEST_CODE:
            codes, size = kernels.codes_of(codes)
        codes, size = kernels.packed(codes, count, column), size * count
    assert codes is not None
    return codes.slice(0, len(old[0])), codes.slice(len(old[0]))
