"""Knows in which order the entries of two sides stand once they are merged."""

from collections.abc import Sequence


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
