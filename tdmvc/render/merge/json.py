"""Knows the machine's form of what a merge moves: `tdmvc.merge/1`, `tdmvc.merge-check/1` and `tdmvc.revert/1`."""

from tdmvc.model.masking import MASK
from tdmvc.model.merge import Conflict, Side, TableMerge
from tdmvc.model.merge_report import MergeCheck, MergeReport, MovedDataset, MovedTable, RevertReport
from tdmvc.render.diff.json import finding_document
from tdmvc.render.merge.changes_wording import key_names
from tdmvc.render.migrations.json import drift_document

Document = dict[str, object]
_MOST_CONFLICTS = 100


def merge_document(report: MergeReport) -> Document:
    """Return `tdmvc.merge/1`."""
    return {
        "format": "tdmvc.merge/1",
        "status": report.status.value,
        "ours": report.labels.get(Side.OURS),
        "theirs": report.labels.get(Side.THEIRS),
        "commit": report.commit,
        "datasets": [moved_document(dataset) for dataset in report.datasets],
        "files": list(report.files),
        "notes": list(report.notes),
    }


def merge_check_document(check: MergeCheck) -> Document:
    """Return `tdmvc.merge-check/1`."""
    drifts = drift_document(check.drifts)["drifts"]
    assert isinstance(drifts, list)
    return {
        "format": "tdmvc.merge-check/1",
        "base": check.base,
        "head": check.head,
        "status": check.status.value,
        "is_fine": check.is_fine,
        "datasets": [moved_document(dataset) for dataset in check.datasets],
        "files": list(check.files),
        "drifts": [
            {
                **document,
                "is_old": (drift.dataset, drift.location) in check.old_drifts,
                "fails": (drift.dataset, drift.location) in check.failing_drifts,
            }
            for drift, document in zip(check.drifts, drifts, strict=True)
        ],
    }


def revert_document(report: RevertReport) -> Document:
    """Return `tdmvc.revert/1`."""
    return {
        "format": "tdmvc.revert/1",
        "dataset": report.dataset,
        "old": report.old,
        "new": report.new,
        "tables": [table_document(table) for table in report.tables],
        "manifests": list(report.manifests),
        "files": list(report.files),
        "findings": [finding_document(finding) for finding in report.findings],
        "changed_files": report.changed_files,
        "notes": list(report.notes),
    }


def moved_document(dataset: MovedDataset) -> Document:
    """Return what a merge does to one dataset."""
    return {
        "name": dataset.name,
        "tables": [table_document(table) for table in dataset.tables],
        "findings": [finding_document(finding) for finding in dataset.findings],
        "unchecked": dataset.unchecked or None,
    }


def table_document(table: MovedTable) -> Document:
    """Return what becomes of one table; at most a hundred of its conflicts, personal cells left out."""
    merge = table.merge
    counts = merge.counts if merge else None
    return {
        "name": table.name,
        "move": table.move.value,
        "stage": table.stage,
        "rows": {
            "added": counts.rows_added,
            "removed": counts.rows_removed,
            "changed": counts.rows_changed,
            "parts_taken": counts.parts_taken,
        }
        if counts
        else None,
        "conflict_count": merge.conflict_count if merge else None,
        "conflicts": [_conflict(one, merge) for one in merge.conflicts[:_MOST_CONFLICTS]] if merge else [],
    }


def _conflict(conflict: Conflict, merge: TableMerge) -> Document:
    is_personal = conflict.column in merge.personal_columns
    is_hidden = conflict.kind.is_about_rows and (
        is_personal or (conflict.column is None and bool(merge.personal_columns))
    )
    key = {
        name: MASK if name in merge.personal_columns else cell
        for name, cell in zip(key_names(conflict, merge), conflict.key, strict=False)
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
