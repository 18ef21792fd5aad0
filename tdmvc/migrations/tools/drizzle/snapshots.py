"""Knows what Drizzle's snapshots say of the order of migrations: each names the one that it was made after."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeAlias

from tdmvc.errors import MigrationsError
from tdmvc.migrations.base import Reading
from tdmvc.migrations.graph import arrange, find_heads, parents_of
from tdmvc.migrations.json_text import parse_json
from tdmvc.model.migration import MigrationProblem, MigrationState

Snapshot: TypeAlias = tuple[str, tuple[str, ...]]
"""A snapshot's id, and the ids of those before it."""

ORIGIN: Final = "00000000-0000-0000-0000-000000000000"

_BEGINNING: Final = re.compile(r'\s*\{[^{}\[\]]*?"id"\s*:\s*"([^"]+)",\s*"prevId"\s*:\s*"([^"]+)"')


def parse_snapshot(path: str, text: str, reading: Reading) -> Snapshot | None:
    """Return what a snapshot says of its place; one that says nothing is reported."""
    if match := _BEGINNING.match(text[:2_000]):
        # Snapshots hold the whole schema; what is asked for stands in front of it.
        return match[1], () if match[2] == ORIGIN else (match[2],)
    try:
        said = parse_json(path, text)
    except MigrationsError as error:
        reading.report("unreadable-file", f"{path} cannot be read: {error.what}", path)
        return None
    id_ = said.get("id") if isinstance(said, dict) else None
    before = (said.get("prevIds") or [said.get("prevId")]) if isinstance(said, dict) else []
    if not isinstance(id_, str) or not isinstance(before, list):
        reading.report("unreadable-file", f"{path} has no id and prevId.", path)
        return None
    return id_, tuple(parent for parent in before if isinstance(parent, str) and parent != ORIGIN)


def find_forks(snapshots: Mapping[str, Snapshot]) -> list[MigrationProblem]:
    """Report migrations of one journal that were made after the same one, on two branches."""
    children: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for tag, (_, before) in snapshots.items():
        children[before].append(tag)
    return [
        MigrationProblem(
            "several-heads",
            f"{' and '.join(tags)} were both made after the same migration; `drizzle-kit check` refuses that.",
        )
        for tags in children.values()
        if len(tags) > 1
    ]


def connect(reading: Reading, snapshots: Mapping[str, Snapshot]) -> MigrationState:
    """Return the state of migrations in folders, whose snapshots make a graph."""
    tags = {id_: tag for tag, (id_, _) in snapshots.items()}
    before: str | None = None
    for position, migration in enumerate(reading.migrations):
        if migration.id in snapshots:
            parents = [tags.get(id_, id_) for id_ in snapshots[migration.id][1]]
            for parent in parents:
                if parent not in snapshots:
                    message = f"{migration.id} was made after a snapshot '{parent}', which is not here."
                    reading.report("dangling-parent", message, migration.path)
        else:
            # Without a snapshot only the name tells.
            parents = [before] if before is not None else []
        reading.migrations[position] = replace(migration, parents=tuple(dict.fromkeys(parents)))
        before = migration.id
    heads = find_heads(parents_of(reading.migrations)) or [reading.migrations[-1].id]
    if len(heads) > 1:
        reading.report("several-heads", f"There are {len(heads)} heads: {', '.join(heads)}.")
    migrations, cycles = arrange(reading.migrations)
    reading.problems.extend(cycles)
    return reading.finish(migrations, heads)
