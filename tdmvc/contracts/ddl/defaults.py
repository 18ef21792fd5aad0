"""What DEFAULT gives a column: a literal where there is one, else the expression, as each engine's catalog says it."""

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

import pyarrow as pa

from tdmvc.model.declarations import Default
from tdmvc.sql.postgres_defaults import read_default as read_postgres_default
from tdmvc.sql.tokens import Token, TokenKind, unwrapped

_CLOCK = re.compile(r"(?:current_timestamp|now|localtimestamp|localtime)\s*(?:\(\s*0?\s*\))?", re.IGNORECASE)
_BITS = re.compile(r"b'([01]*)'", re.IGNORECASE)
_ESCAPED = re.compile(r"''|\\(.)", re.DOTALL)
_ESCAPES = {"0": "\0", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a", "b": "\b"}


def read_default(text: str, tokens: Sequence[Token], type_: pa.DataType, dialect: str) -> Default | None:
    """Return what an SQL text behind DEFAULT gives a column; None if it is null."""
    if dialect == "postgresql":
        return read_postgres_default(unwrapped(text), type_)
    bare = unwrapped(text).strip() if dialect != "mysql" else text
    if bare.upper() == "NULL":
        return None
    literal = _literal(bare, tokens, type_, dialect)
    if literal is not None:
        return Default(literal=literal)
    if dialect == "mysql":
        return Default(expression=clock(unwrapped(text)), dialect=dialect)
    return Default(expression=bare, dialect=dialect)


def clock(expression: str) -> str:
    """Return an expression of MySQL with one spelling of the clock."""
    return "CURRENT_TIMESTAMP" if _CLOCK.fullmatch(expression.strip()) else expression


def text_of(token: Token, dialect: str) -> str:
    """Return the text that a token means."""
    written = token.text
    if dialect == "mysql":
        inner = written[written.index(written[-1]) + 1 : -1]
        return _ESCAPED.sub(
            lambda found: "'" if found[0] == "''" else _ESCAPES.get(found[1], found[1]), inner
        )
    if written.startswith("$"):
        return written[written.index("$", 1) + 1 : written.rindex("$", 0, -1)]
    opening = written.index("'")
    inner = written[opening + 1 : -1].replace("''", "'")
    return inner.replace("\\\\", "\\") if written[:1] in "eE" else inner


def _literal(bare: str, tokens: Sequence[Token], type_: pa.DataType, dialect: str) -> str | None:
    parts = list(tokens)
    while len(parts) > 2 and parts[0].keyword == "(" and parts[-1].keyword == ")":
        parts = parts[1:-1]
    sign = ""
    while parts and parts[0].keyword in ("+", "-"):
        sign = "-" if (parts[0].keyword == "-") != (sign == "-") else ""
        parts = parts[1:]
    if len(parts) != 1:
        return None
    token = parts[0]
    is_flag = pa.types.is_boolean(type_)
    if dialect == "mysql" and (bits := _BITS.fullmatch(token.text)) is not None:
        return ("true" if bits[1] == "1" else "false") if is_flag else bits[1]
    if token.kind is TokenKind.TEXT:
        text = text_of(token, dialect)
        if dialect == "mysql" and is_flag and text in ("0", "1"):
            return "true" if text == "1" else "false"
        if dialect == "mysql" and pa.types.is_decimal(type_):
            return _scaled(text, type_)
        return text
    if token.kind is TokenKind.NUMBER:
        if is_flag and token.text in ("0", "1"):
            return "true" if token.text == "1" else "false"
        number = sign + token.text
        return _scaled(number, type_) if pa.types.is_decimal(type_) and dialect != "sqlite" else number
    word = token.keyword
    if word in ("TRUE", "FALSE"):
        if dialect == "mysql" and not is_flag:
            return "1" if word == "TRUE" else "0"
        return word.lower()
    return None


def _scaled(text: str, type_: pa.DataType) -> str:
    try:
        return str(Decimal(text).quantize(Decimal(1).scaleb(-type_.scale)))
    except InvalidOperation:
        return text
