"""The documents of merges, merge checks, reverts and resolved conflicts."""

from tdmvc.model import (
    merge,
    merge_report,
)
from tdmvc.model.masking import MASK
from tdmvc.model.merge import Side
from tdmvc.render.json import Scope, declare, to_object

_MOST_CONFLICTS = 100


def _conflicts(table: merge_report.MovedTable, scope: Scope) -> list[dict[str, object]]:
    if table.merge is None:
        return []
    return [_conflict(conflict, table.merge) for conflict in table.merge.conflicts[:_MOST_CONFLICTS]]


def _conflict(conflict: merge.Conflict, table: merge.TableMerge) -> dict[str, object]:
    is_personal = conflict.column in table.personal_columns
    is_hidden = conflict.kind.is_about_rows and (
        is_personal or (conflict.column is None and bool(table.personal_columns))
    )
    key = {
        name: MASK if name in table.personal_columns else text
        for name, text in zip(table.key_names(conflict), conflict.key, strict=False)
    }
    values = {"base": conflict.base, "ours": conflict.ours, "theirs": conflict.theirs}
    return {
        "kind": conflict.kind.value,
        "key": key,
        "column": conflict.column,
        "is_hidden": is_hidden,
        **(dict.fromkeys(values) if is_hidden else values),
        "detail": conflict.detail,
    }


declare(
    merge_report.MergeReport,
    "status ours theirs commit datasets files notes",
    format="tdmvc.merge/1",
    ours=lambda one, scope: one.labels.get(Side.OURS),
    theirs=lambda one, scope: one.labels.get(Side.THEIRS),
)
declare(merge_report.MovedDataset, "name tables findings unchecked?")
declare(
    merge_report.MovedTable,
    "name move stage rows=merge.counts conflict_count=merge.conflict_count conflicts",
    conflicts=_conflicts,
)
declare(
    merge.MergeCounts,
    "added=rows_added removed=rows_removed changed=rows_changed parts_taken converted=values_converted "
    "left_out=values_left_out",
)
declare(
    merge_report.MergeCheck,
    "base head status is_fine datasets files drifts",
    format="tdmvc.merge-check/1",
    drifts=lambda check, scope: [
        {
            **to_object(drift, scope),
            "is_old": (drift.dataset, drift.location) in check.old_drifts,
            "fails": (drift.dataset, drift.location) in check.failing_drifts,
        }
        for drift in check.drifts
    ],
)
declare(
    merge_report.RevertReport,
    "dataset old new tables manifests files findings changed_files notes",
    format="tdmvc.revert/1",
)
declare(merge_report.ResolveReport, "is_settled operation datasets", format="tdmvc.resolve/1")
declare(merge_report.DatasetResolution, "dataset tables leftovers others")
declare(
    merge_report.TableResolution,
    "table=unmerged.table path=unmerged.path is_settled outcome=merge.outcome rows sides key=file.key "
    "whole=file.whole marked=file.marked count=merge.conflict_count conflicts=file.left",
    rows=lambda table, scope: table.rows if table.is_settled else None,
    sides=lambda table, scope: {
        side.value: {"label": table.unmerged.label(side), "object": table.unmerged.objects[side]}
        for side in Side
    },
)
declare(
    merge_report.ListedConflict,
    "kind=conflict.kind key=conflict.key column=conflict.column base=conflict.base ours=conflict.ours "
    "theirs=conflict.theirs is_hidden detail=conflict.detail",
)
