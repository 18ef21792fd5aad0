"""Merges lines and names of three sides; the caller checks the result."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Generic, TypeVar

from tdmvc.model.merge import Side

_COMMENT = re.compile(r"(?:^|\s)(#.*)$")

T = TypeVar("T")
R = TypeVar("R")
Lines = list[str]


@dataclass(frozen=True, slots=True)
class ThreeWay(Generic[T]):
    """One thing as each side has it."""

    base: T
    ours: T
    theirs: T

    def of(self, side: Side) -> T:
        return self.base if side is Side.BASE else self.ours if side is Side.OURS else self.theirs

    def __iter__(self) -> Iterator[T]:
        return iter((self.base, self.ours, self.theirs))

    def each(self, function: Callable[[T], R]) -> "ThreeWay[R]":
        """Return what the function makes of each side."""
        return ThreeWay(function(self.base), function(self.ours), function(self.theirs))

    @property
    def is_changed_twice(self) -> bool:
        """Whether both sides changed it, in different ways."""
        return self.ours != self.theirs and self.base not in (self.ours, self.theirs)

    def merged(self) -> T:
        """Return the change of one side; if both changed it, ours."""
        return self.theirs if self.ours == self.base else self.ours


def merge_lines(base: Lines, ours: Lines, theirs: Lines) -> Lines | None:
    """Merge the lines of one entry; a value, and the comment after it, are merged separately.

    Returns:
        None if both sides changed a line in different ways.
    """
    in_ours, in_theirs = (_matches(base, side) for side in (ours, theirs))
    stable = [
        (at, in_ours[at], in_theirs[at]) for at in range(len(base)) if at in in_ours and at in in_theirs
    ]
    merged: Lines = []
    for last, here in pairwise([(-1, -1, -1), *stable, (len(base), len(ours), len(theirs))]):
        gap = ThreeWay(
            *(side[a + 1 : b] for side, a, b in zip((base, ours, theirs), last, here, strict=True))
        )
        if gap.is_changed_twice:
            return None
        merged += gap.merged()
        if here[0] < len(base):
            line = ThreeWay(base[here[0]], ours[here[1]], theirs[here[2]]).each(_split_comment)
            parts = [ThreeWay(*part) for part in zip(*line, strict=True)]
            if any(part.is_changed_twice for part in parts):
                return None
            merged.append("".join(part.merged() for part in parts))
    return merged


def _matches(base: Lines, side: Lines) -> dict[int, int]:
    """Return the places of the base's lines in a side, even if only their value changed."""
    matcher = SequenceMatcher(None, list(map(_key, base)), list(map(_key, side)), autojunk=False)
    blocks = matcher.get_matching_blocks()
    return {block.a + k: block.b + k for block in blocks for k in range(block.size)}


def _key(line: str) -> str:
    """Return what stays of a line whose value changes."""
    match = re.match(r" *[^\s#-][^#]*?:(?= |$)", line)
    return match[0] if match else _split_comment(line)[0]


def _split_comment(line: str) -> tuple[str, str]:
    """Return a line and the comment at its end, with the space before it."""
    match = re.fullmatch(r"(.*?)(\s+#.*)?", line)
    return (match[1], match[2] or "") if match else (line, "")


def kept_comments(sides: ThreeWay[Lines]) -> set[str]:
    """Return the comments of both sides, without those that a side removed."""
    base, ours, theirs = (set(comments_of(side)) for side in sides)
    return (ours & theirs) | (ours - base) | (theirs - base)


def comments_of(lines: Sequence[str]) -> Lines:
    """Return the comments of a text; what only looks like one, in a quoted text, is compared all the same."""
    return [match[1].rstrip() for line in lines if (match := _COMMENT.search(line))]


def merge_order(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """Return the names of both sides, each once; whether a name stays is decided elsewhere.

    What only one side moved is where that side moved it; if both moved names, our order counts. A name
    that only one side has comes after the name that it follows there. What the sides added at one place,
    and two orders of names that both added, are sorted: exchanging `ours` and `theirs` gives
    the same order.
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
    """Return the names that only one side has, by the common name that each follows."""
    runs: dict[str | None, list[str]] = {}
    anchor = None
    for name in side:
        if name in common:
            anchor = name
        else:
            runs.setdefault(anchor, []).append(name)
    return runs
