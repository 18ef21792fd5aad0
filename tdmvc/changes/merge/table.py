"""Plans the three-way merge of a table: its columns, its parts, its rows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from tdmvc.changes.comparison import Engine
from tdmvc.changes.merge.aligned import AlignedKeyRange, decide_aligned
from tdmvc.changes.merge.columns import MergedColumns, merge_columns
from tdmvc.changes.merge.key_ranges import MergeKeyRange, plan_key_ranges
from tdmvc.changes.merge.plan import MergedContents, MergeSides, TableMergePlan
from tdmvc.changes.pairs import has_order
from tdmvc.changes.renames import find_column_renames
from tdmvc.changes.walk.key_ranges import Unordered
from tdmvc.changes.walk.workers import workers
from tdmvc.errors import PartError
from tdmvc.model.diff import TableSide
from tdmvc.model.hidden_columns import columns_that_look_sensitive, hidden_columns
from tdmvc.model.merge import (
    UNDECIDED,
    Conflict,
    ConflictKind,
    MergeCounts,
    Resolutions,
    Side,
    TableMerge,
    TableOutcome,
)
from tdmvc.model.progress import ProgressCallback, ignore_progress
from tdmvc.model.schema import TableSchema

TAKEN = {Side.BASE: TableOutcome.BASE, Side.OURS: TableOutcome.OURS, Side.THEIRS: TableOutcome.THEIRS}


def whole_outcome(
    base: TableSide | None, ours: TableSide | None, theirs: TableSide | None
) -> TableOutcome | None:
    """Return the outcome for a table that both sides, or one of them, left as the other has it; else None."""
    if _is_same(ours, theirs):
        return TableOutcome.UNCHANGED if _is_same(ours, base) else _or_removed(ours, TableOutcome.OURS)
    if _is_same(ours, base):
        return _or_removed(theirs, TableOutcome.THEIRS)
    if _is_same(theirs, base):
        return _or_removed(ours, TableOutcome.OURS)
    return None


def removed_outcome(
    base: TableSide | None, ours: TableSide | None, theirs: TableSide | None, resolutions: Resolutions
) -> TableOutcome:
    """Return the outcome for a table that one side removed and the other changed."""
    if resolutions.table is None:
        return TableOutcome.CONFLICT
    chosen = {Side.BASE: base, Side.OURS: ours, Side.THEIRS: theirs}[resolutions.table]
    return _or_removed(chosen, TAKEN[resolutions.table])


def finished(
    name: str,
    outcome: TableOutcome,
    base: TableSide | None,
    ours: TableSide | None,
    theirs: TableSide | None,
) -> TableMerge:
    """Return the merge of a table that was decided without reading rows."""
    if outcome is TableOutcome.CONFLICT:
        conflict = Conflict(
            ConflictKind.TABLE_REMOVED,
            base="there" if base is not None else None,
            ours="changed" if ours is not None else None,
            theirs="changed" if theirs is not None else None,
            detail="one side removed the table, and the other changed it",
        )
        return TableMerge(name, outcome, None, conflicts=(conflict,), conflict_count=1)
    side = {TableOutcome.THEIRS: theirs, TableOutcome.BASE: base}.get(outcome, ours)
    schema = side.schema if side is not None and outcome is not TableOutcome.REMOVED else None
    return TableMerge(name, outcome, schema, key=schema.key if schema else ())


def _is_same(left: TableSide | None, right: TableSide | None) -> bool:
    if left is None or right is None:
        return left is right
    return Counter(left.parts) == Counter(right.parts) and left.schema.key == right.schema.key


def _or_removed(side: TableSide | None, outcome: TableOutcome) -> TableOutcome:
    return TableOutcome.REMOVED if side is None else outcome


_MOST_CONFLICTS = 1_000
"""At most this many are listed; all are counted."""


def plan_table_merge(
    engine: Engine,
    tables: Mapping[Side, TableSide | None],
    *,
    resolutions: Resolutions = UNDECIDED,
    on_progress: ProgressCallback = ignore_progress,
) -> TableMergePlan:
    """Decide what becomes of a table; a side that is None lacks it.

    Rows of parts that two sides share are never read. Nothing is written; memory is
    bounded: the decisions about rows, and what the engine's limits allow.

    Raises:
        PartError: a part that must be read is nowhere, or damaged.
        StoreError: memory or the room for spilling ran out.
    """
    base, ours, theirs = (tables[side] for side in (Side.BASE, Side.OURS, Side.THEIRS))
    name = next(side.schema.name for side in (ours, theirs, base) if side is not None)
    outcome = whole_outcome(base, ours, theirs)
    if outcome is None and (ours is None or theirs is None):
        outcome = removed_outcome(base, ours, theirs, resolutions)
    if outcome is not None:
        return TableMergePlan(finished(name, outcome, base, ours, theirs))
    assert ours is not None
    assert theirs is not None
    nothing = TableSide(TableSchema(name, ()), (), 0, lambda names: [])
    sides = {Side.BASE: base or nothing, Side.OURS: ours, Side.THEIRS: theirs}
    try:
        return _Planner(engine, MergeSides.of(name, sides), resolutions, on_progress).plan()
    except (pa.ArrowException, OSError) as error:
        raise PartError.damaged(
            "the parts that differ", f"table {name}", str(error).splitlines()[0]
        ) from error


class _Planner:
    def __init__(
        self,
        engine: Engine,
        merge_sides: MergeSides,
        resolutions: Resolutions,
        on_progress: ProgressCallback,
    ) -> None:
        self._engine = engine
        self._merge_sides = merge_sides
        self._name = merge_sides.table
        self._sides = merge_sides.sides
        self._resolutions = resolutions
        self._on_progress = on_progress
        self._differing = merge_sides.differing

    def plan(self) -> TableMergePlan:
        columns = self._columns()
        conflicts = list(columns.conflicts)
        if not columns.key and not conflicts and not columns.have_one_shape:
            conflicts.append(NO_KEY)
        if any(conflict.kind is ConflictKind.KEY_CHANGED for conflict in conflicts):
            return self._without_rows(columns, conflicts)
        contents = self._contents(columns)
        try:
            counts, found, open_count, settled = self._decide(contents)
        except BaseException:
            contents.close()
            raise
        if types := self._chosen_types(columns, settled):
            contents.close()
            types = {**self._resolutions.types, **types}
            resolutions = replace(self._resolutions, types=types)
            return _Planner(self._engine, self._merge_sides, resolutions, self._on_progress).plan()
        if any(column.name in settled for column in columns.key):
            contents.close()
            return self._without_rows(columns, [*conflicts, NO_FITTING_KEY])
        conflicts += found
        open_count += len(columns.conflicts)
        if open_count:
            contents.close()
            if any(conflict.kind is ConflictKind.KEY_CHANGED for conflict in found):
                return self._without_rows(columns, conflicts)
            merge = self._merge(TableOutcome.CONFLICT, columns, counts, conflicts)
            listed = tuple(conflicts[:_MOST_CONFLICTS])
            # If only rows are left, whoever resolves them needs the columns' types.
            schema = None if columns.conflicts else columns.schema(self._sides[Side.OURS].schema)
            return TableMergePlan(replace(merge, schema=schema, conflicts=listed, conflict_count=open_count))
        merge = self._merge(TableOutcome.MERGED, columns, counts)
        return TableMergePlan(replace(merge, schema=columns.schema(self._sides[Side.OURS].schema)), contents)

    def _chosen_types(self, columns: MergedColumns, settled: Mapping[str, Conflict]) -> dict[str, Side]:
        """Return the sides whose types columns must get, because a person chose them over the merged types."""
        found = {}
        for column in columns.all:
            choice = self._resolutions.choice(settled[column.name]) if column.name in settled else None
            own = column.of(choice.side) if choice is not None and choice.side is not None else None
            is_known = column.name in self._resolutions.types
            if own is not None and own.type != column.column.type and not is_known:
                assert choice is not None
                assert choice.side is not None
                found[column.name] = choice.side
        return found

    def _without_rows(self, columns: MergedColumns, conflicts: Sequence[Conflict]) -> TableMergePlan:
        """Plan a merge whose rows cannot be matched, so that only a whole side can be taken."""
        chosen = self._resolutions.table
        if chosen is not None:
            merge = self._merge(TAKEN[chosen], columns, MergeCounts())
            return TableMergePlan(replace(merge, schema=self._sides[chosen].schema))
        merge = self._merge(TableOutcome.CONFLICT, columns, MergeCounts())
        return TableMergePlan(replace(merge, conflicts=tuple(conflicts), conflict_count=len(conflicts)))

    def _columns(self) -> MergedColumns:
        base, ours, theirs = (self._sides[side] for side in Side)
        our_renames, their_renames = (self._renames(side) for side in (Side.OURS, Side.THEIRS))
        return merge_columns(
            base.schema, ours.schema, theirs.schema, our_renames, their_renames, self._resolutions
        )

    def _renames(self, side: Side) -> dict[str, str]:
        found = find_column_renames(
            self._engine,
            self._sides[Side.BASE],
            self._sides[side],
            self._differing[Side.BASE],
            self._differing[side],
        )
        return {rename.old: rename.new for rename in found}

    def _contents(self, columns: MergedColumns) -> MergedContents:
        key_ranges = None
        aligned: dict[int, AlignedKeyRange] = {}
        if self._can_walk(columns):
            key = {side: table.schema.key for side, table in self._sides.items()}
            try:
                key_ranges = plan_key_ranges(self._differing, key, self._merge_sides.locate)
                aligned = self._aligned(key_ranges, columns.schema(self._sides[Side.OURS].schema))
            except Unordered:
                key_ranges = None
        return MergedContents(
            self._engine, self._merge_sides, columns, key_ranges, aligned, self._resolutions
        )

    def _aligned(
        self, key_ranges: Sequence[MergeKeyRange], schema: TableSchema
    ) -> dict[int, AlignedKeyRange]:
        """Decide the key ranges in which only cells were edited, without conflicts."""
        mixed = [(number, key_range) for number, key_range in enumerate(key_ranges) if key_range.is_mixed]
        found: dict[int, AlignedKeyRange] = {}
        with workers(len(mixed)) as in_order:
            decided = in_order(lambda one: decide_aligned(one[1], schema), mixed)
            for done, ((number, _), aligned) in enumerate(zip(mixed, decided, strict=True), start=1):
                if aligned is not None:
                    found[number] = aligned
                self._on_progress(f"merge of {self._name}", done, len(mixed), "key ranges")
        return found

    def _can_walk(self, columns: MergedColumns) -> bool:
        """Return whether all sides have the same columns, and are sorted by a key whose values have an order."""
        shapes = [[(c.name, c.type) for c in side.schema.columns] for side in self._sides.values()]
        merged = [(c.name, c.type) for c in columns.schema(self._sides[Side.OURS].schema).columns]
        keys = {side.schema.key for side in self._sides.values()}
        return (
            all(shape == merged for shape in shapes)
            and keys == {tuple(c.name for c in columns.key)}
            and bool(columns.key)
            and all(has_order(c.column.type) and not c.column.is_json for c in columns.key)
        )

    def _decide(
        self, contents: MergedContents
    ) -> tuple[MergeCounts, list[Conflict], int, dict[str, Conflict]]:
        counts = contents.taken_counts()
        conflicts: list[Conflict] = []
        open_count = 0
        settled: dict[str, Conflict] = {}
        for done, batch in enumerate(contents.batches, start=1):
            decided = contents.merger.decide(batch, _MOST_CONFLICTS - len(conflicts))
            conflicts += decided.conflicts
            open_count += decided.open_count
            settled.update({one.column: one for one in decided.settled if one.column is not None})
            counts = MergeCounts(
                counts.parts_taken,
                counts.rows_added + decided.counts.rows_added,
                counts.rows_removed + decided.counts.rows_removed,
                counts.rows_changed + decided.counts.rows_changed,
                counts.values_converted + decided.counts.values_converted,
                counts.values_left_out + decided.counts.values_left_out,
            )
            self._on_progress(f"merge of {self._name}", done, len(contents.batches), "batches")
        return counts, conflicts, open_count, settled

    def _merge(
        self,
        outcome: TableOutcome,
        columns: MergedColumns,
        counts: MergeCounts,
        conflicts: Sequence[Conflict] = (),
    ) -> TableMerge:
        personal = hidden_columns(side.schema for side in self._sides.values())
        personal |= {column.name for column in columns.all if column.column.is_personal}
        # A key stays as it is shown now, so that its marks stay the same while conflicts are resolved.
        cells = (
            (conflict.column, cell)
            for conflict in conflicts
            if conflict.column is not None and conflict.kind.is_about_rows
            for cell in (conflict.base, conflict.ours, conflict.theirs)
        )
        schemas = [side.schema for side in self._sides.values()]
        personal |= frozenset(columns_that_look_sensitive(cells, schemas))
        return TableMerge(
            self._name,
            outcome,
            None,
            key=tuple(column.name for column in columns.key),
            whole=tuple(column.name for column in columns.all),
            counts=counts,
            personal_columns=personal,
        )


NO_FITTING_KEY = Conflict(
    ConflictKind.KEY_CHANGED,
    detail="keys do not fit the type that you chose; take one side of the whole table",
)
NO_KEY = Conflict(
    ConflictKind.KEY_CHANGED, detail="the columns changed, and rows without a key cannot be matched"
)
