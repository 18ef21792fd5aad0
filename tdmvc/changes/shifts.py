"""Finds columns whose distributions shifted: shares of nulls, spreads of numbers and times, shares of categories.

Counts are exact; only where the buckets of a large table lie is found from every k-th row.
Nothing is drawn at random, so the same rows always give the same shifts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from itertools import pairwise
from typing import Any

import pyarrow as pa

from tdmvc.changes.join.parts import RowScan, open_scan
from tdmvc.changes.stability import index_threshold, nulls_threshold, stability_index
from tdmvc.model.diff import SchemaChangeKind, TableDiff, TableSide
from tdmvc.model.review import Bar, Shift, ShiftKind
from tdmvc.model.schema import Column
from tdmvc.sql.duckdb import DuckDBConnection, store_errors

_LEAST_SHARE = 0.02
"""Of a table's rows; less than that moves no distribution past a threshold, but those of rare values."""
_LEAST_ROWS = 20
_BUCKETS = 10
_ROWS_A_BUCKET = 10
_CATEGORIES = 10
_MOST_DISTINCT = 0.5
"""A text with more distinct values a row is not a category."""
_LOOKED_AT_ROWS = 100_000
"""For the places of buckets; counts are over all rows."""
_SHOWN_CHARACTERS = 80
_DAY = 86_400_000_000


class _Scale(Enum):
    """How the values of a column lie to each other."""

    NUMBER = "number"
    MOMENT = "moment"
    TIME = "time"
    CATEGORY = "category"


@dataclass(frozen=True, slots=True)
class _Watched:
    """A column to be measured, as both sides have it."""

    old: Column
    new: Column
    scale: _Scale | None
    """None where only nulls can be counted."""
    is_personal: bool


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where a bucket ends: at values below `value`, or at `value` itself."""

    value: float
    holds_value: bool


@dataclass(frozen=True, slots=True)
class _Facts:
    """Exact counts of one column on one side."""

    rows: int
    filled: int
    distinct: int
    """About so many distinct values; 0 where it was not asked."""


def measure_shifts(
    con: DuckDBConnection, old: TableSide, new: TableSide, diff: TableDiff
) -> tuple[Shift, ...]:
    """Return the columns whose distribution moved past a threshold, furthest beyond it first.

    A table is opened only when both sides have 20 rows and 2 % of its rows were
    touched, and of its columns only those are read in which that many cells came,
    went or changed. Key columns are left out; columns that identify rows
    (unique, references, mostly distinct text) and values without an order count nulls only.
    Labels hold no value of a personal column.

    Cost: two passes over the columns on each side, all together, in memory that the
    connection bounds.

    Raises:
        PartError: a part is damaged.
        StoreError: memory or the room for spilling ran out.
    """
    watched = _choose(old, new, diff)
    if not watched:
        return ()
    with (
        store_errors(diff.name, what="Measuring the distributions"),
        open_scan(con, old, sorted(old.parts), name="shift_old") as before,
        open_scan(con, new, sorted(new.parts), name="shift_new") as after,
    ):
        measure = _Measure(con, diff.name, before, after)
        shifts = [*measure.nulls(watched), *measure.spreads(watched)]
    shifts.sort(key=lambda shift: (-shift.score / shift.threshold, shift.column, shift.kind))
    return tuple(shifts)


def _choose(old: TableSide, new: TableSide, diff: TableDiff) -> list[_Watched]:
    least = _LEAST_SHARE * max(old.rows, new.rows)
    moved = diff.rows.added + diff.rows.removed
    if min(old.rows, new.rows) < _LEAST_ROWS or moved + diff.rows.changed < least:
        return []
    renames = {
        change.new: change.old
        for change in diff.schema
        if change.kind is SchemaChangeKind.COLUMN_RENAMED and change.new and change.old
    }
    keys = {*diff.key, *old.schema.key, *new.schema.key}
    identifying = {name for side in (old, new) for r in side.schema.references for name in r.columns}
    watched = []
    for column in new.schema.columns:
        before = old.schema.column(renames.get(column.name, column.name))
        cells = diff.columns.get(column.name, 0)
        is_ignored = column.name in diff.ignored and not cells
        if before is None or keys & {before.name, column.name} or is_ignored or moved + cells < least:
            continue
        is_personal = before.is_personal or column.is_personal or column.name in diff.personal_columns
        identifies = before.unique or column.unique or bool(identifying & {before.name, column.name})
        scale = None if identifies or _scale(before) is not _scale(column) else _scale(column)
        watched.append(_Watched(before, column, scale, is_personal))
    return watched


def _scale(column: Column) -> _Scale | None:
    type_ = column.type
    if pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_):
        return _Scale.NUMBER
    if pa.types.is_date(type_) or pa.types.is_timestamp(type_):
        return _Scale.MOMENT
    if pa.types.is_time(type_):
        return _Scale.TIME
    if pa.types.is_boolean(type_) or (pa.types.is_string(type_) and not column.is_json):
        return _Scale.CATEGORY
    return None


class _Measure:
    """Asks two open sides; `_facts` is filled by `nulls` and read by `spreads`."""

    def __init__(self, con: DuckDBConnection, table: str, old: RowScan, new: RowScan) -> None:
        self._con, self._table, self._old, self._new = con, table, old, new
        self._facts: dict[str, tuple[_Facts, _Facts]] = {}

    def nulls(self, watched: Sequence[_Watched]) -> Iterator[Shift]:
        """Yield the columns that have many more or fewer nulls."""
        old = self._count(self._old, [(w.old, w.scale) for w in watched])
        new = self._count(self._new, [(w.new, w.scale) for w in watched])
        for w, before, after in zip(watched, old, new, strict=True):
            self._facts[w.new.name] = before, after
            nulls = before.rows - before.filled, after.rows - after.filled
            shares = nulls[0] / before.rows, nulls[1] / after.rows
            threshold = nulls_threshold(*nulls, before.rows, after.rows)
            if abs(shares[1] - shares[0]) >= threshold:
                bar = Bar("" if w.is_personal else "NULL", *shares)
                yield self._shift(w, ShiftKind.NULLS, abs(shares[1] - shares[0]), threshold, (bar,))

    def spreads(self, watched: Sequence[_Watched]) -> Iterator[Shift]:
        """Yield the columns whose values lie elsewhere, among those that hold enough of them."""
        spread = [w for w in watched if w.scale is not None and self._is_spread(w)]
        numbers = [w for w in spread if w.scale is not _Scale.CATEGORY]
        categories = [w for w in spread if w.scale is _Scale.CATEGORY]
        cuts = self._cuts(numbers)
        tops = self._tops(categories)
        old, new = (
            self._fill(
                scan, [w.old if scan is self._old else w.new for w in (*numbers, *categories)], cuts, tops
            )
            for scan in (self._old, self._new)
        )
        labels = [_range_labels(w, cut) for w, cut in zip(numbers, cuts, strict=True)]
        labels += [[_category_label(value) for value in top] + ["all others"] for top in tops]
        for w, names, before, after in zip((*numbers, *categories), labels, old, new, strict=True):
            kind = ShiftKind.CATEGORIES if w.scale is _Scale.CATEGORY else ShiftKind.NUMBERS
            yield from self._moved(w, kind, names, before, after)

    def _is_spread(self, w: _Watched) -> bool:
        facts = self._facts[w.new.name]
        if any(fact.filled < _LEAST_ROWS for fact in facts):
            return False
        return w.scale is not _Scale.CATEGORY or all(f.distinct <= _MOST_DISTINCT * f.filled for f in facts)

    def _moved(
        self, w: _Watched, kind: ShiftKind, labels: Sequence[str], old: Sequence[int], new: Sequence[int]
    ) -> Iterator[Shift]:
        used = [i for i in range(len(labels)) if old[i] or new[i]]
        before, after = [old[i] for i in used], [new[i] for i in used]
        olds, news = sum(before), sum(after)
        if len(used) < 2 or not olds or not news:
            return
        score, threshold = stability_index(before, after), index_threshold(len(used), olds, news)
        if score >= threshold:
            bars = tuple(Bar("" if w.is_personal else labels[i], old[i] / olds, new[i] / news) for i in used)
            yield self._shift(w, kind, score, threshold, bars)

    def _shift(
        self, w: _Watched, kind: ShiftKind, score: float, threshold: float, bars: tuple[Bar, ...]
    ) -> Shift:
        return Shift(self._table, w.new.name, kind, score, threshold, bars, w.is_personal)

    def _count(self, scan: RowScan, columns: Sequence[tuple[Column, _Scale | None]]) -> list[_Facts]:
        asked = ["count(*)"]
        for column, scale in columns:
            alias = scan.alias(column.name)
            asked.append(f"count({alias})")
            asked.append(f"approx_count_distinct({alias})" if scale is _Scale.CATEGORY else "0")
        rows, *found = map(int, self._fetch(f"SELECT {', '.join(asked)} FROM ({scan.select()})"))
        return [_Facts(rows, found[i], found[i + 1]) for i in range(0, len(found), 2)]

    def _cuts(self, numbers: Sequence[_Watched]) -> list[list[_Cut]]:
        """Return where the buckets end: at quantiles of the old side's values."""
        if not numbers:
            return []
        asked, levels = [], []
        for w in numbers:
            buckets = max(2, min(_BUCKETS, self._facts[w.new.name][0].filled // _ROWS_A_BUCKET))
            levels.append([i / buckets for i in range(buckets)])
            number = _number_sql(w.old, self._old.alias(w.old.name))
            asked.append(f"quantile_disc({number}, {levels[-1]}) FILTER (WHERE isfinite({number}))")
        found = self._fetch(f"SELECT {', '.join(asked)} FROM ({self._looked_at(self._old)})")
        return [_cuts_at(quantiles) if isinstance(quantiles, list) else [] for quantiles in found]

    def _tops(self, categories: Sequence[_Watched]) -> list[list[str]]:
        """Return the commonest values of both sides taken together, the commonest first."""
        pieces = []
        for i, w in enumerate(categories):
            sides = " UNION ALL ".join(
                f"SELECT CAST({scan.alias(column.name)} AS VARCHAR) AS v, count(*) / {fact.rows} AS w"
                f" FROM ({self._looked_at(scan)}) WHERE {scan.alias(column.name)} IS NOT NULL GROUP BY v"
                for scan, column, fact in zip(
                    (self._old, self._new), (w.old, w.new), self._facts[w.new.name], strict=True
                )
            )
            pieces.append(
                f"(SELECT {i} AS c, v, sum(w) AS w FROM ({sides}) GROUP BY v ORDER BY w DESC, v LIMIT {_CATEGORIES})"
            )
        tops: list[list[str]] = [[] for _ in categories]
        if pieces:
            query = f"SELECT c, v FROM ({' UNION ALL '.join(pieces)}) ORDER BY c, w DESC, v"
            for place, value in self._con.execute(query).fetchall():
                tops[place].append(value)
        return tops

    def _looked_at(self, scan: RowScan) -> str:
        """Return the query over every k-th row; `r` counts within a file."""
        step = -(-next(iter(self._facts.values()))[scan is self._new].rows // _LOOKED_AT_ROWS)
        return scan.select() if step <= 1 else f"SELECT * FROM ({scan.select()}) WHERE r % {step} = 0"

    def _fill(
        self,
        scan: RowScan,
        columns: Sequence[Column],
        cuts: Sequence[Sequence[_Cut]],
        tops: Sequence[Sequence[str]],
    ) -> list[list[int]]:
        """Count all buckets of all columns in one pass: those of numbers, then those of categories."""
        if not columns:
            return []
        asked: list[str] = []
        values: list[object] = []
        for column, ends in zip(columns[: len(cuts)], cuts, strict=True):
            number = _number_sql(column, scan.alias(column.name))
            # NaN is greater than any number here, so it falls into the last bucket.
            asked += [f"count(*) FILTER (WHERE {number} {'<=' if e.holds_value else '<'} ?)" for e in ends]
            asked.append(f"count({number})")
            values += [end.value for end in ends]
        for column, top in zip(columns[len(cuts) :], tops, strict=True):
            text = f"CAST({scan.alias(column.name)} AS VARCHAR)"
            asked += [f"count(*) FILTER (WHERE {text} = ?)" for _ in top]
            asked.append(f"count({text})")
            values += top
        found = iter(self._fetch(f"SELECT {', '.join(asked)} FROM ({scan.select()})", values))
        up_to = [[int(next(found)) for _ in range(len(ends) + 1)] for ends in cuts]
        single = [[int(next(found)) for _ in range(len(top) + 1)] for top in tops]
        return [[b - a for a, b in pairwise([0, *counts])] for counts in up_to] + [
            [*counts, total - sum(counts)] for *counts, total in single
        ]

    def _fetch(self, query: str, values: Sequence[object] = ()) -> tuple[Any, ...]:
        row: tuple[Any, ...] = self._con.execute(query, list(values)).fetchall()[0]
        return row


def _number_sql(column: Column, sql: str) -> str:
    """Return the SQL of a value as a DOUBLE; moments and times in microseconds."""
    if pa.types.is_date(column.type):
        return f"CAST({sql} - DATE '1970-01-01' AS DOUBLE) * {_DAY}"
    if pa.types.is_timestamp(column.type) or pa.types.is_time(column.type):
        return f"CAST(epoch_us({sql}) AS DOUBLE)"
    return f"CAST({sql} AS DOUBLE)"


def _cuts_at(quantiles: Sequence[float]) -> list[_Cut]:
    """Return the cuts between buckets, given the least value and the quantiles.

    A value that several quantiles fall on fills a bucket of its own, so that what moves
    to either side of it is seen.
    """
    cuts = []
    for value in sorted(set(quantiles)):
        if quantiles.count(value) > 1:
            cuts += [_Cut(value, holds_value=False), _Cut(value, holds_value=True)]
        elif value != quantiles[0]:
            cuts.append(_Cut(value, holds_value=True))
    return cuts


def _range_labels(w: _Watched, cuts: Sequence[_Cut]) -> list[str]:
    labels = []
    for low, high in pairwise([None, *cuts, None]):
        if low is not None and high is not None and low.value == high.value:
            labels.append(_spell(w, low.value))
        elif high is None:
            labels.append(f"> {_spell(w, low.value)}" if low is not None else "all values")
        elif low is None:
            labels.append(f"{'≤' if high.holds_value else '<'} {_spell(w, high.value)}")
        else:
            labels.append(f"{_spell(w, low.value)} – {_spell(w, high.value)}")
    return labels


def _spell(w: _Watched, value: float) -> str:
    if w.scale is _Scale.NUMBER:
        return f"{int(value)}" if pa.types.is_integer(w.new.type) and value.is_integer() else f"{value:.6g}"
    try:
        moment = datetime(1970, 1, 1) + timedelta(microseconds=value)
    except OverflowError:
        return f"{value:.6g}"
    if w.scale is _Scale.TIME:
        return str(moment.time())
    return str(moment.date() if pa.types.is_date(w.new.type) else moment)


def _category_label(value: str) -> str:
    """The empty label means a personal value, so an empty text is spelled."""
    return (value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…") or "''"
