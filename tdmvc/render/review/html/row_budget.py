"""How many sample rows of each table fit on the page."""

from collections.abc import Sequence

from tdmvc.render.review.html.grid import Grid

_TRIED = 20


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
