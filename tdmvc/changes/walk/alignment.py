"""Knows which rows of two sorted sides have the same key."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tdmvc.changes import kernels
from tdmvc.changes.kernels import Positions

_LARGEST_CODE = 2**62


class FaultyKey(Exception):
    """A key repeats, is null or out of order, so rows cannot be paired. Internal to the walk."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Positions of rows, ascending."""

    old: Positions
    """Rows with a twin; `old[i]` and `new[i]` have the same key."""
    new: Positions
    removed: Positions
    """Rows of the old side without a twin."""
    added: Positions


def check_keys(columns: Sequence[pa.Array]) -> None:
    """Make sure that keys are whole, all different and in order.

    Raises:
        FaultyKey: one repeats, has a null, or is less than the one before.
    """
    last = max(len(columns[0]) - 1, 0)
    if any(column.null_count for column in columns):
        raise FaultyKey
    undecided = np.ones(last, np.bool_)
    for column in columns:
        before, after = column.slice(0, last), column.slice(1)
        rises = kernels.less(before, after)
        same = kernels.to_mask(kernels.equal(before, after))
        if (undecided & ~(rises | same)).any():
            raise FaultyKey
        undecided &= same
        if not undecided.any():
            return
    raise FaultyKey


def align(old: Sequence[pa.Array], new: Sequence[pa.Array]) -> Alignment:
    """Pair the rows of two sides by their key columns.

    Cost: one hash table over the keys of both sides.

    Raises:
        FaultyKey: a key repeats, or has a null.
    """
    if any(column.null_count for column in (*old, *new)):
        raise FaultyKey
    numbers = _ordered_numbers(old, new)
    if numbers is not None:
        return _align_numbers(*numbers)
    check_keys(old)
    check_keys(new)
    old_rows, new_rows = len(old[0]), len(new[0])
    codes = _codes(old, new)
    place = np.full(int(codes.max(initial=-1)) + 1, -1, np.int64)
    place[codes[old_rows:]] = np.arange(new_rows)
    twins = place[codes[:old_rows]]
    has_twin = twins >= 0
    paired = twins[has_twin]
    if len(paired) > 1 and not (np.diff(paired) > 0).all():
        # Both sides are sorted alike, so twins come in one order, unless a file lies about it.
        raise FaultyKey
    is_added = np.ones(new_rows, np.bool_)
    is_added[paired] = False
    return Alignment(np.flatnonzero(has_twin), paired, np.flatnonzero(~has_twin), np.flatnonzero(is_added))


def _align_numbers(old: Positions, new: Positions) -> Alignment:
    """Merge two ascending rows of numbers; the stable sort finds the two runs, and so costs one pass."""
    both = np.concatenate([old, new])
    order = np.argsort(both, kind="stable")
    ordered = both[order]
    if (len(old) > 1 and not (np.diff(old) > 0).all()) or (len(new) > 1 and not (np.diff(new) > 0).all()):
        raise FaultyKey
    twins = np.flatnonzero(np.diff(ordered) == 0)
    is_removed, is_added = np.ones(len(old), np.bool_), np.ones(len(new), np.bool_)
    paired_old, paired_new = order[twins], order[twins + 1] - len(old)
    is_removed[paired_old] = False
    is_added[paired_new] = False
    return Alignment(paired_old, paired_new, np.flatnonzero(is_removed), np.flatnonzero(is_added))


def _ordered_numbers(old: Sequence[pa.Array], new: Sequence[pa.Array]) -> tuple[Positions, Positions] | None:
    """Return one number a row, in the order of the keys; None where a key is no whole number or is too large."""
    rows = len(old[0]), len(new[0])
    found: list[Positions] = [np.zeros(rows[0], np.int64), np.zeros(rows[1], np.int64)]
    size = 1
    for before, after in zip(old, new, strict=True):
        left, right = kernels.whole_numbers(before), kernels.whole_numbers(after)
        if left is None or right is None or not all(rows):
            return None
        least = int(min(left.min(), right.min()))
        span = int(max(left.max(), right.max())) - least + 1
        size *= span
        if size > _LARGEST_CODE:
            return None
        found = [codes * span + (side - least) for codes, side in zip(found, (left, right), strict=True)]
    return found[0], found[1]


def _codes(old: Sequence[pa.Array], new: Sequence[pa.Array]) -> Positions:
    """Return a small number a row, old rows first, equal for equal keys."""
    codes: Positions | None = None
    size = 1
    for before, after in zip(old, new, strict=True):
        column = kernels.dictionary_codes(pa.concat_arrays([before, after]))
        count = int(column.max(initial=0)) + 1
        if codes is None:
            codes, size = column, count
            continue
        if size * count > _LARGEST_CODE:
            codes = kernels.dictionary_codes(kernels.from_positions(codes))
            size = int(codes.max(initial=0)) + 1
        codes, size = codes * count + column, size * count
    assert codes is not None
    return codes if len(old) == 1 else kernels.dictionary_codes(kernels.from_positions(codes))
