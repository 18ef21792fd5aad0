"""Reads simple conditions of CHECK as the rules that they are: ranges, lengths, lists of values, multiples."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Final

import pyarrow as pa

from tdmvc.model.rules import (
    Condition,
    MultipleOf,
    Pattern,
    PatternSyntax,
    Present,
    Range,
    Rule,
    RuleTest,
    Values,
)
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.condition_tokens import NotPlainError, TokenCursor
from tdmvc.sql.condition_values import both_tests, is_padded, length_test, value_of
from tdmvc.sql.tokens import Token, TokenKind, tokens

_LENGTHS: Final = {
    "postgresql": frozenset({"LENGTH", "CHAR_LENGTH", "CHARACTER_LENGTH"}),
    "mysql": frozenset({"CHAR_LENGTH", "CHARACTER_LENGTH"}),
    "sqlite": frozenset({"LENGTH"}),
    "duckdb": frozenset({"LENGTH", "LEN", "CHAR_LENGTH", "CHARACTER_LENGTH"}),
}
"""Functions that count the code points of a text."""
_SIZES: Final = {"postgresql": "CARDINALITY", "duckdb": "LEN"}
_FLIPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}
_PATTERNS: Final = {"REGEXP_MATCHES": False, "REGEXP_FULL_MATCH": True}
_FEW_TOKENS: Final = 5_000
_DEEPEST: Final = 20


def typed_rule(rule: Rule, table: TableSchema) -> Rule:
    """Return a rule with the plainest test that demands exactly the same; the rule itself if there is no plainer one.

    A condition stays one if an engine may see it otherwise: texts by a collation of their own or in MySQL's way,
    floats with a NaN above every number, lists with a null.
    """
    if not isinstance(rule.test, Condition):
        return rule
    check = rule.test.check
    parts = tokens(check.expression)
    if len(parts) > _FEW_TOKENS or _depth(parts) > _DEEPEST:
        return rule
    try:
        column, test = _Reader(parts, table, check.dialect or "duckdb").read()
    except NotPlainError:
        return rule
    return replace(rule, columns=(column.name,), test=test)


def typed_rules(table: TableSchema, rules: Iterable[Rule] | None = None) -> tuple[Rule, ...]:
    """Return the rules of a table, or some of them, each with the plainest test."""
    return tuple(typed_rule(rule, table) for rule in (table.rules if rules is None else rules))


class _Reader(TokenCursor):
    """Reads one condition from its first token to its last."""

    def __init__(self, parts: list[Token], table: TableSchema, dialect: str) -> None:
        super().__init__(parts)
        self._table, self._dialect = table, dialect

    def read(self) -> tuple[Column, RuleTest]:
        column, test, is_without_nan = self._conjunction()
        if not self.is_at_end:
            raise NotPlainError
        if test == Range():
            raise NotPlainError
        has_nan = pa.types.is_floating(column.type) and self._dialect in ("postgresql", "duckdb")
        if has_nan and isinstance(test, Range) and test.maximum is None and not is_without_nan:
            # To these engines, NaN is above every number.
            raise NotPlainError
        return column, test

    def _conjunction(self) -> tuple[Column, RuleTest, bool]:
        column, test, is_without_nan = self._term()
        while self.take("AND"):
            other, further, is_without = self._term()
            is_without_nan = is_without_nan or is_without
            if other.name != column.name:
                raise NotPlainError
            test = both_tests(test, further)
        return column, test, is_without_nan

    def _term(self) -> tuple[Column, RuleTest, bool]:
        start = self._place
        if self.take("("):
            try:
                found = self._conjunction()
                self.need(")")
            except NotPlainError:
                self._place = start
            else:
                return found
        return self._comparison()

    def _comparison(self) -> tuple[Column, RuleTest, bool]:
        token = self.peek()
        word = token.keyword
        if word in _PATTERNS and self._dialect == "duckdb":
            return self._pattern(is_whole=_PATTERNS[word])
        start = self._place
        try:
            what = self._subject()
        except NotPlainError:
            self._place = start
            literal = self.literal()
            sign = _FLIPPED.get(self.sign())
            if sign is None:
                raise
            return self._compared(self._subject(), sign, literal)
        column, kind, is_exact = what
        if kind == "value" and self.take("IS"):
            self.need("NOT")
            self.need("NULL")
            return column, Present(), False
        if self.take("BETWEEN"):
            low = self.literal()
            self.need("AND")
            high = self.literal()
            _, least, _ = self._compared(what, ">=", low)
            _, most, _ = self._compared(what, "<=", high)
            return column, both_tests(least, most), False
        is_not = self.take("NOT")
        if self.take("IN"):
            listed = self.list_of_literals()
            return column, self._among(what, listed, is_not=is_not), False
        if is_not:
            raise NotPlainError
        if self.take("%"):
            step = self.literal()
            if self.sign() != "=" or self.literal().text != "0":
                raise NotPlainError
            return column, self._multiple(column, kind, step), False
        sign = self.sign()
        if sign in ("=", "<>") and self.peek().keyword in ("ANY", "ALL"):
            if self.next().keyword != ("ANY" if sign == "=" else "ALL"):
                raise NotPlainError
            return column, self._among(what, self.array(), is_not=sign == "<>"), False
        return self._compared((column, kind, is_exact), sign, self.literal())

    def _pattern(self, *, is_whole: bool) -> tuple[Column, RuleTest, bool]:
        self.next()
        self.need("(")
        column = self._column()
        self.need(",")
        text = self.next()
        self.need(")")
        if text.kind is not TokenKind.TEXT or not pa.types.is_string(column.type):
            raise NotPlainError
        return column, Pattern(text.name, PatternSyntax.RE2, is_whole), False

    def _subject(self) -> tuple[Column, str, bool]:
        """Pass a column or its length; return the column, `value`, `length` or `size`, and whether texts are bytes."""
        word = self.peek().keyword
        is_call = self._place + 1 < len(self._parts) and self._parts[self._place + 1].keyword == "("
        if is_call and word in (*_LENGTHS[self._dialect], _SIZES.get(self._dialect)):
            self.next()
            self.need("(")
            column, kind, _ = self._subject()
            self.need(")")
            is_list = pa.types.is_list(column.type)
            if is_list and word == _SIZES.get(self._dialect) and kind == "value":
                return column, "size", True
            is_text = (
                pa.types.is_string(column.type)
                and not column.is_json
                and not is_padded(column, self._dialect)
            )
            if not is_text or word not in _LENGTHS[self._dialect] or kind != "value":
                raise NotPlainError
            return column, "length", True
        if is_call and word == "CAST" and self._dialect == "mysql":
            self.next()
            self.need("(")
            column = self._column()
            for one in ("AS", "BINARY", ")"):
                self.need(one)
            return column, "value", True
        if word == "(":
            self.next()
            found = self._subject()
            self.need(")")
            self.pass_cast()
            return found
        column = self._column()
        self.pass_cast()
        return column, "value", False

    def _column(self) -> Column:
        token = self.next()
        if token.kind not in (TokenKind.WORD, TokenKind.NAME):
            raise NotPlainError
        exact = self._table.column(token.name)
        if exact is not None:
            return exact
        folded = [one for one in self._table.columns if one.name.casefold() == token.name.casefold()]
        if len(folded) != 1 or (token.kind is TokenKind.NAME and self._dialect == "postgresql"):
            raise NotPlainError
        return folded[0]

    def _compared(
        self, what: tuple[Column, str, bool], sign: str, literal: Token
    ) -> tuple[Column, RuleTest, bool]:
        column, kind, _ = what
        if kind != "value":
            return column, length_test(sign, literal), False
        is_nan = literal.kind is TokenKind.TEXT and literal.name.lower() == "nan"
        if sign == "<>" and is_nan and pa.types.is_floating(column.type):
            return column, Range(), True
        if sign in ("=", "<>"):
            return column, self._among(what, [literal], is_not=sign == "<>"), False
        if pa.types.is_string(column.type) and self._dialect in ("postgresql", "mysql"):
            # They order texts as the database's language does.
            raise NotPlainError
        value = value_of(column, literal, self._dialect)
        if isinstance(value, bool):
            raise NotPlainError
        match sign:
            case ">" | ">=":
                return column, Range(value, None, sign == ">", False), False
            case "<" | "<=":
                return column, Range(None, value, False, sign == "<"), False
        raise NotPlainError

    def _among(self, what: tuple[Column, str, bool], listed: list[Token], *, is_not: bool) -> RuleTest:
        column, kind, is_bytes = what
        is_text = pa.types.is_string(column.type)
        if kind != "value" or (is_text and self._dialect == "mysql" and not is_bytes):
            raise NotPlainError
        if is_text and is_padded(column, self._dialect):
            raise NotPlainError
        if pa.types.is_floating(column.type) and is_not:
            raise NotPlainError
        values = tuple(value_of(column, one, self._dialect) for one in listed)
        return Present(values) if is_not else Values(values)

    def _multiple(self, column: Column, kind: str, step: Token) -> RuleTest:
        is_exact = pa.types.is_decimal(column.type) and self._dialect in ("postgresql", "mysql")
        value = value_of(column, step, self._dialect)
        is_whole = pa.types.is_integer(column.type) and isinstance(value, int)
        if kind != "value" or not (is_whole or is_exact):
            raise NotPlainError
        if isinstance(value, str | bool) or value is None or value <= 0:
            raise NotPlainError
        return MultipleOf(Decimal(value))


def _depth(parts: Iterable[Token]) -> int:
    """Return how deep brackets are in each other."""
    depth = deepest = 0
    for token in parts:
        depth += (token.keyword == "(") - (token.keyword == ")")
        deepest = max(deepest, depth)
    return deepest
