"""`environment`: provides an environment of tdmvc.yaml for as long as a block runs."""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from tdmvc.environments.planning.selection import find_environment
from tdmvc.environments.running.exports import placeholder_exports
from tdmvc.environments.running.own_programs import put_own_programs_first
from tdmvc.environments.running.provide import (
    DEFAULT_ENVIRONMENT,
    EnvironmentOptions,
    RunningEnvironment,
    provided,
)
from tdmvc.workspace.workspace import Workspace

__all__ = [
    "DEFAULT_ENVIRONMENT",
    "EnvironmentOptions",
    "RunningEnvironment",
    "check_environment",
    "environment",
    "variables_without_database",
]


def environment(
    workspace: Workspace,
    name: str | None = None,
    options: EnvironmentOptions = DEFAULT_ENVIRONMENT,
    *,
    folder: Path | None = None,
) -> AbstractContextManager[RunningEnvironment]:
    """Return a context manager that provides an environment; see `provided`.

    Args:
        name: of the environment; by default, the one for the folder.
        folder: where the command was run; by default, the current folder.

    Raises:
        NotFoundError: there is no such environment.
    """
    put_own_programs_first()
    chosen = find_environment(workspace, name, folder or Path(os.curdir))
    return provided(workspace, chosen, options)


def check_environment(workspace: Workspace, name: str, *, folder: Path) -> None:
    """Check that there is an environment of a name.

    Raises:
        NotFoundError: there is none.
    """
    find_environment(workspace, name, folder)


def variables_without_database(
    workspace: Workspace, name: str | None = None, *, folder: Path | None = None
) -> Mapping[str, str]:
    """Return the variables of an environment with addresses where nothing answers.

    They are for programs that need no database, but import an application that reads the variables.

    Raises:
        NotFoundError: there is no such environment.
        UsageError: tdmvc.yaml names a database that no engine provides.
    """
    return placeholder_exports(find_environment(workspace, name, folder or Path(os.curdir)), workspace.root)
