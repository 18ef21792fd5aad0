"""Looks once at all rows of a table: how many values each column has, their bounds, lengths and shapes."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from string import ascii_lowercase, ascii_uppercase, digits

import pyarrow as pa

from tdmvc.arrow.types import is_number
from tdmvc.checks.inference.names import ordered_pairs
from tdmvc.checks.table_rows import side_sql
from tdmvc.model.diff import TableSide
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.sensitive_values import Look, kind_of_value
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name, quote_text

MOST_VALUES = 25
"""How many values a list has at most."""
_LOOKED_AT = 1_000
"""The rows whose values decide whether a column looks personal or secret."""
_LONGEST = 200
"""Characters of a text that are kept of the smallest and the greatest one."""
_MOST_PAIRS = 20
_YEAR = 31_556_952
"""Its seconds, on average."""
_CHARACTERS = digits + ascii_uppercase + ascii_lowercase
_KINDS = "9" * len(digits) + "A" * len(ascii_uppercase) + "a" * len(ascii_lowercase)
FORMATS: Mapping[str, str] = {
    "uuid": "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
    "email": r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}",
    "date": "[0-9]{4}-[01][0-9]-[0-3][0-9]",
    "date-time": r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-9:]{8}(\.[0-9]+)?(Z|[+-][0-2][0-9]:[0-5][0-9])",
    "uri": r"(https?|ftp)://[^\s]+",
    "ipv4": r"([0-9]{1,3}\.){3}[0-9]{1,3}",
}
"""Shapes by which a format is suspected; whether all values have it is decided by the format itself."""


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """What is known of the values of a column; of a hidden one, only how many there are."""

    column: Column
    values: int
    """Those that are no nulls."""
    is_hidden: bool = False
    distinct: int = 0
    """Approximately."""
    smallest: object = None
    greatest: object = None
    shortest: int | None = None
    """Of texts, in code points."""
    longest: int | None = None
    zeros: int = 0
    ones: int = 0
    shape: str | None = None
    """The one shape that all texts have, with `9`, `A` and `a` for characters: `AA-999`."""
    loose_shape: str | None = None
    """The same with each run of such characters as one: `A-9`."""
    formats: tuple[str, ...] = ()
    """Those whose shape all texts have."""
    counts: Mapping[str, int] | None = None
    """How often each text appears, if there are few different ones."""
    years: tuple[int, int] | None = None
    """Of dates and timestamps, the first and the last year, if all are finite."""


@dataclass(frozen=True)
class TableProfile:
    """What is known of the rows of a table."""

    schema: TableSchema
    rows: int
    columns: tuple[ColumnProfile, ...]
    both: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """The rows in which both columns of an ordered pair have values."""

    @cached_property
    def by_name(self) -> Mapping[str, ColumnProfile]:
        return {one.column.name: one for one in self.columns}


def profile_table(con: DuckDBConnection, side: TableSide) -> TableProfile:
    """Return what the rows of a table look like.

    Cost: one scan of all columns, and one of the texts with few different values. Values of columns that
    are, or look, personal or secret are only counted.

    Raises:
        PartError: a part is missing or damaged.
    """
    schema, source = side.schema, side_sql(side)
    if not side.rows:
        return TableProfile(schema, 0, tuple(ColumnProfile(one, 0) for one in schema.columns))
    hidden = {column.name for column in schema.columns if column.is_personal}
    hidden |= _looking_secret(con, [one for one in schema.columns if one.name not in hidden], source)
    pairs = [pair for pair in ordered_pairs(schema) if hidden.isdisjoint({one.name for one in pair})]
    wanted: list[str] = ["count(*)"]
    for column in schema.columns:
        wanted += _measures(column, is_hidden=column.name in hidden)
    for early, late in pairs[:_MOST_PAIRS]:
        first, last = quote_name(early.name), quote_name(late.name)
        wanted.append(f"count(*) FILTER (WHERE {first} IS NOT NULL AND {last} IS NOT NULL)")
    found = iter(con.execute(f"SELECT {', '.join(wanted)} FROM {source}").fetchall()[0])
    rows = next(found)
    profiles = [_profile(column, found, is_hidden=column.name in hidden) for column in schema.columns]
    both = {(early.name, late.name): next(found) for early, late in pairs[:_MOST_PAIRS]}
    return TableProfile(schema, rows, tuple(_with_counts(con, profiles, source)), both)


def _measures(column: Column, *, is_hidden: bool) -> list[str]:
    """Return the aggregates of a column, in the order in which `_profile` takes them."""
    name = quote_name(column.name)
    measures = [f"count({name})"]
    if is_hidden:
        return measures
    if pa.types.is_string(column.type):
        text = f"left({name}, {_LONGEST})"
        shape = f"translate({text}, '{_CHARACTERS}', '{_KINDS}')"
        loose = "regexp_replace(" * 3 + f"{shape}, '9+', '9', 'g'), 'A+', 'A', 'g'), 'a+', 'a', 'g')"
        measures += [
            f"approx_count_distinct({name})",
            *(f"min({text})", f"max({text})"),
            *(f"min(length({name}))", f"max(length({name}))"),
            *(f"min({shape})", f"max({shape})", f"min({loose})", f"max({loose})"),
            *(f"bool_and(regexp_full_match({name}, {quote_text(one)}))" for one in FORMATS.values()),
        ]
    elif is_number(column.type):
        measures += [
            *(f"approx_count_distinct({name})", f"min({name})", f"max({name})"),
            *(f"count(*) FILTER (WHERE {name} = 0)", f"count(*) FILTER (WHERE {name} = 1)"),
        ]
    elif _is_time(column.type):
        measures.append(f"approx_count_distinct({name})")
        measures += [
            f"CASE WHEN bool_and(isfinite({name})) THEN epoch({end}({name})) END" for end in ("min", "max")
        ]
    return measures


def _profile(column: Column, found: Iterator[object], *, is_hidden: bool) -> ColumnProfile:
    values = _count(next(found))
    if is_hidden:
        return ColumnProfile(column, values, is_hidden=True)
    if pa.types.is_string(column.type):
        distinct, smallest, greatest, shortest, longest = (next(found) for _ in range(5))
        shape, last_shape, loose, last_loose = (next(found) for _ in range(4))
        matched = [next(found) for _ in FORMATS]
        is_shown = not any(map(kind_of_value, (smallest, greatest)))
        return ColumnProfile(
            column,
            values,
            is_hidden=not is_shown,
            distinct=_count(distinct),
            smallest=smallest if is_shown else None,
            greatest=greatest if is_shown else None,
            shortest=_count(shortest),
            longest=_count(longest),
            shape=str(shape) if shape is not None and shape == last_shape else None,
            loose_shape=str(loose) if loose is not None and loose == last_loose else None,
            formats=tuple(name for name, holds in zip(FORMATS, matched, strict=True) if holds),
        )
    if is_number(column.type):
        distinct, smallest, greatest, zeros, ones = (next(found) for _ in range(5))
        return ColumnProfile(
            column,
            values,
            distinct=_count(distinct),
            smallest=smallest,
            greatest=greatest,
            zeros=_count(zeros),
            ones=_count(ones),
        )
    if not _is_time(column.type):
        return ColumnProfile(column, values)
    distinct, first, last = (next(found) for _ in range(3))
    years = (_year(first), _year(last)) if first is not None and last is not None else None
    return ColumnProfile(column, values, distinct=_count(distinct), years=years)


def _looking_secret(con: DuckDBConnection, columns: Sequence[Column], source: str) -> set[str]:
    """Return the columns whose first values look personal or secret, whatever their names; no contract says so."""
    texts = [one for one in columns if pa.types.is_string(one.type) and not one.is_classified]
    if not texts:
        return set()
    names = ", ".join(quote_name(one.name) for one in texts)
    rows = con.execute(f"SELECT {names} FROM {source} LIMIT {_LOOKED_AT}").fetchall()
    looks = [Look() for _ in texts]
    for look, values in zip(looks, zip(*rows, strict=True), strict=False):
        look.see(values)
    return {column.name for column, look in zip(texts, looks, strict=True) if look.kind is not None}


def _with_counts(
    con: DuckDBConnection, profiles: Sequence[ColumnProfile], source: str
) -> Iterator[ColumnProfile]:
    """Yield the profiles; those of texts with few different values with how often each appears."""
    few = [one for one in profiles if _has_few_values(one)]
    counted: dict[str, dict[str, int]] = {}
    if few:
        wanted = ", ".join(f"histogram({quote_name(one.column.name)})" for one in few)
        found = con.execute(f"SELECT {wanted} FROM {source}").fetchall()[0]
        counted = {one.column.name: dict(counts) for one, counts in zip(few, found, strict=True)}
    for one in profiles:
        counts = counted.get(one.column.name)
        if counts is None or len(counts) > MOST_VALUES or any(map(kind_of_value, counts)):
            yield one
        else:
            yield replace(one, counts=counts)


def _has_few_values(one: ColumnProfile) -> bool:
    is_text = pa.types.is_string(one.column.type) and not one.is_hidden and not one.column.is_json
    return is_text and 0 < one.distinct <= 2 * MOST_VALUES and (one.longest or 0) <= _LONGEST


def _is_time(type_: pa.DataType) -> bool:
    return bool(pa.types.is_date(type_) or pa.types.is_timestamp(type_))


def _year(seconds: object) -> int:
    """Return the year of a number of seconds since 1970; give or take a day before year 1 and after 9999."""
    since = float(str(seconds))
    try:
        return (datetime(1970, 1, 1) + timedelta(seconds=since)).year
    except OverflowError:
        return 1970 + math.floor(since / _YEAR)


def _count(value: object) -> int:
    return int(str(value)) if value is not None else 0
