"""Compares two states of one table: chooses how to compare, and collects the results."""

from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa

from tdmvc.changes.comparison import ComparedSides, Engine, TableComparison, differing_parts
from tdmvc.changes.hidden import hide_suspicious
from tdmvc.changes.join.forms import differing_by_forms
from tdmvc.changes.join.join import join_sides, read_single_side
from tdmvc.changes.kernels import Mask
from tdmvc.changes.pairs import (
    NO_RULES,
    ColumnPair,
    TableRules,
    can_walk,
    may_skip_equal_parts,
    pair_columns,
)
from tdmvc.changes.renames import find_column_renames
from tdmvc.changes.schema import diff_schema
from tdmvc.changes.walk.alignment import FaultyKey
from tdmvc.changes.walk.key_ranges import Unordered
from tdmvc.changes.walk.walk import Walk
from tdmvc.errors import PartError
from tdmvc.model.diff import RowCounts, Samples, TableDiff, TableSide, TableStatus
from tdmvc.model.hidden_columns import hidden_columns
from tdmvc.model.options import DEFAULT_DIFF, DiffOptions


def diff_table(
    engine: Engine,
    old: TableSide | None,
    new: TableSide | None,
    *,
    rules: TableRules = NO_RULES,
    table_names: Mapping[str, str] | None = None,
    options: DiffOptions = DEFAULT_DIFF,
) -> TableDiff:
    """Return what is different in one table; a side that is None lacks the table.

    Counts are exact. Parts of equal content hash are never located. Memory is bounded:
    a few parts at a time, or the engine's limits. Swapping the sides gives
    the inverse.

    Args:
        table_names: new names of renamed tables, by old name: references follow them.

    Raises:
        PartError: a part that must be read is damaged.
        StoreError: memory or disk space for temporary files ran out.
    """
    if old is not None and new is not None:
        found = _diff_both(engine, old, new, rules, table_names or {}, options)
    else:
        side = old or new
        if side is None:
            raise ValueError("a table must be on one side at least")
        found = _diff_single(engine, side, options, is_added=new is not None)
    return hide_suspicious(found, [side.schema for side in (old, new) if side is not None])


def _diff_both(
    engine: Engine,
    old: TableSide,
    new: TableSide,
    rules: TableRules,
    table_names: Mapping[str, str],
    options: DiffOptions,
) -> TableDiff:
    old_parts, new_parts = differing_parts(old, new)
    renames = find_column_renames(engine, old, new, old_parts, new_parts)
    schema = diff_schema(old.schema, new.schema, renames, table_names)
    pairs = pair_columns(old.schema, new.schema, rules, {r.old: r.new for r in renames})
    if not may_skip_equal_parts(old.schema, new.schema, pairs):
        old_parts, new_parts = list(old.parts), list(new.parts)
    sides = ComparedSides(old, new, old_parts, new_parts, pairs)
    outcome = TableComparison(RowCounts(old.rows, new.rows))
    if old_parts or new_parts:
        walked = None
        if rules.is_ignored:
            options = replace(options, rows=None)
        if options.rows is None and can_walk(old.schema, new.schema, pairs):
            walked = _walk(engine, sides, options)
        outcome = walked or _join(engine, sides, options, has_schema_changes=bool(schema))
    if rules.is_ignored:
        outcome = _ignore_rows(outcome)
    counts = outcome.rows
    is_changed = bool(schema or counts.added or counts.removed or counts.changed)
    return TableDiff(
        name=new.schema.name,
        status=TableStatus.CHANGED if is_changed else TableStatus.UNCHANGED,
        key=pairs.key_names,
        rows=counts,
        columns=outcome.columns,
        schema=schema,
        samples=outcome.samples,
        findings=outcome.findings,
        personal_columns=hidden_columns((old.schema, new.schema))
        | {pair.name for pair in pairs.columns if pair.is_personal},
        patterns=outcome.patterns,
        ignored=outcome.ignored,
        is_natural_key=bool(rules.key) and pairs.key_names == rules.key,
        references=new.schema.references,
    )


def _walk(engine: Engine, sides: ComparedSides, options: DiffOptions) -> TableComparison | None:
    """Walk both sides in key order; None if they turn out to have no common order."""

    def compare(pair: ColumnPair, before: pa.Array, after: pa.Array) -> Mask:
        return differing_by_forms(engine, pair, before, after)

    old, new = sides.old, sides.new
    before = list(old.locate(sides.old_parts)) if sides.old_parts else []
    after = list(new.locate(sides.new_parts)) if sides.new_parts else []
    walk = Walk(old, new, sides.pairs, compare)
    try:
        return walk.run(
            before,
            after,
            sample_rows=options.sample_rows,
            on_progress=lambda done, total: options.on_progress(
                f"diff of {new.schema.name}", done, total, "key ranges"
            ),
        )
    except (Unordered, FaultyKey):
        return None
    except (pa.ArrowException, OSError) as error:
        raise PartError.damaged(
            "the parts that differ", f"table {new.schema.name}", str(error).splitlines()[0]
        ) from error


def _join(
    engine: Engine,
    sides: ComparedSides,
    options: DiffOptions,
    *,
    has_schema_changes: bool,
) -> TableComparison:
    return join_sides(
        engine(),
        sides,
        sample_rows=options.sample_rows,
        rows=options.rows,
        has_schema_changes=has_schema_changes,
    )


def _diff_single(
    engine: Engine,
    side: TableSide,
    options: DiffOptions,
    *,
    is_added: bool,
) -> TableDiff:
    """Return the diff of a table that was added or removed; its rows are read only to be shown."""
    samples = Samples()
    if side.rows and (options.sample_rows > 0 or options.rows is not None):
        found = read_single_side(
            engine(), side, is_added=is_added, sample_rows=options.sample_rows, rows=options.rows
        )
        samples = Samples(added=found) if is_added else Samples(removed=found)
    return TableDiff(
        name=side.schema.name,
        status=TableStatus.ADDED if is_added else TableStatus.REMOVED,
        key=side.schema.key,
        rows=RowCounts(new=side.rows, added=side.rows)
        if is_added
        else RowCounts(old=side.rows, removed=side.rows),
        samples=samples,
        personal_columns=side.schema.personal_columns,
        references=side.schema.references,
    )


def _ignore_rows(outcome: TableComparison) -> TableComparison:
    """Count every touched row as ignored."""
    rows = outcome.rows
    ignored = rows.added + rows.removed + rows.changed + rows.ignored
    return replace(
        outcome,
        rows=RowCounts(rows.old, rows.new, ignored=ignored),
        columns={},
        ignored=outcome.columns | outcome.ignored,
        patterns=(),
        samples=Samples(),
    )
