"""Evaluates conditions as SQLite does: as a real CHECK of a table in memory, which reaches nothing else.

SQLite itself refuses subqueries, parameters, chance and the clock in a CHECK.
"""

import json
import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

import pyarrow as pa

from tdmvc.databases.sqlite.storage import declare, format_values
from tdmvc.model.conditions import NotEvaluatedError
from tdmvc.model.schema import Column
from tdmvc.sql.quoting import quote_name

_SECONDS = 10
"""For one batch of rows."""
_LONGEST_EXPRESSION = 20_000
_STEPS = 100
"""After how many steps of SQLite the time is looked at; one step can be a function of long texts."""
_ROOM_BYTES = 100_000
"""How much longer than the rows a text may become: the time of `instr` and `replace` grows with the square."""
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: _ROOM_BYTES,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 500,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 0,
}
_CREATING = frozenset(
    {
        sqlite3.SQLITE_CREATE_TABLE,
        sqlite3.SQLITE_INSERT,
        sqlite3.SQLITE_UPDATE,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_FUNCTION,
    }
)
_USING = frozenset(
    {
        sqlite3.SQLITE_INSERT,
        sqlite3.SQLITE_DELETE,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_FUNCTION,
    }
)
_CHANGING = frozenset(
    {
        *("current_date", "current_time", "current_timestamp", "random", "randomblob", "load_extension"),
        *("changes", "total_changes", "last_insert_rowid"),
    }
)
"""Functions whose result does not depend on the row alone."""
_COLLATIONS = frozenset({"BINARY", "NOCASE", "RTRIM"})
_REASONS = (
    (r"no such function", "it uses a function that SQLite alone does not have"),
    (r"non-deterministic", "it depends on the time or on chance"),
    (r"interrupted", f"it took longer than {_SECONDS} seconds for some thousand rows"),
    (r"subqueries|parameters prohibited", "it is more than an expression over one row"),
    (r"no such column", "it names a column that the table does not have"),
    (r"no such collation", "it uses a collation that SQLite alone does not have"),
    (r"syntax error|incomplete input|unrecognized token", "it is not an SQL expression of SQLite"),
    (r"not authorized|prohibited", "it is more than an expression over one row"),
    (r"too (big|complex|large|many|deep)", "it needs more than tdmvc allows"),
)


class SqliteConditions:
    """The conditions of SQLite databases."""

    @contextmanager
    def open(self, expression: str, table: str, columns: Sequence[Column]) -> Iterator["_TableCondition"]:
        """Return a condition on rows of these columns; see `ConditionEngine.open`."""
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
            yield _TableCondition(database, expression, table, columns)

    def find_plain_sql(self, expression: str, table: str, columns: Sequence[Column]) -> str | None:
        """Return None: what SQLite compares depends on each value's own type."""
        return None

    def close(self) -> None:
        """Hold nothing: each condition has a database of its own, which closes with it."""


class _TableCondition:
    """A table with the condition as its CHECK, into which rows are inserted."""

    def __init__(
        self, database: sqlite3.Connection, expression: str, table: str, columns: Sequence[Column]
    ) -> None:
        if len(expression) > _LONGEST_EXPRESSION:
            raise NotEvaluatedError("it is too long")
        self._database = database
        self._deadline = 0.0
        database.set_progress_handler(lambda: time.monotonic() > self._deadline, _STEPS)
        for limit, value in _LIMITS.items():
            database.setlimit(limit, value)
        self._respelled = [column.name for column in columns if _is_respelled(column.type)]
        names = {column.name.casefold() for column in columns}
        place = next(name for n in range(len(names) + 1) if (name := f"tdmvc row {n}") not in names)
        self._table, self._place = quote_name(table), quote_name(place)
        declared = [f"{self._place} INTEGER PRIMARY KEY", *map(_declaration, columns)]
        check = f"CHECK (\n{expression}\n)"
        self._run(f"CREATE TABLE {self._table} ({', '.join(declared)}, {check})", allowed=_CREATING)
        # What is an expression here, too, declared nothing else in the table.
        self._run(f"EXPLAIN SELECT (\n{expression}\n) FROM {self._table}", allowed=_USING)
        self._columns = columns
        marks = ", ".join("?" * (len(columns) + 1))
        self._insertion = f"INSERT OR IGNORE INTO {self._table} VALUES ({marks})"

    def find_broken(self, rows: pa.RecordBatch) -> Sequence[int]:
        """Return the places of the rows that SQLite refuses; see `Condition.find_broken`."""
        values = [format_values(*pair) for pair in zip(rows.columns, self._columns, strict=True)]
        broken = self._refused(values, rows.num_rows)
        if broken and self._respelled:
            # A source may validly hold texts of which parts keep the meaning, but not each letter.
            types = rows.schema.types
            respelled = [_respell(own, type_) for own, type_ in zip(values, types, strict=True)]
            if self._refused(respelled, rows.num_rows) != broken:
                raise NotEvaluatedError(f"it depends on how the texts of {self._respelled[0]} are spelled")
        return broken

    def _refused(self, columns: Sequence[Sequence[object]], count: int) -> list[int]:
        self._database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _ROOM_BYTES + sum(map(_longest_bytes, columns)))
        inserted = self._run(
            self._insertion, zip(range(count), *columns, strict=True), allowed=_USING
        ).rowcount
        try:
            if inserted == count:
                return []
            places = self._run(f"SELECT {self._place} FROM {self._table}", allowed=_USING)
            kept = {place for (place,) in places}
            return [place for place in range(count) if place not in kept]
        finally:
            self._run(f"DELETE FROM {self._table}", allowed=_USING)

    def _run(
        self, statement: str, rows: Iterator[tuple[object, ...]] | None = None, *, allowed: frozenset[int]
    ) -> sqlite3.Cursor:
        refused: list[str] = []

        def authorize(action: int, _: object, name: str | None, *__: object) -> int:
            if action == sqlite3.SQLITE_FUNCTION and name in _CHANGING:
                refused.append(name)
                return sqlite3.SQLITE_DENY
            return sqlite3.SQLITE_OK if action in allowed else sqlite3.SQLITE_DENY

        self._database.set_authorizer(authorize)
        self._deadline = time.monotonic() + _SECONDS
        try:
            if rows is None:
                return self._database.execute(statement)
            return self._database.executemany(statement, rows)
        except (sqlite3.Error, sqlite3.Warning) as error:
            if refused:
                raise NotEvaluatedError(f"it uses {refused[0]}, which tdmvc does not run") from error
            raise NotEvaluatedError(_reason(error)) from error


def _longest_bytes(values: Sequence[object]) -> int:
    """Return how long the longest value can be in SQLite."""
    return max((4 * len(value) for value in values if isinstance(value, str | bytes)), default=8)


def _is_respelled(type_: pa.DataType) -> bool:
    """Whether SQLite holds values as texts that parts do not hold letter by letter."""
    return bool(pa.types.is_timestamp(type_) or pa.types.is_time(type_) or pa.types.is_nested(type_))


def _respell(values: Sequence[object], type_: pa.DataType) -> Sequence[object]:
    """Return values with the same meaning in another spelling, if their type has more than one."""
    if not _is_respelled(type_):
        return values
    texts = (str(value) if value is not None else None for value in values)
    if pa.types.is_nested(type_):
        return [text and json.dumps(json.loads(text)) for text in texts]
    if pa.types.is_time(type_):
        return [text and f"{text}.0" for text in texts]
    return [text and text.replace(" ", "T").replace("+00:00", "Z") for text in texts]


def _declaration(column: Column) -> str:
    words = [quote_name(column.name), declare(column)]
    collation = column.collation
    if collation is not None and collation.dialect == "sqlite":
        if collation.name.upper() not in _COLLATIONS:
            raise NotEvaluatedError("it uses a collation that SQLite alone does not have")
        words += ["COLLATE", collation.name.upper()]
    return " ".join(words)


def _reason(error: Exception) -> str:
    """Return why SQLite refuses, without its own words, which may hold a value."""
    return next(
        (reason for pattern, reason in _REASONS if re.search(pattern, str(error))), "SQLite cannot do it"
    )
