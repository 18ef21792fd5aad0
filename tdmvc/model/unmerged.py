"""A table that a merge has left to a person: what the sides say, and what was decided so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tdmvc.model.dataset import Pointer
from tdmvc.model.merge import UNDECIDED, Conflict, Resolutions, Side, TableMerge


@dataclass(frozen=True, slots=True)
class UnmergedTable:
    """A table whose pointer is in conflict in the work tree."""

    dataset: str
    table: str
    path: str
    """The pointer's file, from the root of the repository."""
    pointers: Mapping[Side, Pointer | None]
    """What each side says; None where it has no such table."""
    labels: Mapping[Side, str] = field(default_factory=dict)
    """What Git calls each side: a branch, a commit."""
    is_in_index: bool = False
    """Whether Git's index holds the sides, so that the path has to be marked as resolved."""
    by_hand: Pointer | None = None
    """What the file says, where somebody settled it with an editor, or Git by what it remembers (rerere)."""

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
    """What the conflicts are between; where the pointer says something else, the file is stale."""
    labels: Mapping[Side, str]
    key: tuple[str, ...]
    """The columns that identify a row; empty for a table without a key."""
    whole: tuple[str, ...]
    """Those that stand for a row of which both sides changed the number: all."""
    marked: tuple[str, ...]
    """The personal ones among them: in their place stand marks, which tell rows apart and nothing else."""
    listed: tuple[ListedConflict, ...]
    """The first that are left, after those that a row's own word settles."""
    count: int
    """All that were undecided when the file was written, listed or not."""
    decided: Resolutions = UNDECIDED

    @property
    def left(self) -> tuple[ListedConflict, ...]:
        """The listed ones that nothing settles yet."""
        return tuple(one for one in self.listed if self.decided.choice(one.conflict) is None)

    def is_about(self, unmerged: UnmergedTable) -> bool:
        """Tell whether the file is of this conflict, and not of an earlier one of the table."""
        return self.table == unmerged.table and dict(self.objects) == unmerged.objects


@dataclass(frozen=True, slots=True)
class TableResolution:
    """How a table stands that was in conflict."""

    unmerged: UnmergedTable
    merge: TableMerge
    file: ConflictFile
    """What is left of it, as it may be shown."""
    rows: int | None = None
    """Of the merged table, where it is settled and they were counted."""

    @property
    def is_settled(self) -> bool:
        return self.merge.is_settled


@dataclass(frozen=True, slots=True)
class DatasetResolution:
    """What is settled of a dataset, and what is left."""

    dataset: str
    tables: tuple[TableResolution, ...] = ()
    leftovers: tuple[str, ...] = ()
    """Files of conflicts that are over, which were removed."""
    others: tuple[str, ...] = ()
    """Files of the dataset besides pointers that Git has in conflict: settled in an editor."""


@dataclass(frozen=True, slots=True)
class ResolveReport:
    """What `resolve` answers."""

    datasets: tuple[DatasetResolution, ...]
    operation: str | None = None
    """The Git command that waits: `merge`, `rebase`, `cherry-pick`, `revert`."""

    @property
    def is_settled(self) -> bool:
        """Whether no table is left in conflict."""
        return all(table.is_settled for dataset in self.datasets for table in dataset.tables)
