"""`migrations`: reads the application's migration state at any revision."""

import os
from collections.abc import Sequence

from tdmvc.errors import MigrationsError, NotFoundError, UsageError
from tdmvc.migrations import READERS, detect
from tdmvc.migrations.paths import is_inside, normalize_folder
from tdmvc.model.live_migrations import DatabaseMigrations
from tdmvc.model.location import Location
from tdmvc.model.migration import MigrationLocation, MigrationsReport, MigrationState, UnreadableLocation
from tdmvc.model.tree import FileTree
from tdmvc.workspace.live_state import open_live_database, read_live_state
from tdmvc.workspace.migrations import configured_locations, read_location, tree_at
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
    for location in _locations(workspace, tree, path, tool):
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


def _locations(
    workspace: Workspace, tree: FileTree, path: str | None, tool: str | None
) -> Sequence[MigrationLocation]:
    if tool is not None and tool not in READERS:
        raise NotFoundError.named("migration tool", tool, sorted(READERS))
    if path is None:
        chosen = [c for c in configured_locations(workspace, tree) if tool is None or c.tool == tool]
        found = chosen or [c for c in detect(tree) if tool is None or c.tool == tool]
        if not found:
            raise NotFoundError(
                f"No migrations{f' of {tool}' if tool else ''} were found.",
                where=f"{workspace.root} at {tree.label}",
                remedy="name them: `tdmvc migrations --path FOLDER --tool TOOL`.",
            )
        return found
    folder = _folder(workspace, path)
    if tool is not None:
        return [MigrationLocation("main", tool, folder or ".")]
    found = [c for c in detect(tree) if is_inside(normalize_folder(c.path), folder)]
    if found:
        return found
    where = f"{workspace.root} at {tree.label}"
    if folder and not tree.list_files(folder) and tree.read_text(folder) is None:
        raise NotFoundError(
            f"There is no folder '{folder}'.",
            where=where,
            remedy="give its path relative to the root of the repository.",
        )
    raise NotFoundError(
        f"No migration tool recognises the folder '{folder or '.'}'.",
        where=where,
        remedy=f"name the tool with --tool: {', '.join(sorted(READERS))}.",
    )


def _folder(workspace: Workspace, path: str) -> str:
    """Return a folder that was typed, relative to the root of the repository; `''` is the root."""
    root = str(workspace.root)
    relative = os.path.relpath(path, root) if os.path.isabs(path) else path
    folder = normalize_folder(relative)
    if folder == ".." or folder.startswith("../"):
        raise UsageError(
            f"The folder '{path}' is outside the repository.",
            where=root,
            remedy="give a path relative to the root of the repository.",
        )
    return folder
