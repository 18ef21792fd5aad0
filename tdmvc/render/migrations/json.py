"""Knows the machine's form of migrations and of drift: `tdmvc.migrations/1`, `tdmvc.drift/1`."""

from collections.abc import Sequence

from tdmvc.model.migration import (
    Drift,
    Migration,
    MigrationLocation,
    MigrationProblem,
    MigrationState,
    UnreadableLocation,
)

Document = dict[str, object]


def migrations_document(
    states: Sequence[MigrationState], unreadable: Sequence[UnreadableLocation] = ()
) -> Document:
    """Return `tdmvc.migrations/1`."""
    return {
        "format": "tdmvc.migrations/1",
        "locations": [_migration_state(state) for state in states],
        "unreadable": [
            {
                **location_document(one.location),
                "message": one.message,
                "where": one.where or None,
                "remedy": one.remedy,
            }
            for one in unreadable
        ],
    }


def _migration_state(state: MigrationState) -> Document:
    return {
        **location_document(state.location),
        "heads": list(state.heads),
        "count": state.count,
        "digest": state.digest,
        "problems": [_problem(problem) for problem in state.problems],
        "migrations": [_migration(migration) for migration in state.migrations],
    }


def drift_document(drifts: Sequence[Drift]) -> Document:
    """Return `tdmvc.drift/1`, in the order given."""
    return {"format": "tdmvc.drift/1", "drifts": [_drift(drift) for drift in drifts]}


def _drift(drift: Drift) -> Document:
    return {
        "dataset": drift.dataset,
        "ref": drift.ref,
        "location": drift.location,
        "status": drift.status.value,
        "at": drift.at,
        "expected_heads": list(drift.expected_heads),
        "actual_heads": list(drift.actual_heads),
        "pending": [_migration(migration) for migration in drift.pending],
        "extra": list(drift.extra),
        "problems": [_problem(problem) for problem in drift.problems],
        "message": drift.message,
        "remedy": drift.remedy,
        "touched": list(drift.touched),
        "is_excused": False,
    }


def location_document(location: MigrationLocation) -> Document:
    """Return where migrations lie, and whose they are."""
    return {"name": location.name, "tool": location.tool, "path": location.path}


def _migration(migration: Migration) -> Document:
    return {
        "id": migration.id,
        "name": migration.name,
        "path": migration.path,
        "parents": list(migration.parents),
        "touches": list(migration.touches),
        "replaces": list(migration.replaces),
    }


def _problem(problem: MigrationProblem) -> Document:
    return {"kind": problem.kind, "message": problem.message, "path": problem.path}
