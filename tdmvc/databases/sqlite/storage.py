"""How a canonical column is declared in SQLite, and how its values are stored."""

import json
import math
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from enum import StrEnum
from functools import cache

import pyarrow as pa

from tdmvc.arrow.compute import call_function
from tdmvc.arrow.far_times import time_texts
from tdmvc.arrow.types import MAX_INT64, MIN_INT64, SIMPLE, format_type
from tdmvc.arrow.values import json_value, python_values
from tdmvc.model.schema import Column
from tdmvc.sql.time_forms import default_form, form_for

_DECLARABLE = re.compile(r"[A-Za-z_]\w*(?: [A-Za-z_]\w*)*\s*(?:\(\s*\d+\s*(?:,\s*\d+\s*)?\))?", re.ASCII)
_ENDS_A_TYPE = frozenset(
    [
        "AS",
        "CHECK",
        "COLLATE",
        "CONSTRAINT",
        "DEFAULT",
        "FOREIGN",
        "GENERATED",
        "NOT",
        "NULL",
        "ON",
        "PRIMARY",
        "REFERENCES",
        "UNIQUE",
    ]
)
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_SAFE_DECIMAL_DIGITS = 15
"""Every decimal of so many digits is the shortest form of its float."""


class Affinity(StrEnum):
    """What SQLite turns values of a column into, by its declared type (sqlite.org/datatype3.html)."""

    INTEGER = "integer"
    TEXT = "text"
    NONE = "none"
    REAL = "real"
    NUMERIC = "numeric"


_NUMBERS = {Affinity.INTEGER, Affinity.NUMERIC}
_CONVERTS_TEXT = {Affinity.INTEGER, Affinity.NUMERIC, Affinity.REAL}


def affinity(declared: str) -> Affinity:
    """Return the affinity of a declared type, by SQLite's own rules in their order."""
    upper = declared.upper()
    if "INT" in upper:
        return Affinity.INTEGER
    if any(word in upper for word in ("CHAR", "CLOB", "TEXT")):
        return Affinity.TEXT
    if "BLOB" in upper or not upper:
        return Affinity.NONE
    if any(word in upper for word in ("REAL", "FLOA", "DOUB")):
        return Affinity.REAL
    return Affinity.NUMERIC


def declare(column: Column) -> str:
    """Return the declared type for a column: that of its source if it keeps the values."""
    if column.physical_type is None:
        return canonical_declaration(column.type)
    declared = column.physical_type.strip()
    if affinity(declared) in _allowed(column.type) and (not declared or is_declarable(declared)):
        return declared
    return canonical_declaration(column.type)


def canonical_declaration(type_: pa.DataType) -> str:
    """Return a declaration that is read as the same type again."""
    if pa.types.is_nested(type_):
        return "JSON"
    if pa.types.is_integer(type_):
        return "INTEGER"
    if pa.types.is_floating(type_):
        return "REAL"
    if type_ == SIMPLE["binary"]:
        return "BLOB"
    return "TEXT" if type_ == SIMPLE["string"] else format_type(type_)


def _allowed(type_: pa.DataType) -> set[Affinity]:
    if pa.types.is_integer(type_) or type_ == SIMPLE["bool"]:
        return _NUMBERS | {Affinity.NONE}
    if pa.types.is_floating(type_):
        return _NUMBERS | {Affinity.REAL, Affinity.NONE}
    if pa.types.is_decimal(type_):
        return _NUMBERS | {Affinity.REAL, Affinity.TEXT}
    if type_ == SIMPLE["string"] or type_ == SIMPLE["binary"]:
        return set(Affinity)
    return {Affinity.TEXT, Affinity.NONE, Affinity.NUMERIC}


def is_declarable(declared: str) -> bool:
    """Whether SQLite takes a type as it is written."""
    if not _DECLARABLE.fullmatch(declared) or _ENDS_A_TYPE & set(re.split(r"\W+", declared.upper())):
        return False
    with closing(sqlite3.connect(":memory:")) as scratch:
        try:
            scratch.execute(f"CREATE TABLE t (c {declared})")
        except sqlite3.OperationalError:
            return False
        # SQLite writes INT, TEXT and a few others in capitals.
        query = "SELECT type = ? COLLATE NOCASE FROM pragma_table_info('t')"
        return bool(scratch.execute(query, (declared,)).fetchone()[0])


def may_convert(column: Column, declared: str) -> bool:
    """Whether SQLite could turn some text of the column into another value under this declaration."""
    if affinity(declared) not in _CONVERTS_TEXT:
        return False
    if pa.types.is_decimal(column.type):
        return bool(column.type.precision > _SAFE_DECIMAL_DIGITS)
    return bool(column.type == SIMPLE["uint64"] or column.type == SIMPLE["string"])


def is_number_text(text: str) -> bool:
    """Whether SQLite takes a text for a number, in a column whose type is one of numbers."""
    return _NUMBER.fullmatch(text) is not None


def is_kept(text: str, type_: pa.DataType, declared: str) -> bool:
    """Whether a text that SQLite may take for a number comes back as it is."""
    if not is_number_text(text):
        return True
    is_real = affinity(declared) is Affinity.REAL
    if type_ != SIMPLE["string"]:
        is_integer = text.lstrip("-").isdigit() and MIN_INT64 <= int(text) <= MAX_INT64 and not is_real
        return is_integer or (Decimal(repr(float(text))) == Decimal(text) and _is_read_exactly(text))
    if text.lstrip("-").isdigit() and len(text) < 20:
        return text == str(int(text)) and MIN_INT64 <= int(text) <= MAX_INT64 and not is_real
    return text == repr(float(text)) and not float(text).is_integer() and _is_read_exactly(text)


def _is_read_exactly(text: str) -> bool:
    """Whether SQLite reads the number as its nearest float, which it misses if the exponent is large."""
    (number,) = _scratch().execute("SELECT CAST(? AS REAL)", (text,)).fetchone()
    return bool(number == float(text))


@cache
def _scratch() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", check_same_thread=False)


def format_values(array: pa.Array, column: Column) -> list[object]:
    """Return values for SQLite's driver: exact text for decimals, times as the column has them, JSON for lists.

    A NaN becomes null: SQLite has none.
    """
    type_ = array.type
    if pa.types.is_dictionary(type_):
        return format_values(array.dictionary_decode(), column)
    if pa.types.is_timestamp(type_) or pa.types.is_time(type_):
        return _times(array, column)
    if pa.types.is_date(type_):
        return list(time_texts(array))
    if pa.types.is_decimal(type_):
        return _each(array, lambda value: format(value, "f"))
    if pa.types.is_nested(type_):
        return [None if value is None else _json(value) for value in python_values(array)]
    if pa.types.is_boolean(type_):
        return _each(array, int)
    if pa.types.is_floating(type_):
        return (
            _each(array, lambda value: None if math.isnan(value) else value)
            if count_nan(array)
            else list(array.to_pylist())
        )
    if type_ == SIMPLE["uint64"]:
        return _each(array, lambda value: value if value <= MAX_INT64 else str(value))
    return list(array.to_pylist())


def count_nan(array: pa.Array) -> int:
    """Return how many values of a column of floats are NaN; zero for other columns."""
    if not pa.types.is_floating(array.type):
        return 0
    return int(call_function("sum", [call_function("is_nan", [array])]).as_py() or 0)


def _each(array: pa.Array, convert: Callable[..., object]) -> list[object]:
    return [None if value is None else convert(value) for value in array.to_pylist()]


def _times(array: pa.Array, column: Column) -> list[object]:
    has_date = pa.types.is_timestamp(array.type)
    has_zone = has_date and array.type.tz is not None
    form = form_for(column.text_form, has_date=has_date, has_zone=has_zone)
    if form != default_form(has_date=has_date, has_zone=has_zone):
        return _each(array, form.format)
    plain = array.cast(pa.timestamp("us") if has_date else pa.time64("us"))
    texts = time_texts(plain) if has_date else plain.cast(pa.string()).to_pylist()
    return [None if text is None else _short(text) + form.zone for text in texts]


def _short(text: str) -> str:
    return text.removesuffix(".000000")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=json_value)
