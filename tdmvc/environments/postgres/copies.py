"""What all databases that are made from one template share."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tdmvc.databases.postgres.connection import plain_connection, reporting
from tdmvc.environments.postgres.administrator import Administrator
from tdmvc.environments.postgres.counter import OwnTransactions
from tdmvc.environments.postgres.failures import ended_server, full_server
from tdmvc.environments.postgres.pool import SparePool
from tdmvc.environments.postgres.template import TemplateDatabase
from tdmvc.errors import DatabaseError
from tdmvc.model.location import ServerLocation
from tdmvc.servers import RunningServer, has_ended, log_lines, settings_file

_NO_ROOM = "No space left on device"
POOL_SIZE = 1
"""How many spare copies are kept."""


@dataclass(frozen=True, slots=True)
class Copies:
    """A template on a server that runs, and what is needed to make, swap and drop copies of it."""

    administrator: Administrator
    template: TemplateDatabase
    pool: SparePool
    new_name: Callable[[], str]
    prefix: str
    """How the names of databases begin that are made and dropped while tests run."""
    server: RunningServer | None
    """The server if nobody else uses it, so that whatever is written there is seen."""
    made: set[str] = field(default_factory=set)
    """The databases that tests use."""

    @property
    def is_embedded(self) -> bool:
        return self.server is not None

    def read_settings(self) -> str:
        """Return what ALTER SYSTEM has set."""
        return settings_file(self.server).read_text(encoding="utf-8") if self.server is not None else ""

    def write_settings(self, text: str) -> None:
        """Put back what was set."""
        if self.server is not None:
            settings_file(self.server).write_text(text, encoding="utf-8")

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Say of an error why the server is gone, if its log knows.

        Raises:
            DatabaseError: the server has no room, or has ended.
        """
        try:
            yield
        except DatabaseError as error:
            if self.server is not None:
                reasons = [line for line in log_lines(self.server) if _NO_ROOM in line]
                if reasons:
                    raise full_server(self.server.folder, reasons[-1]) from error
                if has_ended(self.server):
                    raise ended_server(self.server.folder) from error
            raise


@contextmanager
def opened_copies(
    maintenance: ServerLocation, template: ServerLocation, *, prefix: str, server: RunningServer | None = None
) -> Iterator[Copies]:
    """Connect, and end what runs in the background at the end of the block; databases that were made stay.

    Args:
        maintenance: a database of the server that nobody copies or resets.
        prefix: how the names of databases begin.
        server: the server, if nobody else uses it.

    Raises:
        DatabaseError: the server cannot be reached.
    """
    own = OwnTransactions()
    numbers = itertools.count(1)

    def new_name() -> str:
        return f"{prefix}{next(numbers)}"

    administrator = Administrator(maintenance, own)
    try:
        source = TemplateDatabase(template, administrator)
        pool = SparePool(lambda: Administrator(maintenance, own), source, new_name, POOL_SIZE)
        try:
            yield Copies(administrator, source, pool, new_name, prefix, server)
        finally:
            pool.close()
            source.close()
    finally:
        administrator.close()


def finish_template(location: ServerLocation) -> None:
    """Prepare a database for being copied: collect statistics, and leave nothing that its copies would have to do.

    Raises:
        DatabaseError: the server refuses.
    """
    connection = plain_connection(location)
    try:
        with reporting(str(location)):
            connection.execute("VACUUM (FREEZE, ANALYZE)")
    finally:
        connection.close()
