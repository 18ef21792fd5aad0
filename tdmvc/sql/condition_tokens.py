"""Passes over the tokens of a condition, with the values in it."""

from dataclasses import replace
from typing import Final

from tdmvc.sql.tokens import Token, TokenKind, tokens

_CASTS: Final = frozenset(
    {"TEXT", "NUMERIC", "DATE", "SMALLINT", "INTEGER", "BIGINT", "VARCHAR", "CHARACTER"}
)


class NotPlainError(Exception):
    """A condition is none of the simple ones, or may mean something else."""


class TokenCursor:
    """A place in the tokens of a condition. What is not there as it has to be raises a NotPlainError."""

    def __init__(self, parts: list[Token]) -> None:
        self._parts, self._place = parts, 0

    @property
    def is_at_end(self) -> bool:
        """Whether all tokens are passed."""
        return self._place >= len(self._parts)

    def peek(self) -> Token:
        """Return the next token without passing it."""
        if self._place >= len(self._parts):
            raise NotPlainError
        return self._parts[self._place]

    def peek_word(self) -> str:
        """Return the next token as a keyword; an empty text at the end."""
        return self._parts[self._place].keyword if self._place < len(self._parts) else ""

    def next(self) -> Token:
        """Pass a token and return it."""
        token = self.peek()
        self._place += 1
        return token

    def take(self, word: str) -> bool:
        """Pass a keyword if it is the next token; return whether it is."""
        if self.peek_word() != word:
            return False
        self._place += 1
        return True

    def need(self, word: str) -> None:
        """Pass a keyword, which has to be the next token."""
        if not self.take(word):
            raise NotPlainError

    def sign(self) -> str:
        """Pass a sign that compares, and return it by one name."""
        sign = self.next().keyword
        return {"==": "=", "!=": "<>"}.get(sign, sign)

    def literal(self) -> Token:
        """Pass a value, perhaps in brackets or with a cast, and return it."""
        if self.take("("):
            found = self.literal()
            self.need(")")
            self.pass_cast()
            return found
        token = self.next()
        if token.keyword == "-":
            number = self.next()
            if number.kind is not TokenKind.NUMBER:
                raise NotPlainError
            token = replace(number, text=f"-{number.text}")
        is_value = token.kind in (TokenKind.NUMBER, TokenKind.TEXT) or token.keyword in ("TRUE", "FALSE")
        if not is_value:
            raise NotPlainError
        self.pass_cast()
        return token

    def literals(self) -> list[Token]:
        """Return all that there is as a list of values."""
        found = [self.literal()]
        while self.take(","):
            found.append(self.literal())
        if self._place < len(self._parts):
            raise NotPlainError
        return found

    def list_of_literals(self) -> list[Token]:
        """Pass a list of values in brackets, and return them."""
        self.need("(")
        found = [self.literal()]
        while self.take(","):
            found.append(self.literal())
        self.need(")")
        return found

    def array(self) -> list[Token]:
        """Pass `(ARRAY['a', 'b'])`, whose brackets and what they hold are one token, a name in brackets."""
        self.need("(")
        is_wrapped = self.take("(")
        self.need("ARRAY")
        found = TokenCursor(tokens(self.next().text[1:-1])).literals()
        for _ in range(2 if is_wrapped else 1):
            if self.take("::") and (self.next().keyword not in _CASTS or self.next().text != "[]"):
                raise NotPlainError
            self.need(")")
        return found

    def pass_cast(self) -> None:
        """Pass what PostgreSQL's catalog puts behind values: a cast to the type that they have."""
        while self.take("::"):
            if self.next().keyword not in _CASTS:
                raise NotPlainError
            self.take("VARYING")
            if self.peek_word() == "(" and self._parts[self._place + 1].kind is TokenKind.NUMBER:
                # A length would cut a text.
                raise NotPlainError
