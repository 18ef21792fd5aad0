"""Fits what a migration tool's table says to the migrations of a location."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tdmvc.migrations.linear import natural_rank, plain_number
from tdmvc.model.migration import AppliedMigrations, MigrationState, RecordedState

_ENDING: Final = re.compile(r"\.(?:[cm]?[jt]sx?|sql|py|php|rb|go)\Z")
_NUMBER: Final = re.compile(r"[0-9]+(?:[._][0-9]+)*")


@dataclass(frozen=True, slots=True)
class AppliedState:
    """The migrations of a location that were applied to a database or a dataset."""

    recorded: RecordedState
    known: int
    """How many ids of the table the location has."""
    not_run: tuple[str, ...] = ()
    """Migrations of the location that were not run, although a later one was."""
    unknown: tuple[str, ...] = ()
    """Applied ids that the location lacks, and that are not older than all it has: from a later or another history."""
    removed: tuple[str, ...] = ()
    """Applied ids that the location lacks, and that are older than others: their files may have been removed."""
    failed: tuple[str, ...] = ()
    """Migrations that failed or were not finished, as the location calls them if it has them."""
    edited: tuple[str, ...] = ()
    """Applied migrations whose text is not what was run."""
    half_applied: tuple[str, ...] = ()
    """Squashes of which only some migrations were applied."""


def fit_applied(applied: AppliedMigrations, state: MigrationState) -> AppliedState:
    """Return what a table says in the ids of a location.

    An id that the table spells in another way (without ending, with leading zeros, compiled
    to another language) is the location's if it can mean only one.
    """
    # A change that was reworked has the name of a later one in the table, so aliases precede ids.
    aliases = {alias: migration.id for migration in state.migrations for alias in migration.aliases}
    find = _finder(state, aliases)
    apps = {_app(migration.id) for migration in state.migrations}
    is_per_app = state.is_per_app

    def is_own(id_: str) -> bool:
        return not is_per_app or _app(id_) in apps

    names = {
        id_: find(id_) or aliases.get(applied.checksums.get(id_, ""))
        for id_ in (*applied.ids, *applied.before)
        if is_own(id_)
    }
    ids = {found for id_ in applied.ids if (found := names.get(id_)) is not None}
    strangers = [id_ for id_ in applied.ids if id_ in names and names[id_] is None]
    ids |= _all_before(state, applied.up_to, names, is_included=True)
    ids |= _all_before(state, applied.before, names, is_included=False)
    for migration in state.migrations:
        if migration.replaces and ids.issuperset(migration.replaces):
            ids.add(migration.id)
    unknown = _later(strangers, applied, names, is_per_app=is_per_app)
    removed = sorted(set(strangers).difference(unknown), key=natural_rank)
    heads = _heads(state, ids, is_per_app=is_per_app)
    if unknown:
        is_listed = bool(applied.up_to) and not state.is_linear
        heads = heads | set(unknown) if is_listed else _with_unknown(heads, unknown, is_per_app=is_per_app)
    ordered = [m.id for m in state.migrations if m.id in ids]
    replaced = sorted(ids.difference(ordered))
    all_ids = dict.fromkeys([*removed, *replaced, *ordered, *unknown])
    half = tuple(
        m.id
        for m in state.migrations
        if m.replaces and m.id not in ids and 0 < len(ids.intersection(m.replaces)) < len(m.replaces)
    )
    recorded = RecordedState(state.location.tool, tuple(sorted(heads)), ids=tuple(all_ids))
    known = sum(name is not None for name in names.values())
    failed = tuple(find(id_) or id_ for id_ in applied.failed)
    not_run = _not_run(state, ids, failed)
    return AppliedState(
        recorded, known, not_run, tuple(unknown), tuple(removed), failed, _edited(applied, state, names), half
    )


def _edited(
    applied: AppliedMigrations, state: MigrationState, names: Mapping[str, str | None]
) -> tuple[str, ...]:
    """Return the applied migrations whose text has another checksum than the one that was run."""
    ran = {name: applied.checksums[id_] for id_, name in names.items() if name and id_ in applied.checksums}
    return tuple(
        m.id for m in state.migrations if m.checksums and m.id in ran and ran[m.id] not in m.checksums
    )


def _not_run(state: MigrationState, ids: Collection[str], failed: Collection[str]) -> tuple[str, ...]:
    """Return migrations that were not run, although one that follows them was; failed ones are reported as such."""
    followed: set[str] = set()
    found: list[str] = []
    done = {*ids, *(id_ for m in state.migrations if m.id in ids for id_ in m.replaces)}
    for migration in reversed(state.migrations):
        is_applied = migration.id in done
        if migration.id in followed and not is_applied and migration.id not in failed:
            is_replaced_in_part = not done.isdisjoint(migration.replaces)
            found += [] if is_replaced_in_part else [migration.id]
        if is_applied or migration.id in followed:
            followed.update(migration.parents)
    return tuple(reversed(found))


def _app(id_: str) -> str:
    return id_.partition(".")[0]


def _finder(state: MigrationState, aliases: Mapping[str, str]) -> Callable[[str], str | None]:
    """Return a function that returns the location's id for one of a table; None if it has none."""
    known = dict.fromkeys(id_ for m in state.migrations for id_ in (*m.replaces, m.id))
    exact = {**{id_: id_ for id_ in known}, **aliases}
    loose: dict[str, set[str]] = defaultdict(set)
    for id_ in known:
        for form in _forms(id_):
            loose[form].add(id_)

    def find(id_: str) -> str | None:
        if id_ in exact:
            return exact[id_]
        for form in _forms(id_):
            if len(loose.get(form, ())) == 1:
                return next(iter(loose[form]))
        return None

    return find


def _forms(id_: str) -> Iterator[str]:
    """Yield ways to spell an id, the closest first."""
    yield id_
    short = _ENDING.sub("", id_)
    yield short
    if _NUMBER.fullmatch(short):
        numbers = [plain_number(part) for part in re.split(r"[._]", short)]
        while len(numbers) > 1 and numbers[-1] == "0":
            numbers.pop()
        yield ".".join(numbers)
    # A class with its namespace, or a change set with its file.
    yield _ENDING.sub("", re.split(r"[\\/]", short)[-1]) if "::" not in id_ else id_.partition("::")[2]
    yield short.casefold()


def _all_before(
    state: MigrationState, ids: Iterable[str], names: Mapping[str, str | None], *, is_included: bool
) -> set[str]:
    """Return migrations with all that come before them; of unknown numbers, those with a smaller number."""
    parents: dict[str, set[str]] = defaultdict(set)
    for migration in state.migrations:
        parents[migration.id].update(migration.parents)
    found: set[str] = set()
    for id_ in ids:
        name = names.get(id_)
        if name is None and state.is_linear and _NUMBER.fullmatch(id_):
            rank = natural_rank(id_)
            found.update(m.id for m in state.migrations if natural_rank(m.id) < rank)
        waiting = [name] if name is not None and is_included else sorted(parents.get(name or "", ()))
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting.extend(parents.get(one, ()))
    return found


def _later(
    strangers: list[str], applied: AppliedMigrations, names: Mapping[str, str | None], *, is_per_app: bool
) -> list[str]:
    """Return the unknown ids that come after all known ones of their application, in their order."""
    place = {id_: position for position, id_ in enumerate(applied.ids)}
    found = []
    for id_ in strangers:
        known = [
            one
            for one, name in names.items()
            if name is not None and (not is_per_app or _app(one) == _app(id_))
        ]
        if is_per_app or all(map(_has_number, (id_, *known))):
            rank = natural_rank(_own_name(id_, is_per_app=is_per_app))
            is_later = all(natural_rank(_own_name(one, is_per_app=is_per_app)) < rank for one in known)
        else:
            is_later = id_ in applied.up_to or all(place.get(one, -1) < place[id_] for one in known)
        if is_later:
            found.append(id_)
    has_numbers = all(map(_has_number, found))
    return sorted(found, key=natural_rank) if has_numbers or is_per_app else found


def _own_name(id_: str, *, is_per_app: bool) -> str:
    return id_.partition(".")[2] if is_per_app else id_


def _has_number(id_: str) -> bool:
    """Return whether an id begins with a number, by which its tool sorts it."""
    return id_[:1].isdigit()


def _heads(state: MigrationState, ids: Collection[str], *, is_per_app: bool) -> set[str]:
    """Return the applied migrations that no other applied one follows, at any distance."""
    here = {migration.id for migration in state.migrations}
    heads: set[str] = set()
    followed = {id_ for m in state.migrations if m.id in ids for id_ in m.replaces}
    for migration in reversed(state.migrations):
        parents = {p for p in migration.parents if not is_per_app or _app(p) == _app(migration.id)}
        if migration.id in followed or migration.id in ids:
            if migration.id not in followed:
                heads.add(migration.id)
            followed |= parents
        elif (last := [id_ for id_ in migration.replaces if id_ in ids][-1:]) and last[0] not in here:
            # A squash that was applied in part, and the files that it replaces were removed.
            heads.update(set(last) - followed)
            followed |= parents | set(migration.replaces)
    return heads


def _with_unknown(heads: set[str], unknown: list[str], *, is_per_app: bool) -> set[str]:
    """Return the heads with the unknown ids, which come after the known ones of their application."""
    if not is_per_app:
        return {unknown[-1]}
    last = {_app(id_): id_ for id_ in unknown}
    return {head for head in heads if _app(head) not in last} | set(last.values())
