"""The paths that differ inside two nested values or two JSON texts."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from tdmvc.render.cells import cell_text, visible

_DEEPEST = 40
_MOST_CHARACTERS = 200_000

Tree = dict[object, object] | list[object]


class Absent(Enum):
    """The mark of a path that one side does not have."""

    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class PathChange:
    """One path that differs; a side that lacks it is `Absent.ABSENT`."""

    path: str
    old: object
    new: object


def path_changes(old: object, new: object, most: int) -> tuple[list[PathChange], bool] | None:
    """Return the first `most` paths that differ, and whether there are more.

    Returns None if the values are not trees, or differ only in notation.
    """
    trees = parse_tree(old), parse_tree(new)
    if trees[0] is None or trees[1] is None or type(trees[0]) is not type(trees[1]):
        return None
    changes: list[PathChange] = []
    for change in _walk(trees[0], trees[1], "", 0):
        if len(changes) == most:
            return changes, True
        changes.append(change)
    return (changes, False) if changes else None


def side_text(value: object) -> str:
    """Return one side of a path as text."""
    return "absent" if value is Absent.ABSENT else cell_text(value)


def parse_tree(value: object) -> Tree | None:
    """Return a nested value or a JSON text as a tree, or None for anything else."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, str) and len(value) <= _MOST_CHARACTERS and value.lstrip()[:1] in {"{", "["}:
        try:
            parsed = json.loads(value)
        except (ValueError, RecursionError):
            return None
        return parsed if isinstance(parsed, dict | list) else None
    return None


def _walk(old: object, new: object, path: str, depth: int) -> Iterator[PathChange]:
    if depth < _DEEPEST and isinstance(old, dict) and isinstance(new, dict):
        names = [*old, *(name for name in new if name not in old)]
        for name in names:
            step = _step(path, name)
            yield from _walk(old.get(name, Absent.ABSENT), new.get(name, Absent.ABSENT), step, depth + 1)
    elif depth < _DEEPEST and isinstance(old, list | tuple) and isinstance(new, list | tuple):
        for index in range(max(len(old), len(new))):
            left = old[index] if index < len(old) else Absent.ABSENT
            right = new[index] if index < len(new) else Absent.ABSENT
            yield from _walk(left, right, f"{path}[{index}]", depth + 1)
    elif not _is_equal(old, new):
        yield PathChange(path or "(whole)", old, new)


def _step(path: str, name: object) -> str:
    shown = visible(str(name))
    return f"{path}.{shown}" if path else shown


def _is_equal(old: object, new: object) -> bool:
    if isinstance(old, bool) is not isinstance(new, bool):
        return False
    if isinstance(old, float) and isinstance(new, float) and math.isnan(old) and math.isnan(new):
        return True
    try:
        return bool(old == new)
    except RecursionError:
        return False
