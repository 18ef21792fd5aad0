"""SQL in quality rules: its placeholders, and the form that is a condition on single rows."""

import re
from dataclasses import dataclass

from tdmvc.sql.quoting import quote_name
from tdmvc.sql.tokens import Token, TokenKind, tokens

_OBJECT = frozenset({"object", "table", "model"})
_PROPERTY = frozenset({"property", "column", "field"})
"""`model` and `field` are what datacontract-cli calls them."""
_PLACEHOLDER = re.compile(r"(?<!\\[pPxu])\$?\{([A-Za-z_]\w*)\}")
_ROW_RULE = re.compile(r"SELECT COUNT\(\*\) FROM \{object\} WHERE NOT \((.*)\)", re.S)
_COUNT = ("SELECT", "COUNT", "(", "*", ")", "FROM")


@dataclass(frozen=True, slots=True)
class PlaceholderNames:
    """What the placeholders of a query stand for."""

    table: str
    column: tuple[str, ...] = ()
    """A column, with the names that lead into it; empty for a rule of the table."""


class PlaceholderError(ValueError):
    """A placeholder stands for nothing where it is."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word
        self.is_column = word in _PROPERTY


def row_rule(expression: str) -> str:
    """Return the query with which the standard declares a condition that every row must meet."""
    end = "\n" if _ends_in_comment(expression) else ""
    return f"SELECT COUNT(*) FROM {{object}} WHERE NOT ({expression}{end})"


def row_condition(sql: str, table: str) -> str | None:
    """Return the expression of a query that counts the rows of its table that do not meet it, or None.

    It is one expression in one pair of brackets: `NOT (a) OR (b)` is none.
    """
    found = tokens(sql)
    rest = _after_table(found, table)
    if rest is None or [token.keyword for token in found[rest : rest + 3]] != ["WHERE", "NOT", "("]:
        return None
    first = rest + 2
    last = _closing(found, first)
    if last is None or [token.keyword for token in found[last + 1 :]] not in ([], [";"]):
        return None
    expression = sql[found[first].end : found[last].start]
    shortened = expression.removesuffix("\n")
    return shortened if _ends_in_comment(shortened) else expression


def declared_condition(sql: str) -> str | None:
    """Return the expression of a query that `row_rule` made, whatever a database's own SQL means in it."""
    found = _ROW_RULE.fullmatch(sql)
    if found is None:
        return None
    shortened = found[1].removesuffix("\n")
    return shortened if _ends_in_comment(shortened) else found[1]


def has_query(expression: str) -> bool:
    """Whether an expression looks into other rows than its own."""
    return any(token.keyword == "SELECT" for token in tokens(expression))


def fill_placeholders(sql: str, names: PlaceholderNames) -> str:
    """Return a query in which names stand where its placeholders were, in quotes, or in a text as they are.

    Raises:
        PlaceholderError: a placeholder has no meaning there.
    """
    found = tokens(sql)
    parts: list[str] = []
    end = place = 0
    for match in _PLACEHOLDER.finditer(sql):
        while place < len(found) and found[place].end <= match.start():
            place += 1
        around = found[place] if place < len(found) and found[place].start <= match.start() else None
        if around is None:
            continue  # in a comment
        start, stop, text = _replacement(match, around, names)
        parts += [sql[end:start], text]
        end = stop
    return "".join([*parts, sql[end:]])


def _replacement(match: re.Match[str], around: Token, names: PlaceholderNames) -> tuple[int, int, str]:
    """Return the piece of the query that a placeholder replaces, and what stands there instead."""
    word = match[1]
    if word not in _OBJECT | _PROPERTY or (word in _PROPERTY and not names.column):
        raise PlaceholderError(word)
    path = (names.table,) if word in _OBJECT else names.column
    quoted = ".".join(quote_name(name) for name in path)
    if around.kind is TokenKind.TEXT:
        return match.start(), match.end(), ".".join(path).replace("'", "''")
    if around.kind is TokenKind.NAME and around.text[0] != "[":
        if around.text[1:-1] == match[0]:
            return around.start, around.end, quoted
        return match.start(), match.end(), ".".join(path).replace(around.text[0], around.text[0] * 2)
    return match.start(), match.end(), quoted


def _after_table(found: list[Token], table: str) -> int | None:
    """Return the place behind `SELECT COUNT(*) FROM` and a placeholder or the table's own name."""
    place = len(_COUNT)
    if tuple(token.keyword for token in found[:place]) != _COUNT:
        return None
    words = [token.text for token in found[place : place + 4]]
    if words[:1] == ["$"]:
        place, words = place + 1, words[1:]
    if len(words) >= 3 and words[0] == "{" and words[1] in _OBJECT and words[2] == "}":
        return place + 3
    if place < len(found) and found[place].kind in (TokenKind.WORD, TokenKind.NAME):
        named = found[place].name
        return place + 1 if named == table or _PLACEHOLDER.fullmatch(named) else None
    return None


def _closing(found: list[Token], first: int) -> int | None:
    depth = 0
    for place in range(first, len(found)):
        depth += {"(": 1, ")": -1}.get(found[place].keyword, 0)
        if depth == 0:
            return place
    return None


def _ends_in_comment(sql: str) -> bool:
    found = tokens(sql)
    rest = sql[found[-1].end :] if found else sql
    return "--" in rest.rpartition("\n")[2]
