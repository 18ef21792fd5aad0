"""Other sessions of an own server: who is connected, and who has a transaction open."""

import contextlib
import time

from tdmvc.databases.mysql.connection import MysqlConnection, text_of
from tdmvc.environments.mariadb.failures import CannotRestoreError
from tdmvc.errors import DatabaseError

_STALE_SECONDS = 0.11
"""The server collects anew which transactions there are if nobody has asked for a tenth of a second."""
_END_SECONDS = 5.0
_POLL_SECONDS = 0.01


class Sessions:
    """The sessions of others on a server."""

    def __init__(self, administrator: MysqlConnection) -> None:
        self._administrator = administrator
        self._asked = 0.0

    def others(self) -> dict[str, str]:
        """Return the sessions of others by their number, as people recognise them.

        Raises:
            DatabaseError: the server refuses.
        """
        rows = self._administrator.query(
            "SELECT ID, USER, HOST FROM information_schema.PROCESSLIST "
            "WHERE ID <> CONNECTION_ID() AND USER NOT IN ('system user', 'event_scheduler')"
        )
        return {text_of(row[0]): f"{text_of(row[1])}@{text_of(row[2])} ({text_of(row[0])})" for row in rows}

    def end_transactions(self) -> tuple[str, ...]:
        """End the sessions that have a transaction open, and return them, as people recognise them.

        Raises:
            CannotRestoreError: one of them does not end.
            DatabaseError: the server refuses.
        """
        time.sleep(max(0.0, self._asked + _STALE_SECONDS - time.monotonic()))
        rows = self._administrator.query("SELECT trx_mysql_thread_id FROM information_schema.INNODB_TRX")
        self._asked = time.monotonic()
        open_ones = {text_of(number) for (number,) in rows}
        ended = {number: who for number, who in self.others().items() if number in open_ones}
        for number in ended:
            # It may have ended by itself.
            with contextlib.suppress(DatabaseError):
                self._administrator.execute(f"KILL {number}")
        end = time.monotonic() + _END_SECONDS
        while ended.keys() & self.others().keys():
            if time.monotonic() > end:
                raise CannotRestoreError("a transaction does not end")
            time.sleep(_POLL_SECONDS)
        return tuple(ended.values())
