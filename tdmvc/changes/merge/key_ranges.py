"""Finds the parts of three sides that can be taken whole, and the key ranges in which rows must be merged."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tdmvc.arrow.values import key_rank
from tdmvc.changes.walk.key_ranges import Key, Unordered, group_overlapping
from tdmvc.changes.walk.part_file import PartFile
from tdmvc.model.merge import Side

Locate = Callable[[Side, Sequence[str]], Sequence[Path]]
"""Returns the files of a side's parts, in the order of the names."""


@dataclass(frozen=True, slots=True)
class KeyedPart:
    """A part of one side, and its least and greatest key."""

    side: Side
    content: str
    path: Path
    rows: int
    low: Key
    """For each column (is no null, value), so that keys compare as parts are sorted."""
    high: Key


@dataclass(frozen=True, slots=True)
class MergeKeyRange:
    """A range of the key order that no part of any side crosses."""

    low: Key
    taken: tuple[KeyedPart, ...]
    """Parts of one side that the merged table keeps unchanged, in key order."""
    is_mixed: bool
    """Rows must be merged: `parts` hold them, and none is taken."""
    parts: Mapping[Side, tuple[KeyedPart, ...]]
    """All parts of each side in the range, in key order."""

    @property
    def rows(self) -> int:
        return sum(span.rows for spans in self.parts.values() for span in spans)


def plan_key_ranges(
    differing: Mapping[Side, Sequence[str]], key: Mapping[Side, Sequence[str]], locate: Locate
) -> list[MergeKeyRange]:
    """Return the key ranges of the parts that not all sides have, in key order.

    If two sides hold the same parts, the third one's are taken; if ours and theirs hold
    the same, these. Cost: one footer per part, and its key if the footer has no bounds.

    Args:
        differing: by side, the content hashes of its parts that not all three sides have.

    Raises:
        Unordered: the keys say no order.
    """
    spans = [span for side in Side for span in look_at(side, differing[side], key[side], locate)]
    try:
        return [_key_range(cluster) for cluster in group_overlapping(spans, _ends)]
    except TypeError as error:
        raise Unordered from error


def look_at(side: Side, parts: Sequence[str], key: Sequence[str], locate: Locate) -> Iterable[KeyedPart]:
    """Yield the spans of a side's parts; parts without rows have none."""
    for content, path in zip(parts, locate(side, parts), strict=True):
        with PartFile(path) as file:
            if file.rows:
                low, high = _bounds(file, key)
                yield KeyedPart(side, content, path, file.rows, low, high)


def is_followed(span: KeyedPart, others: Iterable[KeyedPart]) -> bool:
    """Return whether a part of the same side comes after this one, so that its end is a boundary."""
    return any(other.side is span.side and other.low > span.high for other in others)


def _bounds(file: PartFile, key: Sequence[str]) -> tuple[Key, Key]:
    if len(key) == 1 and (bounds := file.bounds(key[0])) is not None:
        return ((True, bounds[0]),), ((True, bounds[1]),)
    columns = file.read(key)
    try:
        low, high = (tuple(column[row].as_py() for column in columns) for row in (0, file.rows - 1))
    except (ValueError, OverflowError) as error:
        raise Unordered from error  # a date beyond Python's years
    return key_rank(low), key_rank(high)


def _ends(span: KeyedPart) -> tuple[Key, Key]:
    return span.low, span.high


def _key_range(cluster: Sequence[KeyedPart]) -> MergeKeyRange:
    parts = {side: tuple(span for span in cluster if span.side is side) for side in Side}
    base, ours, theirs = ([span.content for span in parts[side]] for side in Side)
    if ours == theirs or theirs == base:
        taken = parts[Side.OURS]
    elif ours == base:
        taken = parts[Side.THEIRS]
    else:
        return MergeKeyRange(cluster[0].low, (), is_mixed=True, parts=parts)
    return MergeKeyRange(cluster[0].low, taken, is_mixed=False, parts=parts)
