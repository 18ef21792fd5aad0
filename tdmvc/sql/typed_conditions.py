"""Reads simple conditions of CHECK as the rules that they are: ranges, lengths, lists of values, multiples."""

import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Final

import pyarrow as pa

from tdmvc.arrow.types import is_number
from tdmvc.model.rules import (
    Condition,
    Length,
    MultipleOf,
    Pattern,
    PatternSyntax,
    Present,
    Range,
    Rule,
    RuleTest,
    Value,
    Values,
)
from tdmvc.model.schema import Column, TableSchema
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
_CASTS: Final = frozenset(
    {"TEXT", "NUMERIC", "DATE", "SMALLINT", "INTEGER", "BIGINT", "VARCHAR", "CHARACTER"}
)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?")
_LARGEST_OF_FLOAT32: Final = 2**24
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
    except _NotPlainError:
        return rule
    return replace(rule, columns=(column.name,), test=test)


def typed_rules(table: TableSchema, rules: Iterable[Rule] | None = None) -> tuple[Rule, ...]:
    """Return the rules of a table, or some of them, each with the plainest test."""
    return tuple(typed_rule(rule, table) for rule in (table.rules if rules is None else rules))


class _NotPlainError(Exception):
    """A condition is none of the simple ones, or may mean something else."""


class _Reader:
    """Reads one condition from its first token to its last."""

    def __init__(self, parts: list[Token], table: TableSchema, dialect: str) -> None:
        self._parts, self._table, self._dialect = parts, table, dialect
        self._place = 0

    def read(self) -> tuple[Column, RuleTest]:
        column, test, is_without_nan = self._conjunction()
        if self._place < len(self._parts):
            raise _NotPlainError
        if test == Range():
            raise _NotPlainError
        has_nan = pa.types.is_floating(column.type) and self._dialect in ("postgresql", "duckdb")
        if has_nan and isinstance(test, Range) and test.maximum is None and not is_without_nan:
            # To these engines, NaN is above every number.
            raise _NotPlainError
        return column, test

    def _conjunction(self) -> tuple[Column, RuleTest, bool]:
        column, test, is_without_nan = self._term()
        while self._take("AND"):
            other, further, is_without = self._term()
            is_without_nan = is_without_nan or is_without
            if other.name != column.name:
                raise _NotPlainError
            test = _both(test, further)
        return column, test, is_without_nan

    def _term(self) -> tuple[Column, RuleTest, bool]:
        start = self._place
        if self._take("("):
            try:
                found = self._conjunction()
                self._need(")")
            except _NotPlainError:
                self._place = start
            else:
                return found
        return self._comparison()

    def _comparison(self) -> tuple[Column, RuleTest, bool]:
        token = self._peek()
        word = token.keyword
        if word in _PATTERNS and self._dialect == "duckdb":
            return self._pattern(is_whole=_PATTERNS[word])
        start = self._place
        try:
            what = self._subject()
        except _NotPlainError:
            self._place = start
            literal = self._literal()
            sign = _FLIPPED.get(self._sign())
            if sign is None:
                raise
            return self._compared(self._subject(), sign, literal)
        column, kind, is_exact = what
        if kind == "value" and self._take("IS"):
            self._need("NOT")
            self._need("NULL")
            return column, Present(), False
        if self._take("BETWEEN"):
            low = self._literal()
            self._need("AND")
            high = self._literal()
            _, least, _ = self._compared(what, ">=", low)
            _, most, _ = self._compared(what, "<=", high)
            return column, _both(least, most), False
        is_not = self._take("NOT")
        if self._take("IN"):
            listed = self._list()
            return column, self._among(what, listed, is_not=is_not), False
        if is_not:
            raise _NotPlainError
        if self._take("%"):
            step = self._literal()
            if self._sign() != "=" or self._literal().text != "0":
                raise _NotPlainError
            return column, self._multiple(column, kind, step), False
        sign = self._sign()
        if sign in ("=", "<>") and self._peek().keyword in ("ANY", "ALL"):
            if self._next().keyword != ("ANY" if sign == "=" else "ALL"):
                raise _NotPlainError
            return column, self._among(what, self._array(), is_not=sign == "<>"), False
        return self._compared((column, kind, is_exact), sign, self._literal())

    def _pattern(self, *, is_whole: bool) -> tuple[Column, RuleTest, bool]:
        self._next()
        self._need("(")
        column = self._column()
        self._need(",")
        text = self._next()
        self._need(")")
        if text.kind is not TokenKind.TEXT or not pa.types.is_string(column.type):
            raise _NotPlainError
        return column, Pattern(text.name, PatternSyntax.RE2, is_whole), False

    def _subject(self) -> tuple[Column, str, bool]:
        """Pass a column or its length; return the column, `value`, `length` or `size`, and whether texts are bytes."""
        word = self._peek().keyword
        is_call = self._place + 1 < len(self._parts) and self._parts[self._place + 1].keyword == "("
        if is_call and word in (*_LENGTHS[self._dialect], _SIZES.get(self._dialect)):
            self._next()
            self._need("(")
            column, kind, _ = self._subject()
            self._need(")")
            is_list = pa.types.is_list(column.type)
            if is_list and word == _SIZES.get(self._dialect) and kind == "value":
                return column, "size", True
            is_text = pa.types.is_string(column.type) and not column.is_json and not self._is_padded(column)
            if not is_text or word not in _LENGTHS[self._dialect] or kind != "value":
                raise _NotPlainError
            return column, "length", True
        if is_call and word == "CAST" and self._dialect == "mysql":
            self._next()
            self._need("(")
            column = self._column()
            for one in ("AS", "BINARY", ")"):
                self._need(one)
            return column, "value", True
        if word == "(":
            self._next()
            found = self._subject()
            self._need(")")
            self._pass_cast()
            return found
        column = self._column()
        self._pass_cast()
        return column, "value", False

    def _column(self) -> Column:
        token = self._next()
        if token.kind not in (TokenKind.WORD, TokenKind.NAME):
            raise _NotPlainError
        exact = self._table.column(token.name)
        if exact is not None:
            return exact
        folded = [one for one in self._table.columns if one.name.casefold() == token.name.casefold()]
        if len(folded) != 1 or (token.kind is TokenKind.NAME and self._dialect == "postgresql"):
            raise _NotPlainError
        return folded[0]

    def _pass_cast(self) -> None:
        """Pass what PostgreSQL's catalog puts behind values: a cast to the type that they have."""
        while self._take("::"):
            if self._next().keyword not in _CASTS:
                raise _NotPlainError
            self._take("VARYING")
            if self._peek_word() == "(" and self._parts[self._place + 1].kind is TokenKind.NUMBER:
                # A length would cut a text.
                raise _NotPlainError

    def _literal(self) -> Token:
        if self._take("("):
            found = self._literal()
            self._need(")")
            self._pass_cast()
            return found
        token = self._next()
        if token.keyword == "-":
            number = self._next()
            if number.kind is not TokenKind.NUMBER:
                raise _NotPlainError
            token = replace(number, text=f"-{number.text}")
        is_value = token.kind in (TokenKind.NUMBER, TokenKind.TEXT) or token.keyword in ("TRUE", "FALSE")
        if not is_value:
            raise _NotPlainError
        self._pass_cast()
        return token

    def _list(self) -> list[Token]:
        self._need("(")
        found = [self._literal()]
        while self._take(","):
            found.append(self._literal())
        self._need(")")
        return found

    def _array(self) -> list[Token]:
        """Pass `(ARRAY['a', 'b'])`, whose brackets and what they hold are one token, a name in brackets."""
        self._need("(")
        is_wrapped = self._take("(")
        self._need("ARRAY")
        inner = _Reader(tokens(self._next().text[1:-1]), self._table, self._dialect)
        found = inner.literals()
        for _ in range(2 if is_wrapped else 1):
            if self._take("::") and (self._next().keyword not in _CASTS or self._next().text != "[]"):
                raise _NotPlainError
            self._need(")")
        return found

    def literals(self) -> list[Token]:
        """Return all that there is as a list of values."""
        found = [self._literal()]
        while self._take(","):
            found.append(self._literal())
        if self._place < len(self._parts):
            raise _NotPlainError
        return found

    def _sign(self) -> str:
        sign = self._next().keyword
        return {"==": "=", "!=": "<>"}.get(sign, sign)

    def _compared(
        self, what: tuple[Column, str, bool], sign: str, literal: Token
    ) -> tuple[Column, RuleTest, bool]:
        column, kind, _ = what
        if kind != "value":
            return column, _length(sign, literal), False
        is_nan = literal.kind is TokenKind.TEXT and literal.name.lower() == "nan"
        if sign == "<>" and is_nan and pa.types.is_floating(column.type):
            return column, Range(), True
        if sign in ("=", "<>"):
            return column, self._among(what, [literal], is_not=sign == "<>"), False
        if pa.types.is_string(column.type) and self._dialect in ("postgresql", "mysql"):
            # They order texts as the database's language does.
            raise _NotPlainError
        value = self._value(column, literal)
        if isinstance(value, bool):
            raise _NotPlainError
        match sign:
            case ">" | ">=":
                return column, Range(value, None, sign == ">", False), False
            case "<" | "<=":
                return column, Range(None, value, False, sign == "<"), False
        raise _NotPlainError

    def _among(self, what: tuple[Column, str, bool], listed: list[Token], *, is_not: bool) -> RuleTest:
        column, kind, is_bytes = what
        is_text = pa.types.is_string(column.type)
        if kind != "value" or (is_text and self._dialect == "mysql" and not is_bytes):
            raise _NotPlainError
        if is_text and self._is_padded(column):
            raise _NotPlainError
        if pa.types.is_floating(column.type) and is_not:
            raise _NotPlainError
        values = tuple(self._value(column, one) for one in listed)
        return Present(values) if is_not else Values(values)

    def _multiple(self, column: Column, kind: str, step: Token) -> RuleTest:
        is_exact = pa.types.is_decimal(column.type) and self._dialect in ("postgresql", "mysql")
        value = self._value(column, step)
        is_whole = pa.types.is_integer(column.type) and isinstance(value, int)
        if kind != "value" or not (is_whole or is_exact):
            raise _NotPlainError
        if isinstance(value, str | bool) or value is None or value <= 0:
            raise _NotPlainError
        return MultipleOf(Decimal(value))

    def _is_padded(self, column: Column) -> bool:
        """Whether an engine ignores blanks at the end of the texts of a column."""
        return self._dialect == "postgresql" and bool(
            re.match(r"(?:bp)?char(?:acter)?\b(?! varying)", column.declared_type)
        )

    def _value(self, column: Column, literal: Token) -> Value:
        """Return what a literal is that is compared with values of a column."""
        type_ = column.type
        if pa.types.is_boolean(type_):
            if literal.keyword in ("TRUE", "FALSE"):
                return literal.keyword == "TRUE"
            if self._dialect in ("mysql", "sqlite") and literal.text in ("0", "1"):
                return literal.text == "1"
            raise _NotPlainError
        if literal.kind is TokenKind.NUMBER and is_number(type_):
            return _number(literal, column)
        if literal.kind is not TokenKind.TEXT:
            raise _NotPlainError
        return self._text(literal, column)

    def _text(self, literal: Token, column: Column) -> str:
        type_, text = column.type, literal.name
        if pa.types.is_date(type_) and _DAY.fullmatch(text):
            return text
        is_local = pa.types.is_timestamp(type_) and type_.tz is None
        if is_local and self._dialect != "sqlite" and _MOMENT.fullmatch(text):
            return text
        if not pa.types.is_string(type_) or column.is_json or column.collation is not None:
            raise _NotPlainError
        if self._dialect == "mysql" and "\\" in text:
            if re.fullmatch(r"(?:[^\\]|\\\\)*", text, re.S) is None:
                raise _NotPlainError
            text = text.replace("\\\\", "\\")
        return text

    def _peek(self) -> Token:
        if self._place >= len(self._parts):
            raise _NotPlainError
        return self._parts[self._place]

    def _peek_word(self) -> str:
        return self._parts[self._place].keyword if self._place < len(self._parts) else ""

    def _next(self) -> Token:
        token = self._peek()
        self._place += 1
        return token

    def _take(self, word: str) -> bool:
        if self._peek_word() != word:
            return False
        self._place += 1
        return True

    def _need(self, word: str) -> None:
        if not self._take(word):
            raise _NotPlainError


def _depth(parts: Iterable[Token]) -> int:
    """Return how deep brackets are in each other."""
    depth = deepest = 0
    for token in parts:
        depth += (token.keyword == "(") - (token.keyword == ")")
        deepest = max(deepest, depth)
    return deepest


def _number(literal: Token, column: Column) -> Value:
    text = literal.text
    if re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", text) is None:
        raise _NotPlainError
    value: int | Decimal = int(text) if "." not in text else Decimal(text)
    is_small = value == int(value) and -_LARGEST_OF_FLOAT32 <= value <= _LARGEST_OF_FLOAT32
    if column.type == pa.float32() and not is_small:
        # Engines differ in whether they round the number first.
        raise _NotPlainError
    return value


def _length(sign: str, literal: Token) -> RuleTest:
    if literal.kind is not TokenKind.NUMBER or re.fullmatch("[0-9]{1,9}", literal.text) is None:
        raise _NotPlainError
    number = int(literal.text)
    match sign:
        case ">=":
            return Length(minimum=number)
        case ">":
            return Length(minimum=number + 1)
        case "<=":
            return Length(maximum=number)
        case "<" if number > 0:
            return Length(maximum=number - 1)
        case "=":
            return Length(number, number)
    raise _NotPlainError


def _both(one: RuleTest, other: RuleTest) -> RuleTest:
    """Return the test that two together are."""
    match one, other:
        case Range(None, None), Range():
            return other
        case Range(), Range(None, None):
            return one
        case Range(least, None), Range(None, most):
            return Range(least, most, one.excludes_minimum, other.excludes_maximum)
        case Range(None, _), Range(_, None):
            return _both(other, one)
        case Length(int() as fewest, None), Length(None, int() as longest):
            return Length(fewest, longest)
        case Length(None, _), Length(_, None):
            return _both(other, one)
        case Present(before), Present(after):
            return Present(tuple(dict.fromkeys((*before, *after))))
    raise _NotPlainError
