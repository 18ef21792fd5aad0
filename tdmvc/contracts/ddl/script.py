"""Splits an SQL script into statements of tokens, as the tools of each engine write it."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tdmvc.sql.tokens import Token, TokenKind

_COMMENT = r"--[^\n]*+ | /\*.*?(?:\*/|\Z)"
_WORD = r"[^\W\d][\w$]*+"
_NUMBER = r"0[xX][0-9a-fA-F]++ | (?: [0-9][0-9_]*+\.?[0-9_]*+ | \.[0-9]++ )(?:[eE][+-]?[0-9]++)?"
_SIGNS = r"<> | <= | >= | != | == | \|\| | << | >> | ->> | -> | :: | ."
_PLAIN_TEXT = r"'(?:[^']|'')*+(?:'|\Z)"
_ESCAPED_TEXT = r"'(?:[^'\\]|''|\\.)*+(?:'|\Z)"
DIALECTS: Final = ("postgresql", "mysql", "sqlite", "duckdb")
_QUOTED = r'"(?:[^"]|"")*+(?:"|\Z)'
_TICKED = r"`(?:[^`]|``)*+(?:`|\Z)"
_NAMES: Final = {
    "sqlite": rf"{_QUOTED} | {_TICKED} | \[[^\]]*+\]",
    "mysql": _TICKED,
    "postgresql": _QUOTED,
    "duckdb": _QUOTED,
}
_TEXTS: Final = {
    "mysql": rf"""(?:[nNbB]|_[a-z0-9]++)?{_ESCAPED_TEXT} | "(?:[^"\\]|""|\\.)*+(?:"|\Z)""",
    "postgresql": rf"[eE]{_ESCAPED_TEXT} | (?:[bBnN]|[uU]&)?{_PLAIN_TEXT} | \$(?P<tag>\w*+)\$.*?(?:\$(?P=tag)\$|\Z)",
    "duckdb": rf"[eE]{_ESCAPED_TEXT} | {_PLAIN_TEXT} | \$(?P<tag>\w*+)\$.*?(?:\$(?P=tag)\$|\Z)",
    "sqlite": _PLAIN_TEXT,
}


def _pattern(dialect: str) -> re.Pattern[str]:
    comments = _COMMENT + (r" | \#[^\n]*+" if dialect == "mysql" else "")
    return re.compile(
        rf"(?P<space> \s++ | {comments} ) | (?P<bytes> [xX]'[^']*+(?:'|\Z) ) | (?P<text> {_TEXTS[dialect]} ) "
        rf"| (?P<name> {_NAMES[dialect]} ) | (?P<number> {_NUMBER} ) | (?P<word> {_WORD} ) | (?P<sign> {_SIGNS} )",
        re.X | re.S,
    )


_PATTERNS: Final = {dialect: _pattern(dialect) for dialect in _NAMES}
_FOR_MYSQL = re.compile(r"/\*M?!\d{0,6}(.*?)(?:\*/|\Z)", re.S)
_COPIED = re.compile(r"(?m)^COPY [^;\n]*\bFROM stdin[^;\n]*;\n.*?(?:^\\\.$|\Z)", re.IGNORECASE | re.S)
_OF_CLIENTS = re.compile(r"(?m)^(?:\\[^\n]*|\.[a-z][^\n]*|GO\s*)$", re.IGNORECASE)
_DELIMITED = re.compile(r"(?m)^DELIMITER[ \t]+(?!;[ \t]*$)\S+.*?(?:^DELIMITER[ \t]*;[ \t]*$|\Z)", re.I | re.S)
_WITH_BODY: Final = frozenset({"TRIGGER", "PROCEDURE", "FUNCTION", "EVENT"})


@dataclass(frozen=True, slots=True)
class DdlStatement:
    """One statement of a script."""

    tokens: tuple[Token, ...]
    line: int

    def starts(self, *keywords: str) -> bool:
        """Whether the first tokens are these keywords."""
        return tuple(token.keyword for token in self.tokens[: len(keywords)]) == keywords


class DdlScript:
    """The text of a script, and where its lines are."""

    def __init__(self, text: str, dialect: str) -> None:
        self.dialect = dialect
        self.text = _cleaned(text, dialect)
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]

    def line(self, token: Token) -> int:
        """Return the line of a token, counted from 1."""
        return bisect_right(self._lines, token.start)

    def span(self, tokens: Sequence[Token]) -> str:
        """Return the text from the first to the last of some tokens, as written."""
        return self.text[tokens[0].start : tokens[-1].end] if tokens else ""

    def statements(self) -> Iterator[DdlStatement]:
        """Yield the statements; a trigger or a routine with its body is one."""
        own: list[Token] = []
        depth = 0
        for token in self._tokens():
            word = token.keyword
            if own and word in ("BEGIN", "CASE", "END") and _has_body(own):
                depth += -1 if word == "END" else 1
            if word == ";" and depth <= 0:
                if own:
                    yield DdlStatement(tuple(own), self.line(own[0]))
                own, depth = [], 0
            else:
                own.append(token)
        if own:
            yield DdlStatement(tuple(own), self.line(own[0]))

    def _tokens(self) -> Iterator[Token]:
        for found in _PATTERNS[self.dialect].finditer(self.text):
            kind = str(found.lastgroup) if found.lastgroup != "tag" else "text"
            if kind != "space":
                yield Token(TokenKind(kind), found[0], found.start(), found.end())


def _has_body(tokens: Sequence[Token]) -> bool:
    return tokens[0].keyword == "CREATE" and any(token.keyword in _WITH_BODY for token in tokens[1:8])


def _cleaned(text: str, dialect: str) -> str:
    """Return the text with blanks in place of what only a client reads."""
    if dialect == "mysql":
        text = _FOR_MYSQL.sub(_opened, text)
        text = _DELIMITED.sub(_blank, text)
    if dialect == "postgresql":
        text = _COPIED.sub(_blank, text)
    return _OF_CLIENTS.sub(_blank, text)


def _opened(found: re.Match[str]) -> str:
    before = found.start(1) - found.start()
    return " " * before + found[1] + " " * (found.end() - found.end(1))


def _blank(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found[0])


_SIGNS_OF: Final = (
    (
        "mysql",
        re.compile(r"`\w+`|\bENGINE\s*=|\bAUTO_INCREMENT\b|/\*!\d{5}|^-- M(?:ySQL|ariaDB) dump", re.I | re.M),
    ),
    (
        "sqlite",
        re.compile(r"\bAUTOINCREMENT\b|\bPRAGMA\s|\bWITHOUT\s+ROWID\b|\)\s*STRICT\s*;|\bsqlite_", re.I),
    ),
    (
        "postgresql",
        re.compile(
            r"PostgreSQL database dump|\bCREATE\s+(?:DOMAIN|EXTENSION|TYPE\s+[\w.\"]+\s+AS\s+ENUM)\b|::\w"
            r"|\b(?:pg_catalog|(?:BIG|SMALL)?SERIAL|TIMESTAMPTZ|JSONB|BYTEA|ALTER\s+TABLE\s+ONLY|character varying)\b",
            re.I,
        ),
    ),
    (
        "duckdb",
        re.compile(
            r"\bHUGEINT\b|\bUBIGINT\b|\bSTRUCT\s*\(|\bMAP\s*\(|\bVARCHAR\[\]|\bnextval\('\w+'\)", re.I
        ),
    ),
)
_LOOKED_AT: Final = 1_000_000


def full_dialect(name: str) -> str:
    """Return the dialect that a name means; any other name as it is."""
    return {"postgres": "postgresql", "mariadb": "mysql"}.get(name, name)


def dialect_of(*texts: str) -> str:
    """Return the engine whose SQL scripts look like; PostgreSQL's, which is closest to the standard, if none.

    Of several scripts, such as migrations, each counts for the engines that it has signs of.
    """
    votes = Counter(name for text in texts for name in _engines_of(text[:_LOOKED_AT]))
    return max(votes, key=lambda name: votes[name]) if votes else "postgresql"


def _engines_of(text: str) -> list[str]:
    """Return the engines that a script has signs of, the most certain one first."""
    found = [name for name, signs in _SIGNS_OF if signs.search(text)]
    if "mysql" in found and "sqlite" in found:
        has_own = "AUTO_INCREMENT" in text.upper() or "ENGINE" in text.upper()
        return ["mysql" if has_own else "sqlite"]
    return found
