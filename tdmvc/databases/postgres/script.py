"""Runs scripts in PostgreSQL, as psql does, with the settings that a new session has."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tdmvc.databases.base import QualifiedName
from tdmvc.databases.postgres.catalog.objects import read_columns
from tdmvc.databases.postgres.connection import PostgresConnection, plain_connection
from tdmvc.databases.postgres.errors import MAY_NAME_VALUES
from tdmvc.databases.scripts import StatementError
from tdmvc.errors import DatabaseError
from tdmvc.model.location import Location

if TYPE_CHECKING:
    from psycopg.abc import PQGen

_SYNTAX_ERROR = "42601"
"""Its message quotes a part of the statement, which may be one that writes rows."""
_TABLE_SCHEMAS = """
SELECT DISTINCT n.nspname::text COLLATE "C"
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
    AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema')
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend AS d
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
ORDER BY 1
"""
_PLACE = re.compile(r"COPY (?P<table>[^,]+), line (?P<line>\d+)(?:, column (?P<column>[^:]+))?")


class PostgresScript:
    """A connection that commits by itself."""

    def __init__(self, connection: PostgresConnection) -> None:
        self._connection = connection

    def execute(self, statement: bytes) -> None:
        import psycopg

        try:
            self._connection.wait(_run(self._connection, statement))
        except psycopg.Error as error:
            raise _refusal(error) from None

    def execute_all(self, statements: Sequence[bytes]) -> None:
        # The server takes statements that arrive together for one transaction.
        self.execute(b";\n".join(statements))

    def read_table_schemas(self) -> list[str]:
        """Return the schemas that have tables, without those of extensions."""
        return [name for (name,) in self._connection.execute(_TABLE_SCHEMAS).fetchall()]

    def read_columns(self) -> dict[QualifiedName, tuple[str, ...]]:
        """Return the names of the columns of all tables."""
        return read_columns(self._connection)

    def copy(self, statement: bytes, chunks: Iterable[bytes]) -> None:
        import psycopg

        try:
            with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
                for chunk in chunks:
                    copy.write(chunk)
        except psycopg.Error as error:
            raise _refusal(error) from None


@contextmanager
def open_script(location: Location) -> Iterator[PostgresScript]:
    """Yield a connection for statements, each in a transaction of its own.

    Raises:
        DatabaseError: the server cannot be reached, or the driver is not installed.
    """
    connection = plain_connection(location)
    try:
        yield PostgresScript(connection)
    finally:
        connection.close()


def _run(connection: PostgresConnection, statement: bytes) -> "PQGen[None]":
    """Run statements as they are written, and forget each row of a result when it arrives.

    Raises:
        psycopg.Error: the server refuses one, or the connection is lost.
        DatabaseError: rows of COPY would have to be exchanged; the connection is of no more use.
    """
    from psycopg import errors, generators
    from psycopg.pq import ExecStatus

    server = connection.pgconn
    server.send_query(statement)
    server.set_single_row_mode()
    yield from generators.send(server)
    refusal = None
    while (result := (yield from generators.fetch(server))) is not None:
        if result.status == ExecStatus.FATAL_ERROR:
            refusal = refusal or errors.error_from_result(result, encoding=connection.info.encoding)
        elif result.status in (ExecStatus.COPY_IN, ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH):
            raise DatabaseError(
                "A statement has COPY in it, which is only run with rows that follow it.",
                remedy="make the dump again with pg_dump, or restore it into a server of your own, and add that.",
            )
    if refusal is not None:
        raise refusal


def _refusal(error: "psycopg.Error") -> Exception:  # type: ignore[name-defined]  # noqa: F821
    """Return the error without values of rows, which the server writes into some messages."""
    state = error.sqlstate or ""
    if not state:
        return DatabaseError(
            "The connection to the database server was lost.",
            remedy="run the same command again; if it happens again, the server may lack memory or disk space.",
        )
    if state.startswith((*MAY_NAME_VALUES, _SYNTAX_ERROR)):
        reason = _name_of(state)
        diagnosis = error.diag
        named = {
            "table": diagnosis.table_name,
            "column": diagnosis.column_name,
            "constraint": diagnosis.constraint_name,
        }
        reason += "".join(f", {kind} {name}" for kind, name in named.items() if name)
        place = _PLACE.search(diagnosis.context or "")
        if place is not None:
            column = f", column {place['column']}" if place["column"] else ""
            reason += f", row {place['line']}{column}"
    else:
        reason = (error.diag.message_primary or str(error)).splitlines()[0]
    return StatementError(state, reason)


def _name_of(state: str) -> str:
    """Return what a state means, in words: `unique violation`."""
    from psycopg.errors import lookup

    try:
        name = lookup(state).__name__
    except KeyError:
        return f"SQLSTATE {state}"
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
