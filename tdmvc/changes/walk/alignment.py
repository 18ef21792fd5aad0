"""Knows which rows of two sorted sides have the same key."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tdmvc.changes import kernels
from tdmvc.changes.kernels import Positions

_LARGEST_CODE = 2**62


class FaultyKey(Exception):
    """A key repeats or is null, so rows cannot be paired. Internal to the walk."""


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
    """Make sure that sorted keys are whole and all different.

    Raises:
        FaultyKey: one repeats, or has a null.
    """
    rows = len(columns[0])
    if any(column.null_count for column in columns):
        raise FaultyKey
    repeats = np.ones(max(rows - 1, 0), np.bool_)
    for column in columns:
        repeats &= kernels.to_mask(kernels.equal(column.slice(0, max(rows - 1, 0)), column.slice(1)))
        if not repeats.any():
            return
    raise FaultyKey


def align(old: Sequence[pa.Array], new: Sequence[pa.Array]) -> Alignment:
    """Pair the rows of two sides by their key columns.

    Cost: one hash table over the keys of both sides.

    Raises:
        FaultyKey: a key repeats, or has a null.
    """
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
