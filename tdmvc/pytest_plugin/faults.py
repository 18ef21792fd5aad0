"""What the error of a failed test says about rows and schema."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """What an error is about."""

    SCHEMA = "schema"
    DATA = "data"
    CONNECTION = "connection"
    """The session was ended."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Fault:
    """What an error says; no text of the error, which may have values in it."""

    kind: FaultKind
    text: str
    """For people: `23505, unique violation`."""


_SQLSTATES = {
    "42P01": (FaultKind.SCHEMA, "no such table"),
    "42703": (FaultKind.SCHEMA, "no such column"),
    "42883": (FaultKind.SCHEMA, "no such function"),
    "3F000": (FaultKind.SCHEMA, "no such schema"),
    "23503": (FaultKind.DATA, "foreign key violation"),
    "23505": (FaultKind.DATA, "unique violation"),
    "23502": (FaultKind.DATA, "NULL in a column that requires a value"),
    "23514": (FaultKind.DATA, "check violation"),
    "22P02": (FaultKind.DATA, "a text that is no value of the column's type"),
    "57P01": (FaultKind.CONNECTION, "the session was ended"),
    "57P02": (FaultKind.CONNECTION, "the session was ended"),
    "08006": (FaultKind.CONNECTION, "the session was ended"),
    "08003": (FaultKind.CONNECTION, "the session was ended"),
}
_MYSQL = {
    1146: "42P01",
    1054: "42703",
    1305: "42883",
    **dict.fromkeys((1216, 1217, 1451, 1452), "23503"),
    **dict.fromkeys((1062, 1169, 1586), "23505"),
    **dict.fromkeys((1048, 1364), "23502"),
    **dict.fromkeys((3819, 4025), "23514"),
    **dict.fromkeys((1292, 1366), "22P02"),
    **dict.fromkeys((2006, 2013), "57P01"),
}
_SQLITE = {
    "SQLITE_CONSTRAINT_FOREIGNKEY": "23503",
    "SQLITE_CONSTRAINT_UNIQUE": "23505",
    "SQLITE_CONSTRAINT_PRIMARYKEY": "23505",
    "SQLITE_CONSTRAINT_NOTNULL": "23502",
    "SQLITE_CONSTRAINT_CHECK": "23514",
}
_MESSAGES = (
    (re.compile(r"\bno such table\b|Table with name \S+ does not exist"), "42P01"),
    (
        re.compile(
            r"\bno such column\b|\bhas no column named\b"
            r"|Referenced column \S+ (?:was )?not found|does not have a column"
        ),
        "42703",
    ),
)
_ENDED = re.compile(
    r"server closed the connection|terminating connection|connection is closed|connection already closed"
    r"|the connection is lost|consuming input failed",
    re.IGNORECASE,
)
_MISSING = frozenset({"DoesNotExist", "NoResultFound"})
_NONE = re.compile(r"\bNone(?:Type)?\b")


def describe_fault(error: BaseException, *, has_no_row: bool) -> Fault:
    """Return what an error is about: the first of its chain that says anything.

    Args:
        has_no_row: whether the last query before it returned no row.
    """
    for one in _chain(error):
        if state := _sqlstate(one):
            kind, words = _SQLSTATES[state]
            return Fault(kind, f"SQLSTATE {state}, {words}")
        if _is_of_driver(one) and _ENDED.search(str(one)):
            return Fault(FaultKind.CONNECTION, "the session was ended")
        if type(one).__name__ in _MISSING and _is_of(one, ("django.", "sqlalchemy."), "ObjectDoesNotExist"):
            return Fault(FaultKind.DATA, f"{type(one).__name__}, a query found no row")
    if has_no_row and isinstance(error, AttributeError | TypeError) and _NONE.search(str(error)):
        return Fault(FaultKind.DATA, f"{type(error).__name__} on None, after a query that returned no row")
    return Fault(FaultKind.OTHER, type(error).__name__)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what caused it."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        one = pending.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        pending += [getattr(one, "orig", None), one.__cause__]
        if not one.__suppress_context__:
            pending.append(one.__context__)
        if isinstance(one, BaseExceptionGroup):
            pending += one.exceptions


def _sqlstate(error: BaseException) -> str:
    """Return the SQLSTATE that an error of a driver has, or the one of PostgreSQL that means the same."""
    for name in ("sqlstate", "pgcode"):
        state = getattr(error, name, None)
        if state in _SQLSTATES:
            return str(state)
    if not _is_of_driver(error):
        return ""
    if type(error).__module__.startswith(("pymysql", "MySQLdb")) and error.args:
        return _MYSQL.get(error.args[0], "")
    if found := _SQLITE.get(str(getattr(error, "sqlite_errorname", ""))):
        return found
    return next((state for pattern, state in _MESSAGES if pattern.search(str(error))), "")


def _is_of_driver(error: BaseException) -> bool:
    """Whether an error comes from a driver, or from what wraps drivers."""
    return _is_of(
        error, ("psycopg", "sqlite3", "_duckdb", "duckdb", "pymysql", "MySQLdb", "asyncpg", "django.db"), ""
    )


def _is_of(error: BaseException, modules: tuple[str, ...], base: str) -> bool:
    return any(
        kind.__module__.startswith(modules) or (base and kind.__name__ == base)
        for kind in type(error).__mro__
    )
