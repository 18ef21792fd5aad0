"""Compares the migrations that rows were made for with those of a database."""

from tdmvc.databases.base import DatabaseTarget
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.location import Location
from tdmvc.model.migration import DriftStatus
from tdmvc.seeding.states import StateToSeed
from tdmvc.workspace.drift import recorded_subject
from tdmvc.workspace.live_drift import SchemaFiles, compare_with_database, read_readable_states
from tdmvc.workspace.live_state import LiveState, read_live_state
from tdmvc.workspace.migrations import configured_locations
from tdmvc.workspace.workspace import Workspace

OTHER_MIGRATIONS = "other-migrations"


def read_migrations(workspace: Workspace, target: DatabaseTarget, location: Location) -> LiveState | None:
    """Return the migrations of a database; None if tdmvc.yaml names no migrations that can be read."""
    files = SchemaFiles(workspace.tree, configured_locations(workspace, workspace.tree))
    # `tdmvc migrations` reports what cannot be read; it does not keep rows from being loaded.
    states = read_readable_states(workspace, files)
    return read_live_state(target.snapshot(), str(location), states) if states else None


def compare_migrations(state: StateToSeed, live: LiveState) -> list[Finding]:
    """Return a finding for each location whose migrations differ between a state and a database."""
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
