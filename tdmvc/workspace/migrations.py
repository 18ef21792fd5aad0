"""`migrations`: reads the application's migration state at any revision."""

import os
from collections.abc import Sequence

from tdmvc.errors import ConfigError, MigrationsError, NotFoundError, UnreadableFileError, UsageError
from tdmvc.formats.config import CONFIG_FILE, read_config
from tdmvc.gitrepo.trees import RevisionTree
from tdmvc.migrations import READERS, detect, read_state
from tdmvc.migrations.paths import is_inside, normalize_folder
from tdmvc.model.dataset import DatasetConfig
from tdmvc.model.migration import MigrationLocation, MigrationState, RecordedState, UnreadableLocation
from tdmvc.model.tree import FileTree
from tdmvc.workspace.workspace import Workspace

TOOLS = tuple(READERS)
"""The migration tools that can be read."""


def migrations(
    workspace: Workspace, *, at: str | None = None, path: str | None = None, tool: str | None = None
) -> list[MigrationState]:
    """Read the application's migrations as text; no code of the application runs.

    Args:
        at: a Git revision; None is the work tree.
        path: a folder relative to the root, instead of those that tdmvc.yaml names.
        tool: the reader for `path`; None detects it.

    Raises:
        MigrationsError: a location cannot be understood.
        NotFoundError: nothing is configured or found, or there is no such revision.
    """
    tree = tree_at(workspace, at)
    return [read_location(tree, location) for location in _locations(workspace, tree, path, tool)]


def survey(
    workspace: Workspace, *, at: str | None = None, path: str | None = None, tool: str | None = None
) -> tuple[list[MigrationState], list[UnreadableLocation]]:
    """Read the migrations as `migrations` does, and return separately the locations that cannot be understood.

    Raises:
        MigrationsError: no location can be understood.
        NotFoundError: nothing is configured or found, or there is no such revision.
    """
    tree = tree_at(workspace, at)
    states: list[MigrationState] = []
    unreadable: list[UnreadableLocation] = []
    first: MigrationsError | None = None
    for location in _locations(workspace, tree, path, tool):
        try:
            states.append(read_location(tree, location))
        except MigrationsError as error:
            first = first or error
            unreadable.append(UnreadableLocation(location, error.what, error.where, error.remedy))
    if first is not None and not states:
        raise first
    return states, unreadable


def tree_at(workspace: Workspace, at: str | None) -> FileTree:
    """Return the application's files at a revision; None means the work tree."""
    return workspace.git.unignored_tree() if at is None else workspace.git.tree(at)


def read_location(tree: FileTree, location: MigrationLocation) -> MigrationState:
    """Read one location; the error explains a location that is in a submodule.

    Raises:
        MigrationsError: it cannot be understood.
    """
    try:
        return read_state(tree, location)
    except MigrationsError:
        submodules = tree.submodules if isinstance(tree, RevisionTree) else ()
        for path in submodules:
            if is_inside(normalize_folder(location.path), path):
                raise MigrationsError(
                    f"This is a submodule in {tree.label}, so its files are in another repository.",
                    where=path,
                    remedy=f"run tdmvc in that repository, or remove the migration location '{location.name}'"
                    " from tdmvc.yaml.",
                ) from None
        raise


def configured_locations(workspace: Workspace, tree: FileTree) -> tuple[MigrationLocation, ...]:
    """Return the locations that tdmvc.yaml names in a tree, or else the current ones.

    An old tdmvc.yaml that cannot be read cannot be fixed, so the current one is used instead.

    Raises:
        UnreadableFileError: tdmvc.yaml is in conflict in the preview of a merge.
    """
    if not isinstance(tree, RevisionTree) or tree.read_text(CONFIG_FILE) is None:
        return workspace.config.migrations
    try:
        return read_config(tree).migrations or workspace.config.migrations
    except UnreadableFileError:
        raise
    except ConfigError:
        return workspace.config.migrations


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


def recorded_migrations(
    workspace: Workspace, config: DatasetConfig
) -> tuple[dict[str, RecordedState], list[str]]:
    """Return the work tree's migration state, as dataset.yaml records it, and notes on what could not be read."""
    recorded = dict(config.migrations)
    notes: list[str] = []
    tree = tree_at(workspace, None)
    for location in workspace.config.migrations:
        try:
            state = read_location(tree, location)
        except MigrationsError as error:
            notes.append(f"The migrations '{location.name}' were not recorded: {error.what}")
            continue
        new = RecordedState(state.location.tool, state.heads)
        old = recorded.get(location.name)
        if old is not None and old != new:
            notes.append(
                f"The rows are now recorded as made for migrations '{location.name}' at {', '.join(new.heads)} "
                f"(before: {', '.join(old.heads)})."
            )
        recorded[location.name] = new
    return recorded, notes
