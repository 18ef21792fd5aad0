"""Compares the migrations that rows were made for with those of a database, if there are any to compare."""

from collections.abc import Mapping, Sequence

from tdmvc.databases.base import DatabaseTarget
from tdmvc.model.finding import Finding
from tdmvc.model.location import Location
from tdmvc.seeding.states import StateToSeed
from tdmvc.workspace.migrations import configured_locations
from tdmvc.workspace.workspace import Workspace


def find_other_migrations(
    workspace: Workspace, target: DatabaseTarget, location: Location, states: Sequence[StateToSeed]
) -> Mapping[str, Sequence[Finding]]:
    """Return by dataset what differs between the migrations of its state and those of a database; none if tdmvc.yaml
    names no migrations."""
    locations = configured_locations(workspace, workspace.tree)
    if not locations:
        return {}
    # What reads migrations takes long to import.
    from tdmvc.seeding.live_migrations import compare_migrations

    return compare_migrations(workspace, target, location, locations, states)
