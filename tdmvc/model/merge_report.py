"""What `merge`, `merge-check` and `revert` answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tdmvc.model.drift import Drift
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.merge import Side, TableMerge


class MergeStatus(StrEnum):
    """How a merge stands."""

    UP_TO_DATE = "up-to-date"
    """The other side holds nothing new."""
    FAST_FORWARD = "fast-forward"
    """The other side only adds to ours."""
    MERGED = "merged"
    """Both sides are brought together, and committed where a commit was asked for."""
    OPEN = "open"
    """A person has to settle conflicts first."""
    BROKEN = "broken"
    """Without a conflict, and the merged rows break a rule that both sides kept."""
    ABORTED = "aborted"


class TableMove(StrEnum):
    """What a merge brings our side of one table."""

    ADDED = "added"
    REMOVED = "removed"
    TAKEN = "taken"
    """Only they changed it."""
    MERGED = "merged"
    """Both changed it."""
    CONFLICT = "conflict"
    STAGE = "stage"
    """Both changed what a pipeline makes: it has to run again."""


@dataclass(frozen=True, slots=True)
class MovedTable:
    """One table that a merge moves, or would move."""

    name: str
    move: TableMove
    merge: TableMerge | None = None
    """Where rows of both sides were merged."""
    stage: str | None = None
    """The stage that has to run again."""


@dataclass(frozen=True, slots=True)
class MovedDataset:
    """One dataset that a merge moves, or in which it breaks something."""

    name: str
    tables: tuple[MovedTable, ...]
    findings: tuple[Finding, ...] = ()
    """Errors are what the merge breaks, warnings what a side broke before."""
    unchecked: str = ""
    """Why the merged whole could not be checked, where it could not."""

    @property
    def open_tables(self) -> tuple[MovedTable, ...]:
        return tuple(t for t in self.tables if t.move in (TableMove.CONFLICT, TableMove.STAGE))

    @property
    def is_broken(self) -> bool:
        return any(finding.severity is Severity.ERROR for finding in self.findings)


@dataclass(frozen=True, slots=True)
class MergeReport:
    """What `merge` did."""

    status: MergeStatus
    labels: Mapping[Side, str]
    """What the sides are called: a branch, a commit."""
    commit: str | None = None
    """The commit that came of it."""
    datasets: tuple[MovedDataset, ...] = ()
    files: tuple[str, ...] = ()
    """Files besides tables that are in conflict."""
    notes: tuple[str, ...] = ()
    is_allowed: bool = False
    """It was committed although it breaks something, as was asked for."""

    @property
    def needs_person(self) -> bool:
        return self.status in (MergeStatus.OPEN, MergeStatus.BROKEN)


@dataclass(frozen=True, slots=True)
class MergeCheck:
    """What a merge of two revisions would give."""

    base: str
    head: str
    status: MergeStatus
    datasets: tuple[MovedDataset, ...] = ()
    files: tuple[str, ...] = ()
    """Files besides tables that would be in conflict."""
    drifts: tuple[Drift, ...] = ()
    """How the merged datasets stand to the merged migrations."""
    old_drifts: frozenset[tuple[str, str]] = frozenset()
    """Dataset and location of those that both sides have just so: not the merge's fault."""
    failing_drifts: frozenset[tuple[str, str]] = frozenset()

    @property
    def has_conflicts(self) -> bool:
        return bool(self.files) or any(dataset.open_tables for dataset in self.datasets)

    @property
    def is_fine(self) -> bool:
        is_broken = any(dataset.is_broken for dataset in self.datasets)
        return not (self.has_conflicts or is_broken or self.failing_drifts)


@dataclass(frozen=True, slots=True)
class RevertReport:
    """What `revert` did to the working copy."""

    dataset: str
    old: str
    """The state before the change that is taken back."""
    new: str
    """The state after it."""
    tables: tuple[MovedTable, ...] = ()
    manifests: tuple[str, ...] = ()
    """Manifests that were changed too: `contract.yaml`."""
    files: tuple[str, ...] = ()
    """Manifests in conflict."""
    findings: tuple[Finding, ...] = ()
    changed_files: int = 0
    notes: tuple[str, ...] = ()
    folder: str = ""
    """The dataset's folder, relative to the root."""

    @property
    def open_tables(self) -> tuple[MovedTable, ...]:
        return tuple(t for t in self.tables if t.move in (TableMove.CONFLICT, TableMove.STAGE))

    @property
    def is_empty(self) -> bool:
        return not (self.tables or self.manifests or self.files)

    @property
    def needs_person(self) -> bool:
        """Whether conflicts are left, or the rows do not hold together."""
        is_broken = any(finding.severity is Severity.ERROR for finding in self.findings)
        return bool(self.open_tables or self.files) or is_broken
