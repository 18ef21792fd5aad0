"""An object as a place that holds objects lists it, and what such a place can do."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What a listing of a place tells of an object."""

    size_bytes: int
    modified: float | None
    """Seconds since 1970, or None where the place does not tell."""

    def age_days(self, now: float) -> float | None:
        return None if self.modified is None else (now - self.modified) / 86_400


class ObjectPlace(Protocol):
    """The cache, or a remote."""

    def list_objects(self) -> dict[str, StoredObject]:
        """Return every object by name."""

    def read(self, oids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the bytes of objects."""

    def remove(self, objects: Mapping[str, StoredObject]) -> set[str]:
        """Remove objects that are still as they were listed, in this order; return those that went."""
