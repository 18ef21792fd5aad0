"""Counts the ways in which the cells of one column changed.

As long as a column has few distinct pairs of values, each pair is counted and the best
explanation is chosen at the end. A column with more is counted by Arrow kernels from
then on, by the ways that a kernel can see.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat

import pyarrow as pa

from tdmvc.arrow.constants import text
from tdmvc.arrow.values import python_values
from tdmvc.changes import kernels
from tdmvc.changes.kernels import (
    Mask,
    both,
    either,
    first_of,
    inverse,
    mask_at,
    only,
    positions_of,
    take,
    uniform,
)
from tdmvc.changes.pattern_kinds import Way, affix_way, has_affix, plain_way, shift_way
from tdmvc.changes.same_value import value_id
from tdmvc.model.diff import PatternKind

_MOST_PAIRS = 2000
_MOST_SHIFTS = 200
_AT_A_TIME = 4096
_MOST_AFFIXES = 3
_MOST_MAPPED = 50
_AFFIXES = frozenset(
    {
        PatternKind.PREFIX_ADDED,
        PatternKind.PREFIX_REMOVED,
        PatternKind.SUFFIX_ADDED,
        PatternKind.SUFFIX_REMOVED,
    }
)
_LEAST_SHARE = 0.05
"""A group smaller than this share of what is left to explain is no pattern."""
_DOMINANT_SHARE = 0.2
_DOMINANT_CELLS = 10


@dataclass(frozen=True, slots=True)
class ColumnPattern:
    """One way in which cells of a column changed."""

    kind: PatternKind
    by: str | None
    cells: int
    old: object = None
    new: object = None
    distinct: int | None = None

    @property
    def pattern_id(self) -> tuple[Hashable, ...]:
        match self.kind:
            case PatternKind.CONSTANT:
                return (self.kind, value_id(self.old), value_id(self.new))
            case PatternKind.SET_TO:
                return (self.kind, value_id(self.new))
        return (self.kind, self.by)


@dataclass(slots=True)
class _Pair:
    old: object
    new: object
    cells: int


_WayOf = Callable[[_Pair], Way | None]


class ColumnCounts:
    """The changed cells of one column."""

    def __init__(self) -> None:
        self._pairs: dict[Hashable, _Pair] | None = {}
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
            self._fold([_Pair(old, new, count) for (old, new), count in zip(pairs, times, strict=False)])
            return
        for (old, new), count in zip(pairs, times, strict=False):
            name = (value_id(old), value_id(new))
            known = self._pairs.get(name)
            if known is None:
                self._pairs[name] = _Pair(old, new, count)
            else:
                known.cells += count
        if len(self._pairs) > _MOST_PAIRS:
            self._close()

    def add_arrays(self, old: pa.Array, new: pa.Array) -> None:
        """Count cells by kernels; too many pairs of values were seen to keep them."""
        self._found = None
        if self._pairs is not None:
            self._close()
        rest = uniform(len(old), is_set=True)
        for way, seen in self._seen_by_kernels(old, new):
            mask = both(seen, rest)
            if mask.true_count:
                self._ways[way] += mask.true_count
                if way not in self._examples:
                    self._examples[way] = _values_at(old, new, first_of(mask))
                rest = only(rest, mask)
        left = positions_of(rest)
        if len(left):
            self._count_rest(take(old, left), take(new, left))

    def found(self) -> list[ColumnPattern]:
        """Return the ways, each cell in exactly one."""
        if self._found is None:
            self._found = (
                self._explain_counts() if self._pairs is None else _explain(list(self._pairs.values()))
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
        """Stop counting pairs: keep the ways that they show, and which affixes to look for."""
        pairs = list((self._pairs or {}).values())
        self._pairs = None
        affixes = Counter(way for pair in pairs if (way := affix_way(pair.old, pair.new)))
        self._affixes = [way for way, count in affixes.most_common(_MOST_AFFIXES) if count > 1]
        self._fold(pairs)

    def _fold(self, pairs: Iterable[_Pair]) -> None:
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

    def _seen_by_kernels(self, old: pa.Array, new: pa.Array) -> Iterator[tuple[Way, Mask]]:
        """Null and empty, case, white space, known affixes: each with the cells that it explains."""
        old_null, new_null = kernels.is_null(old), kernels.is_null(new)
        is_text = pa.types.is_string(old.type) and pa.types.is_string(new.type)
        if pa.types.is_string(old.type):
            yield (PatternKind.EMPTY_TO_NULL, None), both(new_null, kernels.equal(old, text("")))
        if pa.types.is_string(new.type):
            yield (PatternKind.NULL_TO_EMPTY, None), both(old_null, kernels.equal(new, text("")))
        yield (PatternKind.SET_NULL, None), new_null
        yield (PatternKind.FILLED, None), old_null
        if not is_text:
            return
        same = kernels.equal(old, new)
        yield (PatternKind.CASE, None), only(_has_other_case(old, new), same)
        bare = kernels.without_white_space(old), kernels.without_white_space(new)
        yield (PatternKind.WHITESPACE, None), only(kernels.equal(*bare), same)
        empty = either(kernels.equal(old, text("")), kernels.equal(new, text("")))
        for kind, affix in self._affixes:
            yield (kind, affix), only(_has_affix(old, new, kind, text(affix or "")), empty)

    def _count_rest(self, old: pa.Array, new: pa.Array) -> None:
        self._rest += len(old)
        if self._one_new is not None:
            first = new.slice(0, 1)
            if not _differs_from(new, first).true_count:
                self._note_new(python_values(first)[0])
            else:
                self._one_new = None
        if self._shifts is None:
            return
        for before, after, count in _one_of_each_distance(old, new):
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
            if cells >= max(2, _LEAST_SHARE * self._rest):
                found.append(ColumnPattern(PatternKind.SHIFTED, amount, cells))
                rest -= cells
        return [*found, ColumnPattern(PatternKind.VARIED, None, rest)] if rest else found


def _explain(pairs: list[_Pair]) -> list[ColumnPattern]:
    """Choose the best explanation for each pair: the plain ways, one value for all, shifts, mappings."""
    found, left = _take_ways(pairs, lambda pair: plain_way(pair.old, pair.new), least=1)
    affixed, left = _take_ways(left, lambda pair: affix_way(pair.old, pair.new), least=2)
    found += affixed
    whole = _explain_whole(left)
    if whole is not None:
        return [*found, *whole]
    is_mapping = _is_mapping(left)
    shifted, rest = _take_ways(left, lambda pair: shift_way(pair.old, pair.new), least=2)
    if not is_mapping or (len(shifted) == 1 and not rest):
        found += shifted
        left = rest
        whole = _explain_whole(left)
        if whole is not None:
            return [*found, *whole]
    cells = sum(pair.cells for pair in left)
    if _is_mapping(left):
        example = left[0]
        return [*found, ColumnPattern(PatternKind.MAPPED, None, cells, example.old, example.new, len(left))]
    for pair in sorted(left, key=lambda pair: -pair.cells):
        if pair.cells >= max(_DOMINANT_CELLS, _DOMINANT_SHARE * cells):
            found.append(ColumnPattern(PatternKind.CONSTANT, None, pair.cells, pair.old, pair.new))
            left.remove(pair)
    if left:
        cells_left = sum(pair.cells for pair in left)
        found.append(ColumnPattern(PatternKind.VARIED, None, cells_left, left[0].old, left[0].new))
    return found


def _is_mapping(pairs: list[_Pair]) -> bool:
    """Return whether each old value became one new value, often enough to be no chance."""
    cells = sum(pair.cells for pair in pairs)
    return len({value_id(pair.old) for pair in pairs}) == len(pairs) <= min(_MOST_MAPPED, cells // 2)


def _take_ways(pairs: list[_Pair], way_of: _WayOf, *, least: int) -> tuple[list[ColumnPattern], list[_Pair]]:
    """Group the pairs that a way explains, if the way has enough different pairs; return the others too."""
    groups: dict[Way, list[_Pair]] = {}
    left: list[_Pair] = []
    for pair in pairs:
        way = way_of(pair)
        if way is None:
            left.append(pair)
        else:
            groups.setdefault(way, []).append(pair)
    total = sum(pair.cells for pair in pairs)
    found: list[ColumnPattern] = []
    for (kind, by), members in groups.items():
        cells = sum(pair.cells for pair in members)
        if len(members) < least or (least > 1 and cells < _LEAST_SHARE * total):
            left.extend(members)
        else:
            found.append(ColumnPattern(kind, by, cells, members[0].old, members[0].new))
    return found, left


def _explain_whole(left: list[_Pair]) -> list[ColumnPattern] | None:
    """Return the one way that explains all that is left, where there is one."""
    if not left:
        return []
    if len(left) == 1:
        return [ColumnPattern(PatternKind.CONSTANT, None, left[0].cells, left[0].old, left[0].new)]
    cells = sum(pair.cells for pair in left)
    if len({value_id(pair.new) for pair in left}) == 1:
        return [ColumnPattern(PatternKind.SET_TO, None, cells, left[0].old, left[0].new)]
    return None


def _has_affix(old: pa.Array, new: pa.Array, kind: PatternKind, affix: pa.Scalar) -> Mask:
    match kind:
        case PatternKind.PREFIX_ADDED:
            return kernels.equal(kernels.joined(affix, old), new)
        case PatternKind.PREFIX_REMOVED:
            return kernels.equal(kernels.joined(affix, new), old)
        case PatternKind.SUFFIX_ADDED:
            return kernels.equal(kernels.joined(old, affix), new)
    return kernels.equal(kernels.joined(new, affix), old)


def _has_other_case(old: pa.Array, new: pa.Array) -> Mask:
    """Tell as Python does: the kernel knows other rules for some letters beyond ASCII."""
    mask = kernels.equal(kernels.lower(old), kernels.lower(new))
    unsure = only(
        inverse(either(kernels.is_null(old), kernels.is_null(new))),
        both(kernels.is_ascii(old), kernels.is_ascii(new)),
    )
    if not unsure.true_count:
        return mask
    places = positions_of(unsure)
    texts = (take(side, places).to_pylist() for side in (old, new))
    has_other_case = [
        place
        for place, before, after in zip(places.to_pylist(), *texts, strict=True)
        if before.lower() == after.lower()
    ]
    return either(only(mask, unsure), mask_at(has_other_case, len(old)))


def _differs_from(values: pa.Array, one: pa.Array) -> Mask:
    """Return true a slot that differs from the one value; NaN is NaN."""
    if pa.types.is_nested(values.type):
        name = value_id(python_values(one)[0])
        unlike = (place for place, value in enumerate(python_values(values)) if value_id(value) != name)
        return mask_at(unlike, len(values))
    if pa.types.is_floating(values.type) and kernels.is_nan(one).true_count:
        return inverse(kernels.is_nan(values))
    return inverse(kernels.equal(values, one[0]))


def _one_of_each_distance(old: pa.Array, new: pa.Array) -> Iterator[tuple[object, object, int]]:
    """Yield (old, new, cells), at least one for each distance by which values moved.

    Cost: Python's for each pair of floats, a kernel's for other numbers; a caller that
    has seen enough stops early.
    """
    if old.type != new.type:
        return
    if pa.types.is_floating(old.type):
        # Distances of floats go by their decimal spelling, which no kernel knows.
        first_at, counts = kernels.distinct_pairs(old, new)
    elif pa.types.is_integer(old.type) or pa.types.is_temporal(old.type) or pa.types.is_decimal(old.type):
        try:
            if pa.types.is_unsigned_integer(old.type):
                amounts = kernels.difference(kernels.as_int64(new), kernels.as_int64(old))
            else:
                amounts = kernels.difference(new, old)
            first_at, counts = kernels.distinct_pairs(amounts, amounts)
        except (pa.ArrowException, NotImplementedError):
            first_at, counts = kernels.distinct_pairs(old, new)
    else:
        return
    for start in range(0, len(first_at), _AT_A_TIME):
        chosen = first_at.slice(start, _AT_A_TIME)
        olds, news = (python_values(take(side, chosen)) for side in (old, new))
        yield from zip(olds, news, counts.slice(start, _AT_A_TIME).to_pylist(), strict=True)


def _values_at(old: pa.Array, new: pa.Array, position: int) -> tuple[object, object]:
    return python_values(old.slice(position, 1))[0], python_values(new.slice(position, 1))[0]
