"""The values of a merge of two manifests: three sides, and what becomes of each entry."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Generic, TypeVar

from tdmvc.formats.manifests.layout import Entry, Kind, Value

T = TypeVar("T")
R = TypeVar("R")


class Side(StrEnum):
    """One of the three states that are merged."""

    BASE = "base"
    OURS = "ours"
    THEIRS = "theirs"


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

    def merged(self) -> T:
        """Return the change of one side; where both changed it, ours."""
        return self.theirs if self.ours == self.base else self.ours


@dataclass(frozen=True, slots=True)
class Absent:
    """Stands for a value that is not there."""


ABSENT: Final = Absent()


@dataclass(frozen=True, slots=True)
class Pick:
    """The entry as one side has it, which may be: not at all."""

    side: Side


@dataclass(frozen=True, slots=True)
class Clash:
    """A person must choose."""


@dataclass(frozen=True, slots=True)
class Leave:
    """The entry goes, whatever the sides say."""


@dataclass(frozen=True, slots=True)
class Join:
    """A collection that is merged entry by entry."""

    kind: Kind
    steps: tuple["Step", ...]
    """In the order of the merged collection."""
    empty: Value | Absent
    """What stands there if no entry is left."""


Decision = Pick | Clash | Leave | Join


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the three sides, and what becomes of it."""

    name: str
    """Its key, or what identifies an element."""
    sides: Three[Entry | None]
    decision: Decision

    def value(self, choice: Side) -> Value | Absent:
        """Return what the merged entry says if a person settles every clash by one side."""
        match self.decision:
            case Pick(side):
                return value_of(self.sides.of(side))
            case Clash():
                return value_of(self.sides.of(choice))
            case Leave():
                return ABSENT
            case Join(Kind.MAPPING, steps, empty):
                pairs = {step.name: step.value(choice) for step in steps}
                return {
                    name: value for name, value in pairs.items() if not isinstance(value, Absent)
                } or empty
            case Join(_, steps, empty):
                values = (step.value(choice) for step in steps)
                return [value for value in values if not isinstance(value, Absent)] or empty

    @property
    def clashes(self) -> bool:
        """Whether a person must choose somewhere in it."""
        if isinstance(self.decision, Join):
            return any(step.clashes for step in self.decision.steps)
        return isinstance(self.decision, Clash)


def value_of(entry: Entry | None) -> Value | Absent:
    """Return what an entry says."""
    return entry.node.value if entry is not None else ABSENT
