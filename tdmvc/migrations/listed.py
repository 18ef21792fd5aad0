"""Knows how migrations that a tool keeps in one list become a state: each follows the one before it."""

from dataclasses import replace

from tdmvc.migrations.base import Reading
from tdmvc.migrations.graph import chain, find_duplicates
from tdmvc.model.migration import MigrationState


def finish_listed(reading: Reading) -> MigrationState:
    """Return the state of migrations that were added in the tool's own order; the last one is the head.

    Parents that a migration names itself are kept beside the one before it.
    """
    before = chain(reading.migrations)
    in_line = [
        replace(migration, parents=tuple(dict.fromkeys([*before[migration.id], *migration.parents])))
        for migration in reading.migrations
    ]
    reading.problems.extend(find_duplicates(in_line))
    return reading.finish(in_line, [in_line[-1].id])
