"""What a remote has of the objects that are needed, and how closely that was looked at."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Comparison(StrEnum):
    """What was compared to find out whether an object on a remote is whole."""

    PRESENCE = "presence"
    """Only that it is there: this clone has no copy to compare, and the remote tells no checksum."""
    SIZE = "size"
    """Its size with that of this clone's copy."""
    CHECKSUM = "checksum"
    """The MD5 hash that the remote tells with the object's name."""
    SIZE_AND_CHECKSUM = "size and checksum"
    BYTES = "bytes"
    """All of its bytes, which were read."""


@dataclass(frozen=True, slots=True)
class RemoteObjects:
    """What a remote has of the objects that it was asked for."""

    compared: dict[str, Comparison] = field(default_factory=dict)
    """The objects that it has, and what shows that they are whole."""
    missing: frozenset[str] = frozenset()
    cut: frozenset[str] = frozenset()
    """The objects that have another size there."""
    altered: frozenset[str] = frozenset()
    """The objects that have this clone's size there, but other bytes."""

    @property
    def lacking(self) -> frozenset[str]:
        """The objects that cannot be used from there."""
        return self.missing | self.cut | self.altered


@dataclass(frozen=True, slots=True)
class RemoteComparison:
    """How many objects on a remote were found whole, and by what comparison."""

    remote: str
    objects: int
    """How many were searched for."""
    compared: dict[Comparison, int]
    """How many were found whole, by what was compared; the closest comparison first."""


def count_comparisons(remote: str, compared: Mapping[str, Comparison], objects: int) -> RemoteComparison:
    """Return the counts of what `RemoteObjects.compared` says of each object."""
    counts = Counter(compared.values())
    ordered = [one for one in reversed(Comparison) if counts[one]]
    return RemoteComparison(remote, objects, {one: counts[one] for one in ordered})
