"""Splits SQL text into tokens, without comments; enough to find names, literals and brackets exactly."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum


class TokenKind(StrEnum):
    """What a token is."""

    WORD = "word"
    """A keyword, or a name without quotes."""
    NAME = "name"
    """A name in double quotes, backticks or square brackets."""
    TEXT = "text"
    NUMBER = "number"
    BYTES = "bytes"
    SIGN = "sign"


_TOKEN = r"""
    (?P<space> \s+ | --[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<bytes> [xX]'[^']*' )
    | (?P<text> '(?:[^']|'')*' )
    | (?P<name> "(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^\]]*\] )
    | (?P<number> 0[xX][0-9a-fA-F]+ | (?: [0-9][0-9_]*\.?[0-9_]* | \.[0-9]+ )(?:[eE][+-]?[0-9]+)? )
    | (?P<word> [^\W\d][\w$]* )
    | (?P<sign> <> | <= | >= | != | == | \|\| | << | >> | ->> | -> | :: | . )
    """


@dataclass(frozen=True, slots=True)
class Token:
    """One token of an SQL text, and where it is."""

    kind: TokenKind
    text: str
    """As written."""
    start: int
    end: int

    @property
    def keyword(self) -> str:
        """The word in upper case, or the sign; empty for all else."""
        return self.text.upper() if self.kind in (TokenKind.WORD, TokenKind.SIGN) else ""

    @property
    def name(self) -> str:
        """The name that the token means, without its quotes; a text means one, too, where a name must be."""
        if self.kind is TokenKind.WORD or not self.text:
            return self.text
        quote = self.text[-1]
        return self.text[1:-1] if quote == "]" else self.text[1:-1].replace(quote * 2, quote)


def tokens(sql: str) -> list[Token]:
    """Return the tokens of an SQL text in their order."""
    return list(_tokens(sql))


def _tokens(sql: str) -> Iterator[Token]:
    for found in re.finditer(_TOKEN, sql, re.X | re.S):
        kind = str(found.lastgroup)
        if kind != "space":
            yield Token(TokenKind(kind), found[0], found.start(), found.end())


def span(sql: str, part: Sequence[Token]) -> str:
    """Return the text from the first to the last of some tokens, as written."""
    return sql[part[0].start : part[-1].end] if part else ""


def unwrapped(expression: str) -> str:
    """Return an expression without the brackets around the whole of it."""
    parts = tokens(expression)
    if len(parts) < 3 or parts[0].keyword != "(":
        return expression
    depth = 0
    for token in parts[:-1]:
        depth += (token.keyword == "(") - (token.keyword == ")")
        if depth == 0:
            return expression
    return expression[1:-1]


def names_in(sql: str, known: Iterable[str]) -> set[str]:
    """Return those of the known names that an SQL text names, in any case and with any quotes."""
    found = {token.name.casefold() for token in tokens(sql) if token.kind in (TokenKind.WORD, TokenKind.NAME)}
    return {name for name in known if name.casefold() in found}
