"""Knows which tables of a dataset pending migrations seem to touch: a hint, never the truth."""

import re
from collections.abc import Collection, Iterable
from dataclasses import replace

from tdmvc.model.migration import Drift, DriftStatus, Migration

_PART = re.compile(r'"((?:[^"]|"")+)"|`([^`]+)`|\[([^\]]+)\]|([^."`\[\]]+)')


def touched_tables(pending: Iterable[Migration], tables: Iterable[str]) -> tuple[str, ...]:
    """Return the tables of a dataset that migrations seem to touch, sorted.

    Names are the same whatever their case, quotes and schema are: a table too many is
    better than one too few.
    """
    hints = {plain_name(name) for migration in pending for name in migration.touches}
    return tuple(sorted(table for table in tables if plain_name(table) in hints))


def with_touched(drift: Drift, tables: Collection[str] | None, *, touched_only: bool) -> Drift:
    """Return the drift with the tables that it seems to touch; excused, if it may be and touches none.

    Only a dataset that is behind can be excused, and only where every pending migration
    names tables or joins branches: of one that names none nothing is known.

    Args:
        tables: what the dataset holds; None where that is not known.
        touched_only: whether datasets whose tables nothing touches do not count.
    """
    touched = touched_tables(drift.pending, tables or ())
    drift = replace(drift, touched=touched)
    if not touched_only or drift.status is not DriftStatus.BEHIND or touched or tables is None:
        return drift
    silent = [migration.id for migration in drift.pending if not _speaks(migration)]
    if silent:
        which = silent[0] if len(silent) == 1 else f"{silent[0]} and {len(silent) - 1} more"
        return replace(drift, message=f"{drift.message} It cannot be told which tables {which} touches.")
    words = "No table of the dataset seems to be touched."
    return replace(drift, is_excused=True, message=f"{drift.message} {words}")


def plain_name(name: str) -> str:
    """Return a table's own name for comparison: no schema, no quotes, no case."""
    parts = [next(filter(None, groups)) for groups in _PART.findall(name.strip())]
    return (parts[-1].replace('""', '"').strip() if parts else name).casefold()


def _speaks(migration: Migration) -> bool:
    """Tell whether a migration names tables, or is a merge of branches, which does nothing itself."""
    return bool(migration.touches) or len(migration.parents) > 1
