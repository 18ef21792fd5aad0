"""Which objects of a place may go: those that nothing needs, that are ours, and that are old enough."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tdmvc.errors import PartError
from tdmvc.formats.object_names import find_objects
from tdmvc.garbage.needs import Needs
from tdmvc.model.garbage import Garbage, GarbageKind, Kept
from tdmvc.model.progress import Report
from tdmvc.store.cache import CachePlace
from tdmvc.store.objects import ObjectPlace, StoredObject, parse_listing


@dataclass(frozen=True, slots=True)
class Age:
    """What counts as old."""

    now: float
    grace_days: float

    def of(self, stored: StoredObject) -> float | None:
        """Return an object's age in days, or None where it is not known or not enough."""
        age = stored.age_days(self.now)
        return age if age is not None and age >= self.grace_days else None


@dataclass(slots=True)
class Choice:
    """What may go, and what stays."""

    listings: dict[str, set[str]] = field(default_factory=dict)
    """The parts of each listing that may go."""
    parts: list[str] = field(default_factory=list)
    temporaries: dict[str, StoredObject] = field(default_factory=dict)
    kept: Kept = field(default_factory=Kept)


def choose(
    place: ObjectPlace,
    listed: Mapping[str, StoredObject],
    needed: Collection[str],
    known_parts: Collection[str],
    age: Age,
    report: Report,
) -> Choice:
    """Choose among the objects of a place.

    What a listing holds that stays, stays too, whether the listing is needed or not:
    DVC takes a listing's word for its parts.

    Args:
        known_parts: objects that are ours, whether a listing of this place says so or not.

    Cost: one read of each listing that nothing needs; in the cache, of other objects a footer at most.
    """
    free = {oid: stored for oid, stored in listed.items() if oid not in needed}
    choice = Choice()
    ours, with_young, with_foreign = set(known_parts), set[str](), set[str]()
    listings = sorted(oid for oid in free if oid.endswith(".dir"))
    for number, (oid, data) in enumerate(place.read(listings), start=1):
        report("gc: listings", number, len(listings), "listings")
        parts = parts_of(data)
        if parts is None:
            with_foreign |= find_objects(data) | {oid}
            continue
        ours |= parts
        if age.of(free[oid]) is None:
            with_young |= parts | {oid}
        else:
            choice.listings[oid] = parts
    young = not_ours = not_ours_bytes = 0
    for oid, stored in free.items():
        if oid in choice.listings:
            continue
        if oid in with_young:
            young += 1
        elif oid in with_foreign or oid.endswith(".dir") or not (oid in ours or _is_like_a_part(place, oid)):
            not_ours += 1
            not_ours_bytes += stored.size_bytes
        elif age.of(stored) is None:
            young += 1
        else:
            choice.parts.append(oid)
    if isinstance(place, CachePlace):
        left = place.list_temporaries()
        choice.temporaries = {name: stored for name, stored in left.items() if age.of(stored) is not None}
    choice.kept = Kept(len(listed) - len(free), young, not_ours, not_ours_bytes)
    return choice


def describe(
    choice: Choice, listed: Mapping[str, StoredObject], needs: Needs, made: Mapping[str, str], age: Age
) -> tuple[Garbage, ...]:
    """Return what may go, listings first, with the tables they belonged to as far as anything tells.

    Args:
        made: the table's folder of listings that this clone has written.
    """

    def one(oid: str, kind: GarbageKind, stored: StoredObject, owner: str = "") -> Garbage:
        return Garbage(oid, kind, stored.size_bytes, age.of(stored) or 0.0, owner)

    owners = {oid: made.get(oid) or _like(parts, needs) for oid, parts in choice.listings.items()}
    by_part = {part: owners[oid] for oid, parts in choice.listings.items() for part in parts}
    return (
        *(one(oid, GarbageKind.LISTING, listed[oid], owners[oid]) for oid in choice.listings),
        *(one(oid, GarbageKind.PART, listed[oid], by_part.get(oid, "")) for oid in choice.parts),
        *(one(name, GarbageKind.TEMPORARY, stored) for name, stored in choice.temporaries.items()),
    )


def with_commits(garbage: tuple[Garbage, ...], seen: Mapping[str, tuple[str, str]]) -> tuple[Garbage, ...]:
    """Return the garbage with the path and the commit of listings that forgotten commits point at."""
    return tuple(
        replace(one, owner=one.owner or seen[one.object][0], commit=seen[one.object][1])
        if one.object in seen
        else one
        for one in garbage
    )


def _like(parts: set[str], needs: Needs) -> str:
    """Return the table whose needed rows share most parts with these."""
    shared = Counter(needs.owners[part] for part in parts if part in needs.owners)
    return shared.most_common(1)[0][0] if shared else ""


def parts_of(data: bytes) -> set[str] | None:
    """Return the parts that one of our listings names; None for a listing that is not ours."""
    try:
        listing = parse_listing(data, Path("listing"), "gc")
    except PartError:
        return None
    return {entry.md5 for entry in listing.entries} or None


def _is_like_a_part(place: ObjectPlace, oid: str) -> bool:
    return isinstance(place, CachePlace) and place.is_like_a_part(oid)
