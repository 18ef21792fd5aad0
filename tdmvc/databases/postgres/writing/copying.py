"""Copies rows into a table while a thread prepares the next ones; its errors show no values of rows."""

import queue
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa

from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.databases.postgres.encoding.binary import NotExactError
from tdmvc.databases.postgres.encoding.copy_format import (
    BINARY_END,
    BINARY_HEADER,
    encode_rows,
    write_rows,
)
from tdmvc.databases.postgres.encoding.forms import Form, plan_form
from tdmvc.databases.postgres.encoding.target_columns import TargetColumn
from tdmvc.databases.postgres.errors import database_error
from tdmvc.databases.writing import REPEATED_KEY
from tdmvc.errors import DatabaseError
from tdmvc.sql.quoting import quote_names

_BATCHES_AHEAD = 2
_MOST_ROWS = 32_768
"""How many rows are encoded at once: enough for Arrow, and few enough for its caches."""

_CONTEXT_COLUMN = re.compile(r"COPY .*?, line \d+, column ([^:\n]+?)(?::|$)", re.MULTILINE)
_BROKEN = {
    "23505": "a row repeats values of",
    "23514": "a row breaks the condition",
    "23503": "a row breaks the reference",
    "23P01": "two rows break the exclusion constraint",
}
_FIX_ROWS = "fix the rows, or the constraint; `tdmvc check` names rows that break the contract."
_NOTHING = "Nothing was changed."


@dataclass(frozen=True, slots=True)
class CopyPlan:
    """How the columns of a table are sent."""

    names: tuple[str, ...]
    """In the order of the rows; without generated columns, which the database computes."""
    forms: tuple[Form, ...]

    @property
    def is_binary(self) -> bool:
        return all(form.encoder is not None for form in self.forms)


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


def copy_rows(
    connection: PostgresConnection,
    into: str,
    rows: pa.RecordBatchReader,
    plan: CopyPlan,
    *,
    options: Sequence[str] = (),
) -> int:
    """Send rows to a table, and return how many there were.

    Args:
        into: the table as SQL.
        options: more options of COPY.

    Raises:
        LoadingError: a value has no exact form.
        psycopg.Error: the server refuses a row.
    """
    stream = _Stream(rows, plan)
    words = [*options, "FORMAT binary"] if plan.is_binary else [*options]
    ending = f" WITH ({', '.join(words)})" if words else ""
    statement = f"COPY {into} ({quote_names(plan.names)}) FROM STDIN{ending}"
    with connection.cursor() as cursor:
        with stream, cursor.copy(statement) as copy:
            for part in stream:
                copy.write(part)
        return cursor.rowcount


class LoadingError(Exception):
    """A value of a column has no exact form in its type."""

    def __init__(self, column: str, why: str) -> None:
        super().__init__(column)
        self.column = column
        self.why = why


class _Stream:
    """The bytes of COPY, made in a thread of their own."""

    def __init__(self, rows: pa.RecordBatchReader, plan: CopyPlan) -> None:
        self._rows = rows
        self._plan = plan
        self._ready: queue.Queue[list[memoryview] | BaseException | None] = queue.Queue(_BATCHES_AHEAD)
        self._is_stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tdmvc-copy", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._is_stopped.set()
        while self._thread.is_alive():
            try:
                self._ready.get(timeout=0.05)
            except queue.Empty:
                continue
        self._thread.join()

    def __iter__(self) -> Iterator[bytes | memoryview]:
        if self._plan.is_binary:
            yield BINARY_HEADER
        while (parts := self._ready.get()) is not None:
            if isinstance(parts, BaseException):
                raise parts
            yield from parts
        if self._plan.is_binary:
            yield BINARY_END

    def _run(self) -> None:
        try:
            for batch in self._rows:
                for start in range(0, batch.num_rows, _MOST_ROWS):
                    if self._is_stopped.is_set():
                        return
                    self._ready.put(self._encoded(batch.slice(start, _MOST_ROWS)))
            self._ready.put(None)
        except BaseException as error:
            self._ready.put(error)

    def _encoded(self, batch: pa.RecordBatch) -> list[memoryview]:
        plan = self._plan
        chosen = pa.RecordBatch.from_arrays(
            [batch.column(name) for name in plan.names], names=list(plan.names)
        )
        convert, make = (Form.encode, encode_rows) if plan.is_binary else (Form.write, write_rows)
        return make(
            chosen,
            [
                _naming(name, partial(convert, form))
                for name, form in zip(plan.names, plan.forms, strict=True)
            ],
        )


def _naming(name: str, convert: Any) -> Any:
    """Return the same encoder or writer, whose errors name the column."""

    def named(array: pa.Array) -> Any:
        try:
            return convert(array)
        except NotExactError as error:
            raise LoadingError(name, str(error) or "not exact in its type") from error

    return named


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
