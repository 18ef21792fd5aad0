"""Values that a rule names, as SQL of a column's type."""

import math
import re
from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from tdmvc.checks.predicates.errors import InexactError
from tdmvc.checks.predicates.floats import is_value, nearest, readable
from tdmvc.checks.predicates.ordinals import Ordinals, number
from tdmvc.model.rules import Value
from tdmvc.model.schema import Column
from tdmvc.sql.quoting import quote_text
from tdmvc.sql.types import duckdb_type

_FEW: Final = 1_000
_SEPARATOR: Final = "\x1f"
_PLAIN = re.compile(r"'((?:[^']|'')*+)'|CAST\('([^']*+)' AS [A-Z0-9_(), ]+\)", re.S)
"""A text as SQL, or a value as the cast of one."""


def text_literal(text: str) -> str:
    """Return a text as SQL, whatever characters it has.

    Raises:
        InexactError: it is no Unicode text.
    """
    try:
        data = text.encode()
    except UnicodeEncodeError:
        raise InexactError("it names a text with half of a surrogate pair, which no column holds") from None
    # Text of SQL ends at a NUL.
    return f"decode(unhex('{data.hex()}'))" if "\0" in text else quote_text(text)


def float_literal(value: float, type_: pa.DataType) -> str:
    """Return a floating-point number as SQL."""
    text = ("-" if value < 0 else "") + "inf" if math.isinf(value) else repr(value)
    return f"CAST({quote_text(text)} AS {duckdb_type(type_)})"


def is_nan(value: str) -> str:
    """Return a condition that is true for NaN.

    DuckDB takes `isnan` for false, and skips rows, by the statistics of Parquet files, which leave NaN out.
    """
    return f"(NOT isfinite({value}) AND NOT isinf({value}))"


def listed(literals: Sequence[str], column: Column) -> str:
    """Return literals of a column's type as what follows IN: one by one, or, of many, as a query of one text.

    DuckDB takes minutes to read 200,000 expressions, and less than a second for the text that has them all.
    """
    one_by_one = ", ".join(literals)
    if len(literals) <= _FEW or _SEPARATOR in one_by_one:
        return one_by_one
    found = [_PLAIN.fullmatch(one) for one in literals]
    texts = [
        (one[1] if one[1] is not None else one[2]).replace("''", "'") for one in found if one is not None
    ]
    if len(texts) < len(literals):
        return one_by_one
    separated = f"string_split({quote_text(_SEPARATOR.join(texts))}, chr({ord(_SEPARATOR)}))"
    return f"SELECT CAST(unnest({separated}) AS {duckdb_type(column.type)})"


def equal_literal(value: Value, column: Column) -> str | None:
    """Return the one value of the column that is equal to a value that a rule names; None if there is none.

    A text is never equal to a number, nor a number to a Boolean. A date or a time is named by its text.

    Raises:
        InexactError: values of the column's type are not compared in SQL.
    """
    type_ = column.type
    if pa.types.is_nested(type_) or pa.types.is_binary(type_) or column.is_json:
        kind = "JSON" if column.is_json else column.type_text
        raise InexactError(f"its type is {kind}, whose values a rule cannot name")
    if value is None:
        return None
    if pa.types.is_boolean(type_):
        return str(value).lower() if isinstance(value, bool) else None
    if pa.types.is_string(type_):
        return _text_or_none(value)
    try:
        if pa.types.is_floating(type_):
            named = readable(number(value, type_), type_)
            found = nearest(named, type_)
            return float_literal(found, type_) if is_value(found, named) else None
        return _ordinal_or_none(value, type_)
    except InexactError:
        return None


def _text_or_none(value: Value) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        return text_literal(value)
    except InexactError:
        return None


def _ordinal_or_none(value: Value, type_: pa.DataType) -> str | None:
    ordinals = Ordinals.of(type_)
    place = ordinals.place(value) if ordinals else None
    if ordinals is None or place is None or place.denominator != 1:
        return None
    is_below = ordinals.first is not None and place < ordinals.first
    is_above = ordinals.last is not None and place > ordinals.last
    return None if is_below or is_above else ordinals.literal(int(place))
