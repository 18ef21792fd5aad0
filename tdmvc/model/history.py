"""The history of a dataset, a table, a row and a cell: who changed it, when and how."""

from dataclasses import dataclass, field
from enum import StrEnum

from tdmvc.model.diff import SchemaChange, TableStatus


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """A state whose rows history compares: a commit, a published version, or the working copy."""

    id: str
    """The commit's full id, or the version's number; empty for the working copy."""
    when: str
    """ISO 8601: when the author wrote it, or when it was published; empty for the working copy."""
    author: str = ""
    """Empty for a version: its file does not record the author."""
    subject: str = ""
    """The first line of the commit message, or the notes of a version."""
    is_version: bool = False
    is_merge: bool = False
    release: str | None = None
    """Of a version: the application's release that it names."""

    @property
    def is_working_copy(self) -> bool:
        """Whether this is the working copy, which is neither committed nor published."""
        return not self.id


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit as Git reports it."""

    sha: str
    parents: tuple[str, ...]
    """The nearest ancestors that touched the same paths."""
    author: str
    when: str
    """ISO 8601, the author's time."""
    committed: int
    """Seconds since 1970, the committer's time: what `--since` and `--until` compare with."""
    subject: str

    @property
    def point(self) -> HistoryPoint:
        return HistoryPoint(self.sha, self.when, self.author, self.subject, is_merge=len(self.parents) > 1)


@dataclass(frozen=True, slots=True)
class PublishedMark:
    """A version that a commit published, or that holds a state."""

    version: str
    release: str | None = None


@dataclass(frozen=True, slots=True)
class TableChange:
    """What one history point changed in one table."""

    table: str
    status: TableStatus
    added: int = 0
    removed: int = 0
    changed: int = 0
    columns: dict[str, int] = field(default_factory=dict)
    """Changed cells by column, most first."""
    schema: tuple[SchemaChange, ...] = ()
    old_name: str | None = None
    """For a renamed table."""
    missing: str | None = None
    """Why nothing could be counted: the rows were not found, or the pointer cannot be read."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One history point that changed a dataset's tables."""

    point: HistoryPoint
    tables: tuple[TableChange, ...]
    """By name. Of a merge: what differs from every parent, counted against the first."""
    published: tuple[PublishedMark, ...] = ()
    """Versions whose files this commit added."""
    version: PublishedMark | None = None
    """Of one table's history: the first version that holds the table as this point left it."""


@dataclass(frozen=True, slots=True)
class HistoryReport:
    """The history of a dataset, or of one table."""

    dataset: str
    table: str | None
    entries: tuple[HistoryEntry, ...]
    """Newest first, unless the reverse order was requested."""
    looked_at: int
    """How many history points were examined."""
    is_cut: bool = False
    """Whether there are more entries than were requested."""
    notes: tuple[str, ...] = ()


class RowEvent(StrEnum):
    """What happened to a row."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class CellEvent(StrEnum):
    """What happened to a cell of a row."""

    CHANGED = "changed"
    COLUMN_ADDED = "column_added"
    COLUMN_REMOVED = "column_removed"
    COLUMN_RENAMED = "column_renamed"


@dataclass(frozen=True, slots=True)
class CellStep:
    """One cell of a row, before and after."""

    column: str
    event: CellEvent
    old: object = None
    new: object = None
    old_column: str | None = None
    """For a renamed column."""


@dataclass(frozen=True, slots=True)
class RowStep:
    """One history point that changed a row."""

    point: HistoryPoint
    event: RowEvent
    table: str
    """The name of the table at that point."""
    key: dict[str, object]
    """By the names of the key columns at that point."""
    cells: tuple[CellStep, ...] = ()
    """Cells that changed; every cell of a row that was added or removed. In the order of the columns."""
    rows: int = 1
    """How many rows had this key: more than one only if the key repeats."""
    uncertain: tuple[str, ...] = ()
    """Ids of earlier history points whose rows are not in this clone: one of them may have made the change."""
    version: PublishedMark | None = None
    """The first version that holds the table as this point left it."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowHistory:
    """Everything that happened to one row."""

    dataset: str
    table: str
    key: dict[str, object]
    """As requested, by the current names."""
    steps: tuple[RowStep, ...]
    """Newest first, unless the reverse order was requested."""
    hidden: frozenset[str]
    """Columns whose values are never shown, under every name that they had."""
    looked_at: int
    is_cut: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BlamedCell:
    """A cell and the history point that gave it its value."""

    column: str
    value: object
    point: HistoryPoint
    uncertain: tuple[str, ...] = ()
    """Ids of history points whose rows are not in this clone: one of them may have set the value."""


@dataclass(frozen=True, slots=True)
class BlamedRow:
    """A row and who last changed each of its cells."""

    key: dict[str, object]
    """Empty for a table without a key."""
    cells: tuple[BlamedCell, ...]
    """In the order of the columns; those of the key too."""


@dataclass(frozen=True, slots=True)
class BlameReport:
    """Who last changed the cells of a table's rows."""

    dataset: str
    table: str
    ref: str
    """The state whose rows these are: `golden`, `golden@main`, `golden@1.0.0`."""
    columns: tuple[str, ...]
    """The requested columns, in the table's order."""
    key: tuple[str, ...]
    rows: tuple[BlamedRow, ...]
    """In key order."""
    total_rows: int | None
    """How many rows the table has, if that is known."""
    hidden: frozenset[str]
    looked_at: int
    by_version: bool = False
    """Whether published versions were walked instead of commits."""
    boundaries: frozenset[str] = frozenset()
    """Ids of history points where the history is cut off: their values may be older."""
    notes: tuple[str, ...] = ()
