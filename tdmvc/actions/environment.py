"""`environment`: provides an environment of tdmvc.yaml for as long as a block runs."""

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tdmvc.environments.addresses import address_values
from tdmvc.environments.endpoint import EndpointClient
from tdmvc.environments.exports import placeholder_exports
from tdmvc.environments.provide import DEFAULT_ENVIRONMENT, EnvironmentOptions, RunningEnvironment, provided
from tdmvc.environments.selection import find_environment
from tdmvc.model.environment import ResetReport
from tdmvc.workspace.workspace import Workspace

__all__ = [
    "DEFAULT_ENVIRONMENT",
    "AttachedEnvironment",
    "EnvironmentOptions",
    "RunningEnvironment",
    "attached",
    "environment",
    "variables_without_database",
]


@dataclass(frozen=True, slots=True)
class AttachedEnvironment:
    """An environment that another process provides, whose variables this process got from it."""

    url: str
    """Of the database, with its password."""
    refs: tuple[str, ...]
    """The states that were loaded."""
    _client: EndpointClient

    @property
    def exports(self) -> Mapping[str, str]:
        """Nothing: the variables are set already."""
        return {}

    def reset(self) -> ResetReport:
        """Bring the database back to its seeded state.

        Raises:
            DatabaseError: it cannot be reset, or the process that provided it ended.
        """
        return self._client.reset()


@contextmanager
def attached(endpoint: str) -> Iterator[AttachedEnvironment]:
    """Use the environment behind the URL of an endpoint (`TDMVC_ENDPOINT`), until the end of the block.

    Raises:
        DatabaseError: the endpoint does not answer.
    """
    with closing(EndpointClient(endpoint)) as client:
        yield AttachedEnvironment(address_values(client.location)["url"], client.refs, client)


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
