"""Knows in which order the entries of two sides stand once they are merged."""

from collections.abc import Sequence


def merge_order(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """Return the names of both sides, each once; whether a name stays is not asked here.

    What only one side moved stands where it moved it; where both moved, ours stands. A name that
    not all sides have stands behind the one that it follows on its side. Of what both sides put at
    one place, the run whose first new name sorts first comes first, so that `ours` and `theirs` changed
    about give the same order.
    """
    common = set(base) & set(ours) & set(theirs)
    before, here, there = ([name for name in side if name in common] for side in (base, ours, theirs))
    runs = [_runs(side, common) for side in (ours, theirs)]
    old = frozenset(base)
    merged: list[str] = []
    for anchor in (None, *(there if here == before else here)):
        if anchor is not None:
            merged.append(anchor)
        found = (side[anchor] for side in runs if anchor in side)
        for run in sorted(found, key=lambda run: ([name for name in run if name not in old], run)):
            merged.extend(run)
    return list(dict.fromkeys(merged))


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
