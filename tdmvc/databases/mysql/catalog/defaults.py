"""What DEFAULT gives a column: a literal where there is one, else the expression."""

import re

import pyarrow as pa

from tdmvc.databases.mysql.catalog.types import MysqlColumn
from tdmvc.databases.mysql.names import DIALECT, text_literal, without_escapes
from tdmvc.model.declarations import Default

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_TEXT = re.compile(r"'((?:[^'\\]|''|\\.)*)'", re.DOTALL)
_BITS = re.compile(r"b'([01]*)'", re.IGNORECASE)
_ESCAPED = re.compile(r"''|\\(.)", re.DOTALL)
_ESCAPES = {"0": "\0", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a", "b": "\b"}
_ON_UPDATE = re.compile(r"on update (.+?)(?=\s+(?:invisible|default_generated)|\Z)")
_CLOCK = re.compile(r"(?:current_timestamp|now)\s*(?:\(\s*0?\s*\))?", re.IGNORECASE)


def read_default(column: MysqlColumn, type_: pa.DataType, *, is_mariadb: bool) -> Default | None:
    """Return the default of a column; None if it is null.

    An `ON UPDATE` follows the expression, as it follows DEFAULT in SQL.

    Args:
        type_: the canonical type of the column.
        is_mariadb: MariaDB's catalog writes defaults as SQL, that of MySQL texts without quotes.
    """
    default = _read(column, type_, is_mariadb=is_mariadb)
    updated = _ON_UPDATE.search(column.extra)
    if updated is None:
        return default
    if default is None:
        words = "NULL"
    elif default.literal is not None:
        words = text_literal(default.literal)
    else:
        words = str(default.expression)
    return Default(expression=f"{words} ON UPDATE {_clock(updated[1])}", dialect=DIALECT)


def _read(column: MysqlColumn, type_: pa.DataType, *, is_mariadb: bool) -> Default | None:
    written = column.default
    if written is None or column.generation or (is_mariadb and written.upper() == "NULL"):
        return None
    if not is_mariadb and "default_generated" in column.extra:
        return Default(expression=_clock(without_escapes(written)), dialect=DIALECT)
    bits = _BITS.fullmatch(written)
    if bits is not None:
        digits = bits[1].rjust(column.precision or 1, "0")
        return Default(literal=_flag(digits) if pa.types.is_boolean(type_) else digits)
    if not is_mariadb:
        # Before MySQL 8 told which defaults are expressions, the clock was the only one.
        is_clock = column.kind in ("timestamp", "datetime") and "current_timestamp" in written.lower()
        if is_clock:
            return Default(expression=_clock(written), dialect=DIALECT)
        return _literal(written, type_)
    text = _TEXT.fullmatch(written)
    if text is not None:
        return _literal(_ESCAPED.sub(_unescaped, text[1]), type_)
    if _NUMBER.fullmatch(written):
        return _literal(written, type_)
    return Default(expression=_clock(written), dialect=DIALECT)


def _literal(text: str, type_: pa.DataType) -> Default | None:
    if pa.types.is_binary(type_) and not (text.isascii() and text.isprintable()):
        return None
    return Default(literal=_flag(text) if pa.types.is_boolean(type_) and text in ("0", "1") else text)


def _flag(digit: str) -> str:
    return "true" if digit == "1" else "false"


def _unescaped(found: re.Match[str]) -> str:
    return "'" if found[0] == "''" else _ESCAPES.get(found[1], found[1])


def _clock(expression: str) -> str:
    """Return an expression with one spelling of the clock, which MySQL and MariaDB show differently."""
    return "CURRENT_TIMESTAMP" if _CLOCK.fullmatch(expression.strip()) else expression
