"""`attach`: uses an environment that another process provides; nothing of the repository is read."""

import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tdmvc.environments.endpoint import EndpointClient
from tdmvc.model.environment import ResetReport


@dataclass(frozen=True, slots=True)
class AttachedEnvironment:
    """An environment that another process provides, whose variables this process got from it."""

    url: str
    """Of the database, with its password."""
    refs: tuple[str, ...]
    """The states that were loaded."""
    exports: Mapping[str, str] = field(repr=False)
    """The variables of the environment, as they are set in this process; among them are passwords."""
    root: Path
    """Of the repository."""
    _client: EndpointClient

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
        found = client.describe()
        exports = {one: os.environ[one] for one in sorted(found.variables) if one in os.environ}
        yield AttachedEnvironment(found.url, found.refs, exports, found.repository, client)
