"""The words for verdicts, sides and distributions of a review."""

from collections.abc import Sequence

from tdmvc.model.diff import ChangedRowSample, RowSample, TableDiff
from tdmvc.model.review import DatasetReview, RelatedRow, Review, ReviewSide, RowChange, Shift, ShiftKind
from tdmvc.model.text import number, plural
from tdmvc.render.cells import visible
from tdmvc.render.text import percent
from tdmvc.render.wording import severities, totals

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


def side_facts(old: ReviewSide, new: ReviewSide) -> list[tuple[str, str, str]]:
    """Return (label, old, new) for version, release and migrations, as visible texts; what one side lacks is empty."""
    facts = [
        ("version", old.version or "", new.version or ""),
        ("release", old.release or "", new.release or ""),
    ]
    for location in sorted({*old.migrations, *new.migrations}):
        heads = [", ".join(side.migrations.get(location, ())) for side in (old, new)]
        facts.append((f"migrations {location}", heads[0], heads[1]))
    return [(visible(label), visible(one), visible(other)) for label, one, other in facts if one or other]


def shift_words(shift: Shift) -> str:
    """Return what shifted and how far: `share of nulls changed by 12 %, threshold 10 %`."""
    if shift.kind is ShiftKind.NULLS:
        return f"share of nulls changed by {percent(shift.score)}, threshold {percent(shift.threshold)}"
    what = "number" if shift.kind is ShiftKind.NUMBERS else "value"
    return f"{what} distribution shifted, index {shift.score:.2f}, threshold {shift.threshold:.2f}"
