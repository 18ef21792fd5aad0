"""`keep`: keeps an environment in this process, for `up` and `run --keep`."""

from pathlib import Path

from tdmvc.environments.keeper.process import keep_environment
from tdmvc.environments.planning.selection import find_environment
from tdmvc.environments.running.provide import EnvironmentOptions
from tdmvc.workspace.workspace import Workspace

__all__ = ["EnvironmentOptions", "keep"]


def keep(
    workspace: Workspace, environment: str, name: str, options: EnvironmentOptions, announce_to: int
) -> None:
    """Provide an environment until a signal ends this process.

    Args:
        name: under which it is recorded.
        announce_to: a descriptor that gets what happens until it is ready.

    Raises:
        TdmvcError: it cannot be provided; the descriptor gets that, too.
    """
    keep_environment(workspace, find_environment(workspace, environment, Path()), name, options, announce_to)
