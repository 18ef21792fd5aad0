"""Reads the application's migration state at any revision."""

import os
from collections.abc import Sequence
from dataclasses import replace

from tdmvc.errors import (
    ConfigError,
    MigrationsError,
    NotFoundError,
    UnreadableFileError,
    UsageError,
    format_names,
)
from tdmvc.formats.config import CONFIG_FILE, read_config
from tdmvc.gitrepo.trees import RevisionTree
from tdmvc.migrations import READERS, detect, read_state
from tdmvc.migrations.paths import is_inside, normalize_folder
from tdmvc.model.migration import MigrationLocation, MigrationState
from tdmvc.model.tree import FileTree
from tdmvc.workspace.workspace import Workspace


def tree_at(workspace: Workspace, at: str | None) -> FileTree:
    """Return the application's files at a revision; None means the work tree."""
    return workspace.git.unignored_tree() if at is None else workspace.git.tree(at)


def read_location(workspace: Workspace, tree: FileTree, location: MigrationLocation) -> MigrationState:
    """Read one location of the work tree or of a revision, where its folder may be another one.

    Raises:
        MigrationsError: it cannot be understood; the error says if it is in a submodule, or where it may have moved.
    """
    try:
        return read_state(tree, location)
    except MigrationsError as error:
        path = normalize_folder(location.path)
        submodules = tree.submodules if isinstance(tree, RevisionTree) else ()
        for submodule in submodules:
            if is_inside(path, submodule):
                raise MigrationsError.at(
                    f"This is a submodule in {tree.label}, so its files are in another repository.",
                    submodule,
                    remedy=f"run tdmvc in that repository, or remove the migration location '{location.name}'"
                    " from tdmvc.yaml.",
                ) from None
        configured = {*workspace.config.migrations, *configured_locations(workspace, tree)}
        if location not in configured or error.path not in {location.path, path or "."}:
            raise
        return _read_moved(workspace, tree, location, error)


def _read_moved(
    workspace: Workspace, tree: FileTree, location: MigrationLocation, error: MigrationsError
) -> MigrationState:
    """Read the folder of a revision that has most migrations of a location whose own folder has none.

    Raises:
        MigrationsError: there is no such folder, or there are several; or the tree is the work tree.
    """
    taken = {normalize_folder(other.path) for other in configured_locations(workspace, tree)}
    places = [
        found
        for found in detect(tree)
        if found.tool == location.tool and normalize_folder(found.path) not in taken
    ]
    if not isinstance(tree, RevisionTree):
        if not places:
            raise error
        paths = format_names([place.path for place in places])
        raise MigrationsError.at(
            f"{error.what.rstrip('.')}. There are migrations of {location.tool} in {paths}.",
            location.path,
            remedy=f"correct the path of migration location '{location.name}' in tdmvc.yaml.",
        ) from None
    wanted = _ids_today(workspace, location)
    shared: dict[int, list[MigrationState]] = {}
    for place in places:
        try:
            state = read_state(tree, replace(location, path=place.path))
        except MigrationsError:
            continue
        shared.setdefault(len(wanted.intersection(_ids(state))), []).append(state)
    most = max(shared, default=0)
    if most and len(shared[most]) == 1:
        return shared[most][0]
    raise error


def _ids_today(workspace: Workspace, location: MigrationLocation) -> set[tuple[str, str]]:
    try:
        return _ids(read_state(tree_at(workspace, None), current_location(workspace, location)))
    except MigrationsError:
        return set()


def _ids(state: MigrationState) -> set[tuple[str, str]]:
    """Return what identifies the migrations of a state: ids with names, because many histories have a number 1."""
    replaced = {(id_, "") for migration in state.migrations for id_ in migration.replaces}
    own = {(migration.id, "" if state.is_per_app else migration.name) for migration in state.migrations}
    return own | replaced


def current_location(workspace: Workspace, location: MigrationLocation) -> MigrationLocation:
    """Return the location as the current tdmvc.yaml has it, which an older one may have elsewhere."""
    named = (
        one for one in workspace.config.migrations if (one.name, one.tool) == (location.name, location.tool)
    )
    return next(named, location)


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


def find_locations(
    workspace: Workspace, tree: FileTree, path: str | None, tool: str | None
) -> Sequence[MigrationLocation]:
    """Return the locations of a tree: those that tdmvc.yaml names, else those that are found.

    Args:
        path: only those of a folder, relative to the root, whatever tdmvc.yaml names.
        tool: only those of a tool; with `path`, the one that reads it.

    Raises:
        NotFoundError: there are none, or there is no such folder or tool.
        UsageError: the folder is outside of the repository.
    """
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
