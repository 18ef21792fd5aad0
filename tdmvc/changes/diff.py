"""Knows what is different between two states of one table, step by step."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from tdmvc.changes.json_text import lend_json_form
from tdmvc.changes.keys import collect_faulty_keys, describe_faulty_keys
from tdmvc.changes.pairing import Pairing, choose_key, may_skip_equal_parts, pair_sides
from tdmvc.changes.parts import differing_parts, open_scan
from tdmvc.changes.rows import RowsWriter
from tdmvc.changes.samples import read_first_rows, read_samples
from tdmvc.changes.schema import diff_schema
from tdmvc.changes.touched import Touch, count_touched, drop_working_tables, find_touched_rows
from tdmvc.errors import PartError, StoreError
from tdmvc.model.change import RowCounts, Samples, SchemaChange, TableDiff, TableSide, TableStatus

_DAMAGE = (duckdb.IOException, duckdb.InvalidInputException, duckdb.SerializationException)
"""What DuckDB raises for a Parquet file that is cut, overwritten or not there."""


def diff_table(
    con: duckdb.DuckDBPyConnection,
    old: TableSide | None,
    new: TableSide | None,
    *,
    sample_rows: int = 5,
    rows_writer: RowsWriter | None = None,
) -> TableDiff:
    """Return what is different in one table; a side that is None lacks the table.

    Counts are exact. Parts of equal content hash are never located. The connection's
    limits bound memory: Python holds the samples only. Swapping the sides gives the
    inverse. While it runs, the connection holds temporary tables named `tdmvc_…`.

    Raises:
        PartError: a part that must be read is damaged.
        StoreError: memory or the room for spilling ran out.
    """
    with _store_errors(old or new):
        if old is not None and new is not None:
            return _diff_both(con, old, new, sample_rows, rows_writer)
        if new is not None:
            return _diff_single(con, new, Touch.ADDED, sample_rows, rows_writer)
        if old is not None:
            return _diff_single(con, old, Touch.REMOVED, sample_rows, rows_writer)
    raise ValueError("a table must be on one side at least")


def _diff_both(
    con: duckdb.DuckDBPyConnection,
    old: TableSide,
    new: TableSide,
    sample_rows: int,
    rows_writer: RowsWriter | None,
) -> TableDiff:
    schema = diff_schema(old.schema, new.schema)
    key = choose_key(old.schema, new.schema)
    old_parts, new_parts = differing_parts(old, new)
    if not old_parts and not new_parts:
        return _without_row_changes(old, new, key, schema)
    if not may_skip_equal_parts(old, new, key):
        old_parts, new_parts = list(old.parts), list(new.parts)
    with (
        open_scan(con, old, old_parts, name="old") as before,
        open_scan(con, new, new_parts, name="new") as after,
    ):
        pairing = pair_sides(before, after, key)
        with lend_json_form(con, is_needed=pairing.needs_json):
            try:
                return _compare_rows(con, pairing, old, new, schema, sample_rows, rows_writer)
            finally:
                drop_working_tables(con)


def _compare_rows(
    con: duckdb.DuckDBPyConnection,
    pairing: Pairing,
    old: TableSide,
    new: TableSide,
    schema: tuple[SchemaChange, ...],
    sample_rows: int,
    rows_writer: RowsWriter | None,
) -> TableDiff:
    """The steps of a comparison; each works on what the one before left in the connection."""
    name = new.schema.name
    faulty_keys = collect_faulty_keys(con, pairing) if pairing.key else 0
    findings = describe_faulty_keys(con, pairing, name) if faulty_keys else ()
    find_touched_rows(con, pairing, has_faulty_keys=faulty_keys > 0)
    rows, columns = count_touched(con, pairing, old=old.rows, new=new.rows)
    is_changed = bool(schema or rows.added or rows.removed or rows.changed)
    personal = _personal_columns(old, new)
    if is_changed and rows_writer is not None:
        rows_writer.write_touched(con, name, pairing, personal)
    return TableDiff(
        name=name,
        status=TableStatus.CHANGED if is_changed else TableStatus.UNCHANGED,
        key=tuple(pair.name for pair in pairing.key),
        rows=rows,
        columns=columns,
        schema=schema,
        samples=read_samples(con, pairing, sample_rows),
        findings=findings,
        personal_columns=personal,
    )


def _without_row_changes(
    old: TableSide, new: TableSide, key: tuple[str, ...], schema: tuple[SchemaChange, ...]
) -> TableDiff:
    return TableDiff(
        name=new.schema.name,
        status=TableStatus.CHANGED if schema else TableStatus.UNCHANGED,
        key=key,
        rows=RowCounts(old=old.rows, new=new.rows),
        schema=schema,
        personal_columns=_personal_columns(old, new),
    )


def _diff_single(
    con: duckdb.DuckDBPyConnection,
    side: TableSide,
    kind: Touch,
    sample_rows: int,
    rows_writer: RowsWriter | None,
) -> TableDiff:
    """A whole table came or went; its rows are opened only to be shown."""
    samples = Samples()
    personal = side.schema.personal_columns
    if side.rows and (sample_rows > 0 or rows_writer is not None):
        with open_scan(con, side, sorted(side.parts), name="only") as scan:
            rows = read_first_rows(con, scan, sample_rows)
            samples = Samples(added=rows) if kind is Touch.ADDED else Samples(removed=rows)
            if rows_writer is not None:
                rows_writer.write_side(con, side.schema.name, scan, kind, personal)
    is_added = kind is Touch.ADDED
    return TableDiff(
        name=side.schema.name,
        status=TableStatus.ADDED if is_added else TableStatus.REMOVED,
        key=side.schema.key,
        rows=RowCounts(new=side.rows, added=side.rows)
        if is_added
        else RowCounts(old=side.rows, removed=side.rows),
        samples=samples,
        personal_columns=personal,
    )


def _personal_columns(old: TableSide, new: TableSide) -> frozenset[str]:
    """A column that was personal on either side is personal: the diff shows both."""
    return old.schema.personal_columns | new.schema.personal_columns


@contextmanager
def _store_errors(side: TableSide | None) -> Iterator[None]:
    """Say in tdmvc's words what DuckDB's readers say in theirs; none of these messages holds a cell value."""
    table = side.schema.name if side is not None else ""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise StoreError(
            "The comparison ran out of memory or of room to spill.",
            where=f"table {table}",
            remedy="free some disk space for temporary files, or raise the memory limit.",
        ) from error
    except duckdb.Error as error:
        # A broken Thrift header comes as the root class itself.
        if type(error) is not duckdb.Error and not isinstance(error, _DAMAGE):
            raise
        raise PartError.damaged(
            "the parts that differ", f"table {table}", str(error).splitlines()[0]
        ) from error
