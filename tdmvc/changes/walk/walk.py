"""Compares two sorted sides key range by key range, counting and keeping samples."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from tdmvc.arrow.values import python_values
from tdmvc.changes import kernels
from tdmvc.changes.comparison import TableComparison, most_first
from tdmvc.changes.kernels import (
    NOWHERE,
    Mask,
    Positions,
    count_up,
    either,
    in_one,
    only,
    positions_of,
    take,
)
from tdmvc.changes.pairs import ColumnPair, ColumnPairs
from tdmvc.changes.patterns import PatternFinder
from tdmvc.changes.samples import changed_row, whole_row
from tdmvc.changes.walk.alignment import Alignment, SideRows, align, check_keys
from tdmvc.changes.walk.cells import differing_cells, differing_json, is_plain
from tdmvc.changes.walk.key_ranges import KeyRange, plan_key_ranges
from tdmvc.changes.walk.rows import Rows
from tdmvc.changes.walk.workers import workers
from tdmvc.model.diff import ChangedRowSample, RowCounts, RowSample, Samples, TableSide

CompareForms = Callable[[ColumnPair, pa.Array, pa.Array], Mask]
"""Compares columns that have no plain common type; returns true a slot that differs."""


@dataclass(frozen=True, slots=True)
class _TouchedRange:
    """The touched rows of one key range; positions count from its first row."""

    key_range: KeyRange
    removed: Positions
    added: Positions
    old: Positions
    """Changed rows on the old side; `old[i]` and `new[i]` are one row."""
    new: Positions
    flags: dict[str, Mask]
    """For each column with a changed cell: whether the cell of `old[i]` differs."""
    ignored_rows: int
    ignored_cells: dict[str, int]
    cells: dict[str, tuple[pa.Array, pa.Array]]
    """The changed cells' old and new values, by column; without ignored columns."""

    def first_cells(self, side: int, rows: int) -> dict[str, list[object]]:
        """Return the old (0) or new (1) cells of the first changed rows, by column; None if a cell is the same."""
        found: dict[str, list[object]] = {}
        for name, cells in self.cells.items():
            flags = self.flags[name].slice(0, rows).to_pylist()
            values = iter(python_values(cells[side].slice(0, sum(flags))))
            found[name] = [next(values) if flag else None for flag in flags]
        return found


class Walk:
    """A comparison of two sides that are sorted by one key (see `pairs.can_walk`)."""

    def __init__(self, old: TableSide, new: TableSide, pairs: ColumnPairs, compare: CompareForms) -> None:
        self._pairs = pairs
        self._compare = compare
        self._old_types = {column.name: column.type for column in old.schema.columns}
        self._new_types = {column.name: column.type for column in new.schema.columns}
        self._sizes = (old.rows, new.rows)

    def run(
        self,
        old: Sequence[Path],
        new: Sequence[Path],
        *,
        sample_rows: int,
        on_progress: Callable[[int, int], None],
    ) -> TableComparison:
        """Compare the rows of the parts that differ.

        Memory: a few key ranges, and the samples. Threads read and compare ahead,
        results come in key order.

        Args:
            on_progress: called with the number of key ranges that are done, and of all.

        Raises:
            Unordered: the parts are not in an order that can be walked.
            FaultyKey: a key repeats or is null, so rows cannot be paired.
        """
        tally = _Tally(self, sample_rows)
        with workers(len(old) + len(new)) as in_order:
            key_ranges = plan_key_ranges(old, new, self._old_key, self._pairs.key_names, in_order=in_order)
            for done, touched in enumerate(in_order(self._look_at, key_ranges), start=1):
                tally.add(touched)
                on_progress(done, len(key_ranges))
        return tally.outcome(*self._sizes)

    @property
    def pairs(self) -> ColumnPairs:
        return self._pairs

    @property
    def _old_key(self) -> tuple[str, ...]:
        return tuple(pair.old.name for pair in self._pairs.key)

    def open(self, key_range: KeyRange) -> tuple[Rows, Rows]:
        """Open both sides of a key range."""
        return Rows(key_range.old, self._old_types), Rows(key_range.new, self._new_types)

    def _look_at(self, key_range: KeyRange) -> _TouchedRange:
        before, after = self.open(key_range)
        with before, after:
            if key_range.is_aligned:
                check_keys(list(after.columns(self._pairs.key_names).values()))
                return self._compare_cells(key_range, Alignment(), self._aligned_columns(before, after))
            if not key_range.old or not key_range.new:
                key = self._old_key if key_range.old else self._pairs.key_names
                check_keys(list((before if key_range.old else after).columns(key).values()))
                alone = Alignment(SideRows(count_up(before.count)), SideRows(count_up(after.count)))
                return self._compare_cells(key_range, alone, iter(()))
            # Keys and cells at once: what was inserted has moved all bytes, so all are needed.
            olds = before.columns([pair.old.name for pair in self._pairs.columns], as_dictionaries=True)
            news = after.columns([pair.name for pair in self._pairs.columns], as_dictionaries=True)
            alignment = align(
                [kernels.plain(olds[name]) for name in self._old_key],
                [kernels.plain(news[name]) for name in self._pairs.key_names],
            )
            return self._compare_cells(key_range, alignment, self._paired_columns(olds, news, alignment))

    def _compare_cells(
        self,
        key_range: KeyRange,
        alignment: Alignment,
        pairs: Iterator[tuple[ColumnPair, pa.Array, pa.Array]],
    ) -> _TouchedRange:
        """Compare the columns of rows that have a match."""
        differing: dict[str, Mask] = {}
        values: dict[str, tuple[pa.Array, pa.Array]] = {}
        ignored_cells: dict[str, int] = {}
        counted: Mask | None = None
        ignored: Mask | None = None
        for pair, old, new in pairs:
            mask = self._mask(pair, old, new)
            if not mask.true_count:
                continue
            if pair.is_ignored:
                ignored_cells[pair.name] = mask.true_count
                ignored = mask if ignored is None else either(ignored, mask)
                continue
            differing[pair.name] = mask
            chosen = positions_of(mask)
            values[pair.name] = kernels.plain(take(old, chosen)), kernels.plain(take(new, chosen))
            counted = mask if counted is None else either(counted, mask)
        changed = positions_of(counted) if counted is not None else NOWHERE
        if ignored is not None and counted is not None:
            ignored = only(ignored, counted)
        return _TouchedRange(
            key_range,
            removed=alignment.old.alone,
            added=alignment.new.alone,
            old=alignment.old.rows_of(changed),
            new=alignment.new.rows_of(changed),
            flags={name: take(mask, changed) for name, mask in differing.items()},
            ignored_rows=ignored.true_count if ignored is not None else 0,
            ignored_cells=ignored_cells,
            cells=values,
        )

    def _aligned_columns(self, before: Rows, after: Rows) -> Iterator[tuple[ColumnPair, pa.Array, pa.Array]]:
        """Yield the columns that may differ, two at a time in memory.

        Equal bytes of one type say the same, whatever the type.
        """
        for pair in self._pairs.compared:
            if pair.old.type != pair.new.type or (
                before.parts[0].chunks(pair.old.name) != after.parts[0].chunks(pair.name)
            ):
                yield pair, *before.columns([pair.old.name]).values(), *after.columns([pair.name]).values()

    def _paired_columns(
        self, olds: dict[str, pa.Array], news: dict[str, pa.Array], alignment: Alignment
    ) -> Iterator[tuple[ColumnPair, pa.Array, pa.Array]]:
        """Yield the columns of matches that may differ, and let go of each."""
        for pair in self._pairs.compared:
            old, new = olds.pop(pair.old.name), news.pop(pair.name)
            if not pair.has_one_type:
                old, new = kernels.plain(old), kernels.plain(new)
            before, after = alignment.old.matched(old), alignment.new.matched(new)
            if before.type != after.type or not before.equals(after):
                yield pair, in_one(before), in_one(after)

    def _mask(self, pair: ColumnPair, old: pa.Array, new: pa.Array) -> Mask:
        if pair.has_one_type and is_plain(pair.new.type):
            return differing_cells(old, new)
        if pair.is_json and pair.old.type == pair.new.type:
            return differing_json(old, new)
        return self._compare(pair, old, new)


class _Tally:
    """Counts, patterns and samples, key range by key range in key order."""

    def __init__(self, walk: Walk, sample_rows: int) -> None:
        self._walk = walk
        self._limit = sample_rows
        self._added = self._removed = self._changed = self._ignored = 0
        self._cells: dict[str, int] = {}
        self._ignored_cells: dict[str, int] = {}
        self._finder = PatternFinder([pair for pair in walk.pairs.compared if not pair.is_ignored])
        self._samples: tuple[list[RowSample], list[RowSample], list[ChangedRowSample]] = ([], [], [])

    def add(self, touched: _TouchedRange) -> None:
        self._added += len(touched.added)
        self._removed += len(touched.removed)
        self._changed += len(touched.old)
        self._ignored += touched.ignored_rows
        for name, mask in touched.flags.items():
            self._cells[name] = self._cells.get(name, 0) + mask.true_count
        for name, count in touched.ignored_cells.items():
            self._ignored_cells[name] = self._ignored_cells.get(name, 0) + count
        for name, (old, new) in touched.cells.items():
            self._finder.add(name, old, new)
        self._sample(touched)

    def outcome(self, old_rows: int, new_rows: int) -> TableComparison:
        added, removed, changed = self._samples
        patterns = self._finder.patterns()
        return TableComparison(
            RowCounts(old_rows, new_rows, self._added, self._removed, self._changed, self._ignored),
            most_first(self._cells),
            most_first(self._ignored_cells),
            patterns,
            self._finder.mark(Samples(tuple(added), tuple(removed), tuple(changed)), patterns),
        )

    def _sample(self, touched: _TouchedRange) -> None:
        """Read the first rows of each kind whole, as long as there is room."""
        added, removed, changed = self._samples
        new_rows = touched.added[: self._limit - len(added)]
        old_rows = touched.removed[: self._limit - len(removed)]
        room = self._limit - len(changed)
        if not len(new_rows) and not len(old_rows) and not (room and len(touched.old)):
            return
        pairs = self._walk.pairs
        before, after = self._walk.open(touched.key_range)
        with before, after:
            key = {pair.name: pair.name for pair in pairs.key}
            added += [whole_row(key, row) for row in _read(after, new_rows, after.names)]
            old_key = {pair.name: pair.old.name for pair in pairs.key}
            removed += [whole_row(old_key, row) for row in _read(before, old_rows, before.names)]
            known = {name for name, mask in touched.flags.items() if not mask.slice(0, room).false_count}
            # Of a column that differs in all these rows, the cells are there already.
            new = _read(after, touched.new[:room], [name for name in after.names if name not in known])
        olds, news = (touched.first_cells(side, room) for side in (0, 1))
        flags = {name: mask.slice(0, room).to_pylist() for name, mask in touched.flags.items()}
        old_names = {pair.name: pair.old.name for pair in pairs.compared}
        for index, new_row in enumerate(new):
            differs = [pair.name in flags and flags[pair.name][index] for pair in pairs.compared]
            old_row = {old_names[name]: cells[index] for name, cells in olds.items()}
            new_row.update({name: news[name][index] for name in known})
            changed.append(changed_row(pairs, differs, old_row, new_row))


def _read(rows: Rows, positions: Positions, names: Sequence[str]) -> list[dict[str, object]]:
    if not len(positions):
        return []
    columns = {
        name: python_values(kernels.plain(take(column, positions)))
        for name, column in rows.columns(names, as_dictionaries=True).items()
    }
    return [{name: values[i] for name, values in columns.items()} for i in range(len(positions))]
