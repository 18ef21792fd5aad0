"""Errors of loading, with the table, the column and the constraint, and without values of rows."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.databases.postgres.errors import database_error
from tdmvc.databases.postgres.loading import LoadingError
from tdmvc.errors import DatabaseError

_CONTEXT_COLUMN = re.compile(r"COPY .*?, line \d+, column ([^:\n]+?)(?::|$)", re.MULTILINE)
_BROKEN = {
    "23505": "two rows have the same values in",
    "23514": "a row breaks the condition",
    "23503": "a row breaks the reference",
    "23P01": "two rows break the exclusion constraint",
}
_NOTHING = "Nothing was changed."


@contextmanager
def loading(connection: PostgresConnection, where: str, table: str) -> Iterator[None]:
    """Turn what goes wrong while a table is loaded into a `DatabaseError`."""
    place = f"{where}, table {table}"
    try:
        yield
    except LoadingError as error:
        raise DatabaseError(
            f"The rows of {table} cannot be loaded: values of the column {error.column} are {error.why}. {_NOTHING}",
            where=place,
            remedy="change the values, or the type of the column in the database.",
        ) from None
    except connection.Error as error:
        state, diagnosis = error.sqlstate or "", error.diag
        broken = _BROKEN.get(state)
        if broken is not None:
            raise DatabaseError(
                f"The rows of {diagnosis.table_name or table} cannot be loaded: {broken} "
                f"{diagnosis.constraint_name or 'one of its constraints'}. {_NOTHING}",
                where=place,
                remedy="fix the rows, or the constraint; `tdmvc check` names rows that break the contract.",
            ) from None
        column = diagnosis.column_name or _column_of(diagnosis.context)
        if state == "23502":
            raise DatabaseError(
                f"The rows of {table} cannot be loaded: the column {column} has a null, and allows none. {_NOTHING}",
                where=place,
                remedy="give the rows a value, or the column a default.",
            ) from None
        if state.startswith("22") and column:
            raise DatabaseError(
                f"The rows of {table} cannot be loaded: the column {column} cannot hold a value "
                f"(SQLSTATE {state}). {_NOTHING}",
                where=place,
                remedy="change the value, or the type of the column in the database.",
            ) from None
        message = diagnosis.message_primary or str(error)
        raise database_error(state, message, place, doing=f"The database refuses rows of {table}") from None


def _column_of(context: str | None) -> str | None:
    found = _CONTEXT_COLUMN.search(context or "")
    return found[1] if found else None
