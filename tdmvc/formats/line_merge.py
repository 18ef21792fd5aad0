"""Merges three sides of a text line by line, more boldly than Git: the caller checks what the result says."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import pairwise

from tdmvc.model.merge import MarkerStyle

Lines = Sequence[str]


def merge_lines(base: Lines, ours: Lines, theirs: Lines) -> list[str] | None:
    """Merge the sides; changes of neighbouring lines, and additions at one place, are both kept.

    Returns:
        None where both sides changed a line in different ways.
    """
    here, there = _edits(base, ours), _edits(base, theirs)
    merged: list[str] = []
    for place in range(len(base) + 1):
        added = _both(here.inserted.get(place, []), there.inserted.get(place, []))
        if added is None:
            return None
        merged += added
        if place == len(base) or place in here.deleted or place in there.deleted:
            continue
        line = base[place]
        one, other = here.replaced.get(place, line), there.replaced.get(place, line)
        parts = [_merge_part(*part) for part in zip(*map(split_comment, (line, one, other)), strict=True)]
        if None in parts:
            return None
        merged.append("".join(part or "" for part in parts))
    return merged


def mark_lines(
    base: Lines, ours: Lines, theirs: Lines, style: MarkerStyle, *, keeps_changes: bool
) -> tuple[list[str], int]:
    """Return the lines with conflict markers, as `git merge-file --diff3` writes them, and how many conflicts.

    Args:
        keeps_changes: take what only one side changed; otherwise every difference is a conflict.
    """
    in_ours, in_theirs = dict(_matches(base, ours)), dict(_matches(base, theirs))
    stable = [
        (at, in_ours[at], in_theirs[at]) for at in range(len(base)) if at in in_ours and at in in_theirs
    ]
    if not keeps_changes:
        # The base may lack lines that both sides have.
        with_base = {ours_at: at for at, ours_at in in_ours.items()}
        stable = [(with_base[one], one, other) for one, other in _matches(ours, theirs) if one in with_base]
    merged: list[str] = []
    count = 0
    ends = [(-1, -1, -1), *stable, (len(base), len(ours), len(theirs))]
    for last, here in pairwise(ends):
        was, one, other = (
            list(side[last[index] + 1 : here[index]]) for index, side in enumerate((base, ours, theirs))
        )
        if one == other and (keeps_changes or was == one):
            merged += one
        elif keeps_changes and was in (one, other):
            merged += other if was == one else one
        else:
            count += 1
            merged += _marked(was, one, other, style)
        if here != ends[-1]:
            merged.append(ours[here[1]])
    return merged, count


def _marked(base: Lines, ours: Lines, theirs: Lines, style: MarkerStyle) -> Iterator[str]:
    yield f"{'<' * style.size} {style.ours}".rstrip()
    yield from ours
    yield f"{'|' * style.size} {style.base}".rstrip()
    yield from base
    yield "=" * style.size
    yield from theirs
    yield f"{'>' * style.size} {style.theirs}".rstrip()


@dataclass(slots=True)
class _Edits:
    """What one side did to the base, by the number of a base line."""

    deleted: set[int] = field(default_factory=set)
    replaced: dict[int, str] = field(default_factory=dict)
    inserted: dict[int, list[str]] = field(default_factory=dict)
    """Lines before it."""


def _edits(base: Lines, side: Lines) -> _Edits:
    edits = _Edits()
    ends = [(-1, -1), *_matches(base, side), (len(base), len(side))]
    for (base_from, side_from), (base_to, side_to) in pairwise(ends):
        old, new = base[base_from + 1 : base_to], side[side_from + 1 : side_to]
        at = 0
        pairs = _matches([_key(line) for line in old], [_key(line) for line in new])
        for was, now in [*pairs, (len(old), len(new))]:
            place = base_from + 1 + was
            if now > at:
                edits.inserted[place] = list(new[at:now])
            if was < len(old):
                edits.replaced[place] = new[now]
            at = now + 1
        kept = {was for was, _ in pairs}
        edits.deleted.update(base_from + 1 + was for was in range(len(old)) if was not in kept)
    return edits


def _key(line: str) -> str:
    """Return what stays of a line whose value changes."""
    match = re.match(r" *[^\s#-][^#]*?:(?= |$)", line)
    return match[0] if match else split_comment(line)[0]


def split_comment(line: str) -> tuple[str, str]:
    """Return a line and the comment at its end, with the space before it."""
    match = re.fullmatch(r"(.*?)(\s+#.*)?", line)
    return (match[1], match[2] or "") if match else (line, "")


def _merge_part(base: str, ours: str, theirs: str) -> str | None:
    if theirs in (base, ours):
        return ours
    return theirs if ours == base else None


def _both(one: list[str], other: list[str]) -> list[str] | None:
    """Return two additions at one place: what is indented deeper first, what both have once."""
    if not one or not other or one == other:
        return one or other
    merged: list[str] = []
    blocks = _blocks(one), _blocks(other)
    for rank in sorted({*blocks[0], *blocks[1]}, reverse=True):
        here, there = (side.get(rank, {}) for side in blocks)
        for head in merge_order([], list(here), list(there)):
            first, second = here.get(head, []), there.get(head, [])
            bare = [[split_comment(line)[0] for line in block] for block in (first, second)]
            shared = [bare[0][at] for at, _ in _matches(*bare)]
            lines = merge_lines(shared, first, second) if shared else first + second
            if lines is None:
                return None
            merged += lines
    return merged


def _blocks(lines: list[str]) -> dict[int, dict[str, list[str]]]:
    """Return entries with the comments above them by their indentation and first words.

    A dash counts as deeper than a key in the same column.
    """
    found: dict[int, dict[str, list[str]]] = {}
    above: list[str] = []
    rank, block = -1, above
    for line in lines:
        words = line.strip()
        if not words or words.startswith("#"):
            above.append(line)
            continue
        here = 2 * (len(line) - len(line.lstrip(" "))) + words.startswith("-")
        if rank < 0 or here <= rank:
            rank = here
            block = found.setdefault(rank, {}).setdefault(re.sub("[\"'{}]", "", split_comment(words)[0]), [])
        block += [*above, line]
        above = []
    if found:
        block += above
    elif above:
        found[2 * (len(above[0]) - len(above[0].lstrip(" ")))] = {above[0]: above}
    return found


def _matches(one: Lines, other: Lines) -> list[tuple[int, int]]:
    """Return the places of equal lines, ascending in both: by lines that appear once, as in a patience diff."""
    found: list[tuple[int, int]] = []
    waiting = [(0, len(one), 0, len(other))]
    while waiting:
        a_from, a_to, b_from, b_to = waiting.pop()
        while a_from < a_to and b_from < b_to and one[a_from] == other[b_from]:
            found.append((a_from, b_from))
            a_from, b_from = a_from + 1, b_from + 1
        while a_from < a_to and b_from < b_to and one[a_to - 1] == other[b_to - 1]:
            a_to, b_to = a_to - 1, b_to - 1
            found.append((a_to, b_to))
        if a_from == a_to or b_from == b_to:
            continue
        anchors = _unique_matches(one, other, (a_from, a_to, b_from, b_to))
        if not anchors:
            matcher = SequenceMatcher(None, one[a_from:a_to], other[b_from:b_to])
            for block in matcher.get_matching_blocks():
                found += ((a_from + block.a + k, b_from + block.b + k) for k in range(block.size))
            continue
        found += anchors
        for (a, b), (a_next, b_next) in pairwise([(a_from - 1, b_from - 1), *anchors, (a_to, b_to)]):
            waiting.append((a + 1, a_next, b + 1, b_next))
    return sorted(found)


def _unique_matches(one: Lines, other: Lines, within: tuple[int, int, int, int]) -> list[tuple[int, int]]:
    """Return the longest ascending run of lines that appear once on each side."""
    a_from, a_to, b_from, b_to = within
    counts = Counter(one[a_from:a_to]), Counter(other[b_from:b_to])
    places = {other[b]: b for b in range(b_from, b_to)}
    pairs = [
        (a, places[line])
        for a in range(a_from, a_to)
        if counts[0][line := one[a]] == 1 == counts[1][line] and line.strip()
    ]
    tails: list[int] = []
    chains: list[tuple[int, int]] = []
    before: list[int] = []
    ends: list[int] = []
    for index, (_, b) in enumerate(pairs):
        length = bisect_left(tails, b)
        before.append(ends[length - 1] if length else -1)
        tails[length : length + 1] = [b]
        ends[length : length + 1] = [index]
    at = ends[-1] if ends else -1
    while at >= 0:
        chains.append(pairs[at])
        at = before[at]
    return chains[::-1]


def merge_order(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """Return the names of both sides, each once; whether a name stays is not asked here.

    What only one side moved stands where it moved it; where both moved, ours stands. A name that only
    one side has stands behind the one that it follows there. Of what the sides put at one place, and
    of two orders of names that both added, what sorts first comes first: `ours` and `theirs` changed
    about give the same order.
    """
    common = set(ours) & set(theirs)
    old = frozenset(base)
    runs = [_runs(side, common) for side in (ours, theirs)]
    merged: list[str] = []
    for anchor in (
        None,
        *_spine(*([name for name in side if name in common] for side in (base, ours, theirs))),
    ):
        if anchor is not None:
            merged.append(anchor)
        found = (side[anchor] for side in runs if anchor in side)
        for run in sorted(found, key=lambda run: ([name for name in run if name not in old], run)):
            merged.extend(run)
    return merged


def _spine(base: list[str], ours: list[str], theirs: list[str]) -> list[str]:
    """Return the names that both sides have in the order that the merge gives them."""
    old = frozenset(base)
    before, here, there = ([name for name in side if name in old] for side in (base, ours, theirs))
    if here == before == there:
        return min(ours, theirs)
    return theirs if here == before else ours


def _runs(side: Sequence[str], common: set[str]) -> dict[str | None, list[str]]:
    """Return what a side has beside the common names, by the common name that it follows."""
    runs: dict[str | None, list[str]] = {}
    anchor = None
    for name in side:
        if name in common:
            anchor = name
        else:
            runs.setdefault(anchor, []).append(name)
    return runs
