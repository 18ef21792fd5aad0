"""Chooses an environment by its name, or by the folder in which a command is run."""

from pathlib import Path

from tdmvc.errors import NotFoundError
from tdmvc.formats.config import check_folder
from tdmvc.migrations.paths import is_inside, normalize_folder
from tdmvc.model.environment import Environment
from tdmvc.workspace.workspace import Workspace

DEFAULT_NAME = "local"
"""The environment that is taken where several fit, and the one that exists if tdmvc.yaml names none."""


def declared_environments(workspace: Workspace) -> tuple[Environment, ...]:
    """Return the environments of tdmvc.yaml; if it names none, `local` with the default of each setting."""
    return workspace.config.environments or (Environment(DEFAULT_NAME),)


def declared_names(workspace: Workspace) -> list[str]:
    """Return the names of all environments that there are."""
    return [one.name for one in declared_environments(workspace)]


def find_environment(workspace: Workspace, name: str | None, folder: Path) -> Environment:
    """Return the environment of a name, or the one for a folder.

    Without a name, it is one whose own folder has the given one in it, the deepest first; among several, it is
    `local`, or else the first in tdmvc.yaml. If tdmvc.yaml names no environment, `local` has the default of each
    setting.

    Raises:
        ConfigError: its folder does not exist.
        NotFoundError: there is no such environment.
    """
    chosen = _choose(workspace, name, folder)
    check_folder(workspace.root, chosen)
    return chosen


def _choose(workspace: Workspace, name: str | None, folder: Path) -> Environment:
    declared = declared_environments(workspace)
    if name is not None:
        for environment in declared:
            if environment.name == name:
                return environment
        raise NotFoundError.named(
            "environment", name, [one.name for one in declared], where=str(workspace.root / "tdmvc.yaml")
        )
    here = _below_root(workspace.root, folder)
    fitting = [one for one in declared if is_inside(here, normalize_folder(one.folder))]
    if not fitting:
        names = [one.name for one in declared]
        raise NotFoundError(
            "No environment is for this folder.",
            where=str(folder.absolute()),
            remedy=f"name one with --env: {', '.join(names)}; or run the command in the folder of one.",
        )
    deepest = max(_depth(one) for one in fitting)
    nearest = [one for one in fitting if _depth(one) == deepest]
    return next((one for one in nearest if one.name == DEFAULT_NAME), nearest[0])


def name_for(workspace: Workspace, folder: Path) -> str:
    """Return the name of the environment for a folder; empty if there is none."""
    try:
        return _choose(workspace, None, folder).name
    except NotFoundError:
        return ""


def _below_root(root: Path, folder: Path) -> str:
    try:
        return normalize_folder(folder.resolve().relative_to(root.resolve()).as_posix())
    except ValueError:
        # Somewhere else, such as with -C.
        return ""


def _depth(environment: Environment) -> int:
    folder = normalize_folder(environment.folder)
    return folder.count("/") + 1 if folder else 0
