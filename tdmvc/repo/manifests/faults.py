"""Knows which entry of a merged manifest a strict reader complains of, and whether the sides differ there."""

from dataclasses import dataclass

from tdmvc.repo.manifests.layout import Entry, Kind
from tdmvc.repo.manifests.plan import Path, is_joinable, named, shown_below
from tdmvc.repo.manifests.shapes import Shape
from tdmvc.repo.manifests.steps import Three, value_of


@dataclass(frozen=True, slots=True)
class Difference:
    """The innermost entry that holds a fault and that a person can choose a side of."""

    path: Path
    shown: str
    is_equal: bool
    """Both sides say the same there, so that there is nothing to choose from."""


def find_difference(shape: Shape, sides: Three[Entry | None], merged: Entry, line: int | None) -> Difference:
    """Return where to let a person choose, for a fault at a line (from 1) of the merged file."""
    path: Path = ()
    shown = ""
    entry: Entry | None = merged
    while line is not None and entry is not None and (path == () or is_joinable(shape, sides)):
        kind = entry.node.kind
        inside = named(shape, entry, kind) or {}
        name = next((name for name, found in inside.items() if found.is_at(line - 1)), None)
        if name is None:
            break
        entry = inside[name]
        sides = _below(shape, sides, kind, name)
        shown = shown_below(shown, name, kind)
        path = (*path, name)
        shape = shape.of(name if kind is Kind.MAPPING else None)
    return Difference(path, shown, value_of(sides.ours) == value_of(sides.theirs))


def _below(shape: Shape, sides: Three[Entry | None], kind: Kind, name: str) -> Three[Entry | None]:
    return sides.each(lambda side: (named(shape, side, kind) or {}).get(name))
