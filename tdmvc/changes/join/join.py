"""Compares two sides with SQL, step by step."""

from dataclasses import replace

from tdmvc.changes.comparison import ComparedSides, TableComparison
from tdmvc.changes.join.forms import register_json_udf
from tdmvc.changes.join.keys import collect_faulty_keys, describe_faulty_keys
from tdmvc.changes.join.pairing import Pairing, pair_scans
from tdmvc.changes.join.parts import open_scan
from tdmvc.changes.join.rows import RowsWriter
from tdmvc.changes.join.touched import (
    TOUCHED,
    Touch,
    count_ignored_whole_rows,
    count_touched,
    drop_working_tables,
    find_touched_rows,
    read_first_rows,
    read_samples,
)
from tdmvc.changes.patterns import PatternFinder
from tdmvc.model.diff import RowSample, Samples, TableSide
from tdmvc.model.hidden_columns import columns_that_look_sensitive, hidden_columns, sample_cells
from tdmvc.model.options import RowsTarget
from tdmvc.sql.duckdb import DuckDBConnection, store_errors

_BATCH_ROWS = 131_072


_EXAMINED_ROWS = 100
"""How many rows are examined for secrets before all rows are written to a file."""


def join_sides(
    con: DuckDBConnection,
    sides: ComparedSides,
    *,
    sample_rows: int,
    rows: RowsTarget | None,
    has_schema_changes: bool,
) -> TableComparison:
    """Compare the rows of the given parts.

    The connection's limits bound memory. While it runs, the connection holds
    temporary tables named `tdmvc_…`.

    Args:
        rows: write every touched row there.
        has_schema_changes: the table counts as changed even if no row is.

    Raises:
        PartError: a part is damaged.
        StoreError: memory or the room for spilling ran out.
    """
    old, new = sides.old, sides.new
    with (
        store_errors(new.schema.name, what="The comparison"),
        open_scan(con, old, sides.old_parts, name="old") as before,
        open_scan(con, new, sides.new_parts, name="new") as after,
    ):
        pairing = pair_scans(before, after, sides.pairs)
        with register_json_udf(con, is_needed=pairing.needs_json):
            try:
                outcome = _compare(con, pairing, old, new, sample_rows)
                counts = outcome.rows
                is_changed = has_schema_changes or counts.added or counts.removed or counts.changed
                if rows is not None and is_changed:
                    personal = _hidden(sides, outcome.samples)
                    RowsWriter(rows).write_touched(con, new.schema.name, pairing, personal)
                return outcome
            finally:
                drop_working_tables(con)


def read_single_side(
    con: DuckDBConnection,
    side: TableSide,
    *,
    is_added: bool,
    sample_rows: int,
    rows: RowsTarget | None,
) -> tuple[RowSample, ...]:
    """Return the first rows of a table that only one side has, and write all of them if requested.

    Raises:
        PartError: a part is damaged.
        StoreError: memory or the room for spilling ran out.
    """
    with (
        store_errors(side.schema.name, what="The comparison"),
        open_scan(con, side, sorted(side.parts), name="only") as scan,
    ):
        if rows is not None:
            kind = Touch.ADDED if is_added else Touch.REMOVED
            first = read_first_rows(con, scan, max(sample_rows, _EXAMINED_ROWS))
            cells = (cell for row in first for cell in row.values.items())
            looks = columns_that_look_sensitive(cells, [side.schema])
            hidden = side.schema.personal_columns | frozenset(looks)
            RowsWriter(rows).write_side(con, side.schema.name, scan, kind, hidden)
            return first[:sample_rows]
        return read_first_rows(con, scan, sample_rows)


def _hidden(sides: ComparedSides, samples: Samples) -> frozenset[str]:
    """Return the columns to mask in a file of rows, under the names of both sides."""
    schemas = (sides.old.schema, sides.new.schema)
    pairs = [pair for pair in sides.pairs.columns if pair.is_personal]
    return (
        hidden_columns(schemas)
        | {name for pair in pairs for name in (pair.old.name, pair.name)}
        | frozenset(columns_that_look_sensitive(sample_cells(samples), schemas))
    )


def _compare(
    con: DuckDBConnection, pairing: Pairing, old: TableSide, new: TableSide, sample_rows: int
) -> TableComparison:
    """Run the steps of a comparison; each works on tables that the step before left in the connection."""
    faulty_keys = collect_faulty_keys(con, pairing) if pairing.key else 0
    findings = describe_faulty_keys(con, pairing, new.schema.name) if faulty_keys else ()
    find_touched_rows(con, pairing, has_faulty_keys=faulty_keys > 0)
    outcome = count_touched(con, pairing, old=old.rows, new=new.rows)
    if faulty_keys or not pairing.key:
        ignored = count_ignored_whole_rows(con, pairing, only_faulty=bool(pairing.key))
        outcome = replace(outcome, rows=replace(outcome.rows, ignored=outcome.rows.ignored + ignored))
    finder = _find_patterns(con, pairing, outcome)
    patterns = finder.patterns()
    samples = finder.mark(read_samples(con, pairing, sample_rows), patterns)
    return replace(outcome, patterns=patterns, samples=samples, findings=findings)


def _find_patterns(con: DuckDBConnection, pairing: Pairing, outcome: TableComparison) -> PatternFinder:
    """Read the changed cells back column by column, in batches."""
    finder = PatternFinder(pair for pair in pairing.compared if not pair.is_ignored)
    for index, pair in enumerate(pairing.compared):
        if pair.name not in outcome.columns:
            continue
        query = (
            f"SELECT o.{pairing.old.alias(pair.old.name)} AS a, n.{pairing.new.alias(pair.name)} AS b"
            f" FROM {TOUCHED} t JOIN ({pairing.old.select()}) o ON t.old_f = o.f AND t.old_r = o.r"
            f" JOIN ({pairing.new.select()}) n ON t.new_f = n.f AND t.new_r = n.r"
            f" WHERE t.kind = {Touch.CHANGED.value} AND d{index}"
        )
        for batch in con.sql(query).to_arrow_reader(_BATCH_ROWS):
            if batch.num_rows:
                finder.add(pair.name, batch.column(0), batch.column(1))
    return finder
