"""The accounts of an embedded server: the administrator, and the user as whom applications connect."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from tdmvc.databases.mysql.address import resolve_address
from tdmvc.databases.mysql.connection import WRITING_MODE, MysqlConnection, connected
from tdmvc.servers import RunningServer

USER = "app"
_HOSTS = ("localhost", "127.0.0.1")
_HIDDEN = ("SUPER", "BINLOG ADMIN")
"""With these, an application could hide from the binary log what it writes."""


@contextmanager
def open_administrator(server: RunningServer) -> Iterator[MysqlConnection]:
    """Open a connection whose own work leaves no trace in the binary log, and close it at the end.

    Raises:
        DatabaseError: the server cannot be reached.
    """
    with connected(resolve_address(server.location(""), {}), mode=WRITING_MODE) as administrator:
        administrator.execute("SET SESSION sql_log_bin = 0")
        yield administrator


def prepare_builder(administrator: MysqlConnection) -> str:
    """Let applications connect with all rights, as migrations may need them, and return their password.

    Raises:
        DatabaseError: the server refuses.
    """
    password = secrets.token_urlsafe(24)
    for host in _HOSTS:
        administrator.execute(f"CREATE OR REPLACE USER {USER}@'{host}' IDENTIFIED BY '{password}'")
        administrator.execute(f"GRANT ALL PRIVILEGES ON *.* TO {USER}@'{host}' WITH GRANT OPTION")
    return password


def prepare_application(administrator: MysqlConnection, password: str) -> None:
    """Let applications connect with all rights but those to hide what they write.

    Raises:
        DatabaseError: the server refuses.
    """
    for host in _HOSTS:
        administrator.execute(f"ALTER USER {USER}@'{host}' IDENTIFIED BY '{password}'")
        administrator.execute(f"REVOKE {', '.join(_HIDDEN)} ON *.* FROM {USER}@'{host}'")
