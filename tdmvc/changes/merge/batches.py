"""Decides over the rows of some parts at a time, so that memory is bounded whatever the size of a table."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from operator import add

import pyarrow as pa

from tdmvc.changes.merge.apply import KEY_RANGE, merged_rows
from tdmvc.changes.merge.column_merger import MergedColumn
from tdmvc.changes.merge.columns import MergedColumns
from tdmvc.changes.merge.counted import count_misfits, count_rows, write_counted
from tdmvc.changes.merge.misfits import chosen_side, count_converted, misfit, settle_misfits
from tdmvc.changes.merge.open_decisions import (
    count_open,
    count_open_counts,
    describe_open,
    describe_open_counts,
    resolve_counts,
    resolve_rows,
)
from tdmvc.changes.merge.rows import (
    REPEATED_KEYS,
    From,
    What,
    collect_repeated_keys,
    counted_table,
    create_decided,
    decide_rows,
    decided_table,
)
from tdmvc.changes.merge.scans import MergeScan, open_scans
from tdmvc.model.diff import TableSide
from tdmvc.model.merge import Conflict, ConflictKind, MergeCounts, Resolutions, Side
from tdmvc.model.text import plural
from tdmvc.sql.duckdb import DuckDBConnection, store_errors
from tdmvc.sql.quoting import quote_name

_BATCH_ROWS = 32_768


@dataclass(frozen=True, slots=True)
class Batch:
    """Parts of each side whose rows are merged at once; no other part holds a key of theirs."""

    number: int
    parts: Mapping[Side, tuple[str, ...]]
    """Content hashes, sorted."""
    key_ranges: Mapping[Side, tuple[int, ...]]
    """The key range of each of them."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided over the rows of a batch."""

    counts: MergeCounts
    conflicts: tuple[Conflict, ...]
    """The first open ones, in key order."""
    open_count: int
    settled: tuple[Conflict, ...] = ()
    """Those about columns with values that do not fit, if a person decided them."""


class RowMerger:
    """Merges the rows of one table, batch by batch: first decides over each, then gives the merged rows."""

    def __init__(
        self,
        con: DuckDBConnection,
        table: str,
        columns: MergedColumns,
        sides: Mapping[Side, TableSide],
        resolutions: Resolutions,
    ) -> None:
        self._con = con
        self._table = table
        self._columns = columns
        self._sides = sides
        self._resolutions = resolutions

    def decide(self, batch: Batch, most_conflicts: int) -> Decided:
        """Decide a batch, and keep the decisions in the connection until `forget`."""
        con, table = self._con, decided_table(batch.number)
        with self._scan(batch) as scan:
            has_repeated = bool(scan.keys) and collect_repeated_keys(con, scan) > 0
            if scan.keys:
                decide_rows(con, scan, table, has_repeated=has_repeated)
                resolve_rows(con, self._columns, table, self._resolutions)
                settle_misfits(con, scan, table, self._resolutions)
            else:
                create_decided(con, scan, table)
            counts_rows = not scan.keys or (has_repeated and self._columns.have_one_shape)
            misfits = [
                count_misfits(con, scan, i, only_repeated=has_repeated) if counts_rows else 0
                for i in range(len(scan.narrowed))
            ]
            losses = self._losses(scan, table, misfits)
            lost = [conflict for conflict in losses if self._resolutions.choice(conflict) is None]
            open_count = count_open(con, scan, table) if scan.keys else 0
            conflicts = [*lost, *describe_open(con, scan, table, most_conflicts)] if open_count else [*lost]
            open_count += len(lost)
            if has_repeated and not self._columns.have_one_shape:
                conflicts.append(_REPEATED)
                open_count += 1
            elif counts_rows:
                counted = counted_table(batch.number)
                count_rows(con, scan, counted, only_repeated=has_repeated)
                resolve_counts(con, scan, counted, self._resolutions)
                open_count += count_open_counts(con, counted)
                conflicts += describe_open_counts(con, scan, counted, most_conflicts)
                write_counted(con, scan, counted, table, only_repeated=has_repeated)
                con.execute(f"DROP TABLE {counted}")
            con.execute(f"DROP TABLE IF EXISTS {REPEATED_KEYS}")
            settled = tuple(one for one in losses if one.kind is ConflictKind.COLUMN_TYPE and one not in lost)
            converted = count_converted(con, scan, table, self._resolutions)
            converted += sum(
                count
                for column, count in zip(scan.narrowed, misfits, strict=True)
                if chosen_side(column, self._resolutions) is not None
            )
            counts = replace(self._counts(table), values_converted=converted)
            return Decided(counts, tuple(conflicts[:most_conflicts]), open_count, settled)

    def rows(self, batch: Batch) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yield the merged rows of a batch in key order, each piece with the number of its key range."""
        schema_names = self._columns.order
        with self._scan(batch) as scan:
            query = merged_rows(self._con, scan, decided_table(batch.number), batch.key_ranges)
            order = ", ".join(f"{quote_name(column.name)} NULLS FIRST" for column in self._columns.key)
            ordered = f"SELECT * FROM ({query}) ORDER BY {KEY_RANGE}, {order}"
            for rows in self._con.sql(ordered).to_arrow_reader(_BATCH_ROWS):
                numbers = rows.column(len(schema_names))
                values = pa.RecordBatch.from_arrays(
                    rows.columns[: len(schema_names)], names=list(schema_names)
                )
                start = 0
                for number, length in _runs(numbers):
                    yield number, values.slice(start, length)
                    start += length

    @contextmanager
    def query(self, batch: Batch) -> Iterator[str]:
        """Give the query over the merged rows of a batch, in no order, until the block ends."""
        with self._scan(batch) as scan:
            yield merged_rows(self._con, scan, decided_table(batch.number))

    def forget(self, batch: Batch) -> None:
        """Give back what the decisions over a batch hold."""
        self._con.execute(f"DROP TABLE IF EXISTS {decided_table(batch.number)}")

    @contextmanager
    def _scan(self, batch: Batch) -> Iterator[MergeScan]:
        with (
            store_errors(self._table, what="The merge"),
            open_scans(self._con, self._columns, self._sides, batch.parts) as scan,
        ):
            yield scan

    def _losses(self, scan: MergeScan, table: str, misfits: Sequence[int]) -> list[Conflict]:
        """Return the columns whose edited values the merged columns have no room for, also the decided ones.

        Args:
            misfits: for each narrowed column, such values among rows that are merged by their number.
        """
        marks = [f"count(*) FILTER (WHERE m{i})" for i in range(len(scan.narrowed))]
        marks += [f"count(*) FILTER (WHERE d{i})" for i in range(len(self._columns.dropped))]
        if not marks:
            return []
        counts = self._con.execute(f"SELECT {', '.join(marks)} FROM {table}").fetchall()[0]
        fitting = zip(scan.narrowed, map(add, counts, misfits), strict=True)
        edited = zip(self._columns.dropped, counts[len(scan.narrowed) :], strict=True)
        found = [misfit(column, count) for column, count in fitting if count]
        found += [_edited(column, count) for column, count in edited if count]
        return found

    def _counts(self, table: str) -> MergeCounts:
        cells = " OR ".join(f"s{i} <> {From.OURS}" for i in range(len(self._columns.cells))) or "false"
        moved = f"verdict <> {From.OURS} AND what IN"
        is_removed = (
            f"(what = {What.DELETED_THERE} AND verdict = {From.THEIRS})"
            f" OR (what = {What.DELETED_HERE} AND verdict = {From.OURS})"
        )
        is_new = f"what NOT IN ({What.DELETED_THERE}, {What.DELETED_HERE})"
        added, removed, changed, left_out = self._con.execute(
            f"SELECT count(*) FILTER (WHERE {moved} ({What.ADDED_THERE}, {What.DELETED_HERE})),"
            f" count(*) FILTER (WHERE {moved} ({What.DELETED_THERE}, {What.SURPLUS})),"
            f" count(*) FILTER (WHERE what IN ({What.KEPT}, {What.ADDED_TWICE}) AND ({cells})),"
            f" coalesce(sum(left_out) FILTER (WHERE {is_new} OR {is_removed}), 0) FROM {table}"
        ).fetchall()[0]
        return MergeCounts(0, int(added), int(removed), int(changed), values_left_out=int(left_out))


_REPEATED = Conflict(
    ConflictKind.KEY_CHANGED,
    detail="the columns changed, and keys repeat, so their rows cannot be matched",
)


def _edited(column: MergedColumn, count: int) -> Conflict:
    name = column.base.name if column.base is not None else column.name
    cells = plural(count, "cell was", many="cells were")
    kept = column.column.type_text
    return Conflict(
        ConflictKind.COLUMN_DROPPED,
        column=name,
        base=kept,
        ours=kept if column.ours is not None else None,
        theirs=kept if column.theirs is not None else None,
        detail=f"one side dropped the column; on the other, {cells} edited",
    )


def _runs(numbers: pa.Array) -> Iterator[tuple[int, int]]:
    """Yield each value of an ascending array with the length of its run."""
    counts = numbers.value_counts()
    yield from zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True)
