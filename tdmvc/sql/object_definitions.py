"""Reads CREATE INDEX and CREATE VIEW of SQLite and DuckDB."""

from collections.abc import Sequence

from tdmvc.model.declarations import Index, View
from tdmvc.sql.tokens import Token, TokenKind, span, tokens


def read_index(name: str, sql: str, columns: Sequence[str], dialect: str) -> Index:
    """Return the index that a CREATE INDEX statement makes.

    Args:
        columns: those of its table.
    """
    parts = tokens(sql)
    is_unique = parts[1].keyword == "UNIQUE"
    on = next(place for place, token in enumerate(parts) if token.keyword == "ON")
    opening = next(place for place, token in enumerate(parts) if place > on and token.keyword == "(")
    inside, after = _in_brackets(parts[opening:])
    names = [_plain_column(one, columns) for one in inside]
    if not after and all(names):
        return Index(name, tuple(str(one) for one in names), None, is_unique)
    definition = [token for token in parts[opening:] if token.keyword != ";"]
    return Index(name, (), span(sql, definition), is_unique, dialect)


def read_view(name: str, sql: str, dialect: str) -> View:
    """Return the view that a CREATE VIEW statement makes."""
    parts = tokens(sql)
    start = next(place for place, token in enumerate(parts) if place > 2 and token.keyword == "AS")
    columns: tuple[str, ...] = ()
    if parts[start - 1].keyword == ")":
        opening = next(place for place, token in enumerate(parts) if token.keyword == "(")
        columns = tuple(part[0].name for part in _in_brackets(parts[opening:])[0])
    query = [token for token in parts[start + 1 :] if token.keyword != ";"]
    return View(name, span(sql, query), dialect, columns)


def _in_brackets(parts: Sequence[Token]) -> tuple[list[list[Token]], list[Token]]:
    """Return what is between the commas of the first brackets, and what follows the brackets."""
    found: list[list[Token]] = [[]]
    depth = 0
    for place, token in enumerate(parts):
        depth += (token.keyword == "(") - (token.keyword == ")")
        if not depth:
            return found, [one for one in parts[place + 1 :] if one.keyword != ";"]
        if token.keyword == "," and depth == 1:
            found.append([])
        elif place:
            found[-1].append(token)
    return found, []


def _plain_column(part: list[Token], columns: Sequence[str]) -> str | None:
    if len(part) == 2 and part[1].keyword == "ASC":
        part = part[:1]
    if len(part) != 1 or part[0].kind not in (TokenKind.WORD, TokenKind.NAME, TokenKind.TEXT):
        return None
    wanted = part[0].name.lower()
    return next((column for column in columns if column.lower() == wanted), None)
