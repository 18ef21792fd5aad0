"""What the values of a condition are, and which tests two of them come to."""

import re
import struct
from decimal import Decimal
from typing import Final

import pyarrow as pa

from tdmvc.arrow.types import is_number
from tdmvc.model.rules import Length, Present, Range, RuleTest, Value
from tdmvc.model.schema import Column
from tdmvc.sql.condition_tokens import NotPlainError
from tdmvc.sql.tokens import Token, TokenKind

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?")


def value_of(column: Column, literal: Token, dialect: str) -> Value:
    """Return what a literal is that is compared with values of a column."""
    type_ = column.type
    if pa.types.is_boolean(type_):
        if literal.keyword in ("TRUE", "FALSE"):
            return literal.keyword == "TRUE"
        if dialect in ("mysql", "sqlite") and literal.text in ("0", "1"):
            return literal.text == "1"
        raise NotPlainError
    if literal.kind is TokenKind.NUMBER and is_number(type_):
        return _number(literal, column)
    if literal.kind is not TokenKind.TEXT:
        raise NotPlainError
    return _text(literal, column, dialect)


def is_padded(column: Column, dialect: str) -> bool:
    """Whether an engine ignores blanks at the end of the texts of a column."""
    return dialect == "postgresql" and bool(
        re.match(r"(?:bp)?char(?:acter)?\b(?! varying)", column.declared_type)
    )


def length_test(sign: str, literal: Token) -> RuleTest:
    if literal.kind is not TokenKind.NUMBER or re.fullmatch("[0-9]{1,9}", literal.text) is None:
        raise NotPlainError
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
    raise NotPlainError


def both_tests(one: RuleTest, other: RuleTest) -> RuleTest:
    """Return the test that two together are."""
    match one, other:
        case Range(None, None), Range():
            return other
        case Range(), Range(None, None):
            return one
        case Range(least, None), Range(None, most):
            return Range(least, most, one.excludes_minimum, other.excludes_maximum)
        case Range(None, _), Range(_, None):
            return both_tests(other, one)
        case Length(int() as fewest, None), Length(None, int() as longest):
            return Length(fewest, longest)
        case Length(None, _), Length(_, None):
            return both_tests(other, one)
        case Present(before), Present(after):
            return Present(tuple(dict.fromkeys((*before, *after))))
    raise NotPlainError


def _text(literal: Token, column: Column, dialect: str) -> str:
    type_, text = column.type, literal.name
    if pa.types.is_date(type_) and _DAY.fullmatch(text):
        return text
    is_local = pa.types.is_timestamp(type_) and type_.tz is None
    if is_local and dialect != "sqlite" and _MOMENT.fullmatch(text):
        return text
    if not pa.types.is_string(type_) or column.is_json or column.collation is not None:
        raise NotPlainError
    if dialect == "mysql" and "\\" in text:
        if re.fullmatch(r"(?:[^\\]|\\\\)*", text, re.S) is None:
            raise NotPlainError
        text = text.replace("\\\\", "\\")
    return text


def _number(literal: Token, column: Column) -> Value:
    text = literal.text
    if re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", text) is None:
        raise NotPlainError
    value: int | Decimal = int(text) if "." not in text else Decimal(text)
    if column.type == pa.float32() and not _is_float32(value):
        # Engines differ in whether they round the number first.
        raise NotPlainError
    return value


def _is_float32(value: int | Decimal) -> bool:
    """Whether a number is a 32-bit float as it is written."""
    try:
        (rounded,) = struct.unpack("f", struct.pack("f", value))
    except OverflowError:
        return False
    return Decimal(rounded) == value
