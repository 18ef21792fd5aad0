"""`environment`: provides an environment of tdmvc.yaml for as long as a block runs."""

import os
from contextlib import AbstractContextManager
from pathlib import Path

from tdmvc.environments.provide import DEFAULT_ENVIRONMENT, EnvironmentOptions, RunningEnvironment, provided
from tdmvc.environments.selection import find_environment
from tdmvc.workspace.workspace import Workspace

__all__ = ["DEFAULT_ENVIRONMENT", "EnvironmentOptions", "RunningEnvironment", "environment"]


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
    chosen = find_environment(workspace, name, folder or Path(os.curdir))
    return provided(workspace, chosen, options)
