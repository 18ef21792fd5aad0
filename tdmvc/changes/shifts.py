"""Finds columns whose distributions shifted: shares of nulls, spreads of numbers and times, shares of categories.

Counts are exact; only the ends of the buckets of a large table come from a sample, every k-th row.
Nothing is random, so the same rows always give the same shifts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tdmvc.changes.buckets import (
    BucketEnd,
    Scale,
    WatchedColumn,
    bucket_ends,
    category_label,
    number_sql,
    range_labels,
    scale_of,
)
from tdmvc.changes.join.parts import RowScan, open_scan
from tdmvc.changes.stability import index_threshold, nulls_threshold, stability_index
from tdmvc.model.diff import SchemaChangeKind, TableDiff, TableSide
from tdmvc.model.review import Bar, Shift, ShiftKind
from tdmvc.model.schema import Column, must_hide
from tdmvc.sql.duckdb import DuckDBConnection, store_errors

_LEAST_SHARE = 0.02
"""Of a table's rows; fewer move no distribution past a threshold, except that of a rare value."""
_LEAST_ROWS = 20
_BUCKETS = 10
_ROWS_A_BUCKET = 10
_CATEGORIES = 10
_MOST_DISTINCT = 0.5
"""A text with more distinct values a row is not a category."""
_SAMPLED_ROWS = 100_000
"""For the ends of buckets; counts are over all rows."""


@dataclass(frozen=True, slots=True)
class _Facts:
    """Counts of one column on one side."""

    rows: int
    filled: int
    distinct: int
    """The approximate number of distinct values; 0 if they were not counted."""


def measure_shifts(
    con: DuckDBConnection, old: TableSide, new: TableSide, diff: TableDiff
) -> tuple[Shift, ...]:
    """Return the columns whose distribution moved past a threshold, the largest excess first.

    A table is opened only if both sides have at least 20 rows and 2 % of its rows were
    touched, and only those of its columns are read in which that many cells were added,
    removed or changed. Key columns are left out; in columns that identify rows
    (unique, references, mostly distinct text) and for values without an order, only nulls are
    counted. Labels hold no value of a personal column.

    Cost: two passes over the columns on each side, all together, in memory that the
    connection bounds.

    Raises:
        PartError: a part is damaged.
        StoreError: memory or disk space for temporary files ran out.
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


def _choose(old: TableSide, new: TableSide, diff: TableDiff) -> list[WatchedColumn]:
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
        is_personal = must_hide((before, column)) or column.name in diff.personal_columns
        identifies = before.unique or column.unique or bool(identifying & {before.name, column.name})
        scale = None if identifies or scale_of(before) is not scale_of(column) else scale_of(column)
        watched.append(WatchedColumn(before, column, scale, is_personal))
    return watched


class _Measure:
    """Measures two open sides: `nulls` first, whose counts `spreads` needs."""

    def __init__(self, con: DuckDBConnection, table: str, old: RowScan, new: RowScan) -> None:
        self._con, self._table, self._old, self._new = con, table, old, new
        self._facts: dict[str, tuple[_Facts, _Facts]] = {}

    def nulls(self, watched: Sequence[WatchedColumn]) -> Iterator[Shift]:
        """Yield a shift for each column with many more or fewer nulls."""
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

    def spreads(self, watched: Sequence[WatchedColumn]) -> Iterator[Shift]:
        """Yield a shift for each column with enough values whose spread changed."""
        spread = [w for w in watched if w.scale is not None and self._is_spread(w)]
        numbers = [w for w in spread if w.scale is not Scale.CATEGORY]
        categories = [w for w in spread if w.scale is Scale.CATEGORY]
        cuts = self._cuts(numbers)
        tops = self._tops(categories)
        old, new = (
            self._fill(
                scan, [w.old if scan is self._old else w.new for w in (*numbers, *categories)], cuts, tops
            )
            for scan in (self._old, self._new)
        )
        labels = [range_labels(w, cut) for w, cut in zip(numbers, cuts, strict=True)]
        labels += [[category_label(value) for value in top] + ["all others"] for top in tops]
        for w, names, before, after in zip((*numbers, *categories), labels, old, new, strict=True):
            kind = ShiftKind.CATEGORIES if w.scale is Scale.CATEGORY else ShiftKind.NUMBERS
            yield from self._moved(w, kind, names, before, after)

    def _is_spread(self, w: WatchedColumn) -> bool:
        facts = self._facts[w.new.name]
        if any(fact.filled < _LEAST_ROWS for fact in facts):
            return False
        return w.scale is not Scale.CATEGORY or all(f.distinct <= _MOST_DISTINCT * f.filled for f in facts)

    def _moved(
        self, w: WatchedColumn, kind: ShiftKind, labels: Sequence[str], old: Sequence[int], new: Sequence[int]
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
        self, w: WatchedColumn, kind: ShiftKind, score: float, threshold: float, bars: tuple[Bar, ...]
    ) -> Shift:
        return Shift(self._table, w.new.name, kind, score, threshold, bars, w.is_personal)

    def _count(self, scan: RowScan, columns: Sequence[tuple[Column, Scale | None]]) -> list[_Facts]:
        terms = ["count(*)"]
        for column, scale in columns:
            alias = scan.alias(column.name)
            terms.append(f"count({alias})")
            terms.append(f"approx_count_distinct({alias})" if scale is Scale.CATEGORY else "0")
        rows, *found = map(int, self._fetch(f"SELECT {', '.join(terms)} FROM ({scan.select()})"))
        return [_Facts(rows, found[i], found[i + 1]) for i in range(0, len(found), 2)]

    def _cuts(self, numbers: Sequence[WatchedColumn]) -> list[list[BucketEnd]]:
        """Return where the buckets end: at quantiles of the old side's values."""
        if not numbers:
            return []
        terms, levels = [], []
        for w in numbers:
            buckets = max(2, min(_BUCKETS, self._facts[w.new.name][0].filled // _ROWS_A_BUCKET))
            levels.append([i / buckets for i in range(buckets)])
            number = number_sql(w.old, self._old.alias(w.old.name))
            terms.append(f"quantile_disc({number}, {levels[-1]}) FILTER (WHERE isfinite({number}))")
        found = self._fetch(f"SELECT {', '.join(terms)} FROM ({self._sampled(self._old)})")
        return [bucket_ends(quantiles) if isinstance(quantiles, list) else [] for quantiles in found]

    def _tops(self, categories: Sequence[WatchedColumn]) -> list[list[str]]:
        """Return the most frequent values of both sides together, the most frequent first."""
        pieces = []
        for i, w in enumerate(categories):
            sides = " UNION ALL ".join(
                f"SELECT CAST({scan.alias(column.name)} AS VARCHAR) AS v, count(*) / {fact.rows} AS w"
                f" FROM ({self._sampled(scan)}) WHERE {scan.alias(column.name)} IS NOT NULL GROUP BY v"
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

    def _sampled(self, scan: RowScan) -> str:
        """Return the query over every k-th row; `r` counts within a file."""
        step = -(-next(iter(self._facts.values()))[scan is self._new].rows // _SAMPLED_ROWS)
        return scan.select() if step <= 1 else f"SELECT * FROM ({scan.select()}) WHERE r % {step} = 0"

    def _fill(
        self,
        scan: RowScan,
        columns: Sequence[Column],
        cuts: Sequence[Sequence[BucketEnd]],
        tops: Sequence[Sequence[str]],
    ) -> list[list[int]]:
        """Return the counts of all buckets, from one pass: of numbers first, then of categories."""
        if not columns:
            return []
        terms: list[str] = []
        values: list[object] = []
        for column, ends in zip(columns[: len(cuts)], cuts, strict=True):
            number = number_sql(column, scan.alias(column.name))
            # NaN is greater than any number here, so it falls into the last bucket.
            terms += [f"count(*) FILTER (WHERE {number} {'<=' if e.holds_value else '<'} ?)" for e in ends]
            terms.append(f"count({number})")
            values += [end.value for end in ends]
        for column, top in zip(columns[len(cuts) :], tops, strict=True):
            text = f"CAST({scan.alias(column.name)} AS VARCHAR)"
            terms += [f"count(*) FILTER (WHERE {text} = ?)" for _ in top]
            terms.append(f"count({text})")
            values += top
        found = iter(self._fetch(f"SELECT {', '.join(terms)} FROM ({scan.select()})", values))
        up_to = [[int(next(found)) for _ in range(len(ends) + 1)] for ends in cuts]
        single = [[int(next(found)) for _ in range(len(top) + 1)] for top in tops]
        return [[b - a for a, b in pairwise([0, *counts])] for counts in up_to] + [
            [*counts, total - sum(counts)] for *counts, total in single
        ]

    def _fetch(self, query: str, values: Sequence[object] = ()) -> tuple[Any, ...]:
        row: tuple[Any, ...] = self._con.execute(query, list(values)).fetchall()[0]
        return row
