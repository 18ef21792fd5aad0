"""Other sessions of a server: who is connected, and who has a transaction open."""

import contextlib
import re
import time
from collections.abc import Mapping

from tdmvc.databases.mysql.connection import MysqlConnection, text_of
from tdmvc.databases.mysql.names import text_literal
from tdmvc.environments.failures import CannotRestoreError
from tdmvc.errors import DatabaseError

_TRANSACTION = re.compile(r"^---TRANSACTION (?P<state>[^\n]*)\n(?P<rest>(?:(?!---).*\n?)*)", re.MULTILINE)
_THREAD = re.compile(r"^M\w+ thread id (?P<number>\d+),", re.MULTILINE)
_END_SECONDS = 5.0
_POLL_SECONDS = 0.01


class Sessions:
    """The sessions of others on a server, or in one of its databases."""

    def __init__(self, administrator: MysqlConnection, database: str = "") -> None:
        self._administrator = administrator
        self._where = f" AND DB = {text_literal(database)}" if database else ""

    def others(self) -> dict[str, str]:
        """Return the sessions of others by their number, as people recognise them.

        Raises:
            DatabaseError: the server refuses.
        """
        rows = self._administrator.query(
            "SELECT ID, USER, HOST FROM information_schema.PROCESSLIST "
            "WHERE ID <> CONNECTION_ID() AND USER NOT IN ('system user', 'event_scheduler')" + self._where
        )
        return {text_of(row[0]): f"{text_of(row[1])}@{text_of(row[2])} ({text_of(row[0])})" for row in rows}

    def end_transactions(self) -> tuple[str, ...]:
        """End the sessions that have a transaction open, and return them, as people recognise them.

        Raises:
            CannotRestoreError: one of them does not end.
            DatabaseError: the server refuses.
        """
        others = self.others()
        if not others:
            return ()
        # The table INNODB_TRX tells what was a tenth of a second ago.
        ((*_, status),) = self._administrator.query("SHOW ENGINE INNODB STATUS")
        open_ones = find_open_transactions(text_of(status))
        ended = {number: who for number, who in others.items() if number in open_ones}
        if not self.end(ended):
            raise CannotRestoreError("a transaction does not end")
        return tuple(ended.values())

    def end(self, sessions: Mapping[str, str]) -> bool:
        """End sessions, by their numbers; False if one of them does not end, or may not be ended.

        Raises:
            DatabaseError: the server is gone.
        """
        for number in sessions:
            # It may have ended by itself.
            with contextlib.suppress(DatabaseError):
                self._administrator.execute(f"KILL {number}")
        end = time.monotonic() + _END_SECONDS
        while sessions and sessions.keys() & self.others().keys():
            if time.monotonic() > end:
                return False
            time.sleep(_POLL_SECONDS)
        return True


def find_open_transactions(status: str) -> set[str]:
    """Return the numbers of the sessions that have a transaction open, by what InnoDB tells of its state."""
    found = set()
    for transaction in _TRANSACTION.finditer(status):
        thread = _THREAD.search(transaction["rest"])
        if thread is not None and "not started" not in transaction["state"]:
            found.add(thread["number"])
    return found
