"""Which SQL means the same to every engine, so that an expression of one can be given to another."""

from collections.abc import Sequence

import pyarrow as pa

from tdmvc.arrow.types import is_number
from tdmvc.model.schema import Column
from tdmvc.sql.tokens import Token, TokenKind, tokens

PORTABLE_WORDS = frozenset({"AND", "OR", "NOT", "IS", "NULL", "BETWEEN", "IN"})
"""The keywords of an expression that every engine reads alike."""
_FUNCTIONS = frozenset({"COALESCE", "NULLIF", "ABS"})
_SIGNS = frozenset({"(", ")", ",", "=", "<>", "!=", "<", ">", "<=", ">=", "+", "-", "*"})
_QUERY_WORDS = PORTABLE_WORDS | frozenset(
    {"SELECT", "DISTINCT", "FROM", "WHERE", "AS", "JOIN", "INNER", "LEFT", "OUTER", "CROSS", "ON", "UNION"}
    | {"ALL", "GROUP", "BY", "HAVING"}
)
_QUERY_FUNCTIONS = _FUNCTIONS | frozenset({"COUNT", "MIN", "MAX"})
_OTHER_WORDS = frozenset(
    {"CASE", "CAST", "COLLATE", "LIKE", "GLOB", "REGEXP", "MATCH", "ILIKE", "SIMILAR", "ORDER", "LIMIT"}
    | {"WITH", "OVER", "EXISTS", "VALUES", "ESCAPE", "INTERVAL", "USING", "NATURAL", "RIGHT", "FULL"}
    | {"CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "EXCEPT", "INTERSECT", "RECURSIVE", "QUALIFY"}
)

_NAMES = {"sqlite": "SQLite", "duckdb": "DuckDB", "postgresql": "PostgreSQL", "mysql": "MySQL"}


def engine_name(dialect: str | None) -> str:
    """Return what people call an engine; without a dialect, that of DuckDB, which checks what people write."""
    return _NAMES.get(dialect or "duckdb", dialect or "")


def why_not_portable(expression: str, columns: Sequence[Column]) -> str | None:
    """Return why an expression may mean something else to another engine; None if it means the same.

    Engines agree about comparisons, sums and products of numbers, and about comparing texts with texts. They
    differ in division, in how they compare texts with numbers, in most functions, and in what a name in quotes is.
    """
    known = {column.name.casefold(): column for column in columns}
    kinds: set[str] = set()
    parts = tokens(expression)
    for token, following in zip(parts, [*parts[1:], None], strict=True):
        is_call = following is not None and following.keyword == "("
        column = known.get(token.name.casefold()) if _is_name(token) else None
        if token.kind is TokenKind.NUMBER:
            kinds.add("number")
        elif token.kind is TokenKind.TEXT:
            kinds.add("text")
        elif column is not None and not is_call:
            kinds.add(_kind(column))
        elif not _is_agreed(token, PORTABLE_WORDS, _FUNCTIONS, is_call=is_call):
            return f"engines may differ in what {token.text} means"
    if len(kinds) > 1:
        return "engines may differ in how they compare values of different types"
    return None


def why_query_not_portable(query: str) -> str | None:
    """Return why a query may mean something else to another engine; None if it means the same."""
    parts = tokens(query)
    for token, following in zip(parts, [*parts[1:], None], strict=True):
        is_call = following is not None and following.keyword == "("
        if token.kind in (TokenKind.NUMBER, TokenKind.TEXT) or token.keyword == ".":
            continue
        is_name = _is_name(token) and not is_call and token.keyword not in _OTHER_WORDS
        if not is_name and not _is_agreed(token, _QUERY_WORDS, _QUERY_FUNCTIONS, is_call=is_call):
            return f"engines may differ in what {token.text} means"
    return None


def _is_name(token: Token) -> bool:
    return token.kind in (TokenKind.WORD, TokenKind.NAME)


def _is_agreed(token: Token, words: frozenset[str], functions: frozenset[str], *, is_call: bool) -> bool:
    if token.kind is TokenKind.SIGN:
        return token.keyword in _SIGNS
    # `IN (` and `AND (` are no calls.
    return token.keyword in words or (is_call and token.keyword in functions)


def _kind(column: Column) -> str:
    type_ = column.type
    if pa.types.is_string(type_):
        return f"text {column.collation}" if column.collation is not None else "text"
    if is_number(type_):
        return "number"
    return str(type_)
