"""SQL conditions for values that do not fit a type without loss."""

import pyarrow as pa

from tdmvc.arrow.types import SIMPLE
from tdmvc.sql.quoting import quote_text
from tdmvc.sql.types import duckdb_type

_NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
_DATE = r"[0-9]{4,6}-[0-9]{1,2}-[0-9]{1,2}"
_TIME = r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6}0*)?)?"
_ZONE = r" ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)?"


def misfit_sql(value: str, type_: pa.DataType, wanted: pa.DataType) -> str | None:
    """Return an SQL condition that is true for values that another type would lose; None if it would lose all.

    Args:
        value: the SQL of the value, which has the type `type_`.
    """
    target = duckdb_type(wanted)
    if pa.types.is_nested(wanted) or pa.types.is_nested(type_):
        return None
    if type_ == SIMPLE["string"]:
        return f"{value} IS NOT NULL AND NOT coalesce({_is_exact(value, wanted)}, false)"
    back = duckdb_type(type_)
    return (
        f"{value} IS NOT NULL AND (TRY_CAST(TRY_CAST({value} AS {target}) AS {back}) "
        f"IS DISTINCT FROM {value})"
    )


def _is_exact(value: str, wanted: pa.DataType) -> str:
    """Return SQL that is true if a text is a value of the type, without rounding."""
    cast = f"TRY_CAST({value} AS {duckdb_type(wanted)})"
    if pa.types.is_floating(wanted):
        return _is_exact_float(value, cast, wanted.bit_width)
    if pa.types.is_binary(wanted):
        return f"CAST({cast} AS VARCHAR) = {value}"
    # DuckDB's casts may round or drop a zone, a time of day or digits beyond microseconds; these patterns do not.
    if pa.types.is_boolean(wanted):
        pattern = "(?i)true|false|t|f|1|0"
    elif pa.types.is_integer(wanted):
        pattern = "[+-]?[0-9]+"
    elif pa.types.is_decimal(wanted):
        pattern = rf"[+-]?[0-9]+(\.[0-9]{{0,{wanted.scale}}}0*)?"
    elif pa.types.is_date(wanted):
        pattern = _DATE
    elif pa.types.is_time(wanted):
        pattern = _TIME
    else:
        pattern = f"{_DATE}([ T]{_TIME})?" + (_ZONE if wanted.tz else "")
    return f"regexp_full_match({value}, {quote_text(pattern)}) AND {cast} IS NOT NULL"


def _is_exact_float(value: str, cast: str, bits: int) -> str:
    """Return SQL that is true for infinities, integers kept exactly, and as many digits as the float keeps."""
    sure, most = (15, 17) if bits == 64 else (6, 9)
    # Programs write the shortest form of a float, or one with the most digits.
    return (
        f"CASE WHEN regexp_full_match({value}, '(?i)nan|[+-]?inf(inity)?') THEN {cast} IS NOT NULL "
        f"WHEN NOT isfinite({cast}) THEN false "
        f"WHEN regexp_full_match({value}, '[+-]?[0-9]+') "
        f"THEN TRY_CAST({cast} AS HUGEINT) = TRY_CAST({value} AS HUGEINT) "
        f"WHEN regexp_full_match({value}, {quote_text(_NUMBER)}) "
        f"THEN length({_digits(value)}) <= {sure} OR length({_digits(value)}) = {most} "
        f"OR {_digits(value)} = {_digits(f'CAST({cast} AS VARCHAR)')} ELSE false END"
    )


def _digits(text: str) -> str:
    """Return SQL for a number's digits, without the exponent and without outer zeros."""
    return f"trim(regexp_replace(regexp_replace({text}, '[eE].*$', ''), '[^0-9]', '', 'g'), '0')"
