"""Which objects of the cache or a remote can be removed: tdmvc's own that nothing needs and that are old enough."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tdmvc.errors import PartError
from tdmvc.formats.object_names import find_objects
from tdmvc.garbage.needs import NeededObjects
from tdmvc.model.garbage import Garbage, GarbageKind, Kept
from tdmvc.model.progress import ProgressCallback
from tdmvc.store.cache import CacheStorage
from tdmvc.store.objects import ObjectStorage, StoredObject, parse_listing


@dataclass(frozen=True, slots=True)
class GracePeriod:
    """The age from which an object can be removed."""

    now: float
    """Seconds since 1970."""
    grace_days: float

    def passed_days(self, stored: StoredObject) -> float | None:
        """Return an object's age in days, or None if it is unknown or within the grace period."""
        age = stored.age_days(self.now)
        return age if age is not None and age >= self.grace_days else None


@dataclass(slots=True)
class RemovableObjects:
    """Which objects can be removed, and how many stay."""

    listings: dict[str, set[str]] = field(default_factory=dict)
    """The listings that can be removed, each with its parts."""
    parts: list[str] = field(default_factory=list)
    temporaries: dict[str, StoredObject] = field(default_factory=dict)
    kept: Kept = field(default_factory=Kept)


def select(
    place: ObjectStorage,
    listed: Mapping[str, StoredObject],
    needed: Collection[str],
    known_parts: Collection[str],
    grace: GracePeriod,
    on_progress: ProgressCallback,
) -> RemovableObjects:
    """Select the objects that can be removed.

    The parts of a listing that stays also stay, whether or not anything needs the listing:
    DVC takes a listing as proof that its parts exist.

    Args:
        known_parts: objects that are known to be tdmvc's, whether or not a listing here names them.

    Cost: one read of each listing that nothing needs; in the cache, also at most one footer per other object.
    """
    free = {oid: stored for oid, stored in listed.items() if oid not in needed}
    removable = RemovableObjects()
    ours, with_young, with_foreign = set(known_parts), set[str](), set[str]()
    listings = sorted(oid for oid in free if oid.endswith(".dir"))
    for number, (oid, data) in enumerate(place.read(listings), start=1):
        on_progress("gc: listings", number, len(listings), "listings")
        parts = parts_of(data)
        if parts is None:
            with_foreign |= find_objects(data) | {oid}
            continue
        ours |= parts
        if grace.passed_days(free[oid]) is None:
            with_young |= parts | {oid}
        else:
            removable.listings[oid] = parts
    young = not_ours = not_ours_bytes = 0
    for oid, stored in free.items():
        if oid in removable.listings:
            continue
        if oid in with_young:
            young += 1
        elif oid in with_foreign or oid.endswith(".dir") or not (oid in ours or _is_like_a_part(place, oid)):
            not_ours += 1
            not_ours_bytes += stored.size_bytes
        elif grace.passed_days(stored) is None:
            young += 1
        else:
            removable.parts.append(oid)
    if isinstance(place, CacheStorage):
        left = place.list_temporaries()
        removable.temporaries = {
            name: stored for name, stored in left.items() if grace.passed_days(stored) is not None
        }
    removable.kept = Kept(len(listed) - len(free), young, not_ours, not_ours_bytes)
    return removable


def list_garbage(
    removable: RemovableObjects,
    listed: Mapping[str, StoredObject],
    needs: NeededObjects,
    written: Mapping[str, str],
    grace: GracePeriod,
) -> tuple[Garbage, ...]:
    """Return the objects that can be removed, listings first, with the tables they belonged to where known.

    Args:
        written: the table folder of each listing that this clone has written.
    """

    def one(oid: str, kind: GarbageKind, stored: StoredObject, owner: str = "") -> Garbage:
        return Garbage(oid, kind, stored.size_bytes, grace.passed_days(stored) or 0.0, owner)

    owners = {
        oid: written.get(oid) or _closest_table(parts, needs) for oid, parts in removable.listings.items()
    }
    by_part = {part: owners[oid] for oid, parts in removable.listings.items() for part in parts}
    return (
        *(one(oid, GarbageKind.LISTING, listed[oid], owners[oid]) for oid in removable.listings),
        *(one(oid, GarbageKind.PART, listed[oid], by_part.get(oid, "")) for oid in removable.parts),
        *(one(name, GarbageKind.TEMPORARY, stored) for name, stored in removable.temporaries.items()),
    )


def with_commits(garbage: tuple[Garbage, ...], sources: Mapping[str, tuple[str, str]]) -> tuple[Garbage, ...]:
    """Return the garbage with the path and commit of each listing to which an unreachable commit points."""
    return tuple(
        replace(one, owner=one.owner or sources[one.object][0], commit=sources[one.object][1])
        if one.object in sources
        else one
        for one in garbage
    )


def _closest_table(parts: set[str], needs: NeededObjects) -> str:
    """Return the table whose needed objects share the most parts with these."""
    shared = Counter(needs.owners[part] for part in parts if part in needs.owners)
    return shared.most_common(1)[0][0] if shared else ""


def parts_of(data: bytes) -> set[str] | None:
    """Return the parts that a listing names; None if tdmvc did not write it."""
    try:
        listing = parse_listing(data, Path("listing"), "gc")
    except PartError:
        return None
    return {entry.md5 for entry in listing.entries} or None


def _is_like_a_part(place: ObjectStorage, oid: str) -> bool:
    return isinstance(place, CacheStorage) and place.is_like_a_part(oid)
