"""Reads the application's migration state at any revision."""

from tdmvc.errors import ConfigError, MigrationsError, UnreadableFileError
from tdmvc.formats.config import CONFIG_FILE, read_config
from tdmvc.gitrepo.trees import RevisionTree
from tdmvc.migrations import read_state
from tdmvc.migrations.paths import is_inside, normalize_folder
from tdmvc.model.migration import MigrationLocation, MigrationState
from tdmvc.model.tree import FileTree
from tdmvc.workspace.workspace import Workspace


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
                raise MigrationsError.at(
                    f"This is a submodule in {tree.label}, so its files are in another repository.",
                    path,
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
