"""Knows the machine's form of a review: `tdmvc.review/1`, described in docs/formats/review.md."""

from tdmvc.model.finding import Severity
from tdmvc.model.review import DatasetReview, RelatedRow, Review, ReviewSide, Shift
from tdmvc.render.diff.json import (
    diff_document,
    finding_document,
    json_value,
    summary_document,
    values_document,
)
from tdmvc.render.privacy import Personal, is_personal_shift, personal_by_table, personal_in_key

FORMAT = "tdmvc.review/1"


def review_document(review: Review, *, rows: int | None = None) -> dict[str, object]:
    """Return the review as JSON values; values of personal columns are masked.

    `rows` is how many samples of each kind a table shows at the most; None shows all that there are.
    """
    tables = [table for dataset in review.datasets for table in dataset.diff.tables]
    severities = [finding.severity for finding in review.findings]
    return {
        "format": FORMAT,
        "base": review.base,
        "head": review.head,
        "verdict": review.verdict.value,
        "summary": {
            **summary_document(tables),
            "findings": {severity.value: severities.count(severity) for severity in Severity},
        },
        "datasets": [_dataset(dataset, rows) for dataset in review.datasets],
        "unchanged": list(review.unchanged),
        "commands": list(review.commands),
    }


def _dataset(dataset: DatasetReview, rows: int | None) -> dict[str, object]:
    personal = personal_by_table(dataset.diff)
    return {
        "dataset": dataset.dataset,
        "verdict": dataset.verdict.value,
        "reasons": list(dataset.reasons),
        "old": _side(dataset.old),
        "new": _side(dataset.new),
        "findings": [finding_document(finding) for finding in dataset.findings],
        "ranked": [table.name for table in dataset.ranked],
        "diff": diff_document(dataset.diff, rows=rows),
        "units": [_related(unit, personal, rows) for unit in dataset.units],
        "shifts": [_shift(shift, personal) for shift in dataset.shifts],
        "commands": list(dataset.commands),
    }


def _side(side: ReviewSide) -> dict[str, object]:
    return {
        "ref": side.ref,
        "version": side.version,
        "release": side.release,
        "migrations": {location: list(heads) for location, heads in side.migrations.items()},
    }


def _related(row: RelatedRow, personal: Personal, rows: int | None) -> dict[str, object]:
    is_left_out = rows is not None and row.sample is not None and row.sample >= rows
    return {
        "table": row.table,
        "change": row.change.value,
        "key": values_document(row.key, personal_in_key(row, personal)),
        "sample": None if is_left_out else row.sample,
        "via": list(row.via),
        "children": [_related(child, personal, rows) for child in row.children],
    }


def _shift(shift: Shift, personal: Personal) -> dict[str, object]:
    is_personal = is_personal_shift(shift, personal)
    return {
        "table": shift.table,
        "column": shift.column,
        "kind": shift.kind.value,
        "score": json_value(shift.score),
        "threshold": json_value(shift.threshold),
        "personal": is_personal,
        "bars": [
            {
                "label": "" if is_personal else bar.label,
                "old": json_value(bar.old),
                "new": json_value(bar.new),
            }
            for bar in shift.bars
        ],
    }
