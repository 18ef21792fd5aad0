"""Divides two sorted sides into key ranges that can be compared one by one."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tdmvc.changes.walk.part_file import PartFile
from tdmvc.changes.walk.workers import InOrder

Key = tuple[Any, ...]
_AnyPart = TypeVar("_AnyPart")


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Parts of both sides that hold one range of keys; no other part holds a key in that range."""

    old: tuple[Path, ...]
    """In key order; empty if the other side's keys are all new."""
    new: tuple[Path, ...]
    is_aligned: bool
    """One part a side, with the same keys in the same rows."""


@dataclass(frozen=True, slots=True)
class _Part:
    path: Path
    rows: int
    digest: bytes | None
    low: tuple[Any, ...]
    high: tuple[Any, ...]


class Unordered(Exception):
    """The keys say no order: a null in one, or a type that does not compare. Internal to the walk."""


def plan_key_ranges(
    old: Sequence[Path],
    new: Sequence[Path],
    old_key: Sequence[str],
    new_key: Sequence[str],
    *,
    in_order: InOrder,
) -> list[KeyRange]:
    """Return the key ranges in key order.

    Parts with byte-equal key chunks are paired; of the others, parts whose key
    ranges meet come into one key range. Cost: a footer and the raw key chunks a part;
    keys are decoded only if the footers' bounds of the leading column meet.

    Raises:
        Unordered: the keys cannot be sorted, or cannot be divided into key ranges of bounded size.
    """
    before = [part for part in in_order(lambda path: _look(path, old_key), old) if part is not None]
    after = [part for part in in_order(lambda path: _look(path, new_key), new) if part is not None]
    by_digest = {part.digest: part for part in before if part.digest is not None}
    aligned: list[tuple[_Part, _Part]] = []
    left_after: list[_Part] = []
    for part in after:
        match = by_digest.pop(part.digest, None) if part.digest is not None else None
        if match is None:
            left_after.append(part)
        else:
            aligned.append((match, part))
    paired = {match.path for match, _ in aligned}
    left_before = [part for part in before if part.path not in paired]
    try:
        clusters = _clusters(left_before, left_after)
        if len(old_key) > 1 and any(len(c) > _MANY for c in clusters):
            exact_before = list(in_order(lambda part: _exact(part, old_key), left_before))
            exact_after = list(in_order(lambda part: _exact(part, new_key), left_after))
            clusters = _clusters(exact_before, exact_after)
        if any(sum(part.rows for _, part in cluster) > MOST_ROWS for cluster in clusters):
            # Every boundary has moved: a join can spill to disk what would not fit into memory here.
            raise Unordered
        key_ranges = [(part.low, KeyRange((match.path,), (part.path,), True)) for match, part in aligned]
        key_ranges += [(_low(c), _key_range(c)) for c in clusters]
        # Parts of different key ranges share no key, but they may share the leading column's value.
        if len(old_key) > 1 and len({key[0] for key, _ in key_ranges}) < len(key_ranges):
            key_ranges = [(_first(s, old_key, new_key), s) for _, s in key_ranges]
        return [key_range for _, key_range in sorted(key_ranges, key=lambda pair: pair[0])]
    except TypeError as error:
        raise Unordered from error


_MANY = 8
"""Parts in a cluster above which the exact bounds are worth decoding keys for."""

MOST_ROWS = 1_500_000
"""Rows in a cluster, of both sides, above which it is too much to hold at once."""

_Cluster = list[tuple[bool, _Part]]
"""(is new, part), in order of the lower bound."""


def _low(cluster: _Cluster) -> tuple[Any, ...]:
    """Return the least key of a cluster."""
    return cluster[0][1].low


def _look(path: Path, key: Sequence[str]) -> _Part | None:
    """Return what is to be known of a part; None for one without rows."""
    with PartFile(path) as part:
        if part.rows == 0:
            return None
        bounds = part.bounds(key[0])
        if bounds is None:
            first, last = _ends(part, key[:1])
        else:
            first, last = (bounds[0],), (bounds[1],)
        return _Part(path, part.rows, part.digest(key) if part.is_one_group else None, first, last)


def _exact(part: _Part, key: Sequence[str]) -> _Part:
    """Return the part with its whole first and last key; of the leading column they are known."""
    with PartFile(part.path) as file:
        first, last = _ends(file, key[1:])
    return _Part(part.path, part.rows, part.digest, (part.low[0], *first), (part.high[0], *last))


def _first(key_range: KeyRange, old_key: Sequence[str], new_key: Sequence[str]) -> tuple[Any, ...]:
    firsts = []
    for paths, key in ((key_range.old, old_key), (key_range.new, new_key)):
        if paths:
            with PartFile(paths[0]) as file:
                firsts.append(_ends(file, key)[0])
    return min(firsts)


def _ends(part: PartFile, key: Sequence[str]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return the first and the last key of a part, values that compare as the store sorts them."""
    columns = part.read(key)
    if any(column.null_count for column in columns):
        raise Unordered
    try:
        return (
            tuple(column[0].as_py() for column in columns),
            tuple(column[part.rows - 1].as_py() for column in columns),
        )
    except (ValueError, OverflowError) as error:
        raise Unordered from error


def group_overlapping(
    parts: Iterable[_AnyPart], ends: Callable[[_AnyPart], tuple[Key, Key]]
) -> list[list[_AnyPart]]:
    """Return groups of parts whose key ranges meet, in key order.

    Args:
        ends: returns the least and the greatest key of a part.

    Raises:
        TypeError: the keys do not compare.
    """
    groups: list[list[_AnyPart]] = []
    reach: Key = ()
    for part in sorted(parts, key=lambda part: ends(part)[0]):
        low, high = ends(part)
        if groups and low <= reach:
            groups[-1].append(part)
            reach = max(reach, high)
        else:
            groups.append([part])
            reach = high
    return groups


def _clusters(old: Iterable[_Part], new: Iterable[_Part]) -> list[_Cluster]:
    sides = [*((False, part) for part in old), *((True, part) for part in new)]
    return group_overlapping(sides, lambda side: (side[1].low, side[1].high))


def _key_range(cluster: _Cluster) -> KeyRange:
    return KeyRange(
        tuple(part.path for is_new, part in cluster if not is_new),
        tuple(part.path for is_new, part in cluster if is_new),
        is_aligned=False,
    )
