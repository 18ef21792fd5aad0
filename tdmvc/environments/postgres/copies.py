"""What all databases that are made from one template share."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tdmvc.databases.postgres.connection import plain_connection, reporting
from tdmvc.environments.postgres.administrator import Administrator
from tdmvc.environments.postgres.counter import OwnTransactions
from tdmvc.environments.postgres.pool import SparePool
from tdmvc.environments.postgres.template import TemplateDatabase
from tdmvc.model.location import ServerLocation

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
    settings: Path | None
    """The file that ALTER SYSTEM writes, of a server that nobody else uses, so that whatever is written is seen."""
    made: set[str] = field(default_factory=set)
    """The databases that tests use."""

    @property
    def is_own_server(self) -> bool:
        return self.settings is not None

    def read_settings(self) -> str:
        """Return what ALTER SYSTEM has set."""
        return self.settings.read_text(encoding="utf-8") if self.settings is not None else ""

    def write_settings(self, text: str) -> None:
        """Put back what was set."""
        if self.settings is not None:
            self.settings.write_text(text, encoding="utf-8")


@contextmanager
def opened_copies(
    maintenance: ServerLocation, template: ServerLocation, *, prefix: str, settings: Path | None = None
) -> Iterator[Copies]:
    """Connect, and end what runs in the background at the end of the block; databases that were made stay.

    Args:
        maintenance: a database of the server that nobody copies or resets.
        prefix: how the names of databases begin.
        settings: the file that ALTER SYSTEM writes, if nobody else uses the server.

    Raises:
        DatabaseError: the server cannot be reached.
    """
    own = OwnTransactions()
    numbers = itertools.count(1)

    def new_name() -> str:
        return f"{prefix}{next(numbers)}"

    administrator = Administrator(maintenance, own)
    try:
        source = TemplateDatabase(template)
        pool = SparePool(lambda: Administrator(maintenance, own), source, new_name, POOL_SIZE)
        try:
            yield Copies(administrator, source, pool, new_name, prefix, settings)
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
