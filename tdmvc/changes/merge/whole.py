"""Knows what becomes of a table that no more than one side changed, or that one side removed."""

from collections import Counter

from tdmvc.model.diff import TableSide
from tdmvc.model.merge import Conflict, ConflictKind, Resolutions, Side, TableMerge, TableOutcome

TAKEN = {Side.BASE: TableOutcome.BASE, Side.OURS: TableOutcome.OURS, Side.THEIRS: TableOutcome.THEIRS}


def whole_outcome(
    base: TableSide | None, ours: TableSide | None, theirs: TableSide | None
) -> TableOutcome | None:
    """Return the outcome for a table that both sides, or one of them, left as the other has it; else None."""
    if _say_same(ours, theirs):
        return TableOutcome.UNCHANGED if _say_same(ours, base) else _or_removed(ours, TableOutcome.OURS)
    if _say_same(ours, base):
        return _or_removed(theirs, TableOutcome.THEIRS)
    if _say_same(theirs, base):
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
    """Return the merge of a table of which no row had to be looked at."""
    if outcome is TableOutcome.CONFLICT:
        conflict = Conflict(
            ConflictKind.TABLE_REMOVED,
            base="there" if base is not None else None,
            ours="changed" if ours is not None else None,
            theirs="changed" if theirs is not None else None,
            detail="one side removed the table, the other changed it",
        )
        return TableMerge(name, outcome, None, conflicts=(conflict,), conflict_count=1)
    side = {TableOutcome.THEIRS: theirs, TableOutcome.BASE: base}.get(outcome, ours)
    schema = side.schema if side is not None and outcome is not TableOutcome.REMOVED else None
    return TableMerge(name, outcome, schema, key=schema.key if schema else ())


def _say_same(left: TableSide | None, right: TableSide | None) -> bool:
    if left is None or right is None:
        return left is right
    return Counter(left.parts) == Counter(right.parts) and left.schema.key == right.schema.key


def _or_removed(side: TableSide | None, outcome: TableOutcome) -> TableOutcome:
    return TableOutcome.REMOVED if side is None else outcome
