"""A review: what a pull request changes in the test data, and what a person must decide about it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tdmvc.model.diff import BumpLevel, DatasetDiff, TableDiff, TableStatus
from tdmvc.model.finding import Finding, Severity

WORKING_TREE = "working tree"
"""The head of a review that compares files instead of a commit."""


class Verdict(StrEnum):
    """The answer of a review, best first."""

    UNCHANGED = "unchanged"
    """No dataset differs and nothing was found."""
    FINE = "fine"
    """Values changed or rows were added; nothing was lost and no check found a fault."""
    ATTENTION = "attention"
    """Something was removed, renamed or narrowed, or a check warns: a person should look."""
    BLOCKED = "blocked"
    """A check found an error."""

    @property
    def rank(self) -> int:
        """Return 0 for the best."""
        return list(Verdict).index(self)


class RowChange(StrEnum):
    """What happened to a row in a unit of related rows."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    UNTOUCHED = "untouched"
    """The row did not change; it is shown because others refer to it."""


@dataclass(frozen=True, slots=True)
class RelatedRow:
    """A row with the rows that belong to it: an order with its items and payments."""

    table: str
    change: RowChange
    key: dict[str, object]
    sample: int | None
    """Its position in the table's samples of that kind; None for an untouched row."""
    children: tuple["RelatedRow", ...] = ()
    via: tuple[str, ...] = ()
    """For a child: its columns that name the parent."""

    @property
    def rows(self) -> int:
        """Touched rows in the unit, this one included."""
        own = self.change is not RowChange.UNTOUCHED
        return own + sum(child.rows for child in self.children)


class ShiftKind(StrEnum):
    """What changed in the distribution of a column."""

    NULLS = "nulls"
    """The share of nulls."""
    NUMBERS = "numbers"
    """The spread of numbers, dates or times."""
    CATEGORIES = "categories"
    """The shares of the most frequent values."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a distribution: a range of values or one value, with its share on both sides."""

    label: str
    """Empty if the column is personal."""
    old: float
    """A share, 0 to 1, of the values that are not null (for NULLS, of all)."""
    new: float


@dataclass(frozen=True, slots=True)
class Shift:
    """A column whose distribution changed by more than a threshold."""

    table: str
    column: str
    kind: ShiftKind
    score: float
    """How far: the population stability index; for NULLS the difference of the shares."""
    threshold: float
    bars: tuple[Bar, ...]
    """In the order of the values; the last may gather all others."""
    is_personal: bool = False


@dataclass(frozen=True, slots=True)
class ReviewSide:
    """One side of a review."""

    ref: str
    version: str | None = None
    """The published version that the side equals by content."""
    release: str | None = None
    migrations: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Heads by location: the schema that the rows were made for."""


@dataclass(frozen=True, slots=True)
class DatasetReview:
    """The review of one dataset."""

    verdict: Verdict
    reasons: tuple[str, ...]
    """Why, most important first."""
    old: ReviewSide
    new: ReviewSide
    diff: DatasetDiff
    findings: tuple[Finding, ...] = ()
    """Worst first; those of the diff too."""
    units: tuple[RelatedRow, ...] = ()
    """Rows that belong together, only units of two rows or more; most rows first."""
    shifts: tuple[Shift, ...] = ()
    """Furthest first."""
    commands: tuple[str, ...] = ()
    """The commands that show the same."""

    @property
    def dataset(self) -> str:
        return self.diff.dataset

    @property
    def ranked(self) -> tuple[TableDiff, ...]:
        """The tables that changed or have a finding, riskiest first."""
        faulty = {finding.table for finding in self.findings if finding.severity is Severity.ERROR}
        noted = {finding.table for finding in self.findings}
        tables = [table for table in self.diff.tables if table.is_changed or table.name in noted]
        return tuple(sorted(tables, key=lambda table: (table.name not in faulty, *_risk(table), table.name)))

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that a merge should wait for."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)


@dataclass(frozen=True, slots=True)
class ReviewedCommit:
    """A commit that a review compares."""

    id: str
    """Whole."""
    committed: datetime
    """In UTC: it belongs to the commit, so the same commits give the same review."""


@dataclass(frozen=True, slots=True)
class ComparedCommits:
    """The commits behind the two sides of a review."""

    merge_base: ReviewedCommit
    """Where the branch left its base: the old side."""
    base: ReviewedCommit
    """The newest commit of the base, which is not compared if the base has moved on."""
    head: ReviewedCommit
    """The new side; the commit below it, if the new side is the work tree."""
    commits_since: int = 0
    """Commits on the base that are not in the branch."""

    @property
    def has_moved_on(self) -> bool:
        """Whether the base has commits that the branch has not."""
        return self.base.id != self.merge_base.id


@dataclass(frozen=True, slots=True)
class Review:
    """What a pull request changes in every dataset that it touches."""

    base: str
    """As requested, or as found: `main`, `origin/main`."""
    head: str
    """A revision, or WORKING_TREE."""
    datasets: tuple[DatasetReview, ...]
    """Those that differ or have findings, by name."""
    unchanged: tuple[str, ...] = ()
    """Names of the other datasets."""
    commands: tuple[str, ...] = ()
    """The commands that produce this review."""
    commits: ComparedCommits | None = None
    """None only for sides that are not commits."""

    @property
    def verdict(self) -> Verdict:
        return max(
            (d.verdict for d in self.datasets), key=lambda verdict: verdict.rank, default=Verdict.UNCHANGED
        )

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for dataset in self.datasets for finding in dataset.findings)


def _risk(table: TableDiff) -> tuple[int, int, int]:
    """Sort removals before changes before additions; large before small."""
    order = [
        TableStatus.REMOVED,
        TableStatus.RENAMED,
        TableStatus.CHANGED,
        TableStatus.ADDED,
        TableStatus.UNCHANGED,
    ]
    has_loss = table.rows.removed > 0 or any(change.kind.is_breaking for change in table.schema)
    touched = table.rows.removed * 1000 + table.rows.changed + table.rows.added
    return (0 if has_loss else 1, order.index(table.status), -touched)


def judge(diff: DatasetDiff, findings: tuple[Finding, ...]) -> tuple[Verdict, tuple[str, ...]]:
    """Return the verdict on a dataset and its reasons, most important first; no values."""
    severities = [finding.severity for finding in findings]
    reasons: list[str] = []
    for severity, noun in ((Severity.ERROR, "error"), (Severity.WARNING, "warning")):
        count = severities.count(severity)
        if count:
            rules = ", ".join(sorted({f.rule for f in findings if f.severity is severity}))
            reasons.append(f"{count} {noun}{'' if count == 1 else 's'}: {rules}")
    if Severity.ERROR in severities:
        verdict = Verdict.BLOCKED
    elif Severity.WARNING in severities or diff.bump.level is BumpLevel.MAJOR:
        verdict = Verdict.ATTENTION
    elif diff.is_changed or findings:
        verdict = Verdict.FINE
    else:
        verdict = Verdict.UNCHANGED
    return verdict, (*reasons, *diff.bump.reasons)
