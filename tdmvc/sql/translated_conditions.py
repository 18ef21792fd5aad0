"""Writes a condition of PostgreSQL or MySQL for DuckDB, if it is false there for exactly the same rows.

Only what is known to mean the same is written: comparisons, sums and products of numbers, null tests, lists, lengths,
and texts where the server compares them letter by letter. Everything else is refused, with the reason.
"""

from collections.abc import Callable, Sequence
from typing import NoReturn

from tdmvc.model.conditions import NotEvaluatedError
from tdmvc.model.schema import Column
from tdmvc.sql.condition_terms import (
    AFTER_CAST,
    DECIMAL,
    INTEGERS,
    NO_TEXT,
    TEXT,
    TRUTH,
    ConditionDialect,
    Term,
    as_date,
    cast,
    check_comparable,
    column_term,
    integer_literal,
    number_literal,
    refused,
    text_literal,
)
from tdmvc.sql.token_reader import TokenReader
from tdmvc.sql.tokens import Token, TokenKind, tokens

_LONGEST = 20_000
_DEEPEST = 60
_COMPARISONS = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_TESTS = frozenset({"NULL", "TRUE", "FALSE", "UNKNOWN", "DISTINCT"})
_LENGTHS = {"CHAR_LENGTH": "length", "CHARACTER_LENGTH": "length"}
_LENGTHS_OF_POSTGRES = {**_LENGTHS, "LENGTH": "length", "OCTET_LENGTH": "strlen"}


def translate_condition(expression: str, dialect: str, columns: Sequence[Column]) -> str:
    """Return a condition as SQL of DuckDB, which is true, false or null for the same rows.

    A row with which the server cannot calculate, because a number overflows, may be true or fail in DuckDB.

    Args:
        dialect: `postgresql` or `mysql`, as the server writes the condition.
        columns: those of the table, at least those that the condition names.

    Raises:
        NotEvaluatedError: it may mean something else in DuckDB.
    """
    if len(expression) > _LONGEST:
        raise NotEvaluatedError("it is too long")
    if "--" in expression or "/*" in expression:
        raise NotEvaluatedError("it has a comment, or two signs that may begin one")
    rules = ConditionDialect(dialect)
    if rules is ConditionDialect.MYSQL and "\\" in expression:
        raise NotEvaluatedError("it has a backslash, which depends on the mode of the server")
    reader = _Reader(tokens(expression), rules, columns)
    return reader.read_condition()


class _Reader(TokenReader):
    """Reads one expression from left to right, and writes it for DuckDB."""

    def __init__(self, parts: Sequence[Token], dialect: ConditionDialect, columns: Sequence[Column]) -> None:
        super().__init__(parts)
        self._dialect = dialect
        self._depth = 0
        self._exact = {column.name: column for column in columns}
        self._folded = {column.name.casefold(): column for column in columns}

    def read_condition(self) -> str:
        """Return all of the expression."""
        found = self._either()
        self._finish()
        return self._truth(found)

    def _finish(self) -> None:
        """Make sure that nothing follows."""
        if self.has_more:
            self._refuse()

    def _either(self) -> Term:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise NotEvaluatedError("it is too deep")
        found = self._joined("OR", lambda: self._joined("AND", self._negation))
        self._depth -= 1
        return found

    def _joined(self, word: str, read: Callable[[], Term]) -> Term:
        first = read()
        if self._keyword != word:
            return first
        found = [self._truth(first)]
        while self.take(word):
            found.append(self._truth(read()))
        return Term(f"({f' {word} '.join(found)})", TRUTH)

    def _negation(self) -> Term:
        negations = 0
        while self.take("NOT"):
            negations += 1
        found = self._predicate()
        if not negations:
            return found
        return Term(f"({'NOT ' * negations}{self._truth(found)})", TRUTH)

    def _predicate(self) -> Term:
        """Read a value, or one comparison: what follows a comparison is read otherwise by each server."""
        left = self._sum()
        if self.take("IS"):
            return self._test(left, is_not=self.take("NOT"))
        if (sign := _COMPARISONS.get(self._keyword)) is not None:
            self.next()
            if self._keyword in ("ANY", "ALL"):
                return self._any(left, sign)
            return self._compared(left, sign, self._sum())
        # PostgreSQL writes LIKE and NOT LIKE as `~~` and `!~~`.
        if self.take("!", "~", "~"):
            return self._like(left, is_not=True)
        if self.is_next("~", "~") and not self.is_next("~", "~", "*"):
            self.take("~", "~")
            return self._like(left, is_not=False)
        is_not = self._following in ("BETWEEN", "IN", "LIKE") and self.take("NOT")
        if self.take("BETWEEN"):
            low = self._sum()
            self._must("AND")
            high = self._sum()
            both = f"({self._compared(left, '>=', low).sql} AND {self._compared(left, '<=', high).sql})"
            return Term(f"(NOT {both})" if is_not else both, TRUTH)
        if self.take("IN"):
            self._must("(")
            return self._in(left, self._list(), is_not=is_not)
        if self.take("LIKE"):
            return self._like(left, is_not=is_not)
        return left

    def _test(self, left: Term, *, is_not: bool) -> Term:
        word = self._keyword
        if word not in _TESTS:
            self._refuse()
        self.next()
        no = "NOT " if is_not else ""
        if word == "DISTINCT":
            self._must("FROM")
            left, right = check_comparable(left, self._sum(), self._dialect)
            return Term(f"({left.sql} IS {no}DISTINCT FROM {right.sql})", TRUTH)
        if word in ("NULL", "UNKNOWN"):
            return Term(f"({left.sql} IS {no}NULL)", TRUTH)
        return Term(f"({self._truth(left)} IS {'' if is_not else 'NOT '}DISTINCT FROM {word})", TRUTH)

    def _compared(self, left: Term, sign: str, right: Term) -> Term:
        is_order = sign not in ("=", "<>")
        left, right = check_comparable(left, right, self._dialect, is_order=is_order)
        return Term(f"({left.sql} {sign} {right.sql})", TRUTH)

    def _in(self, left: Term, items: Sequence[Term], *, is_not: bool) -> Term:
        found = " OR ".join(self._compared(left, "=", item).sql for item in items)
        return Term(f"(NOT ({found}))" if is_not else f"({found})", TRUTH)

    def _any(self, left: Term, sign: str) -> Term:
        """Read `= ANY (ARRAY[…])` and `<> ALL (ARRAY[…])`, as PostgreSQL writes IN and NOT IN."""
        word = self.next().keyword
        if (sign, word) not in (("=", "ANY"), ("<>", "ALL")):
            self._refuse()
        self._must("(")
        inner = self.take("(")
        self._must("ARRAY")
        brackets = self.next()
        if not brackets.text.startswith("["):
            self._refuse()
        # What is in square brackets is one token.
        reader = _Reader([*tokens(brackets.text[1:-1]), _END], self._dialect, tuple(self._exact.values()))
        items = reader._list()
        reader._finish()
        if inner:
            self._must(")")
            self._must("::")
            name = self._type_name()
            if self.next().text != "[]":
                self._refuse()
            items = [cast(item, name) for item in items]
        self._must(")")
        return self._in(left, items, is_not=word == "ALL")

    def _like(self, left: Term, *, is_not: bool) -> Term:
        pattern = self._sum()
        if left.kind != TEXT:
            raise refused(left)
        if pattern.kind != TEXT or pattern.literal is None or "\\" in pattern.literal:
            raise NotEvaluatedError("its pattern is not a plain text")
        return Term(f"({left.sql} {'NOT ' if is_not else ''}LIKE {pattern.sql})", TRUTH)

    def _sum(self) -> Term:
        found = self._product()
        while sign := self.take_one("+", "-"):
            found = self._calculated(found, sign, self._product())
        return found

    def _product(self) -> Term:
        found = self._signed()
        while self.take("*"):
            found = self._calculated(found, "*", self._signed())
        return found

    def _calculated(self, left: Term, sign: str, right: Term) -> Term:
        for term in (left, right):
            if term.kind not in (*INTEGERS, DECIMAL):
                raise refused(term)
        if DECIMAL in (left.kind, right.kind):
            scale = left.scale + right.scale if sign == "*" else max(left.scale, right.scale)
            if scale > self._dialect.largest_scale:
                raise NotEvaluatedError("it calculates with more digits than DuckDB does")
            return Term(f"({left.sql} {sign} {right.sql})", DECIMAL, scale)
        kind = max(left.kind, right.kind, key=INTEGERS.index)
        return Term(f"({left.sql} {sign} {right.sql})", kind)

    def _signed(self) -> Term:
        if self.take("-"):
            if self.peek.kind is TokenKind.NUMBER and self.peek_second.keyword != "::":
                return number_literal("-" + self.next().text, self._dialect)
            found = self._signed()
            if found.kind not in (*INTEGERS, DECIMAL):
                raise refused(found)
            return Term(f"(- {found.sql})", found.kind, found.scale)
        found = self._primary()
        while self._dialect is ConditionDialect.POSTGRESQL and self.take("::"):
            found = cast(found, self._type_name())
        return found

    def _primary(self) -> Term:
        if not self.has_more:
            self._refuse()
        token = self.next()
        if token.kind is TokenKind.NUMBER:
            return number_literal(token.text, self._dialect)
        if token.kind is TokenKind.TEXT:
            return text_literal(token.text[1:-1].replace("''", "'"))
        if token.keyword == "(":
            found = self._either()
            self._must(")")
            return found
        if token.keyword and self.take("("):
            return self._call(token.keyword)
        if token.keyword == "DATE" and self.peek.kind is TokenKind.TEXT:
            return as_date(text_literal(self.next().text[1:-1]))
        if token.keyword in ("TRUE", "FALSE"):
            is_number = self._dialect is ConditionDialect.MYSQL
            return (
                integer_literal(str(int(token.keyword == "TRUE")), self._dialect)
                if is_number
                else Term(token.keyword, TRUTH)
            )
        column = self._column(token)
        if column is None:
            self.go_back(self.position - 1)
            self._refuse()
        return column_term(column, self._dialect)

    def _call(self, name: str) -> Term:
        arguments = self._list()
        postgres = self._dialect is ConditionDialect.POSTGRESQL
        lengths = _LENGTHS_OF_POSTGRES if postgres else _LENGTHS
        if name in lengths and len(arguments) == 1:
            (text,) = arguments
            if text.kind not in (TEXT, NO_TEXT):
                raise refused(text)
            kind = self._dialect.length_kind
            return Term(f"CAST({lengths[name]}({text.sql}) AS {kind})", kind)
        if name == "COALESCE" or (name == "IFNULL" and not postgres and len(arguments) == 2):
            kinds = {term.kind for term in arguments}
            if len(kinds) > 1 or not kinds <= {*INTEGERS, TEXT, TRUTH}:
                raise NotEvaluatedError("it takes the first of values of different types")
            return Term(f"COALESCE({', '.join(term.sql for term in arguments)})", arguments[0].kind)
        if postgres and name in ("NUM_NONNULLS", "NUM_NULLS"):
            test = "IS NULL" if name == "NUM_NULLS" else "IS NOT NULL"
            counted = " + ".join(f"CAST(({term.sql} {test}) AS INTEGER)" for term in arguments)
            return Term(f"({counted})", "integer")
        raise NotEvaluatedError(f"it uses {name[:40].lower()}, which may mean something else in DuckDB")

    def _list(self) -> list[Term]:
        """Read expressions up to the closing bracket."""
        found = [self._either()]
        while self.take(","):
            found.append(self._either())
        self._must(")")
        return found

    def _type_name(self) -> str:
        """Read the name of a type without modifiers."""
        words = [self.next()]
        while self._keyword in AFTER_CAST:
            words.append(self.next())
        if self._keyword == "(" or any(word.kind is not TokenKind.WORD for word in words):
            self._refuse()
        return " ".join(word.text.lower() for word in words)

    def _column(self, token: Token) -> Column | None:
        if self._dialect is ConditionDialect.MYSQL:
            is_name = token.kind is TokenKind.WORD or token.text.startswith("`")
            return self._folded.get(token.name.casefold()) if is_name else None
        if token.kind is TokenKind.NAME:
            return self._exact.get(token.name) if token.text.startswith('"') else None
        return self._exact.get(token.text.lower()) if token.kind is TokenKind.WORD else None

    @property
    def _keyword(self) -> str:
        return self.peek.keyword

    @property
    def _following(self) -> str:
        """The keyword after the next one, if the next one is NOT; else the next one."""
        return self.peek_second.keyword if self._keyword == "NOT" else self._keyword

    def _must(self, keyword: str) -> None:
        if not self.take(keyword):
            self._refuse()

    def _truth(self, term: Term) -> str:
        if term.kind != TRUTH:
            raise NotEvaluatedError("it takes a value that is not true or false as a condition")
        return term.sql

    def _refuse(self) -> NoReturn:
        if not self.has_more:
            raise NotEvaluatedError("it is not one whole expression")
        raise NotEvaluatedError(f"it uses {self.peek.text[:40]}, which may mean something else in DuckDB")


_END = Token(TokenKind.SIGN, ")", 0, 0)
"""Ends the list in the square brackets of an array."""
