"""What DEFAULT of PostgreSQL gives a column, by the text that its catalog and pg_dump write."""

import re
from decimal import Decimal, InvalidOperation

import pyarrow as pa

from tdmvc.arrow.types import is_number
from tdmvc.model.declarations import Default

_LITERAL = re.compile(
    r"""
    (?: (?P<number> -?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)? )
      | \( (?P<negative> -[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)? ) \)
      | (?P<word> true | false )
      | (?P<escaped> E? ) '(?P<text> (?:[^']|'')* )'
    )
    (?: :: (?P<type> (?:[^()'] | \([0-9, -]+\) )+ ) )?
    """,
    re.VERBOSE | re.DOTALL,
)


def read_default(expression: str, type_: pa.DataType) -> Default | None:
    """Return a default as the value that it is, else as an expression; None for NULL."""
    if expression.partition("::")[0] == "NULL":
        return None
    found = _LITERAL.fullmatch(expression)
    if found is None or pa.types.is_nested(type_) or pa.types.is_binary(type_):
        return Default(expression=expression, dialect="postgresql")
    number = found["number"] or found["negative"]
    if number is not None:
        is_whole = found["type"] is None and is_number(type_)
        return Default(literal=_as_column(number, type_)) if is_whole else _other(expression)
    if found["word"] is not None:
        return Default(literal=found["word"]) if pa.types.is_boolean(type_) else _other(expression)
    text = found["text"].replace("''", "'")
    if found["escaped"]:
        if re.search(r"\\[^\\]", text.replace("\\\\", "")):
            return _other(expression)
        text = text.replace("\\\\", "\\")
    return Default(literal=_as_column(text, type_))


def _other(expression: str) -> Default:
    return Default(expression=expression, dialect="postgresql")


def _as_column(text: str, type_: pa.DataType) -> str:
    """Return a number with the digits that the column gives it."""
    if not pa.types.is_decimal(type_):
        return text
    try:
        return str(Decimal(text).quantize(Decimal(1).scaleb(-type_.scale)))
    except InvalidOperation:
        return text
