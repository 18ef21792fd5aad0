"""What an error says about rows and schema, however it is wrapped."""

import sqlite3
from collections.abc import Callable

import psycopg
import pymysql
import pytest
import sqlalchemy
from django.core.exceptions import ObjectDoesNotExist
from django.db.utils import IntegrityError as DjangoError

from tdmvc.pytest_plugin.faults import FaultKind, describe_fault


def raised(action: Callable[[], object]) -> BaseException:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        action()
    return caught.value


def in_sqlite(statement: str) -> BaseException:
    connection = sqlite3.connect(":memory:")
    connection.executescript(
        "PRAGMA foreign_keys = ON; CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT NOT NULL CHECK (n <> ''),"
        " up INT REFERENCES t); INSERT INTO t VALUES (1, 'x', NULL)"
    )
    return raised(lambda: connection.execute(statement))


def in_sqlalchemy(statement: str) -> BaseException:
    engine = sqlalchemy.create_engine("sqlite://")
    return raised(lambda: engine.connect().execute(sqlalchemy.text(statement)))


def wrapped() -> None:
    try:
        raise psycopg.errors.UniqueViolation("key")
    except psycopg.Error as error:
        raise DjangoError("key") from error


def handled() -> None:
    try:
        raise psycopg.errors.UniqueViolation("key")
    except psycopg.Error:
        raise ValueError("a fault of the code") from None


class Missing(ObjectDoesNotExist):
    pass


Missing.__name__ = "DoesNotExist"
CASES = {
    "SCHEMA 42P01": lambda: psycopg.errors.UndefinedTable(""),
    "SCHEMA 42703": lambda: psycopg.errors.UndefinedColumn(""),
    "DATA 23505": lambda: raised(wrapped),
    "DATA 22P02": lambda: psycopg.errors.InvalidTextRepresentation(""),
    "DATA 23503": lambda: pymysql.err.IntegrityError(1452, ""),
    "SCHEMA 42703 of MySQL": lambda: pymysql.err.OperationalError(1054, ""),
    "SCHEMA 42P01 of SQLite": lambda: in_sqlite("SELECT 1 FROM missing"),
    "SCHEMA 42703 of SQLite": lambda: in_sqlite("SELECT missing FROM t"),
    "SCHEMA 42703 of an INSERT": lambda: in_sqlite("INSERT INTO t (missing) VALUES (1)"),
    "DATA 23505 of SQLite": lambda: in_sqlite("INSERT INTO t VALUES (1, 'x', NULL)"),
    "DATA 23502 of SQLite": lambda: in_sqlite("INSERT INTO t VALUES (2, NULL, NULL)"),
    "DATA 23514 of SQLite": lambda: in_sqlite("INSERT INTO t VALUES (2, '', NULL)"),
    "DATA 23503 of SQLite": lambda: in_sqlite("INSERT INTO t VALUES (2, 'x', 7)"),
    "SCHEMA 42P01 of SQLAlchemy": lambda: in_sqlalchemy("SELECT 1 FROM missing"),
    "DATA NoResultFound": lambda: sqlalchemy.exc.NoResultFound(),
    "DATA DoesNotExist": lambda: Missing(),
    "CONNECTION 57P01": lambda: psycopg.errors.AdminShutdown(""),
    "CONNECTION ended": lambda: psycopg.OperationalError("the connection is closed"),
    "OTHER ValueError": lambda: raised(handled),
    "OTHER SyntaxError": lambda: psycopg.errors.SyntaxError(""),
    "OTHER TypeError": lambda: raised(lambda: None[0]),  # type: ignore[index]
}


@pytest.mark.parametrize("expected", CASES)
def test_an_error_is_about_rows_schema_or_neither(expected: str) -> None:
    fault = describe_fault(CASES[expected](), has_no_row=False)
    kind, what = expected.split()[:2]
    assert fault.kind is FaultKind[kind]
    assert what in fault.text


def test_none_after_a_query_without_rows_is_suspected() -> None:
    for action in (lambda: None[0], lambda: None.name):  # type: ignore[index, attr-defined]
        assert describe_fault(raised(action), has_no_row=True).kind is FaultKind.DATA
    assert describe_fault(raised(lambda: [][0]), has_no_row=True).kind is FaultKind.OTHER
