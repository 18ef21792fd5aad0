"""Reads the tokens of a statement one by one."""

from collections.abc import Sequence

from tdmvc.contracts.ddl.script import DdlScript
from tdmvc.errors import ConfigError
from tdmvc.sql.token_reader import TokenReader, split_at_commas
from tdmvc.sql.tokens import Token, TokenKind


class Cursor(TokenReader):
    """A place among some tokens of a script."""

    def __init__(self, script: DdlScript, tokens: Sequence[Token], path: str) -> None:
        super().__init__(tokens)
        self.script = script
        self.path = path

    @property
    def line(self) -> int:
        """The line of the next token, or of the last one."""
        token = self.peek if self.has_more or not self._tokens else self._tokens[-1]
        return self.script.line(token)

    def need(self, *keywords: str) -> None:
        """Pass these keywords.

        Raises:
            ConfigError: something else comes next.
        """
        if not self.take(*keywords):
            raise self.error(f"Expected {' '.join(keywords)}")

    def brackets(self) -> Sequence[Token]:
        """Pass a pair of brackets, and return what is between them.

        Raises:
            ConfigError: there are none, or they do not close.
        """
        self.need("(")
        start, depth = self._at, 1
        while depth:
            if not self.has_more:
                raise self.error("A bracket is not closed")
            sign = self.next().keyword
            depth += (sign == "(") - (sign == ")")
        return self._tokens[start : self._at - 1]

    def expression(self) -> str:
        """Pass a pair of brackets, and return the text between them."""
        return self.script.span(self.brackets())

    def parts(self, tokens: Sequence[Token]) -> list["Cursor"]:
        """Return what is between the commas that are in no brackets."""
        return [Cursor(self.script, one, self.path) for one in split_at_commas(tokens)]

    def name(self) -> str:
        """Pass a name, and return it as the engine keeps it.

        Raises:
            ConfigError: none comes next.
        """
        token = self.next()
        if token.kind not in (TokenKind.WORD, TokenKind.NAME) and not (
            token.kind is TokenKind.TEXT and self.script.dialect in ("sqlite", "mysql")
        ):
            self._at -= 1
            raise self.error("Expected a name")
        if token.kind is TokenKind.WORD and self.script.dialect == "postgresql":
            return token.text.lower()
        return token.name

    def qualified_name(self) -> str:
        """Pass a name behind those of its database and schema; the schema stays unless it is the usual one."""
        names = [self.name()]
        while self.take("."):
            names.append(self.name())
        schema = names[-2] if len(names) > 1 else None
        if schema is None or self.script.dialect == "mysql" or schema.lower() in ("public", "main", "dbo"):
            return names[-1]
        return f"{schema}.{names[-1]}"

    def names(self) -> tuple[str, ...]:
        """Pass names in brackets; what follows one, such as DESC or a length, is left out."""
        return tuple(one.name() for one in self.parts(self.brackets()))

    def error(self, what: str) -> ConfigError:
        """Return the error for what is wrong at the next token."""
        found = f", not '{self.peek.text[:40]}'" if self.has_more else " before the statement ends"
        text = f"{what}{found if what.startswith('Expected') else ''}."
        return ConfigError.at(text, self.path, line=self.line)
