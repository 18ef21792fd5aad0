"""`environment`: provides an environment of tdmvc.yaml for as long as a block runs."""

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tdmvc.environments.addresses import address_values, client_variables
from tdmvc.environments.endpoint import EndpointClient
from tdmvc.environments.planning.selection import find_environment
from tdmvc.environments.running.exports import placeholder_exports
from tdmvc.environments.running.own_programs import put_own_programs_first
from tdmvc.environments.running.provide import (
    DEFAULT_ENVIRONMENT,
    EnvironmentOptions,
    RunningEnvironment,
    provided,
)
from tdmvc.model.environment import ResetReport
from tdmvc.model.variables import ENDPOINT_VARIABLE, ENVIRONMENT_VARIABLE, INTEGRESQL_VARIABLE
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

_ENDPOINT_VARIABLES = (ENDPOINT_VARIABLE, INTEGRESQL_VARIABLE)


@dataclass(frozen=True, slots=True)
class AttachedEnvironment:
    """An environment that another process provides, whose variables this process got from it."""

    url: str
    """Of the database, with its password."""
    refs: tuple[str, ...]
    """The states that were loaded."""
    exports: Mapping[str, str] = field(repr=False)
    """The variables of the environment, as they are set in this process; among them are passwords."""
    _client: EndpointClient

    def reset(self) -> ResetReport:
        """Bring the database back to its seeded state.

        Raises:
            DatabaseError: it cannot be reset, or the process that provided it ended.
        """
        return self._client.reset()


@contextmanager
def attached(
    workspace: Workspace, endpoint: str, name: str | None = None, *, folder: Path | None = None
) -> Iterator[AttachedEnvironment]:
    """Use the environment behind the URL of an endpoint (`TDMVC_ENDPOINT`), until the end of the block.

    Args:
        name: of the environment; by default, the one for the folder.
        folder: where the command was run; by default, the current folder.

    Raises:
        DatabaseError: the endpoint does not answer.
        NotFoundError: there is no such environment.
    """
    chosen = find_environment(workspace, name, folder or Path(os.curdir))
    with closing(EndpointClient(endpoint)) as client:
        location = client.location
        names = {*client_variables(location), *chosen.exports, *_ENDPOINT_VARIABLES, ENVIRONMENT_VARIABLE}
        names.update(variable for service in chosen.services for variable in service.exports)
        exports = {one: os.environ[one] for one in sorted(names) if one in os.environ}
        yield AttachedEnvironment(address_values(location)["url"], client.refs, exports, client)


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
