"""Orders a migration history that is a graph, and finds its heads, cycles and duplicates.

Nothing here recurses, so a chain may have any length.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush

from tdmvc.errors import MigrationsError, format_names
from tdmvc.migrations.base import Reading
from tdmvc.model.migration import Migration, MigrationProblem, MigrationState

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
    named = {parent for ids in parents.values() for parent in ids}
    return sorted(set(parents) - named)


def order_ids(parents: Parents) -> tuple[list[str], list[str]]:
    """Return the ids, parents first and ties by id, and separately those that a cycle blocks."""
    known = {id_: {parent for parent in ids if parent in parents} for id_, ids in parents.items()}
    children: dict[str, list[str]] = defaultdict(list)
    for id_, ids in known.items():
        for parent in ids:
            children[parent].append(id_)
    missing = {id_: len(ids) for id_, ids in known.items()}
    ready = [id_ for id_, count in missing.items() if not count]
    heapify(ready)
    ordered: list[str] = []
    while ready:
        id_ = heappop(ready)
        ordered.append(id_)
        for child in children[id_]:
            missing[child] -= 1
            if not missing[child]:
                heappush(ready, child)
    return ordered, sorted(set(parents).difference(ordered))


def find_cycle(parents: Parents, blocked: Collection[str]) -> list[str]:
    """Return one cycle among the ids that `order_ids` found blocked, from its smallest id."""
    blocked = set(blocked)
    visited: dict[str, int] = {}
    id_ = min(blocked)
    while id_ not in visited:
        visited[id_] = len(visited)
        id_ = min(parent for parent in parents[id_] if parent in blocked)
    cycle = list(visited)[visited[id_] :]
    start = cycle.index(min(cycle))
    return cycle[start:] + cycle[:start]


def finish_graph(
    reading: Reading, heads: Sequence[str], *, link: str, is_per_app: bool = False
) -> MigrationState:
    """Return the state of migrations that name their parents; reports duplicates and a cycle.

    Args:
        link: what the tool calls the reference to a parent.
        is_per_app: the ids are `app.name`, and each application has a history of its own.

    Raises:
        MigrationsError: there is no head, because a cycle contains everything.
    """
    if not heads:
        raise MigrationsError.at(
            "Every migration here depends on another one, so there is no head.",
            reading.location.path or ".",
            remedy=f"break the cycle of {link}.",
        )
    reading.problems.extend(find_duplicates(reading.migrations))
    parents = parents_of(reading.migrations)
    ordered, blocked = order_ids(parents)
    if blocked:
        cycle = find_cycle(parents, blocked)
        shown = " → ".join(cycle[:6]) + (" → …" if len(cycle) > 6 else f" → {cycle[0]}")
        reading.add_problem("cycle", f"These migrations depend on each other: {shown}.")
    rank = {id_: position for position, id_ in enumerate([*ordered, *blocked])}
    return reading.finish(
        sorted(reading.migrations, key=lambda m: (rank[m.id], m.path)), heads, is_per_app=is_per_app
    )


def find_duplicates(migrations: Iterable[Migration]) -> list[MigrationProblem]:
    """Report every id that more than one migration has."""
    paths: dict[str, list[str]] = defaultdict(list)
    for migration in migrations:
        paths[migration.id].append(migration.path)
    return [
        MigrationProblem(
            "duplicate-id",
            f"{len(claims)} {'files' if len(set(claims)) > 1 else 'migrations in one file'} "
            f"have the id '{id_}': {format_names(sorted(set(claims)))}.",
            max(claims),
        )
        for id_, claims in sorted(paths.items())
        if len(claims) > 1
    ]
