"""What SQLite's DEFAULT gives a column: a literal where one gives the same value, else the expression."""

import sqlite3
from functools import cache

import pyarrow as pa

from tdmvc.databases import statements
from tdmvc.databases.sqlite.indexes import DIALECT
from tdmvc.model.declarations import Default
from tdmvc.sql.quoting import quote_text
from tdmvc.sql.tokens import Token, TokenKind, tokens

_CLOCK = frozenset({"CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP"})
_SIGNS = frozenset({"+", "-"})
_BOOLEANS = {"true": "1", "false": "0"}


def read_default(sql: str | None, type_: pa.DataType, declared: str) -> Default | None:
    """Return the default that an SQL text means for a column; None if it is null.

    Args:
        sql: the text after DEFAULT, without brackets around it.
        type_: the canonical type of the column.
        declared: its type in SQLite.
    """
    if sql is None:
        return None
    parts = tokens(sql)
    if len(parts) == 1 and parts[0].keyword == "NULL":
        return None
    if _is_literal(parts):
        found = _value(sql, declared)
        if found is not None and found[1] != "blob":
            # 1.10 stays 1.10, although SQLite stores 1.1.
            written = parts[0].name if parts[0].kind is TokenKind.TEXT else sql
            literals = (written, _literal(found[0], type_))
            for literal in reversed(literals) if pa.types.is_boolean(type_) else literals:
                if _value(literal_sql(literal, type_), declared) == found and not literal.startswith("+"):
                    return Default(literal=literal)
    return Default(expression=sql, dialect=DIALECT)


def literal_sql(literal: str, type_: pa.DataType) -> str:
    """Return the SQL of a literal for a column of a canonical type."""
    if pa.types.is_boolean(type_):
        return _BOOLEANS.get(literal) or quote_text(literal)
    return statements.literal_sql(literal, type_)


def _is_literal(parts: list[Token]) -> bool:
    while parts and parts[0].keyword in _SIGNS:
        parts = parts[1:]
    return len(parts) == 1 and parts[0].kind is not TokenKind.SIGN and parts[0].keyword not in _CLOCK


def _literal(value: object, type_: pa.DataType) -> str:
    if pa.types.is_boolean(type_) and value in (0, 1):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def _value(sql: str, declared: str) -> tuple[object, str] | None:
    """Return what a column of the declared type gets by this default, and its storage class; None if it cannot."""
    scratch = _scratch()
    try:
        # ANY converts nothing in a strict table, where alone it has a meaning.
        type_ = "" if declared.upper() == "ANY" else declared
        scratch.execute(f"CREATE TABLE t (c {type_} DEFAULT {sql})")
        scratch.execute("INSERT INTO t DEFAULT VALUES")
        value, kind = scratch.execute("SELECT c, typeof(c) FROM t").fetchone()
        return value, kind
    except (sqlite3.Error, OverflowError):
        return None
    finally:
        scratch.execute("DROP TABLE IF EXISTS t")


@cache
def _scratch() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
