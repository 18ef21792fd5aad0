"""Which type a column of texts has: the narrowest that gives every text back as it is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntFlag

import pyarrow as pa

from tdmvc.arrow.types import SIMPLE, decimal_type
from tdmvc.model.schema import UNTYPED, Column
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name, quote_names
from tdmvc.sql.text_forms import has_forms, shape_expression, text_form
from tdmvc.sql.types import duckdb_type

_SAMPLE_ROWS = 20_000

_FIXED = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?"
_EXPONENT = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?[eE][+-]?[0-9]+"
_ZERO = r"-0(\.0+)?"
_FRACTIONAL_ZERO = r"-0\.0+"
_TIMESTAMP = (
    r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"[ T]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
)
_INSTANT = _TIMESTAMP + r"(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)"


class TextClass(IntFlag):
    """What a text looks like; a column has the union of its texts' classes."""

    INTEGER = 1
    FIXED = 2
    """Fixed notation, or an integer beyond 64 bits."""
    REAL = 4
    """With an exponent, or a negative zero."""
    NOT_FINITE = 8
    """inf or nan."""
    LOWER_BOOL = 16
    TITLE_BOOL = 32
    UPPER_BOOL = 64
    DATE = 128
    TIMESTAMP = 256
    INSTANT = 512
    TEXT = 1024


_SINGLE: dict[TextClass, pa.DataType] = {
    TextClass.INTEGER: SIMPLE["int64"],
    TextClass.LOWER_BOOL: SIMPLE["bool"],
    TextClass.TITLE_BOOL: SIMPLE["bool"],
    TextClass.UPPER_BOOL: SIMPLE["bool"],
    TextClass.DATE: SIMPLE["date"],
    TextClass.TIMESTAMP: SIMPLE["timestamp"],
    TextClass.INSTANT: SIMPLE["timestamptz"],
}
_FIXED_NUMBERS = TextClass.INTEGER | TextClass.FIXED
_NUMBERS = _FIXED_NUMBERS | TextClass.REAL
_FLOATS = _NUMBERS | TextClass.NOT_FINITE
_MOMENTS = TextClass.DATE | TextClass.TIMESTAMP | TextClass.INSTANT
_BOOLS = TextClass.LOWER_BOOL | TextClass.TITLE_BOOL | TextClass.UPPER_BOOL


@dataclass(frozen=True, slots=True)
class InferredColumn:
    """A column, and the SQL that reads it from the text query."""

    column: Column
    expression: str
    hint: str | None = None
    """Why it is text although it looks like something else."""


@dataclass(frozen=True, slots=True)
class InferredTable:
    """The columns of a text query, and its number of rows."""

    columns: tuple[InferredColumn, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class _Profile:
    """What is known about all texts of a column."""

    classes: TextClass
    whole_digits: int
    """The most digits before the point."""
    scale: int
    """The most digits after the point."""
    least_scale: int
    """The fewest digits after the point."""


def infer_columns(con: DuckDBConnection, query: str, names: Sequence[str]) -> InferredTable:
    """Return the type of each column of an all-text query, after a look at every row.

    Reads the rows twice, and a third time if some may be floats or timestamps.
    """
    (count,) = con.execute(f"SELECT count(*) FROM ({query})").fetchall()[0]
    profiles = _profiles(con, f"SELECT * FROM ({query}) LIMIT {_SAMPLE_ROWS}", names)
    open_names = [name for name in names if _may_be_typed(profiles[name].classes)]
    if open_names and count > _SAMPLE_ROWS:
        profiles |= _profiles(con, query, open_names)
    types = {name: _type(profiles[name]) for name in names}
    for name in _without_form(con, query, {n: t for n, t in types.items() if has_forms(t)}):
        types[name] = SIMPLE["string"]
    columns = []
    for name, type_ in types.items():
        columns.append(
            InferredColumn(
                Column(name, type_, physical_type=None if profiles[name].classes or not count else UNTYPED),
                f"CAST({quote_name(name)} AS {duckdb_type(type_)}) AS {quote_name(name)}",
                _hint(profiles[name].classes) if type_ == SIMPLE["string"] else None,
            )
        )
    return InferredTable(tuple(columns), count)


def _hint(classes: TextClass) -> str | None:
    for what, kinds in (("numbers", _FLOATS), ("dates and times", _MOMENTS), ("booleans", _BOOLS)):
        if classes and not classes & ~kinds and classes != TextClass.NOT_FINITE:
            return (
                f"kept as text, because its {what} are written in more than one way, or too long for a type"
            )
    return None


def _may_be_typed(classes: TextClass) -> bool:
    return not classes or classes in _SINGLE or not classes & ~_FLOATS


def _type(profile: _Profile) -> pa.DataType:
    """Return the type that may hold the column as it is written; a float or timestamp must still be checked."""
    classes = profile.classes
    if classes in _SINGLE:
        return _SINGLE[classes]
    if not classes & _NUMBERS or classes & ~_FLOATS:
        return SIMPLE["string"]
    is_fixed = not classes & ~_FIXED_NUMBERS and profile.least_scale == profile.scale
    decimal = decimal_type(profile.whole_digits + profile.scale, profile.scale) if is_fixed else None
    return decimal or SIMPLE["float64"]


def _without_form(con: DuckDBConnection, query: str, types: Mapping[str, pa.DataType]) -> list[str]:
    """Return the columns whose texts do not all have one form of their type."""
    if not types:
        return []
    shapes = [shape_expression(quote_name(name), type_) for name, type_ in types.items()]
    selected = ", ".join(f"bit_or({shape}), bit_and({shape})" for shape in shapes)
    bits = con.execute(f"SELECT {selected} FROM ({query})").fetchall()[0]
    found = zip(types.items(), bits[::2], bits[1::2], strict=True)
    return [
        name for (name, type_), union, common in found if text_form(type_, union or 0, common or 0) is None
    ]


def _profiles(con: DuckDBConnection, query: str, names: Sequence[str]) -> dict[str, _Profile]:
    # One expression over (column, text) pairs: an expression for each of hundreds
    # of columns would take DuckDB longer to plan than to run.
    pairs = f"SELECT unnest(range({len(names)})) AS i, unnest([{quote_names(names)}]) AS v FROM ({query})"
    is_number = f"k & {int(_FIXED_NUMBERS)} > 0"
    point = "strpos(v, '.')"
    whole = f"CASE WHEN {point} > 0 THEN {point} - 1 ELSE length(v) END - starts_with(v, '-')::INT"
    scale = f"CASE WHEN {point} > 0 THEN length(v) - {point} ELSE 0 END"
    digits = [f"max({whole})", f"max({scale})", f"min({scale})"]
    selected = ", ".join(f"coalesce({value} FILTER (WHERE {is_number}), 0)" for value in digits)
    found = con.execute(
        f"SELECT i, bit_or(k), {selected} "
        f"FROM (SELECT i, v, {_class_expression('v')} AS k FROM ({pairs})) GROUP BY i"
    ).fetchall()
    profiles = {names[i]: _Profile(TextClass(classes), *digits) for i, classes, *digits in found}
    return {name: profiles.get(name, _Profile(TextClass(0), 0, 0, 0)) for name in names}


def _class_expression(v: str) -> str:
    """Return SQL for the class of a text; cheap and frequent tests come first."""
    # No proleptic year 0: Python and most databases have none.
    is_dated = f"{v}[5] = '-' AND NOT starts_with({v}, '0000')"
    tests = [
        (f"{v}[5] = '-' AND length({v}) = 10 AND TRY_CAST({v} AS DATE)::VARCHAR = {v}", TextClass.DATE),
        (f"strpos({v}, '.') = 0 AND TRY_CAST({v} AS BIGINT)::VARCHAR = {v}", TextClass.INTEGER),
        (f"{_fully(v, _FIXED)} AND NOT (starts_with({v}, '-0') AND {_fully(v, _ZERO)})", TextClass.FIXED),
        (f"{v} IN ('true', 'false')", TextClass.LOWER_BOOL),
        (f"{v} IN ('True', 'False')", TextClass.TITLE_BOOL),
        (f"{v} IN ('TRUE', 'FALSE')", TextClass.UPPER_BOOL),
        (
            f"{is_dated} AND {_fully(v, _TIMESTAMP)} AND TRY_CAST({v} AS TIMESTAMP) IS NOT NULL",
            TextClass.TIMESTAMP,
        ),
        (
            f"{is_dated} AND {_fully(v, _INSTANT)} AND TRY_CAST({v} AS TIMESTAMPTZ) IS NOT NULL",
            TextClass.INSTANT,
        ),
        (f"{_fully(v, _EXPONENT)} OR {_fully(v, _FRACTIONAL_ZERO)}", TextClass.REAL),
        (_fully(v, "(?i)-?(inf|infinity)|(?i)nan"), TextClass.NOT_FINITE),
    ]
    cases = " ".join(f"WHEN {test} THEN {int(class_)}" for test, class_ in tests)
    return f"CASE WHEN {v} IS NULL THEN 0 {cases} ELSE {int(TextClass.TEXT)} END"


def _fully(text: str, pattern: str) -> str:
    return f"regexp_full_match({text}, '{pattern}')"
