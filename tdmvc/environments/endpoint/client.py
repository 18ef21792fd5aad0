"""Talks to the endpoint of an environment that another process provides."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tdmvc.errors import DatabaseError
from tdmvc.model.environment import ResetMethod, ResetReport
from tdmvc.model.variables import ENDPOINT_VARIABLE

_SECONDS = 120.0
"""How long an answer may take: a reset may have to copy a large database."""


@dataclass(frozen=True, slots=True)
class EndpointDescription:
    """What an endpoint says of its environment."""

    url: str = field(repr=False)
    """Of the database, with its password."""
    refs: tuple[str, ...]
    """The states that were loaded."""
    variables: tuple[str, ...]
    """The names of the variables that the environment exports."""
    repository: Path
    """Its root."""


class EndpointClient:
    """A connection to an endpoint; not for several threads at once."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._path = parts.path.rstrip("/")
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_SECONDS)

    def describe(self) -> "EndpointDescription":
        """Return what the endpoint says of the environment.

        Raises:
            DatabaseError: the endpoint does not answer.
        """
        found = self._ask("GET", "/")
        return EndpointDescription(
            str(found["database"]["url"]),
            tuple(str(ref) for ref in found["datasets"]),
            tuple(str(name) for name in found["variables"]),
            Path(str(found["repository"])),
        )

    def reset(self) -> ResetReport:
        """Bring the environment's database back to its seeded state.

        Raises:
            DatabaseError: it cannot be reset, or the endpoint does not answer.
        """
        found = self._ask("POST", "/reset")
        return ResetReport(
            ResetMethod(found["method"]),
            float(found["seconds"]),
            tuple(str(name) for name in found["ended_connections"]),
            str(found["why"]),
            tuple(str(name) for name in found["remains"]),
        )

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _ask(self, method: str, path: str) -> Mapping[str, Any]:
        try:
            # An idle connection may have been closed meanwhile: the second request opens another.
            try:
                status, found = self._request(method, path)
            except (http.client.RemoteDisconnected, ConnectionError):
                self._connection.close()
                status, found = self._request(method, path)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise DatabaseError(
                "The environment's endpoint does not answer.",
                where=ENDPOINT_VARIABLE,
                remedy="the environment may have ended since its variables were set; set them again: `tdmvc up` and "
                '`eval "$(tdmvc env show --exports)"`, or use `tdmvc run -- COMMAND`.',
            ) from error
        if status != http.HTTPStatus.OK:
            raise DatabaseError(str(found.get("message", f"The endpoint answers with status {status}.")))
        return found

    def _request(self, method: str, path: str) -> tuple[int, Mapping[str, Any]]:
        self._connection.request(method, self._path + path, headers={"Content-Length": "0"})
        answer = self._connection.getresponse()
        found = json.loads(answer.read())
        return answer.status, found if isinstance(found, dict) else {}
