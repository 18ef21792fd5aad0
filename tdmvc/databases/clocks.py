"""Defaults that read the clock, in the words of each engine: the same time in the same form."""

from dataclasses import replace

import pyarrow as pa

from tdmvc.model.declarations import Default
from tdmvc.model.schema import Column
from tdmvc.sql.tokens import tokens

_UTC = "timezone('UTC', current_timestamp)"
_POSTGRES_UTC = "timezone('UTC', now())"
_ENGINES = ("sqlite", "duckdb", "postgresql")
_INSTANT, _MOMENT, _DAY, _TIME, _TEXT = "instant", "moment", "day", "time", "text"
_WORDS = (
    # SQLite gives the time in UTC, as text. The others' own words would take the time zone of the session.
    (_INSTANT, "strftime('%Y-%m-%d %H:%M:%S+00:00', 'now')", "current_timestamp", "now()"),
    (_INSTANT, "CURRENT_TIMESTAMP", "current_timestamp", "now()"),
    (_MOMENT, "CURRENT_TIMESTAMP", _UTC, _POSTGRES_UTC),
    (_DAY, "CURRENT_DATE", f"CAST({_UTC} AS DATE)", f"({_POSTGRES_UTC})::date"),
    (_TIME, "CURRENT_TIME", f"CAST({_UTC} AS TIME)", f"({_POSTGRES_UTC})::time without time zone"),
    *(
        (_TEXT, word, f"strftime({_UTC}, '{form}')", f"to_char({_POSTGRES_UTC}, '{own}')")
        for word, form, own in (
            ("CURRENT_TIMESTAMP", "%Y-%m-%d %H:%M:%S", "YYYY-MM-DD HH24:MI:SS"),
            ("CURRENT_DATE", "%Y-%m-%d", "YYYY-MM-DD"),
            ("CURRENT_TIME", "%H:%M:%S", "HH24:MI:SS"),
        )
    ),
)
"""What the column holds, and the words of each engine; the first that fits is taken."""
_SYNONYMS = {
    "DATETIME('NOW')": "CURRENT_TIMESTAMP",
    "DATE('NOW')": "CURRENT_DATE",
    "TIME('NOW')": "CURRENT_TIME",
    "NOW()": "CURRENT_TIMESTAMP",
    "GET_CURRENT_TIMESTAMP()": "CURRENT_TIMESTAMP",
}


def clock_default(default: Default, column: Column, dialect: str) -> Default | None:
    """Return the default that gives a column the same time in another engine; None if there is none."""
    source = default.dialect or "duckdb"
    if source not in _ENGINES or dialect not in _ENGINES:
        return None
    kind, own = _kind(column.type), _plain(str(default.expression))
    for held, *words in _WORDS:
        by_engine = dict(zip(_ENGINES, words, strict=True))
        if held == kind and own == _plain(by_engine[source]):
            return replace(default, expression=by_engine[dialect], dialect=dialect)
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
    words = "".join(token.text for token in tokens(expression)).upper().replace("'::TEXT", "'")
    while words.startswith("(") and words.endswith(")"):
        words = words[1:-1]
    return _SYNONYMS.get(words, words)
