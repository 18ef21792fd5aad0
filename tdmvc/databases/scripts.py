"""What runs the statements of a script in a database, one after the other."""

from collections.abc import Iterable, Sequence
from typing import Protocol


class StatementError(Exception):
    """The server refuses a statement; the reason contains no value of a row."""

    def __init__(self, state: str, reason: str) -> None:
        super().__init__(reason)
        self.state = state
        """The SQLSTATE, or the number of MySQL's error."""
        self.reason = reason


class Script(Protocol):
    """A connection in which each statement is a transaction of its own."""

    def execute(self, statement: bytes, /) -> None:
        """Run one statement, or a text of several.

        Raises:
            StatementError: the database refuses one.
            DatabaseError: the connection is lost.
        """


class DumpScript(Script, Protocol):
    """A connection that loads dumps."""

    def execute_all(self, statements: Sequence[bytes]) -> None:
        """Run statements that write rows, in one transaction.

        Raises:
            StatementError: the server refuses one; none has an effect.
            DatabaseError: the connection is lost.
        """

    def copy(self, statement: bytes, chunks: Iterable[bytes]) -> None:
        """Run `COPY … FROM stdin` with these rows.

        Raises:
            StatementError: the server refuses them.
            DatabaseError: the connection is lost.
        """
