"""The results of `merge`, `merge-check` and `revert`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tdmvc.model.dataset import Pointer
from tdmvc.model.finding import Finding, has_errors
from tdmvc.model.merge import UNDECIDED, Conflict, Resolutions, Side, TableMerge
from tdmvc.model.migration import Drift


class MergeStatus(StrEnum):
    """The status of a merge."""

    UP_TO_DATE = "up-to-date"
    """The other side holds nothing new."""
    FAST_FORWARD = "fast-forward"
    """The other side only adds to ours."""
    MERGED = "merged"
    """Both sides are merged, and committed if requested."""
    OPEN = "open"
    """A person has to resolve conflicts first."""
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
    """Set if rows of both sides were merged."""
    stage: str | None = None
    """The stage that has to run again."""
    is_by_hand: bool = False
    """Whether a person chose or changed it during the merge, so that it is not what the sides alone give."""


@dataclass(frozen=True, slots=True)
class MovedDataset:
    """One dataset that a merge moves, or in which it breaks something."""

    name: str
    tables: tuple[MovedTable, ...]
    findings: tuple[Finding, ...] = ()
    """Errors are what the merge breaks, warnings what a side broke before."""
    unchecked: str = ""
    """Why the merged dataset could not be checked, if it could not."""

    @property
    def open_tables(self) -> tuple[MovedTable, ...]:
        return tuple(t for t in self.tables if t.move in (TableMove.CONFLICT, TableMove.STAGE))

    @property
    def is_broken(self) -> bool:
        return has_errors(self.findings)


@dataclass(frozen=True, slots=True)
class MergeReport:
    """What `merge` did."""

    status: MergeStatus
    labels: Mapping[Side, str]
    """The name of each side: a branch, a commit."""
    commit: str | None = None
    """The commit that was made."""
    datasets: tuple[MovedDataset, ...] = ()
    files: tuple[str, ...] = ()
    """Files besides tables that are in conflict."""
    notes: tuple[str, ...] = ()
    is_allowed: bool = False
    """Whether it was committed as requested, although it breaks something."""

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
    """How the merged datasets compare with the merged migrations."""
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
    """The state before the change that is reverted."""
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
        """Whether conflicts are left, or a check found an error."""
        is_broken = has_errors(self.findings)
        return bool(self.open_tables or self.files) or is_broken


@dataclass(frozen=True, slots=True)
class UnmergedTable:
    """A table whose pointer is in conflict in the work tree."""

    dataset: str
    table: str
    path: str
    """The pointer's file, from the root of the repository."""
    pointers: Mapping[Side, Pointer | None]
    """The pointer of each side; None if it has no such table."""
    labels: Mapping[Side, str] = field(default_factory=dict)
    """What Git calls each side: a branch, a commit."""
    is_in_index: bool = False
    """Whether Git's index holds the sides, so that the path has to be marked as resolved."""
    by_hand: Pointer | None = None
    """The pointer in the file, if someone resolved the conflict in an editor, or Git did (rerere)."""

    @property
    def folder(self) -> str:
        """The name of the folder of the table's parts, and of its files without their ends."""
        return self.path.rpartition("/")[2].removesuffix(".dvc")

    @property
    def objects(self) -> dict[Side, str | None]:
        """What the conflict is between, by side."""
        return {side: pointer.object if pointer else None for side, pointer in self.pointers.items()}

    def label(self, side: Side) -> str:
        return self.labels.get(side) or side.value


@dataclass(frozen=True, slots=True)
class ListedConflict:
    """A conflict as a file or a report shows it."""

    conflict: Conflict
    is_hidden: bool = False
    """The cells are personal, so the sides' values are left out."""


@dataclass(frozen=True, slots=True)
class ConflictFile:
    """`conflicts/<folder>.yaml`: the conflicts of one table, and what a person decided about them."""

    table: str
    objects: Mapping[Side, str | None]
    """What the conflicts are between; if the pointer differs, the file is stale."""
    labels: Mapping[Side, str]
    key: tuple[str, ...]
    """The columns that identify a row; empty for a table without a key."""
    whole: tuple[str, ...]
    """The columns that identify a row whose count both sides changed: all columns."""
    marked: tuple[str, ...]
    """The personal ones among them: marks replace their values, and only distinguish rows."""
    listed: tuple[ListedConflict, ...]
    """The first that are left, after those that a row's own decision resolves."""
    count: int
    """All that were undecided when the file was written, listed or not."""
    decided: Resolutions = UNDECIDED

    @property
    def left(self) -> tuple[ListedConflict, ...]:
        """The listed ones that nothing resolves yet."""
        return tuple(one for one in self.listed if self.decided.choice(one.conflict) is None)

    def is_about(self, unmerged: UnmergedTable) -> bool:
        """Return whether the file belongs to this conflict, not to an earlier one of the table."""
        return self.table == unmerged.table and dict(self.objects) == unmerged.objects


@dataclass(frozen=True, slots=True)
class TableResolution:
    """The state of a table that was in conflict."""

    unmerged: UnmergedTable
    merge: TableMerge
    file: ConflictFile
    """What is left of it, as it may be shown."""
    rows: int | None = None
    """Of the merged table, if it is resolved and they were counted."""

    @property
    def is_settled(self) -> bool:
        return self.merge.is_settled


@dataclass(frozen=True, slots=True)
class DatasetResolution:
    """What is resolved of a dataset, and what is left."""

    dataset: str
    tables: tuple[TableResolution, ...] = ()
    leftovers: tuple[str, ...] = ()
    """Files of resolved conflicts, which were removed."""
    others: tuple[str, ...] = ()
    """Files of the dataset besides pointers that Git has in conflict: resolved in an editor."""


@dataclass(frozen=True, slots=True)
class ResolveReport:
    """The result of `resolve`."""

    datasets: tuple[DatasetResolution, ...]
    operation: str | None = None
    """The Git command that is in progress: `merge`, `rebase`, `cherry-pick`, `revert`."""

    @property
    def is_settled(self) -> bool:
        """Whether no table is left in conflict."""
        return all(table.is_settled for dataset in self.datasets for table in dataset.tables)
