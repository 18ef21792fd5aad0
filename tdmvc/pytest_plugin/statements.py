"""Listens to the statements that a test sends to its database, in the drivers of this process."""

import functools
import inspect
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

from tdmvc.pytest_plugin.tables import Touched, touched_tables

_SILENT_DRIVERS = ("psycopg2", "duckdb")
"""Drivers of whose statements some cannot be seen: cursors that psycopg2 makes by itself, and all of DuckDB's."""

_OF_CURSORS = ("execute", "executemany", "stream", "copy")
_OF_ASYNCPG = ("execute", "executemany", "fetch", "fetchmany", "fetchrow", "fetchval", "prepare", "cursor")
_CLASSES = {
    ("psycopg", "Cursor"): _OF_CURSORS,
    ("psycopg", "ServerCursor"): _OF_CURSORS,
    ("psycopg", "AsyncCursor"): _OF_CURSORS,
    ("psycopg", "AsyncServerCursor"): _OF_CURSORS,
    ("psycopg2.extras", "DictCursor"): _OF_CURSORS,
    ("psycopg2.extras", "RealDictCursor"): _OF_CURSORS,
    ("psycopg2.extras", "NamedTupleCursor"): _OF_CURSORS,
    ("asyncpg.connection", "Connection"): (*_OF_ASYNCPG, "_copy_in", "_copy_out"),
    ("pg8000.dbapi", "Cursor"): _OF_CURSORS,
    ("pg8000.legacy", "Cursor"): _OF_CURSORS,
    ("pg8000.native", "Connection"): ("run", "prepare"),
    ("pymysql.cursors", "Cursor"): _OF_CURSORS,
    ("MySQLdb.cursors", "BaseCursor"): _OF_CURSORS,
    ("mysql.connector.cursor", "MySQLCursor"): _OF_CURSORS,
    ("mysql.connector.cursor_cext", "CMySQLCursor"): _OF_CURSORS,
    ("aiomysql.cursors", "Cursor"): _OF_CURSORS,
    ("django.db.backends.utils", "CursorWrapper"): _OF_CURSORS,
}
"""The methods of drivers, and of what is above them, whose first argument is a statement."""


class StatementListener:
    """Records which tables the statements since `start` named, and whether the last one returned no row."""

    def __init__(self) -> None:
        self._undo = ExitStack()
        self._patched: set[str] = set()
        self._is_active = False
        self._read: set[str] = set()
        self._written: set[str] = set()
        self._count = 0
        self._last: Callable[[], int] | None = None
        self._last_text = ""

    def start(self) -> None:
        """Forget what was seen, and listen to drivers that were imported meanwhile."""
        self._patch()
        self._read, self._written = set(), set()
        self._count, self._last, self._last_text = 0, None, ""
        self._is_active = True

    def stop(self) -> None:
        """Stop to listen until the next `start`."""
        self._is_active = False

    def close(self) -> None:
        """Leave the drivers as they were."""
        self.stop()
        self._undo.close()

    @property
    def touched(self) -> Touched | None:
        """The tables that were read and written; None if the statements cannot be seen."""
        if not self._count and any(name in sys.modules for name in _SILENT_DRIVERS):
            return None
        return Touched(frozenset(self._read), frozenset(self._written))

    def tables_without_row(self) -> frozenset[str]:
        """Return the tables of the last statement, if it was a query that returned no row; else nothing."""
        last, self._is_active, was_active = self._last, False, self._is_active
        try:
            if last is None or last() != 0:
                return frozenset()
        except Exception:
            return frozenset()
        finally:
            self._is_active = was_active
        return touched_tables(self._last_text).read

    def note(self, statement: object, rows: Callable[[], int]) -> None:
        """Take a statement.

        Args:
            rows: returns how many rows it returned; -1 if it returns none, or nobody knows.
        """
        if not self._is_active:
            return
        text = _text(statement)
        found = touched_tables(text)
        self._read |= found.read
        self._written |= found.written
        self._count += 1
        # What opens and ends transactions comes between a query and what is done with its rows.
        if found.read or found.written:
            self._last, self._last_text = rows, text

    def _patch(self) -> None:
        for (module, name), methods in _CLASSES.items():
            if module in sys.modules and (key := f"{module}.{name}") not in self._patched:
                self._patched.add(key)
                found = getattr(sys.modules[module], name, None)
                for method in methods if found is not None else ():
                    if method in vars(found):
                        self._replace(found, method, self._listening(vars(found)[method]))
        if "sqlite3" in sys.modules and "sqlite3" not in self._patched:
            self._patched.add("sqlite3")
            for module in ("sqlite3", "sqlite3.dbapi2"):
                self._replace(sys.modules[module], "connect", self._connecting(sys.modules[module].connect))
        if "psycopg2.extensions" in sys.modules and "psycopg2" not in self._patched:
            self._patched.add("psycopg2")
            driver = sys.modules["psycopg2"]
            self._replace(driver, "connect", self._with_cursors(driver.connect))
        if "sqlalchemy.engine" in sys.modules and "sqlalchemy" not in self._patched:
            self._patched.add("sqlalchemy")
            self._listen_to_sqlalchemy()

    def _replace(self, owner: Any, name: str, new: object) -> None:
        old = vars(owner)[name]
        setattr(owner, name, new)
        self._undo.callback(setattr, owner, name, old)

    def _listening(self, original: Any) -> Any:
        def note(cursor: Any, statement: object) -> None:
            self.note(statement, lambda: cursor.rowcount if cursor.description else -1)

        if inspect.iscoroutinefunction(original):

            @functools.wraps(original)
            async def execute_async(cursor: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
                __tracebackhide__ = True
                note(cursor, query)
                return await original(cursor, query, *args, **kwargs)

            return execute_async

        @functools.wraps(original)
        def execute(cursor: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            note(cursor, query)
            return original(cursor, query, *args, **kwargs)

        return execute

    def _connecting(self, original: Any) -> Any:
        """Return what opens connections of SQLite that tell their statements."""

        @functools.wraps(original)
        def connect(database: Any, *args: Any, **kwargs: Any) -> Any:
            connection = original(database, *args, **kwargs)

            def trace(statement: str) -> None:
                self.note(statement, lambda: self._count_rows(original, database, statement))

            with suppress(Exception):
                connection.set_trace_callback(trace)
            return connection

        return connect

    def _with_cursors(self, original: Any) -> Any:
        """Return what opens connections of psycopg2 whose usual cursors are of a class in Python."""
        cursor: Any = sys.modules["psycopg2.extensions"].cursor
        seen = {
            name: self._listening(getattr(cursor, name)) for name in ("execute", "executemany", "copy_expert")
        }
        seen_cursor = type("cursor", (cursor,), seen)

        @functools.wraps(original)
        def connect(*args: Any, **kwargs: Any) -> Any:
            connection = original(*args, **kwargs)
            if connection.cursor_factory in (None, cursor):
                connection.cursor_factory = seen_cursor
            return connection

        return connect

    def _count_rows(self, connect: Any, database: Any, statement: str) -> int:
        """Run a query of SQLite again, as nobody else knows how many rows it returned: 0, 1 or, for any other, -1."""
        if self._written or not statement.lstrip().lower().startswith(("select", "with")):
            return -1
        again = connect(database, uri=str(database).startswith("file:"))
        try:
            return len(again.execute(statement).fetchmany(1))
        finally:
            again.close()

    def _listen_to_sqlalchemy(self) -> None:
        from sqlalchemy import event
        from sqlalchemy.engine import Engine

        def note(connection: Any, cursor: Any, statement: str, *others: Any) -> None:
            if connection.dialect.driver not in ("psycopg", "pymysql", "pysqlite"):
                self.note(statement, lambda: -1)

        event.listen(Engine, "before_cursor_execute", note)
        self._undo.callback(event.remove, Engine, "before_cursor_execute", note)


def _text(statement: object) -> str:
    if isinstance(statement, str):
        return statement
    if isinstance(statement, bytes):
        return statement.decode("utf-8", "replace")
    with suppress(Exception):
        return str(statement.as_string(None))  # type: ignore[attr-defined]
    return str(statement)
