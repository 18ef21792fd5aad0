"""Passes the tokens of an SQL text one by one: what all readers of SQL have in common."""

import re
from collections.abc import Sequence

from tdmvc.sql.tokens import Token, TokenKind

_TEXT = re.compile("'[^']*'")
_END = Token(TokenKind.SIGN, "", 0, 0)


class TokenReader:
    """A place among some tokens."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def has_more(self) -> bool:
        return self._at < len(self._tokens)

    @property
    def position(self) -> int:
        """How many tokens were passed."""
        return self._at

    def go_back(self, position: int) -> None:
        """Return to a place where it was."""
        self._at = position

    @property
    def peek(self) -> Token:
        """The next token; an empty sign at the end."""
        return self._tokens[self._at] if self.has_more else _END

    @property
    def peek_second(self) -> Token:
        """The token after the next one; an empty sign at the end."""
        return self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else _END

    def is_next(self, *keywords: str) -> bool:
        """Whether the next tokens are these keywords or signs."""
        following = self._tokens[self._at : self._at + len(keywords)]
        return tuple(token.keyword for token in following) == keywords

    def take(self, *keywords: str) -> bool:
        """Pass these keywords if they come next, and tell whether they did."""
        if not self.is_next(*keywords):
            return False
        self._at += len(keywords)
        return True

    def take_one(self, *keywords: str) -> str | None:
        """Pass the next token if it is one of these keywords, and return which."""
        word = self.peek.keyword
        if word not in keywords:
            return None
        self._at += 1
        return word

    def next(self) -> Token:
        """Pass the next token and return it; an empty sign at the end."""
        token = self.peek
        self._at += 1
        return token

    def rest(self) -> Sequence[Token]:
        """Pass everything that is left."""
        found = self._tokens[self._at :]
        self._at = len(self._tokens)
        return found

    def since(self, position: int) -> Sequence[Token]:
        """Return the tokens that were passed since a position."""
        return self._tokens[position : self._at]


def split_at_commas(tokens: Sequence[Token]) -> list[Sequence[Token]]:
    """Return what is between the commas that are in no brackets, without what is empty."""
    found: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth = max(0, depth + _opened_by(token))
        if token.keyword == "," and depth == 0:
            found.append([])
        else:
            found[-1].append(token)
    return [part for part in found if part]


def _opened_by(token: Token) -> int:
    """Return how many brackets a token opens; negative if it closes some."""
    if token.kind is TokenKind.NAME and token.text.startswith("["):
        # Of a list of lists, the first token ends at the first closing bracket: `[['x']`.
        signs = _TEXT.sub("", token.text)
        return signs.count("[") - signs.count("]")
    return (token.keyword in ("(", "[")) - (token.keyword in (")", "]"))
