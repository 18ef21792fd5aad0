"""Chooses the best explanation for pairs of old and new values that were counted one by one."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from tdmvc.changes.pattern_kinds import Way, affix_way, is_time, plain_way, shift_way
from tdmvc.changes.same_value import value_id
from tdmvc.model.diff import PatternKind

_MOST_MAPPED = 50
LEAST_SHARE = 0.05
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
class CountedPair:
    """A pair of values, and how many cells it changed."""

    old: object
    new: object
    cells: int


_WayOf = Callable[[CountedPair], Way | None]


def explain_pairs(pairs: list[CountedPair]) -> list[ColumnPattern]:
    """Choose the best explanation for each pair: the plain ways, one value for all, shifts, mappings."""
    found, left = _take_ways(pairs, lambda pair: plain_way(pair.old, pair.new), least=1)
    affixed, left = _take_ways(left, lambda pair: affix_way(pair.old, pair.new), least=2)
    found += affixed
    whole = _explain_whole(left)
    if whole is not None:
        return [*found, *whole]
    is_mapping = _is_mapping(left)
    shifted, rest = _take_ways(left, lambda pair: shift_way(pair.old, pair.new), least=2)
    if not is_mapping or (len(shifted) == 1 and not rest) or all(is_time(pair.old) for pair in left):
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
        if pair.cells < max(_DOMINANT_CELLS, _DOMINANT_SHARE * cells):
            break
        found.append(ColumnPattern(PatternKind.CONSTANT, None, pair.cells, pair.old, pair.new))
        left.remove(pair)
        cells -= pair.cells
    if left:
        cells_left = sum(pair.cells for pair in left)
        found.append(ColumnPattern(PatternKind.VARIED, None, cells_left, left[0].old, left[0].new))
    return found


def _is_mapping(pairs: list[CountedPair]) -> bool:
    """Return whether each old value became one new value, often enough to be no chance."""
    cells = sum(pair.cells for pair in pairs)
    return len({value_id(pair.old) for pair in pairs}) == len(pairs) <= min(_MOST_MAPPED, cells // 2)


def _take_ways(
    pairs: list[CountedPair], way_of: _WayOf, *, least: int
) -> tuple[list[ColumnPattern], list[CountedPair]]:
    """Group the pairs that a way explains, if the way has enough different pairs; return the others too.

    The largest group comes first, and each is measured against what those before it left to explain.
    A single pair of times is enough if it changed many cells.
    """
    groups: dict[Way, list[CountedPair]] = {}
    left: list[CountedPair] = []
    for pair in pairs:
        way = way_of(pair)
        if way is None:
            left.append(pair)
        else:
            groups.setdefault(way, []).append(pair)
    unexplained = sum(pair.cells for pair in pairs)
    found: list[ColumnPattern] = []
    sized = [(sum(pair.cells for pair in members), way, members) for way, members in groups.items()]
    for cells, (kind, by), members in sorted(sized, key=lambda group: -group[0]):
        is_certain = is_time(members[0].old) and cells >= _DOMINANT_CELLS
        is_rare = least > 1 and cells < LEAST_SHARE * unexplained
        if is_rare or (len(members) < least and not is_certain):
            left.extend(members)
        else:
            found.append(ColumnPattern(kind, by, cells, members[0].old, members[0].new))
            unexplained -= cells
    return found, left


def _explain_whole(left: list[CountedPair]) -> list[ColumnPattern] | None:
    """Return the one way that explains all that is left, if there is one."""
    if not left:
        return []
    if len(left) == 1:
        return [ColumnPattern(PatternKind.CONSTANT, None, left[0].cells, left[0].old, left[0].new)]
    cells = sum(pair.cells for pair in left)
    if len({value_id(pair.new) for pair in left}) == 1:
        return [ColumnPattern(PatternKind.SET_TO, None, cells, left[0].old, left[0].new)]
    return None
