"""Merges the values of three sides of a manifest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from tdmvc.formats.line_merge import ThreeWay, merge_order
from tdmvc.formats.manifest_shapes import BooleanWord, Shape, SpreadValue, Value
from tdmvc.model.merge import ManifestConflict
from tdmvc.yaml.writer import flow_mapping, scalar

Path = tuple[str, ...]
"""The steps from the root down: `.key` in a mapping, `[name]` in a list."""

_MOST_SHOWN = 80
_MOST_NAMED = 40


class NoValue(Enum):
    """Stands for a value that does not exist."""

    ABSENT = "absent"


ABSENT = NoValue.ABSENT
MaybeValue = Value | NoValue


@dataclass(frozen=True, slots=True)
class MergedValue:
    """What a merge says."""

    choices: ThreeWay[MaybeValue]
    """The merged value, by the side that a person keeps in every conflict; without conflicts all are equal."""
    conflicts: tuple[ManifestConflict, ...]


def merge_values(shape: Shape, sides: ThreeWay[Value], contested: Mapping[Path, str]) -> MergedValue:
    """Merge the roots of a manifest.

    Places in `contested` are in conflict if ours and theirs differ, although each could be
    merged alone; the text is the reason.
    """
    merge = _Merge()
    for path, reason in contested.items():
        merge.contest(path, reason)
    return MergedValue(merge.join(shape, sides.each(lambda side: side)), tuple(merge.conflicts))


def format_path(path: Path) -> str:
    """Return a path as people read it, with long names of elements cut."""
    steps = (f"[{_cut(one[1:-1], _MOST_NAMED)}]" if one.startswith("[") else one for one in path)
    return "".join(steps).lstrip(".")


def children_of(shape: Shape, value: MaybeValue) -> dict[str, Value] | None:
    """Return the entries of a collection by name, none for a value that is not of the shape's kind.

    Returns:
        None if the elements of a list have no unique names.
    """
    if shape.is_list and isinstance(value, list):
        names = shape.name_elements(value)
        return None if names is None else dict(zip(names, value, strict=True))
    return dict(value) if isinstance(value, dict) and not shape.is_list else {}


def is_merged_by_entry(shape: Shape, sides: ThreeWay[MaybeValue]) -> bool:
    """Return whether the entries of the sides' values can be merged one by one."""
    if shape.is_whole:
        return False
    kind = list if shape.is_list else dict
    both = (sides.ours, sides.theirs)
    if not any(isinstance(side, kind) for side in both):
        return False
    if not all(isinstance(side, kind) or (shape.is_section and side in (ABSENT, None)) for side in both):
        return False
    return all(children_of(shape, side) is not None for side in sides)


@dataclass(slots=True)
class _Merge:
    contested: dict[Path, str] = field(default_factory=dict)
    """The reason why a place is in conflict wherever ours and theirs differ; empty if it was given already."""
    above_contested: set[Path] = field(default_factory=set)
    conflicts: list[ManifestConflict] = field(default_factory=list)

    def contest(self, path: Path, reason: str) -> None:
        """Make a place a conflict if ours and theirs differ, although it could be merged alone."""
        self.contested[path] = reason
        self.above_contested.update(path[:length] for length in range(len(path)))

    def join(self, shape: Shape, sides: ThreeWay[MaybeValue], path: Path = ()) -> ThreeWay[MaybeValue]:
        """Merge a collection entry by entry."""
        children = sides.each(lambda side: children_of(shape, side) or {})
        if shape.spread is not None:
            self._contest_spread(shape, shape.spread, sides, path)
        merged: ThreeWay[dict[str, Value]] = ThreeWay({}, {}, {})
        for name in merge_order(*map(list, children)):
            if name in shape.derived and sides.is_changed_twice:
                continue
            inner: ThreeWay[MaybeValue] = children.each(lambda side, name=name: side.get(name, ABSENT))  # type: ignore[misc]
            found = self._merge(shape.of(name), inner, (*path, shape.step(name)))
            for target, value in zip(merged, found, strict=True):
                if value is not ABSENT:
                    target[name] = value
        empty: MaybeValue = [] if shape.is_list else {}
        if ABSENT in (sides.ours, sides.theirs):
            empty = ABSENT
        elif sides.each(lambda side: side is None).merged():
            empty = None
        return merged.each(lambda side: (list(side.values()) if shape.is_list else side) or empty)

    def _merge(self, shape: Shape, sides: ThreeWay[MaybeValue], path: Path) -> ThreeWay[MaybeValue]:
        if sides.ours != sides.theirs and path in self.contested:
            if self.contested[path]:
                self._note(path, sides.each(brief), self.contested[path])
            return sides
        is_joined = sides.is_changed_twice or path in self.above_contested
        if is_joined and is_merged_by_entry(shape, sides):
            return self.join(shape, sides, path)
        if not sides.is_changed_twice:
            return sides.each(lambda _: sides.merged())
        self._note(path, sides.each(brief))
        return sides

    def _contest_spread(
        self, shape: Shape, spread: SpreadValue, sides: ThreeWay[MaybeValue], path: Path
    ) -> None:
        """Contest the fields of a spread value that both sides changed, so that each difference is a conflict."""
        read = sides.each(lambda side: None if side is ABSENT else spread.read(side))
        if not read.is_changed_twice:
            return
        self._note(
            (*path, shape.step(spread.name)),
            read.each(lambda names: None if names is None else _cut(", ".join(names), _MOST_SHOWN)),
        )
        elements = shape.of(spread.elements)
        for side in sides:
            inner = side.get(spread.elements) if isinstance(side, dict) else None
            for name in children_of(elements, inner) or {}:
                for part in spread.fields:
                    steps = (shape.step(spread.elements), elements.step(name), elements.of(name).step(part))
                    self.contest((*path, *steps), "")

    def _note(self, path: Path, texts: ThreeWay[str | None], reason: str | None = None) -> None:
        self.conflicts.append(
            ManifestConflict(format_path(path), texts.base, texts.ours, texts.theirs, reason)
        )


def brief(value: MaybeValue) -> str | None:
    """Return a value on one line, cut if it is long; None if there is none."""
    if value is ABSENT:
        return None
    return _cut(" ".join(value.split()) if isinstance(value, str) else _in_flow_style(value), _MOST_SHOWN)


def _in_flow_style(value: Value) -> str:
    match value:
        case None:
            return "null"
        case BooleanWord(word):
            return word
        case str():
            return scalar(value)
        case list():
            return f"[{', '.join(map(_in_flow_style, value))}]"
    return flow_mapping((scalar(name), _in_flow_style(inner)) for name, inner in value.items())


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
