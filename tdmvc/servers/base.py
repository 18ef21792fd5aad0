"""What every server has that tdmvc starts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tdmvc.model.location import ServerLocation

LONGEST_SOCKET = 103
"""The longest path of a socket that Linux and macOS both take."""


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How a server is started."""

    port: int | None = None
    """On 127.0.0.1; by default, a free one."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """More settings of the server, by name."""
    password: str | None = field(default=None, repr=False)
    """The administrator's, for a MariaDB server that takes the place of another; by default, a random one."""
    start_seconds: float = 60.0
    """How long it may take to be ready."""
    fill: Callable[[Path], str] | None = None
    """Fills the data folder from that of a server that was stopped as a whole, and returns the administrator's
    password there; None for a new server."""
    keep: Callable[[Path], None] | None = None
    """Gets the data folder of PostgreSQL when the server has ended, before it is removed, and may move it away."""


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that runs, and how its administrator connects."""

    scheme: str
    """Of its URLs: `postgresql` or `mysql`."""
    version: str
    """As its program tells it: `18.6`."""
    port: int
    user: str
    """The administrator."""
    password: str = field(repr=False)
    socket: Path
    """The folder of the Unix socket for PostgreSQL, the socket itself for MariaDB."""
    folder: Path
    """Everything that belongs to the server; removed with it."""
    host: str = "127.0.0.1"

    def location(self, database: str) -> ServerLocation:
        """Return where a database of the server is, for its administrator."""
        return ServerLocation(self.scheme, self.host, self.port, self.user, self.password, database)
