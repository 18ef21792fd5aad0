"""Says if the rows were made for other migrations than those that a database has."""

from contextlib import suppress

from tdmvc.databases.base import DatabaseTarget
from tdmvc.errors import MigrationsError, format_names
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.location import Location
from tdmvc.model.migration import MigrationState
from tdmvc.seeding.states import StateToSeed
from tdmvc.workspace.live_state import LiveState, read_live_state
from tdmvc.workspace.migrations import configured_locations, read_location
from tdmvc.workspace.workspace import Workspace

OTHER_MIGRATIONS = "other-migrations"


def read_migrations(workspace: Workspace, target: DatabaseTarget, location: Location) -> LiveState | None:
    """Return the migrations of a database; None if tdmvc.yaml names no migrations that can be read."""
    states: list[MigrationState] = []
    for one in configured_locations(workspace, workspace.tree):
        # `tdmvc migrations` reports what cannot be read; it does not keep rows from being loaded.
        with suppress(MigrationsError):
            states.append(read_location(workspace, workspace.tree, one))
    return read_live_state(target.snapshot(), str(location), states) if states else None


def compare_migrations(state: StateToSeed, live: LiveState) -> list[Finding]:
    """Return a finding for each location whose newest migrations differ between a state and a database."""
    recorded = state.state.config.migrations
    findings: list[Finding] = []
    for name in live.states:
        heads = live.location(name).heads
        made_for = recorded[name].heads if name in recorded else ()
        if heads and made_for and set(heads) != set(made_for):
            findings.append(
                Finding(
                    OTHER_MIGRATIONS,
                    Severity.WARNING,
                    f"{state.ref} was made for the migration {format_names(made_for)} of {name}, and the database "
                    f"has {format_names(heads)} as the last one.",
                    state.name,
                    remedy=f"see what that means: `tdmvc drift {state.ref} --database URL`.",
                    details={"expected_heads": list(heads), "actual_heads": list(made_for)},
                )
            )
    return findings
