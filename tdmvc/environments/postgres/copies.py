"""What all databases that are made from one template share."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

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
    is_own_server: bool
    """Whether nobody else uses the server, so that whatever is written there is seen."""


@contextmanager
def opened_copies(
    maintenance: ServerLocation, template: ServerLocation, *, prefix: str, is_own: bool
) -> Iterator[Copies]:
    """Connect, and end what runs in the background at the end of the block; databases that were made stay.

    Args:
        maintenance: a database of the server that nobody copies or resets.
        prefix: how the names of databases begin.

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
            yield Copies(administrator, source, pool, new_name, is_own)
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
