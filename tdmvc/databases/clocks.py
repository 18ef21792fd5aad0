"""Defaults that read the clock, in the words of SQLite and of DuckDB: the same time in the same form."""

from dataclasses import replace

import pyarrow as pa

from tdmvc.model.declarations import Default
from tdmvc.model.schema import Column
from tdmvc.sql.tokens import tokens

_UTC = "timezone('UTC', current_timestamp)"
_INSTANT, _MOMENT, _DAY, _TIME, _TEXT = "instant", "moment", "day", "time", "text"
_PAIRS = (
    # SQLite gives the time in UTC, as text. DuckDB's own words would take the time zone of the session.
    (_INSTANT, "strftime('%Y-%m-%d %H:%M:%S+00:00', 'now')", "current_timestamp"),
    (_INSTANT, "CURRENT_TIMESTAMP", "current_timestamp"),
    (_MOMENT, "CURRENT_TIMESTAMP", _UTC),
    (_DAY, "CURRENT_DATE", f"CAST({_UTC} AS DATE)"),
    (_TIME, "CURRENT_TIME", f"CAST({_UTC} AS TIME)"),
    (_TEXT, "CURRENT_TIMESTAMP", f"strftime({_UTC}, '%Y-%m-%d %H:%M:%S')"),
    (_TEXT, "CURRENT_DATE", f"strftime({_UTC}, '%Y-%m-%d')"),
    (_TEXT, "CURRENT_TIME", f"strftime({_UTC}, '%H:%M:%S')"),
)
"""What the column holds, and the words of SQLite and of DuckDB; the first that fits is taken."""
_SYNONYMS = {
    "DATETIME('NOW')": "CURRENT_TIMESTAMP",
    "DATE('NOW')": "CURRENT_DATE",
    "TIME('NOW')": "CURRENT_TIME",
    "NOW()": "CURRENT_TIMESTAMP",
    "GET_CURRENT_TIMESTAMP()": "CURRENT_TIMESTAMP",
}


def clock_default(default: Default, column: Column, dialect: str) -> Default | None:
    """Return the default that gives a column the same time in SQLite or DuckDB; None if there is none."""
    kind, own = _kind(column.type), _plain(str(default.expression))
    for held, sqlite, duckdb in _PAIRS:
        before, after = (sqlite, duckdb) if dialect == "duckdb" else (duckdb, sqlite)
        is_from = default.dialect == "sqlite" if dialect == "duckdb" else default.dialect != "sqlite"
        if held == kind and is_from and own == _plain(before):
            return replace(default, expression=after, dialect=dialect)
    return None


def _kind(type_: pa.DataType) -> str:
    if pa.types.is_timestamp(type_):
        return _MOMENT if type_.tz is None else _INSTANT
    if pa.types.is_date(type_):
        return _DAY
    if pa.types.is_time(type_):
        return _TIME
    return _TEXT if pa.types.is_string(type_) else ""


def _plain(expression: str) -> str:
    words = "".join(token.text for token in tokens(expression)).upper()
    while words.startswith("(") and words.endswith(")"):
        words = words[1:-1]
    return _SYNONYMS.get(words, words)
