"""Copies rows into tables; what the server refuses becomes an error that shows no values of rows."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pyarrow as pa

from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.databases.postgres.encoding.ahead import CopyPlan, EncodedRows, LoadingError
from tdmvc.databases.postgres.encoding.forms import plan_form
from tdmvc.databases.postgres.encoding.target_columns import TargetColumn
from tdmvc.databases.postgres.errors import database_error
from tdmvc.databases.statements import REPEATED_KEY
from tdmvc.errors import DatabaseError
from tdmvc.sql.quoting import quote_names

_CONTEXT_COLUMN = re.compile(r"COPY .*?, line \d+, column ([^:\n]+?)(?::|$)", re.MULTILINE)
_BROKEN = {
    "23505": "a row repeats values of",
    "23514": "a row breaks the condition",
    "23503": "a row breaks the reference",
    "23P01": "two rows break the exclusion constraint",
}
_FIX_ROWS = "fix the rows, or the constraint; `tdmvc check` names rows that break the contract."
_NOTHING = "Nothing was changed."


def plan_copy(schema: pa.Schema, columns: Mapping[str, TargetColumn], *, table: str, where: str) -> CopyPlan:
    """Return how rows with this schema are sent.

    Raises:
        DatabaseError: a column has no place in the table, or its type cannot hold such values.
    """
    names, forms = [], []
    for field in schema:
        column = columns.get(field.name)
        if column is not None and column.is_generated:
            continue
        form = plan_form(field.type, column.type) if column is not None else None
        if column is None or form is None:
            why = (
                f"no {field.type} can be written as {column.type.sql}"
                if column
                else "the table has no such column"
            )
            raise DatabaseError(
                f"The column {field.name} cannot be loaded: {why}.",
                where=f"{where}, table {table}",
                remedy="change the type of the column, in the database or in the dataset. Nothing was changed.",
            )
        names.append(field.name)
        forms.append(form)
    return CopyPlan(tuple(names), tuple(forms))


def copy_rows(connection: PostgresConnection, into: str, rows: EncodedRows) -> int:
    """Send rows to a table, and return how many there were.

    Args:
        into: the table as SQL.

    Raises:
        LoadingError: a value has no exact form.
        psycopg.Error: the server refuses a row.
    """
    ending = " WITH (FORMAT binary)" if rows.plan.is_binary else ""
    statement = f"COPY {into} ({quote_names(rows.plan.names)}) FROM STDIN{ending}"
    with connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for part in rows.parts():
                copy.write(part)
        return cursor.rowcount


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
                remedy=f"{REPEATED_KEY}." if state == "23505" else _FIX_ROWS,
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
