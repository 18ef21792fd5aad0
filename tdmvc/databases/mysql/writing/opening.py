"""Opens a database of MySQL or MariaDB for writing."""

import contextlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tdmvc.databases.base import ReadOptions
from tdmvc.databases.mysql.address import resolve_address
from tdmvc.databases.mysql.connection import WRITING_MODE, MysqlConnection, connected
from tdmvc.databases.mysql.lock_holders import naming_holders
from tdmvc.databases.mysql.reading.snapshot import choose_schemas
from tdmvc.databases.mysql.writing.target import MysqlTarget
from tdmvc.errors import DatabaseError
from tdmvc.model.location import Location


@contextmanager
def open_target(location: Location, options: ReadOptions) -> Iterator[MysqlTarget]:
    """Open a database for writing; see `DatabaseEngine.open_target`."""
    address = resolve_address(location)

    def connect() -> contextlib.AbstractContextManager[MysqlConnection]:
        return connected(address, mode=WRITING_MODE, timeout_seconds=options.timeout_seconds)

    with ExitStack() as stack:
        connection = stack.enter_context(connect())
        schemas = choose_schemas(connection, options.schemas)
        target = MysqlTarget(connection, stack.enter_context(connect()), schemas, options)
        target.recover(seconds=0)
        try:
            with naming_holders(connection, schemas):
                yield target
        finally:
            if not target.is_committed:
                try:
                    target.roll_back()
                except DatabaseError:
                    # The session is gone, but the server may be there.
                    with contextlib.suppress(DatabaseError), connect() as other:
                        MysqlTarget(other, other, schemas, options).recover(seconds=5)
