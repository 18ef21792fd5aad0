"""Knows the machine's form of what a merge has left: `tdmvc.resolve/1`."""

from tdmvc.model.merge import Side
from tdmvc.model.merge_report import ListedConflict, ResolveReport, TableResolution

Document = dict[str, object]


def resolve_document(report: ResolveReport) -> Document:
    """Return `tdmvc.resolve/1`; personal values are left out of it."""
    return {
        "format": "tdmvc.resolve/1",
        "is_settled": report.is_settled,
        "operation": report.operation,
        "datasets": [
            {
                "dataset": dataset.dataset,
                "tables": [_resolution(table) for table in dataset.tables],
                "leftovers": list(dataset.leftovers),
                "others": list(dataset.others),
            }
            for dataset in report.datasets
        ],
    }


def _resolution(table: TableResolution) -> Document:
    return {
        "table": table.unmerged.table,
        "path": table.unmerged.path,
        "is_settled": table.is_settled,
        "outcome": table.merge.outcome.value,
        "rows": table.rows if table.is_settled else None,
        "sides": {
            side.value: {"label": table.unmerged.label(side), "object": table.unmerged.objects[side]}
            for side in Side
        },
        "key": list(table.file.key),
        "whole": list(table.file.whole),
        "marked": list(table.file.marked),
        "count": table.merge.conflict_count,
        "conflicts": [_conflict(one) for one in table.file.left],
    }


def _conflict(one: ListedConflict) -> Document:
    conflict = one.conflict
    return {
        "kind": conflict.kind.value,
        "key": list(conflict.key),
        "column": conflict.column,
        "base": conflict.base,
        "ours": conflict.ours,
        "theirs": conflict.theirs,
        "is_hidden": one.is_hidden,
        "detail": conflict.detail,
    }
