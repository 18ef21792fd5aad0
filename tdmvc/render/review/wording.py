"""The words for verdicts, sides and distributions of a review."""

from collections.abc import Sequence

from tdmvc.model.diff import ChangedRowSample, RowSample, TableDiff
from tdmvc.model.review import (
    WORKING_TREE,
    DatasetReview,
    RelatedRow,
    Review,
    ReviewedCommit,
    ReviewSide,
    RowChange,
    Shift,
    ShiftKind,
)
from tdmvc.model.text import number, plural, short_commit
from tdmvc.render.cells import visible
from tdmvc.render.text import percent
from tdmvc.render.wording import severities, totals

_LOCATIONS = 3
"""Migration locations named by a review; a Django project has one for each application."""
ROW_SIGNS = {RowChange.ADDED: "+", RowChange.REMOVED: "−", RowChange.CHANGED: "~", RowChange.UNTOUCHED: "·"}


def samples_of(table: TableDiff, change: RowChange) -> Sequence[RowSample | ChangedRowSample]:
    """Return the samples of one kind."""
    match change:
        case RowChange.ADDED:
            return table.samples.added
        case RowChange.REMOVED:
            return table.samples.removed
        case RowChange.CHANGED:
            return table.samples.changed
    return ()


def related_sample(row: RelatedRow, table: TableDiff | None) -> RowSample | ChangedRowSample | None:
    """Return the sample of a related row, if it is among the table's samples."""
    if table is None or row.sample is None or row.sample < 0:
        return None
    return next(iter(samples_of(table, row.change)[row.sample : row.sample + 1]), None)


def dataset_words(dataset: DatasetReview) -> str:
    """Return a dataset's counts in one line: tables, rows, cells, findings."""
    found = severities(dataset.findings)
    return "; ".join([*totals(dataset.diff), *([found] if found else [])])


def main_reasons(dataset: DatasetReview) -> tuple[str, ...]:
    """Return why the verdict is what it is: what the checks found, or else what changed.

    What changed is listed anyway.
    """
    found = tuple(reason for reason in dataset.reasons if reason not in dataset.diff.bump.reasons)
    return found or dataset.reasons


def review_words(review: Review) -> str:
    """Return how many datasets differ, and how many do not."""
    differ = sum(dataset.diff.is_changed for dataset in review.datasets)
    count = plural(differ, "dataset") if differ else "no dataset"
    words = [f"{count} {'differ' if differ > 1 else 'differs'}"]
    noted = len(review.datasets) - differ
    if noted:
        words.append(f"{number(noted)} with findings only")
    if review.unchanged:
        words.append(f"{number(len(review.unchanged))} unchanged")
    return ", ".join(words) if review.datasets or review.unchanged else "no dataset"


def old_name(review: Review) -> str:
    """Return what the old side is called: the base, or the merge base if the base has moved on."""
    commits = review.commits
    return short_commit(commits.merge_base.id) if commits and commits.has_moved_on else review.base


def commit_facts(review: Review) -> list[tuple[str, str, str]]:
    """Return (label, name, words) for both sides: `from`, `main`, `at 8a1f0c6b2f6f, 2026-11-28 09:12 UTC`.

    If the base has moved on, the old side is the merge base, which has no name.
    """
    commits = review.commits
    if commits is None:
        return [("from", review.base, ""), ("to", review.head, "")]
    head = _commit(commits.head)
    is_work_tree = review.head == WORKING_TREE
    new = ("to", review.head, f"{'on ' if is_work_tree else 'at '}{head}")
    if not commits.has_moved_on:
        return [("from", review.base, f"at {_commit(commits.merge_base)}, the merge base"), new]
    since = plural(commits.commits_since, "commit")
    return [
        ("from", "", f"the merge base {_commit(commits.merge_base)}"),
        new,
        ("base", review.base, f"is {since} further, at {_commit(commits.base)}: not compared here"),
    ]


def _commit(commit: ReviewedCommit) -> str:
    return f"{short_commit(commit.id)}, {commit.committed:%Y-%m-%d %H:%M} UTC"


def side_facts(old: ReviewSide, new: ReviewSide) -> list[tuple[str, str, str]]:
    """Return (label, old, new) for version, release and changed migrations, as visible texts.

    What one side lacks is empty. Of many locations, only the first are named.
    """
    facts = [
        ("version", old.version or "", new.version or ""),
        ("release", old.release or "", new.release or ""),
    ]
    locations = sorted({*old.migrations, *new.migrations})
    moved = [name for name in locations if old.migrations.get(name) != new.migrations.get(name)]
    for location in moved[:_LOCATIONS]:
        heads = [", ".join(side.migrations.get(location, ())) for side in (old, new)]
        facts.append((f"migrations {location}", heads[0], heads[1]))
    if len(moved) > _LOCATIONS:
        facts.append((plural(len(moved) - _LOCATIONS, "more location"), "…", "…"))
    return [(visible(label), visible(one), visible(other)) for label, one, other in facts if one or other]


def shift_words(shift: Shift) -> str:
    """Return what shifted and how far: `share of nulls changed by 12 %, threshold 10 %`."""
    if shift.kind is ShiftKind.NULLS:
        return f"share of nulls changed by {percent(shift.score)}, threshold {percent(shift.threshold)}"
    what = "number" if shift.kind is ShiftKind.NUMBERS else "value"
    return f"{what} distribution shifted, index {shift.score:.2f}, threshold {shift.threshold:.2f}"
