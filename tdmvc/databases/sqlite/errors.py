"""What SQLite's errors mean; no message contains a value."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tdmvc.databases.clauses import Clause
from tdmvc.databases.sqlite.catalog import unreadable
from tdmvc.databases.statements import REPEATED_KEY
from tdmvc.errors import DatabaseError

_FIX_ROWS = "fix the rows, or change the table with a migration"
_NOTHING = "nothing was changed."


class BrokenRowsError(DatabaseError):
    """The rows of a table break what the database declares."""

    def __init__(self, path: Path, table: str, clause: Clause | None, said: str) -> None:
        what = clause.noun if clause is not None else f"a constraint ({said})"
        super().__init__(
            f"The rows of {table} break {what}.",
            where=f"{path}, table {table}",
            remedy=f"{REPEATED_KEY if said.startswith('UNIQUE') else _FIX_ROWS}; {_NOTHING}",
        )
        self.table = table
        self.clause = clause
        """None if SQLite's message does not tell which one it is."""


@contextmanager
def writing_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into tdmvc's.

    Raises:
        DatabaseError: the database is locked, read-only or damaged, or the disk is full.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise unwritable(path, error) from None


def unwritable(path: Path, error: sqlite3.Error) -> DatabaseError:
    """Return the error for what SQLite's error means."""
    text = str(error)
    if "locked" in text or "busy" in text:
        return DatabaseError(
            "Another program is using the SQLite database.",
            where=str(path),
            remedy=f"close it, or wait until it is done, then run the same command again; {_NOTHING}",
        )
    if "readonly" in text or "unable to open" in text:
        return DatabaseError(
            f"The SQLite database cannot be written: {text}.",
            where=str(path),
            remedy="check the permissions of the file, of its folder and of its write-ahead log (-wal); "
            + _NOTHING,
        )
    if "full" in text:
        return DatabaseError(
            "There is no room for the SQLite database: the disk is full, or its limit is reached.",
            where=str(path),
            remedy=f"free some space, then run the same command again; {_NOTHING}",
        )
    if "decode" in text.lower():
        # SQLite's driver quotes the text itself.
        text = "a text is not UTF-8"
    if isinstance(error, sqlite3.DatabaseError) and ("malformed" in text or "not a database" in text):
        return unreadable(path, error)
    return DatabaseError(
        f"The SQLite database cannot be written: {text}.",
        where=str(path),
        remedy="check that the disk has room; if SQLite refuses a name, write Parquet files: `--into FOLDER`. "
        "Nothing was changed.",
    )
