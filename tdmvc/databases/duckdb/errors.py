"""What DuckDB's errors mean when rows are loaded; DuckDB's own messages contain values, so none is shown."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tdmvc.databases.statements import REPEATED_KEY
from tdmvc.errors import DatabaseError
from tdmvc.sql.duckdb import duckdb_error

_NOTHING = "nothing was changed."
_FIX_ROWS = "fix the rows, or change the table with a migration"
_REPEATED = "a key or a unique key: values repeat"
_NOT_NULL = re.compile(r"NOT NULL constraint failed: (.+)")
IN_USE_MESSAGES = (
    "Could not set lock",
    "already attached",
    "different configuration",
    "used by another process",
)


@contextmanager
def writing_errors(path: Path, table: str = "") -> Iterator[None]:
    """Turn DuckDB's errors into tdmvc's.

    Raises:
        DatabaseError: the file is in use, read-only or damaged, the disk is full, or rows break a constraint.
    """
    try:
        yield
    except duckdb_error() as error:
        raise unwritable(path, error, table) from None


def unwritable(path: Path, error: Exception, table: str = "") -> DatabaseError:
    """Return the error for what DuckDB's error means."""
    text, kind = str(error).split("\n", 1)[0], type(error).__name__
    where = f"{path}, table {table}" if table else str(path)
    if any(message in text for message in IN_USE_MESSAGES):
        return DatabaseError(
            "Another connection has the DuckDB database open.",
            where=str(path),
            remedy=f"close that program or connection, then run the same command again; {_NOTHING}",
        )
    if kind == "ConstraintException":
        broken = _constraint(text)
        return DatabaseError(
            f"The rows{f' of {table}' if table else ''} break {broken}.",
            where=where,
            remedy=f"{REPEATED_KEY if broken == _REPEATED else _FIX_ROWS}; {_NOTHING}",
        )
    if "No space left" in text or kind == "OutOfMemoryException":
        return DatabaseError(
            "There is no room for the DuckDB database: the disk or the memory is full.",
            where=where,
            remedy=f"free some space, then run the same command again; {_NOTHING}",
        )
    if kind == "IOException" and ("ermission" in text or "read-only" in text or "readonly" in text):
        return DatabaseError(
            "The DuckDB database cannot be written: no permission.",
            where=where,
            remedy=f"check the permissions of the file and of its folder; {_NOTHING}",
        )
    return DatabaseError(
        f"The DuckDB database cannot be written ({kind}).",
        where=where,
        remedy="check that the disk and the memory have room; nothing was changed.",
    )


def _constraint(text: str) -> str:
    if found := _NOT_NULL.search(text):
        return f"NOT NULL of {found[1]}"
    if "foreign key" in text.lower():
        return "a reference: they refer to rows that do not exist"
    if "CHECK" in text:
        return "a check"
    return _REPEATED
