"""`migrations`: reads the application's migration state at any revision."""

from collections.abc import Sequence

from tdmvc.errors import MigrationsError
from tdmvc.migrations import READERS
from tdmvc.model.live_migrations import DatabaseMigrations
from tdmvc.model.location import Location
from tdmvc.model.migration import MigrationsReport, MigrationState, UnreadableLocation
from tdmvc.workspace.live_state import open_live_database, read_live_state
from tdmvc.workspace.migrations import find_locations, read_location, tree_at
from tdmvc.workspace.workspace import Workspace

TOOLS = tuple(READERS)
"""The migration tools that can be read."""


def migrations(
    workspace: Workspace,
    *,
    at: str | None = None,
    path: str | None = None,
    tool: str | None = None,
    database: Location | None = None,
    keep_going: bool = False,
) -> MigrationsReport:
    """Read the application's migrations as text; no code of the application runs.

    Args:
        at: a Git revision; None is the work tree.
        path: a folder relative to the root, instead of those that tdmvc.yaml names.
        tool: the reader for `path`; None detects it.
        database: also read which of them were applied to this database.
        keep_going: report a location that cannot be understood, and raise only if no other can.

    Raises:
        DatabaseError: the database cannot be reached or read.
        MigrationsError: a location cannot be understood.
        NotFoundError: nothing is configured or found, or there is no such revision.
    """
    tree = tree_at(workspace, at)
    states: list[MigrationState] = []
    unreadable: list[UnreadableLocation] = []
    first: MigrationsError | None = None
    for location in find_locations(workspace, tree, path, tool):
        try:
            states.append(read_location(workspace, tree, location))
        except MigrationsError as error:
            if not keep_going:
                raise
            first = first or error
            unreadable.append(UnreadableLocation(location, error.what, error.where, error.remedy))
    if first is not None and not states:
        raise first
    applied = None if database is None else database_migrations(workspace, database, states)
    return MigrationsReport(tuple(states), tuple(unreadable), applied)


def database_migrations(
    workspace: Workspace, database: Location, states: Sequence[MigrationState]
) -> DatabaseMigrations:
    """Read which migrations of some locations a database has, and which it has besides.

    Raises:
        DatabaseError: the database cannot be reached or read.
    """
    with open_live_database(workspace, database) as snapshot:
        return read_live_state(snapshot, str(database), states).report
