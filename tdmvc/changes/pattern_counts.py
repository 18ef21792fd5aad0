"""Counts the ways in which the cells of one column changed.

As long as a column has few distinct pairs of values, each pair is counted and the best
explanation is chosen at the end. A column with more is counted by Arrow kernels from
then on, by the ways that a kernel can see.
"""

from collections import Counter
from collections.abc import Hashable, Iterable
from itertools import repeat

import pyarrow as pa

from tdmvc.arrow.values import python_values
from tdmvc.changes.kernels import both, first_of, only, positions_of, take, uniform
from tdmvc.changes.pattern_kernels import differs_from, one_of_each_distance, values_at, ways_in_arrays
from tdmvc.changes.pattern_kinds import Way, affix_way, has_affix, plain_way, shift_way
from tdmvc.changes.pattern_pairs import LEAST_SHARE, ColumnPattern, CountedPair, explain_pairs
from tdmvc.changes.same_value import value_id
from tdmvc.model.diff import PatternKind

_MOST_PAIRS = 2000
_MOST_SHIFTS = 2000
_MOST_AFFIXES = 3
_AFFIXES = frozenset(
    {
        PatternKind.PREFIX_ADDED,
        PatternKind.PREFIX_REMOVED,
        PatternKind.SUFFIX_ADDED,
        PatternKind.SUFFIX_REMOVED,
    }
)


class ColumnCounts:
    """The changed cells of one column."""

    def __init__(self) -> None:
        self._pairs: dict[Hashable, CountedPair] | None = {}
        self._ways: Counter[Way] = Counter()
        self._examples: dict[Way, tuple[object, object]] = {}
        self._shifts: Counter[str] | None = Counter()
        self._rest = 0
        self._one_new: list[object] | None = []
        self._affixes: list[Way] = []
        self._found: list[ColumnPattern] | None = None

    @property
    def is_open(self) -> bool:
        """Whether pairs of values are counted one by one still."""
        return self._pairs is not None

    def has_room_for(self, pairs: int) -> bool:
        return self._pairs is not None and pairs <= _MOST_PAIRS

    def add(self, pairs: Iterable[tuple[object, object]], times: Iterable[int] = repeat(1)) -> None:
        """Count pairs of values; `times` says how often each occurs."""
        self._found = None
        if self._pairs is None:
            self._fold(
                [CountedPair(old, new, count) for (old, new), count in zip(pairs, times, strict=False)]
            )
            return
        for (old, new), count in zip(pairs, times, strict=False):
            name = (value_id(old), value_id(new))
            known = self._pairs.get(name)
            if known is None:
                self._pairs[name] = CountedPair(old, new, count)
            else:
                known.cells += count
        if len(self._pairs) > _MOST_PAIRS:
            self._close()

    def add_arrays(self, old: pa.Array, new: pa.Array) -> None:
        """Count cells by kernels; there are too many pairs of values to keep them."""
        self._found = None
        if self._pairs is not None:
            self._close()
        rest = uniform(len(old), is_set=True)
        for way, cells in ways_in_arrays(old, new, self._affixes):
            mask = both(cells, rest)
            if mask.true_count:
                self._ways[way] += mask.true_count
                if way not in self._examples:
                    self._examples[way] = values_at(old, new, first_of(mask))
                rest = only(rest, mask)
        left = positions_of(rest)
        if len(left):
            self._count_rest(take(old, left), take(new, left))

    def found(self) -> list[ColumnPattern]:
        """Return the ways, each cell in exactly one."""
        if self._found is None:
            self._found = (
                self._explain_counts() if self._pairs is None else explain_pairs(list(self._pairs.values()))
            )
        return self._found

    def match(self, old: object, new: object) -> ColumnPattern | None:
        """Return the way in which one cell changed."""
        ways = {plain_way(old, new), shift_way(old, new)}
        last: ColumnPattern | None = None
        for found in self.found():
            match found.kind:
                case PatternKind.CONSTANT:
                    is_it = value_id(old) == value_id(found.old) and value_id(new) == value_id(found.new)
                case PatternKind.SET_TO:
                    is_it = plain_way(old, new) is None and value_id(new) == value_id(found.new)
                case PatternKind.MAPPED | PatternKind.VARIED:
                    last = found
                    continue
                case kind if kind in _AFFIXES:
                    is_it = plain_way(old, new) is None and has_affix(kind, found.by or "", old, new)
                case _:
                    is_it = (found.kind, found.by) in ways
            if is_it:
                return found
        return last

    def _close(self) -> None:
        """Stop counting pairs: keep their ways, and the affixes to look for."""
        pairs = list((self._pairs or {}).values())
        self._pairs = None
        affixes = Counter(way for pair in pairs if (way := affix_way(pair.old, pair.new)))
        self._affixes = [way for way, count in affixes.most_common(_MOST_AFFIXES) if count > 1]
        self._fold(pairs)

    def _fold(self, pairs: Iterable[CountedPair]) -> None:
        for pair in pairs:
            affix = affix_way(pair.old, pair.new)
            way = plain_way(pair.old, pair.new) or (affix if affix in self._affixes else None)
            if way is not None:
                self._ways[way] += pair.cells
                self._examples.setdefault(way, (pair.old, pair.new))
                continue
            self._rest += pair.cells
            self._note_new(pair.new)
            shift = shift_way(pair.old, pair.new)
            self._note_shift(shift[1] if shift else None, pair.cells)

    def _count_rest(self, old: pa.Array, new: pa.Array) -> None:
        self._rest += len(old)
        if self._one_new is not None:
            first = new.slice(0, 1)
            if not differs_from(new, first).true_count:
                self._note_new(python_values(first)[0])
            else:
                self._one_new = None
        if self._shifts is None:
            return
        for before, after, count in one_of_each_distance(old, new):
            shift = shift_way(before, after)
            self._note_shift(shift[1] if shift else None, count)
            if self._shifts is None:
                return

    def _note_new(self, value: object) -> None:
        if self._one_new is None:
            return
        if not self._one_new:
            self._one_new.append(value)
        elif value_id(self._one_new[0]) != value_id(value):
            self._one_new = None

    def _note_shift(self, amount: str | None, cells: int) -> None:
        if self._shifts is None or amount is None:
            return
        self._shifts[amount] += cells
        if len(self._shifts) > _MOST_SHIFTS:
            self._shifts = None

    def _explain_counts(self) -> list[ColumnPattern]:
        found = [
            ColumnPattern(kind, by, cells, *self._examples[kind, by])
            for (kind, by), cells in self._ways.items()
        ]
        rest = self._rest
        if rest and self._one_new:
            return [*found, ColumnPattern(PatternKind.SET_TO, None, rest, None, self._one_new[0])]
        for amount, cells in (self._shifts or Counter()).most_common():
            if cells >= max(2, LEAST_SHARE * rest):
                found.append(ColumnPattern(PatternKind.SHIFTED, amount, cells))
                rest -= cells
        return [*found, ColumnPattern(PatternKind.VARIED, None, rest)] if rest else found
