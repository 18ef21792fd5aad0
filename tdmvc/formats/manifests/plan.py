"""Knows what becomes of each entry of a manifest when two sides are merged: decides, and writes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import methodcaller
from types import MappingProxyType
from typing import Final, TypeVar

from tdmvc.formats.manifests.layout import Entry, Kind, Switch, Value
from tdmvc.formats.manifests.order import merge_order
from tdmvc.formats.manifests.shapes import OneValue, Shape
from tdmvc.formats.manifests.steps import (
    ABSENT,
    Absent,
    Clash,
    Decision,
    Join,
    Leave,
    Pick,
    Side,
    Step,
    Three,
    value_of,
)
from tdmvc.model.merge import ManifestConflict
from tdmvc.yaml.writer import scalar

T = TypeVar("T")
Path = tuple[str, ...]
"""The names of the steps that lead to an entry."""

_MOST_SHOWN = 80
_MOST_NAMED = 40
_REPEATED: Final = "\0"
"""Parts what identifies an element from how often it came before; no YAML text can hold a NUL."""
_NOTHING: Mapping[Path, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of a whole manifest."""

    root: Step
    conflicts: tuple[ManifestConflict, ...]

    def with_conflict(self, conflict: ManifestConflict) -> "Plan":
        return Plan(self.root, (*self.conflicts, conflict))


def plan_merge(shape: Shape, sides: Three[Entry | None], contested: Mapping[Path, str] = _NOTHING) -> Plan:
    """Decide over the root of a manifest and all that is below it.

    Entries in `contested` clash where ours and theirs differ, although each could be merged
    alone; the text is the reason.
    """
    planner = _Planner(contested)
    root = Step("", sides, planner.join(shape, sides, (), "", None))
    return Plan(root, tuple(planner.conflicts))


@dataclass(slots=True)
class _Planner:
    contested: Mapping[Path, str]
    conflicts: list[ManifestConflict] = field(default_factory=list)

    def join(
        self, shape: Shape, sides: Three[Entry | None], path: Path, shown: str, one_value: OneValue | None
    ) -> Join:
        kind = _kind(sides) or Kind.MAPPING
        found = sides.each(lambda side: named(shape, side, kind) or {})
        values = sides.each(value_of)
        if shape.one_value is not None:
            one_value = self._contest(shape.one_value, values, shown)
        derived = shape.derived if _is_changed_twice(values) else frozenset()
        steps = []
        for name in merge_order(*(list(side) for side in found)):
            entries = found.each(methodcaller("get", name))
            inner = shape.of(name if kind is Kind.MAPPING else None)
            decision: Decision = Leave()
            if kind is Kind.LIST or name not in derived:
                below = shown_below(shown, name, kind)
                decision = self._decide(inner, entries, (*path, name), below, one_value)
            steps.append(Step(name, entries, decision))
        return Join(kind, tuple(steps), _left_empty(sides, kind))

    def _decide(
        self, shape: Shape, sides: Three[Entry | None], path: Path, shown: str, one_value: OneValue | None
    ) -> Decision:
        values = sides.each(value_of)
        is_part = one_value is not None and path[-1] in one_value.fields
        if values.ours != values.theirs and (is_part or path in self.contested):
            if not is_part:
                self._note(shown, values, self.contested[path])
            return Clash()
        if one_value is None and not any(other[: len(path)] == path for other in self.contested):
            words = sides.each(lambda side: side.wording if side else None)
            if not _is_changed_twice(words):
                return _changed(words)
        if is_joinable(shape, sides):
            return self.join(shape, sides, path, shown, one_value)
        if not _is_changed_twice(values):
            return _changed(values)
        self._note(shown, values)
        return Clash()

    def _contest(self, one: OneValue, values: Three[Value | Absent], shown: str) -> OneValue | None:
        """Return the fields of which each difference clashes: both sides changed what they say together."""
        read = values.each(lambda value: None if isinstance(value, Absent) else one.read(value))
        if not _is_changed_twice(read):
            return None
        texts = read.each(lambda names: None if names is None else _cut(", ".join(names), _MOST_SHOWN))
        self.conflicts.append(ManifestConflict(f"{shown}.{one.name}", texts.base, texts.ours, texts.theirs))
        return one

    def _note(self, shown: str, values: Three[Value | Absent], reason: str | None = None) -> None:
        texts = values.each(brief)
        self.conflicts.append(ManifestConflict(shown, texts.base, texts.ours, texts.theirs, reason))


def brief(value: Value | Absent) -> str | None:
    """Return a value on one line, cut where it is long; None where there is none."""
    if isinstance(value, Absent):
        return None
    return _cut(" ".join(value.split()) if isinstance(value, str) else _in_brackets(value), _MOST_SHOWN)


def _in_brackets(value: Value) -> str:
    match value:
        case None:
            return "null"
        case Switch(word):
            return word
        case str():
            return scalar(value)
        case list():
            return "[" + ", ".join(map(_in_brackets, value)) + "]"
    return "{" + ", ".join(f"{scalar(name)}: {_in_brackets(of)}" for name, of in value.items()) + "}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def shown_below(above: str, name: str, kind: Kind) -> str:
    """Return the path of an entry as people read it."""
    name = _cut(name.replace(_REPEATED, " #"), _MOST_NAMED)
    if kind is Kind.LIST:
        return f"{above}[{name}]"
    return f"{above}.{name}" if above else name


def _changed(sides: Three[T]) -> Pick:
    """Return the one side that changed; ours where both did alike."""
    return Pick(Side.THEIRS if sides.ours == sides.base else Side.OURS)


def _is_changed_twice(sides: Three[T]) -> bool:
    """Tell whether each side says something else."""
    return sides.ours != sides.theirs and sides.base not in (sides.ours, sides.theirs)


def _kind(sides: Three[Entry | None]) -> Kind | None:
    """Return what the collections of ours and theirs are; None where that is not one kind."""
    kinds = {side.node.kind for side in (sides.ours, sides.theirs) if side and side.node.value is not None}
    return kinds.pop() if len(kinds) == 1 else None


def is_joinable(shape: Shape, sides: Three[Entry | None]) -> bool:
    """Tell whether the sides' values are collections that can be merged entry by entry."""
    kind = _kind(sides)
    if kind is None or kind is Kind.SCALAR:
        return False
    if not shape.is_section and any(
        not side or side.node.value is None for side in (sides.ours, sides.theirs)
    ):
        return False
    return all(named(shape, side, kind) is not None for side in sides)


def named(shape: Shape, side: Entry | None, kind: Kind) -> dict[str, Entry] | None:
    """Return the entries of a collection by what identifies them; None where that cannot be said."""
    if side is None or side.node.kind is not kind:
        return {}
    if kind is Kind.MAPPING:
        return {entry.name or "": entry for entry in side.node.entries}
    found: dict[str, Entry] = {}
    seen: dict[str, int] = {}
    for entry in side.node.entries:
        name = shape.identity(entry.node.value) if shape.identity else None
        if name is None or (name in seen and not shape.is_repeatable):
            return None
        seen[name] = seen.get(name, 0) + 1
        found[name if seen[name] == 1 else f"{name}{_REPEATED}{seen[name]}"] = entry
    return found


def _left_empty(sides: Three[Entry | None], kind: Kind) -> Value | Absent:
    """Return what stands where a collection loses its last entry."""
    if sides.ours is None or sides.theirs is None:
        return ABSENT
    if sides.each(lambda side: side is not None and side.node.value is None).merged():
        return None
    return [] if kind is Kind.LIST else {}
