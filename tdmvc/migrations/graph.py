"""Knows the laws of a migration history as a graph: its order, its heads and what can be wrong with it.

Nothing here recurses: a chain of any length is fine.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush

from tdmvc.model.migration import Migration, MigrationProblem

Parents = Mapping[str, Collection[str]]
"""The ids that must come before each id; a parent may be missing."""


def parents_of(migrations: Iterable[Migration]) -> dict[str, set[str]]:
    """Return every id's parents; an id that occurs twice has the parents of both."""
    parents: dict[str, set[str]] = defaultdict(set)
    for migration in migrations:
        parents[migration.id].update(migration.parents)
    return dict(parents)


def find_heads(parents: Parents) -> list[str]:
    """Return the ids that no id names as a parent, sorted."""
    named = {parent for known in parents.values() for parent in known}
    return sorted(set(parents) - named)


def order_ids(parents: Parents) -> tuple[list[str], list[str]]:
    """Return the ids, parents first and ties by id, and apart from them those that a cycle holds up."""
    waiting = {id_: {p for p in known if p in parents} for id_, known in parents.items()}
    children: dict[str, list[str]] = defaultdict(list)
    for id_, known in waiting.items():
        for parent in known:
            children[parent].append(id_)
    ready = [id_ for id_, known in waiting.items() if not known]
    heapify(ready)
    missing = {id_: len(known) for id_, known in waiting.items()}
    ordered: list[str] = []
    while ready:
        id_ = heappop(ready)
        ordered.append(id_)
        for child in children[id_]:
            missing[child] -= 1
            if not missing[child]:
                heappush(ready, child)
    return ordered, sorted(set(parents).difference(ordered))


def find_cycle(parents: Parents, held_up: Collection[str]) -> list[str]:
    """Return one cycle among ids that `order_ids` held up, from its smallest id."""
    held = set(held_up)
    walked: dict[str, int] = {}
    id_ = min(held)
    while id_ not in walked:
        walked[id_] = len(walked)
        id_ = min(parent for parent in parents[id_] if parent in held)
    cycle = list(walked)[walked[id_] :]
    start = cycle.index(min(cycle))
    return cycle[start:] + cycle[:start]


def arrange(migrations: Sequence[Migration]) -> tuple[list[Migration], list[MigrationProblem]]:
    """Return the migrations in an order in which they can be applied, and the cycle that forbids one."""
    parents = parents_of(migrations)
    ordered, held_up = order_ids(parents)
    problems = []
    if held_up:
        cycle = find_cycle(parents, held_up)
        shown = " → ".join(cycle[:6]) + (" → …" if len(cycle) > 6 else f" → {cycle[0]}")
        problems.append(MigrationProblem("cycle", f"These migrations wait for each other: {shown}."))
    rank = {id_: position for position, id_ in enumerate([*ordered, *held_up])}
    return sorted(migrations, key=lambda m: (rank[m.id], m.path)), problems


def find_duplicates(migrations: Iterable[Migration]) -> list[MigrationProblem]:
    """Report every id that more than one file claims."""
    paths: dict[str, list[str]] = defaultdict(list)
    for migration in migrations:
        paths[migration.id].append(migration.path)
    return [
        MigrationProblem(
            "duplicate-id",
            f"{len(claims)} {'files claim' if len(set(claims)) > 1 else 'migrations of one file claim'} "
            f"the id '{id_}': {spelled_few(sorted(set(claims)))}.",
            max(claims),
        )
        for id_, claims in sorted(paths.items())
        if len(claims) > 1
    ]


def spelled_few(names: Sequence[str], most: int = 5) -> str:
    """Return the first few names in words, and how many more there are."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def chain(migrations: Sequence[Migration]) -> dict[str, tuple[str, ...]]:
    """Return the parents of a tool that applies in one line: each id's parent is the id before it."""
    ids = list(dict.fromkeys(migration.id for migration in migrations))
    before = dict(zip(ids[1:], ids, strict=False))
    return {id_: (before[id_],) if id_ in before else () for id_ in ids}
