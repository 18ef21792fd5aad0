"""Which values of a diff or a review are masked: a second lock behind the model's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from tdmvc.model.diff import ChangePattern, DatasetDiff, PatternGroup, TableDiff
from tdmvc.render.cells import cell_text, masked_text

if TYPE_CHECKING:
    # A diff needs no review.
    from tdmvc.model.review import DatasetReview, RelatedRow, Review, Shift

Personal = Mapping[str, frozenset[str]]
"""Personal columns by table."""


def personal_by_table(diff: DatasetDiff) -> Personal:
    """Return the personal columns of every table, under a renamed table's old name too."""
    columns = {table.old_name: table.personal_columns for table in diff.tables if table.old_name}
    return columns | {table.name: table.personal_columns for table in diff.tables}


def personal_in_key(row: RelatedRow, personal: Personal) -> frozenset[str]:
    """Return the hidden columns of a related row: its whole key if its table is not known."""
    return personal.get(row.table, frozenset(row.key))


def is_personal_shift(shift: Shift, personal: Personal) -> bool:
    """Whether the labels of the bars must be masked."""
    return shift.is_personal or shift.column in personal.get(shift.table, frozenset())


def guarded(pattern: ChangePattern, personal: frozenset[str]) -> ChangePattern:
    """Return the pattern without its values if one of its columns is personal."""
    if not pattern.is_personal and personal.isdisjoint(pattern.columns):
        return pattern
    return replace(pattern, old=None, new=None, by=None, is_personal=True)


def guarded_group(group: PatternGroup, personal: Personal) -> PatternGroup:
    """Return the group without amount, text and values if one of its columns is personal."""
    members = tuple(
        (table, guarded(pattern, personal.get(table, frozenset(pattern.columns))))
        for table, pattern in group.members
    )
    is_personal = any(pattern.is_personal for _, pattern in members)
    return replace(group, members=members, by=None if is_personal else group.by)


def shown_text(column: str, value: object, personal: frozenset[str]) -> str:
    """Return the cell's text, masked if the column is personal."""
    return masked_text(value) if column in personal else cell_text(value)


def revealed(diff: DatasetDiff) -> DatasetDiff:
    """Return the diff with no column marked as personal, for a person's own terminal."""
    return replace(diff, tables=tuple(_revealed_table(table) for table in diff.tables))


def revealed_review(review: Review) -> Review:
    """Return the review with no column marked as personal, for a person's own terminal."""
    return replace(review, datasets=tuple(_revealed_dataset(dataset) for dataset in review.datasets))


def _revealed_table(table: TableDiff) -> TableDiff:
    return replace(table, personal_columns=frozenset()) if table.personal_columns else table


def _revealed_dataset(dataset: DatasetReview) -> DatasetReview:
    return replace(dataset, diff=revealed(dataset.diff))
