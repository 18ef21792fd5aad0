"""Knows how much of a review goes on the page at each step of shortening, and counts what does not."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from tdmvc.render.review.html.grid import Grid
from tdmvc.render.terminal import plural

_Item = TypeVar("_Item")
_TRIED = 20


@dataclass(frozen=True, slots=True)
class Detail:
    """How many of each are shown, rows apart."""

    datasets: int
    tables: int
    units: int
    shifts: int
    findings: int
    patterns: int
    facts: int
    """Schema changes, reasons, heads, ignored columns, commands: each list by itself."""
    text: int
    """Characters of a sentence from data."""


DETAILS = (
    Detail(200, 1000, 500, 100, 200, 200, 500, 1000),
    Detail(200, 1000, 50, 20, 100, 50, 100, 600),
    Detail(100, 300, 20, 5, 50, 20, 30, 400),
    Detail(50, 100, 0, 0, 20, 5, 10, 200),
    Detail(20, 10, 0, 0, 5, 0, 3, 120),
    Detail(5, 0, 0, 0, 1, 0, 1, 80),
)
"""Related rows go first, then distributions, findings and tables."""


@dataclass(slots=True)
class Room:
    """What may be shown, and what was left out so far."""

    detail: Detail
    left: Counter[str] = field(default_factory=Counter)

    def take(self, items: Sequence[_Item], most: int, noun: str) -> Sequence[_Item]:
        """Return the first items, and count the others as left out."""
        if len(items) > most:
            self.left[noun] += len(items) - most
        return items[:most]

    @property
    def words(self) -> list[str]:
        """What is left out, a phrase each, in the order in which it was met."""
        return [plural(count, noun) for noun, count in self.left.items()]


def fill(grids: Sequence[Grid], room_bytes: int, *, has_unchanged: bool) -> bool:
    """Give each grid as many rows as all get, a grid of few rows leaving its share to the others.

    Sets `shown` of each grid. Returns whether every sample is shown; with `has_unchanged`
    it stops at the first that does not fit.
    """
    for grid in grids:
        grid.has_unchanged, grid.shown = has_unchanged, 0
    left, position = room_bytes, 0
    waiting = [grid for grid in grids if grid.samples]
    while waiting:
        for grid in waiting:
            cost = _size(grid.row(position)) + (_size(grid.head()) + 600 if position == 0 else 0)
            if cost > left:
                return False
            left -= cost
            grid.shown = position + 1
        position += 1
        waiting = [grid for grid in waiting if len(grid.samples) > position]
    return True


def may_fit(grids: Sequence[Grid], room_bytes: int) -> bool:
    """Whether all samples with their unchanged cells are worth a try, judged by the first rows of each grid."""
    guess = 0.0
    for grid in grids:
        grid.has_unchanged = True
        some = min(len(grid.samples), _TRIED)
        guess += sum(_size(grid.row(at)) for at in range(some)) / max(some, 1) * len(grid.samples)
    return guess <= 2 * room_bytes


def shares(sizes: Sequence[int], most: int) -> list[int]:
    """Divide `most` evenly among lists of these sizes; what a short list does not need goes to the others."""
    given = [0] * len(sizes)
    left = most
    by_size = sorted(range(len(sizes)), key=lambda place: sizes[place])
    for done, place in enumerate(by_size):
        given[place] = min(sizes[place], left // (len(sizes) - done))
        left -= given[place]
    return given


def _size(markup: str) -> int:
    return len(markup) if markup.isascii() else len(markup.encode())
