"""Merges what three sides of a manifest say, as values; writes nothing."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, TypeVar

from tdmvc.formats.line_merge import merge_order
from tdmvc.formats.manifest_shapes import BooleanWord, Shape, SpreadValue, Value
from tdmvc.model.merge import ManifestConflict, Side
from tdmvc.yaml.writer import flow_mapping, scalar

T = TypeVar("T")
R = TypeVar("R")
Path = tuple[str, ...]
"""Keys, and names of elements, from the root down."""

_MOST_SHOWN = 80
_MOST_NAMED = 40


class NoValue(Enum):
    """Stands for a value that does not exist."""

    ABSENT = "absent"


ABSENT = NoValue.ABSENT
MaybeValue = Value | NoValue


@dataclass(frozen=True, slots=True)
class Three(Generic[T]):
    """One thing as each side has it."""

    base: T
    ours: T
    theirs: T

    def of(self, side: Side) -> T:
        return self.base if side is Side.BASE else self.ours if side is Side.OURS else self.theirs

    def __iter__(self) -> Iterator[T]:
        return iter((self.base, self.ours, self.theirs))

    def each(self, function: Callable[[T], R]) -> "Three[R]":
        """Return what the function makes of each side."""
        return Three(function(self.base), function(self.ours), function(self.theirs))

    @property
    def is_changed_twice(self) -> bool:
        """Whether each side says something else."""
        return self.ours != self.theirs and self.base not in (self.ours, self.theirs)

    def merged(self) -> T:
        """Return the change of one side; where both changed it, ours."""
        return self.theirs if self.ours == self.base else self.ours


@dataclass(frozen=True, slots=True)
class MergedValue:
    """What a merge says."""

    choices: Three[MaybeValue]
    """The merged value, by the side that a person keeps in every conflict; without conflicts all are equal."""
    conflicts: tuple[ManifestConflict, ...]


def merge_values(shape: Shape, sides: Three[Value], contested: Mapping[Path, str]) -> MergedValue:
    """Merge the roots of a manifest.

    Places in `contested` are in conflict where ours and theirs differ, although each could be
    merged alone; the text is the reason.
    """
    merge = _Merge(contested)
    return MergedValue(merge.join(shape, sides.each(lambda side: side), (), "", None), tuple(merge.conflicts))


def children_of(shape: Shape, value: MaybeValue, kind: type) -> dict[str, Value] | None:
    """Return the entries of a collection by name, none for a value of another kind.

    Returns:
        None where the elements of a list have no unique names.
    """
    if not isinstance(value, kind):
        return {}
    if isinstance(value, list):
        names = shape.name_elements(value)
        return None if names is None else dict(zip(names, value, strict=True))
    return dict(value) if isinstance(value, dict) else {}


def collection_kind(shape: Shape, sides: Three[MaybeValue]) -> type | None:
    """Return dict or list where the sides' values can be merged entry by entry, otherwise None."""
    found = {type(side) for side in (sides.ours, sides.theirs) if side is not ABSENT and side is not None}
    if len(found) != 1 or not found <= {dict, list}:
        return None
    if not shape.is_section and any(side is ABSENT or side is None for side in (sides.ours, sides.theirs)):
        return None
    kind = found.pop()
    return kind if all(children_of(shape, side, kind) is not None for side in sides) else None


@dataclass(slots=True)
class _Merge:
    contested: Mapping[Path, str]
    conflicts: list[ManifestConflict] = field(default_factory=list)

    def join(
        self, shape: Shape, sides: Three[MaybeValue], path: Path, shown: str, spread: SpreadValue | None
    ) -> Three[MaybeValue]:
        """Merge a collection entry by entry."""
        kind = collection_kind(shape, sides) or dict
        children = sides.each(lambda side: children_of(shape, side, kind) or {})
        if shape.spread is not None:
            spread = self._contest(shape.spread, sides, shown)
        merged: Three[dict[str, Value]] = Three({}, {}, {})
        for name in merge_order(*map(list, children)):
            if kind is dict and name in shape.derived and sides.is_changed_twice:
                continue
            below = f"{shown}[{_cut(name, _MOST_NAMED)}]" if kind is list else f"{shown}.{name}".lstrip(".")
            inner: Three[MaybeValue] = children.each(lambda side, name=name: side.get(name, ABSENT))  # type: ignore[misc]
            found = self._merge(shape.of(name if kind is dict else None), inner, (*path, name), below, spread)
            for target, value in zip(merged, found, strict=True):
                if value is not ABSENT:
                    target[name] = value
        empty: MaybeValue = [] if kind is list else {}
        if ABSENT in (sides.ours, sides.theirs):
            empty = ABSENT
        elif sides.each(lambda side: side is None).merged():
            empty = None
        return merged.each(lambda side: (side if kind is dict else list(side.values())) or empty)

    def _merge(
        self, shape: Shape, sides: Three[MaybeValue], path: Path, shown: str, spread: SpreadValue | None
    ) -> Three[MaybeValue]:
        is_part = spread is not None and path[-1] in spread.fields
        if sides.ours != sides.theirs and (is_part or path in self.contested):
            if not is_part:
                self._note(shown, sides, self.contested[path])
            return sides
        is_above = spread is not None or any(other[: len(path)] == path for other in self.contested)
        if (is_above or sides.is_changed_twice) and collection_kind(shape, sides) is not None:
            return self.join(shape, sides, path, shown, spread)
        if not sides.is_changed_twice:
            one = sides.merged()
            return Three(one, one, one)
        self._note(shown, sides)
        return sides

    def _contest(self, spread: SpreadValue, sides: Three[MaybeValue], shown: str) -> SpreadValue | None:
        """Return the fields of which each difference is in conflict: both sides changed what they say together."""
        read = sides.each(lambda side: None if side is ABSENT else spread.read(side))
        if not read.is_changed_twice:
            return None
        texts = read.each(lambda names: None if names is None else _cut(", ".join(names), _MOST_SHOWN))
        self.conflicts.append(
            ManifestConflict(f"{shown}.{spread.name}", texts.base, texts.ours, texts.theirs)
        )
        return spread

    def _note(self, shown: str, sides: Three[MaybeValue], reason: str | None = None) -> None:
        texts = sides.each(brief)
        self.conflicts.append(ManifestConflict(shown, texts.base, texts.ours, texts.theirs, reason))


def brief(value: MaybeValue) -> str | None:
    """Return a value on one line, cut where it is long; None where there is none."""
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
