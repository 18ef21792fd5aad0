"""`migrations`: which schema the application stands at, at any revision."""

from collections.abc import Sequence

from tdmvc.actions.workspace import Workspace
from tdmvc.errors import ConfigError, MigrationsError, NotFoundError, UnreadableFileError
from tdmvc.migrations import READERS, detect, read_state
from tdmvc.model.migration import MigrationState, UnreadableLocation
from tdmvc.model.recorded import MigrationLocation
from tdmvc.model.tree import FileTree
from tdmvc.repo.config import CONFIG_FILE, read_config
from tdmvc.repo.trees import RevisionTree

TOOLS = tuple(READERS)
"""The migration tools that can be read."""


def migrations(
    workspace: Workspace, *, at: str | None = None, path: str | None = None, tool: str | None = None
) -> list[MigrationState]:
    """Read the application's migrations, statically; no code of the application runs.

    Args:
        at: a Git revision; None is the work tree.
        path: a folder to look at, instead of what tdmvc.yaml names.
        tool: the reader for `path`, where detection should not decide.

    Raises:
        MigrationsError: a location cannot be understood.
        NotFoundError: nothing is configured or found, or there is no such revision.
    """
    tree = tree_at(workspace, at)
    return [read_location(tree, location) for location in _locations(workspace, tree, path, tool)]


def survey(
    workspace: Workspace, *, at: str | None = None, path: str | None = None, tool: str | None = None
) -> tuple[list[MigrationState], list[UnreadableLocation]]:
    """Read the migrations as `migrations` does, and tell the locations that cannot be understood apart.

    Raises:
        MigrationsError: not one location can be understood.
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
    """Return the application's files at a revision, or in the work tree as they are now."""
    return workspace.git.unignored_tree() if at is None else workspace.git.tree(at)


def read_location(tree: FileTree, location: MigrationLocation) -> MigrationState:
    """Read one location; says so where it lies in another repository.

    Raises:
        MigrationsError: it cannot be understood.
    """
    try:
        return read_state(tree, location)
    except MigrationsError:
        submodules = tree.submodules if isinstance(tree, RevisionTree) else ()
        for path in submodules:
            if f"{location.path}/".startswith(f"{path}/"):
                raise MigrationsError(
                    f"This is a submodule in {tree.label}: its files lie in a repository of their own.",
                    where=path,
                    remedy=f"run tdmvc in that repository, or take migration location '{location.name}'"
                    " out of tdmvc.yaml.",
                ) from None
        raise


def configured_locations(workspace: Workspace, tree: FileTree) -> tuple[MigrationLocation, ...]:
    """Return the locations that tdmvc.yaml names in a tree; where it names none there, today's.

    A tdmvc.yaml of the past that cannot be understood cannot be mended either: today's counts.

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
                "No migrations were found here.",
                where=f"{workspace.root} at {tree.label}",
                remedy="name them: `tdmvc migrations --path FOLDER --tool TOOL`.",
            )
        return found
    folder = path.strip("/").removeprefix("./")
    if tool is not None:
        return [MigrationLocation("main", tool, folder)]
    inside = [c for c in detect(tree) if c.path == folder or c.path.startswith(folder + "/")]
    if not inside:
        raise NotFoundError(
            f"No migration tool recognises the folder '{path}'.",
            where=f"{workspace.root} at {tree.label}",
            remedy=f"say which one it is: --tool {' or '.join(sorted(READERS))}.",
        )
    return inside
