"""Counts children without a parent where both name each other by whole numbers that lie close together."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tdmvc.arrow.compute import call_function
from tdmvc.arrow.constants import numbers_of
from tdmvc.checks.validation.footers import read_facts
from tdmvc.checks.validation.part_values import read_columns
from tdmvc.checks.validation.rows import TableRows
from tdmvc.model.declarations import ForeignKey

_MOST_NUMBERS = 1 << 27
"""Bytes of a bitmap."""
_MOST_FOR_A_ROW = 64
"""How many numbers a bitmap may span for each row of the parents."""

Numbers = npt.NDArray[np.int64]


class ParentNumbers:
    """The numbers that rows of a table have."""

    def __init__(self, rows: TableRows, column: str, first: int, last: int) -> None:
        self._first, self._last = first, last
        self._is_there = np.zeros(last - first + 1, dtype=np.bool_)
        parts = sorted(rows.times)
        for path in rows.paths(parts):
            (values,) = read_columns(rows.schema.name, path, [column])
            self._is_there[_numbers(values) - first] = True

    def count_missing(self, values: pa.Array) -> int:
        """Return how many values are none of the numbers; nulls do not count."""
        numbers = _numbers(values)
        inside = numbers[(numbers >= self._first) & (numbers <= self._last)]
        found = int(np.count_nonzero(self._is_there[inside - self._first]))
        return len(numbers) - found


def count_orphans(
    reference: ForeignKey, children: TableRows, parents: TableRows, parts: Sequence[str]
) -> int | None:
    """Return how many rows of parts lack a parent; None if the numbers are too far apart, or no numbers.

    Raises:
        PartError: a part is damaged.
    """
    span = _span(reference, children, parents)
    if span is None:
        return None
    numbers = ParentNumbers(parents, reference.to[0], *span)
    count = 0
    for part, path in zip(parts, children.paths(parts), strict=True):
        (values,) = read_columns(children.schema.name, path, [reference.columns[0]])
        count += numbers.count_missing(values) * children.times[part]
    return count


def _span(reference: ForeignKey, children: TableRows, parents: TableRows) -> tuple[int, int] | None:
    """Return the smallest and the largest number of the parents, if a bitmap can hold all between them."""
    if len(reference.columns) != 1:
        return None
    ends = children.schema.column(reference.columns[0]), parents.schema.column(reference.to[0])
    if not all(end is not None and pa.types.is_integer(end.type) and end.type != pa.uint64() for end in ends):
        return None
    to = ends[1]
    assert to is not None
    firsts, lasts = [], []
    for path in parents.paths(sorted(parents.times)):
        facts = read_facts(parents.schema.name, path, [to]).get(to.name)
        if facts is None or not facts.is_bounded:
            return None
        if facts.first is not None and facts.last is not None:
            firsts.append(facts.first)
            lasts.append(facts.last)
    if not firsts:
        return None
    numbers = max(lasts) - min(firsts) + 1
    most = min(_MOST_NUMBERS, max(parents.side.rows, 1 << 16) * _MOST_FOR_A_ROW)
    return (min(firsts), max(lasts)) if numbers <= most else None


def _numbers(values: pa.Array) -> Numbers:
    whole = call_function("drop_null", [values]) if values.null_count else values
    return numbers_of(whole).astype(np.int64, copy=False)
