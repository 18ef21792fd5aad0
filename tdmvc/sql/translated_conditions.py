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


class _Reader:
    """Reads one expression from left to right, and writes it for DuckDB."""

    def __init__(self, parts: Sequence[Token], dialect: ConditionDialect, columns: Sequence[Column]) -> None:
        self._parts = parts
        self._place = 0
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
        if self._place < len(self._parts):
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
        while self._take(word):
            found.append(self._truth(read()))
        return Term(f"({f' {word} '.join(found)})", TRUTH)

    def _negation(self) -> Term:
        negations = 0
        while self._take("NOT"):
            negations += 1
        found = self._predicate()
        if not negations:
            return found
        return Term(f"({'NOT ' * negations}{self._truth(found)})", TRUTH)

    def _predicate(self) -> Term:
        """Read a value, or one comparison: what follows a comparison is read otherwise by each server."""
        left = self._sum()
        if self._take("IS"):
            return self._test(left, is_not=self._take("NOT"))
        if (sign := _COMPARISONS.get(self._keyword)) is not None:
            self._place += 1
            if self._keyword in ("ANY", "ALL"):
                return self._any(left, sign)
            return self._compared(left, sign, self._sum())
        if self._keyword in ("~", "!") and self._like_sign():
            return self._like(left, is_not=self._parts[self._place - 3].keyword == "!")
        is_not = self._following in ("BETWEEN", "IN", "LIKE") and self._take("NOT")
        if self._take("BETWEEN"):
            low = self._sum()
            self._must("AND")
            high = self._sum()
            both = f"({self._compared(left, '>=', low).sql} AND {self._compared(left, '<=', high).sql})"
            return Term(f"(NOT {both})" if is_not else both, TRUTH)
        if self._take("IN"):
            self._must("(")
            return self._in(left, self._list(), is_not=is_not)
        if self._take("LIKE"):
            return self._like(left, is_not=is_not)
        return left

    def _test(self, left: Term, *, is_not: bool) -> Term:
        word = self._keyword
        if word not in _TESTS:
            self._refuse()
        self._place += 1
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
        word = self._keyword
        self._place += 1
        if (sign, word) not in (("=", "ANY"), ("<>", "ALL")):
            self._refuse()
        self._must("(")
        inner = self._take("(")
        self._must("ARRAY")
        brackets = self._next()
        if brackets is None or not brackets.text.startswith("["):
            self._refuse()
        # What is in square brackets is one token.
        reader = _Reader([*tokens(brackets.text[1:-1]), _END], self._dialect, tuple(self._exact.values()))
        items = reader._list()
        reader._finish()
        if inner:
            self._must(")")
            self._must("::")
            name = self._type_name()
            end = self._next()
            if end is None or end.text != "[]":
                self._refuse()
            items = [cast(item, name) for item in items]
        self._must(")")
        return self._in(left, items, is_not=word == "ALL")

    def _like_sign(self) -> bool:
        """Take `~~` or `!~~`, as PostgreSQL writes LIKE and NOT LIKE, followed by a pattern."""
        signs = [token.keyword for token in self._parts[self._place : self._place + 3]]
        if signs[:3] == ["!", "~", "~"]:
            self._place += 3
            return True
        if signs[:2] == ["~", "~"] and signs[2:3] != ["*"]:
            self._place += 2
            return True
        return False

    def _like(self, left: Term, *, is_not: bool) -> Term:
        pattern = self._sum()
        if left.kind != TEXT:
            raise refused(left)
        if pattern.kind != TEXT or pattern.literal is None or "\\" in pattern.literal:
            raise NotEvaluatedError("its pattern is not a plain text")
        return Term(f"({left.sql} {'NOT ' if is_not else ''}LIKE {pattern.sql})", TRUTH)

    def _sum(self) -> Term:
        found = self._product()
        while self._keyword in ("+", "-"):
            sign = self._keyword
            self._place += 1
            found = self._calculated(found, sign, self._product())
        return found

    def _product(self) -> Term:
        found = self._signed()
        while self._take("*"):
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
        if self._take("-"):
            following = self._following_token
            if following is not None and following.kind is TokenKind.NUMBER and self._after_number != "::":
                self._place += 1
                return number_literal("-" + following.text, self._dialect)
            found = self._signed()
            if found.kind not in (*INTEGERS, DECIMAL):
                raise refused(found)
            return Term(f"(- {found.sql})", found.kind, found.scale)
        found = self._primary()
        while self._dialect is ConditionDialect.POSTGRESQL and self._take("::"):
            found = cast(found, self._type_name())
        return found

    def _primary(self) -> Term:
        token = self._next()
        if token is None:
            raise NotEvaluatedError("it is not one whole expression")
        if token.kind is TokenKind.NUMBER:
            return number_literal(token.text, self._dialect)
        if token.kind is TokenKind.TEXT:
            return text_literal(token.text[1:-1].replace("''", "'"))
        if token.keyword == "(":
            found = self._either()
            self._must(")")
            return found
        if token.keyword and self._keyword == "(":
            self._place += 1
            return self._call(token.keyword)
        if token.keyword == "DATE" and (text := self._following_token) and text.kind is TokenKind.TEXT:
            self._place += 1
            return as_date(text_literal(text.text[1:-1]))
        if token.keyword in ("TRUE", "FALSE"):
            is_number = self._dialect is ConditionDialect.MYSQL
            return (
                integer_literal(str(int(token.keyword == "TRUE")), self._dialect)
                if is_number
                else Term(token.keyword, TRUTH)
            )
        column = self._column(token)
        if column is None:
            self._place -= 1
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
        while self._take(","):
            found.append(self._either())
        self._must(")")
        return found

    def _type_name(self) -> str:
        """Read the name of a type without modifiers."""
        words = [self._next()]
        while words[-1] is not None and self._keyword in AFTER_CAST:
            words.append(self._next())
        if self._keyword == "(" or any(word is None or word.kind is not TokenKind.WORD for word in words):
            self._refuse()
        return " ".join(word.text.lower() for word in words if word is not None)

    def _column(self, token: Token) -> Column | None:
        if self._dialect is ConditionDialect.MYSQL:
            is_name = token.kind is TokenKind.WORD or token.text.startswith("`")
            return self._folded.get(token.name.casefold()) if is_name else None
        if token.kind is TokenKind.NAME:
            return self._exact.get(token.name) if token.text.startswith('"') else None
        return self._exact.get(token.text.lower()) if token.kind is TokenKind.WORD else None

    @property
    def _following_token(self) -> Token | None:
        return self._parts[self._place] if self._place < len(self._parts) else None

    @property
    def _keyword(self) -> str:
        token = self._following_token
        return token.keyword if token is not None else ""

    @property
    def _following(self) -> str:
        """The keyword after the next one, if the next one is NOT; else the next one."""
        if self._keyword != "NOT":
            return self._keyword
        after = self._parts[self._place + 1 : self._place + 2]
        return after[0].keyword if after else ""

    @property
    def _after_number(self) -> str:
        after = self._parts[self._place + 1 : self._place + 2]
        return after[0].keyword if after else ""

    def _take(self, keyword: str) -> bool:
        is_next = self._keyword == keyword
        self._place += is_next
        return is_next

    def _must(self, keyword: str) -> None:
        if not self._take(keyword):
            self._refuse()

    def _next(self) -> Token | None:
        token = self._following_token
        self._place += 1
        return token

    def _truth(self, term: Term) -> str:
        if term.kind != TRUTH:
            raise NotEvaluatedError("it takes a value that is not true or false as a condition")
        return term.sql

    def _refuse(self) -> NoReturn:
        token = self._following_token
        if token is None:
            raise NotEvaluatedError("it is not one whole expression")
        raise NotEvaluatedError(f"it uses {token.text[:40]}, which may mean something else in DuckDB")


_END = Token(TokenKind.SIGN, ")", 0, 0)
"""Ends the list in the square brackets of an array."""
