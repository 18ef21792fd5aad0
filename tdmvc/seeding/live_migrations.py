"""Compares the migrations that rows were made for with those of a database."""

from collections.abc import Sequence

from tdmvc.databases.base import DatabaseTarget
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.location import Location
from tdmvc.model.migration import DriftStatus, MigrationLocation
from tdmvc.seeding.plan import OTHER_MIGRATIONS
from tdmvc.seeding.states import StateToSeed
from tdmvc.workspace.drift import recorded_subject
from tdmvc.workspace.live_drift import SchemaFiles, compare_with_database, read_readable_states
from tdmvc.workspace.live_state import LiveState, read_live_state
from tdmvc.workspace.workspace import Workspace


def compare_migrations(
    workspace: Workspace,
    target: DatabaseTarget,
    location: Location,
    locations: Sequence[MigrationLocation],
    states: Sequence[StateToSeed],
) -> dict[str, list[Finding]]:
    """Return for each dataset a finding for each location whose migrations differ between its state and a database."""
    # `tdmvc migrations` reports what cannot be read; it does not keep rows from being loaded.
    readable = read_readable_states(workspace, SchemaFiles(workspace.tree, locations))
    if not readable:
        return {}
    live = read_live_state(target.snapshot(), str(location), readable)
    return {state.name: _compare(state, live) for state in states}


def _compare(state: StateToSeed, live: LiveState) -> list[Finding]:
    subject = recorded_subject(state.state)
    return [
        Finding(
            OTHER_MIGRATIONS,
            Severity.WARNING,
            f"Migrations {drift.location}: {drift.message}",
            state.name,
            remedy=f"{drift.remedy.rstrip('.')}; `tdmvc drift {state.ref} --database URL` shows more.",
            details={
                "expected_heads": list(drift.expected_heads),
                "actual_heads": list(drift.actual_heads),
                "status": drift.status.value,
            },
        )
        for drift in compare_with_database(subject, live)
        if drift.location in subject.recorded and drift.status is not DriftStatus.IN_STEP
    ]
