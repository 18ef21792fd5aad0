"""Merges a table in conflict again, with all decisions from its conflict file and the command line."""

from dataclasses import dataclass, replace

from tdmvc.merging.conflicts import Marks, conflict_file, read_conflict_file
from tdmvc.merging.decisions import check_values, decide
from tdmvc.merging.pointers import merge_unmerged
from tdmvc.merging.tables import MergedTable
from tdmvc.model.dataset import Pointer
from tdmvc.model.merge import UNDECIDED, Choice, Decision, Resolutions, RowKey, TableMerge, TableOutcome
from tdmvc.model.merge_report import ConflictFile, UnmergedTable
from tdmvc.workspace.workspace import Workspace

_Rows = dict[RowKey, dict[str | None, Choice]]


@dataclass(frozen=True, slots=True)
class ResolvePlan:
    """The planned resolution of one table in conflict."""

    unmerged: UnmergedTable
    merged: MergedTable
    decided: Resolutions
    """By the rows' real keys."""
    file: ConflictFile

    @property
    def is_settled(self) -> bool:
        return self.merged.merge.is_settled


def plan_resolution(workspace: Workspace, unmerged: UnmergedTable, decision: Decision | None) -> ResolvePlan:
    """Merge a table with all decisions, earlier and new. Only parts are written, to the cache.

    Raises:
        ConfigError: the conflict file is wrong.
        NotFoundError: no such column, or no conflict at that row.
        UsageError: a key or a value does not have its column's type.
        PartError: needed rows cannot be found.
    """
    if unmerged.by_hand is not None and decision is None:
        return _as_by_hand(workspace, unmerged, unmerged.by_hand)
    before = read_conflict_file(workspace, unmerged)
    decided = _decided_before(workspace, unmerged, before)
    earlier = before.listed if before is not None and before.is_about(unmerged) else ()
    has_values = any(choice.side is None for row in decided.rows.values() for choice in row.values())
    if has_values or (decision is not None and (decision.key or decision.column)):
        # The first merge is without values: they can only be read once the columns are known.
        merge = merge_unmerged(workspace, unmerged, replace(decided, rows=_sides_only(decided))).merge
        decided = decide(workspace, merge, decided, decision) if decision is not None else decided
        check_values(workspace, merge, decided)
        earlier = earlier or conflict_file(workspace, unmerged, merge).listed
    elif decision is not None:
        decided = replace(decided, table=decision.choice.side)
    merged = merge_unmerged(workspace, unmerged, decided)
    file = conflict_file(workspace, unmerged, merged.merge, decided, earlier)
    return ResolvePlan(unmerged, merged, decided, file)


def _as_by_hand(workspace: Workspace, unmerged: UnmergedTable, pointer: Pointer) -> ResolvePlan:
    listing = workspace.store.listing(pointer.object, f"{unmerged.dataset}/{unmerged.table}")
    merge = TableMerge(unmerged.table, TableOutcome.MERGED, None)
    merged = MergedTable(merge, listing, pointer.size_bytes or workspace.store.size_bytes(listing))
    return ResolvePlan(unmerged, merged, UNDECIDED, conflict_file(workspace, unmerged, merge))


def _decided_before(workspace: Workspace, unmerged: UnmergedTable, file: ConflictFile | None) -> Resolutions:
    """Return the decisions in the table's conflict file, by the rows' real keys."""
    if file is None:
        return UNDECIDED
    if file.is_about(unmerged) and not file.marked:
        return file.decided
    merge = merge_unmerged(workspace, unmerged).merge
    decided = file.decided
    if not file.is_about(unmerged):
        decided = Resolutions(rows=_still_matching(file, conflict_file(workspace, unmerged, merge)))
    return replace(decided, rows=_by_real_keys(workspace, merge, decided))


def _still_matching(old: ConflictFile, new: ConflictFile) -> _Rows:
    """Return the decisions of an earlier merge about conflicts that this one has too."""
    kept: _Rows = {}
    shared = {one.conflict for one in new.listed if not one.is_hidden} & {one.conflict for one in old.listed}
    for conflict in shared if old.key == new.key else ():
        choice = old.decided.rows.get(conflict.key, {}).get(conflict.column)
        if choice is not None:
            kept.setdefault(conflict.key, {})[conflict.column] = choice
    return kept


def _by_real_keys(workspace: Workspace, merge: TableMerge, decided: Resolutions) -> _Rows:
    real = Marks(workspace, merge).real(decided.rows)
    return {real[key]: dict(row) for key, row in decided.rows.items() if key in real}


def _sides_only(decided: Resolutions) -> _Rows:
    rows = {
        key: {column: choice for column, choice in row.items() if choice.side is not None}
        for key, row in decided.rows.items()
    }
    return {key: row for key, row in rows.items() if row}
