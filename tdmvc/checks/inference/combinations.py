"""Looks for columns that identify rows together: of a few likely ones, in few scans, and never by chance."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import pyarrow as pa

from tdmvc.checks.inference.names import is_identifier, is_part_of_key
from tdmvc.checks.inference.profile import ColumnProfile, TableProfile
from tdmvc.checks.table_rows import side_sql
from tdmvc.model.diff import TableSide
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name

_MOST_PARTS = 6
"""Of the columns of a table, how many are combined: 15 pairs, 20 triples."""
_MOST_COLUMNS = 3
_MOST_COUNTED = 6
"""Of the combinations that may be unique, how many are counted."""
_ALMOST = 0.7
"""The share of different values that may be all of them: they are estimated, give or take a few percent."""
_BY_CHANCE = 10
_SHARE_BY_CHANCE = 0.01
"""How many rows, and which share of them, must be expected to repeat an earlier one by chance: else it says little."""


@dataclass(frozen=True, slots=True)
class Combination:
    """Columns whose values may never repeat together, though each of them repeats."""

    columns: tuple[str, ...]
    repeats_by_chance: int
    """How many rows would repeat an earlier one by chance."""


def likely_combinations(con: DuckDBConnection, side: TableSide, profile: TableProfile) -> list[Combination]:
    """Return the smallest combinations of identifying columns that may be unique: a single one is not yet known to be.

    Cost: at most two scans of at most six columns, whose memory does not grow with the rows, and a count of the
    different values of each combination if there are several.
    """
    parts = _parts(profile)
    for size in range(2, _MOST_COLUMNS + 1):
        wanted = [
            Combination(tuple(one.column.name for one in chosen), chance)
            for chosen in combinations(parts, size)
            if (chance := _chance(profile.rows, chosen)) >= max(_BY_CHANCE, profile.rows * _SHARE_BY_CHANCE)
            and any(is_identifier(one.column.name) for one in chosen)
        ]
        likely = _estimated(con, side, profile.rows, wanted)
        if len(likely) > 1:
            likely = [one for one in likely[:_MOST_COUNTED] if _is_unique(con, side, profile.rows, one)]
        if likely:
            # More columns are tried only if no fewer do.
            return likely
    return []


def _parts(profile: TableProfile) -> list[ColumnProfile]:
    """Return columns that repeat, are never null and have the names of parts of keys; those with most values first."""
    single = {key[0] for key in _declared(profile) if len(key) == 1}
    likely = [
        one
        for one in profile.columns
        if is_part_of_key(one.column.name)
        and one.column.name not in single
        and _may_be_part(one.column.type)
        and not one.is_hidden
        and one.values == profile.rows
        and 1 < one.distinct < profile.rows * _ALMOST
    ]
    return sorted(likely, key=lambda one: -one.distinct)[:_MOST_PARTS]


def _declared(profile: TableProfile) -> Iterator[tuple[str, ...]]:
    yield profile.schema.key
    yield from (one.columns for one in profile.schema.unique_keys)


def _chance(rows: int, chosen: Iterable[ColumnProfile]) -> int:
    """Return how many rows would repeat an earlier one if the values of columns were drawn independently."""
    places = 1
    for one in chosen:
        places *= max(one.distinct, 1)
    return rows if places <= rows else rows * rows // (2 * places)


def _estimated(
    con: DuckDBConnection, side: TableSide, rows: int, wanted: Sequence[Combination]
) -> list[Combination]:
    """Return the combinations that have about as many different values as there are rows."""
    if not wanted:
        return []
    counts = ", ".join(
        f"approx_count_distinct(hash({', '.join(map(quote_name, one.columns))}))" for one in wanted
    )
    found = con.execute(f"SELECT {counts} FROM {side_sql(side)}").fetchall()[0]
    likely = [one for one, count in zip(wanted, found, strict=True) if int(count) >= rows * _ALMOST]
    return sorted(likely, key=lambda one: -one.repeats_by_chance)


def _is_unique(con: DuckDBConnection, side: TableSide, rows: int, one: Combination) -> bool:
    names = ", ".join(map(quote_name, one.columns))
    found = con.execute(f"SELECT count(*) FROM (SELECT DISTINCT {names} FROM {side_sql(side)})").fetchall()
    return bool(found[0][0] == rows)


def _may_be_part(type_: pa.DataType) -> bool:
    return bool(pa.types.is_integer(type_) or pa.types.is_string(type_) or pa.types.is_date(type_))
