"""The history of a dataset, a table, a row and a cell: who changed it, when and how."""

from dataclasses import dataclass, field
from enum import StrEnum

from tdmvc.model.diff import SchemaChange, TableStatus


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """A point of history that rows are told apart by: a commit, a published version, or the working copy."""

    id: str
    """The commit's full id, or the version's number; empty for the working copy."""
    when: str
    """ISO 8601: when the author wrote it, or when it was published; empty for the working copy."""
    author: str = ""
    """Empty for a version, whose file does not say it."""
    subject: str = ""
    """The commit's first line; of a version its notes."""
    is_version: bool = False
    is_merge: bool = False
    release: str | None = None
    """Of a version: the application's release that it names."""

    @property
    def is_working_copy(self) -> bool:
        """Whether this is what nobody has committed, or published, yet."""
        return not self.id


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit as Git tells of it."""

    sha: str
    parents: tuple[str, ...]
    """The nearest ancestors that touched the same paths."""
    author: str
    when: str
    """ISO 8601, the author's time."""
    committed: int
    """Seconds since 1970, the committer's time: what `--since` and `--until` go by."""
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
    """Why nothing could be counted: rows that are nowhere, or a pointer that cannot be read."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One history point that changed a dataset's tables."""

    point: HistoryPoint
    tables: tuple[TableChange, ...]
    """By name. Of a merge: what differs from every parent, counted against the first."""
    published: tuple[PublishedMark, ...] = ()
    """Versions whose files came with this commit."""
    version: PublishedMark | None = None
    """Of one table's history: the first version that holds the table as this point left it."""


@dataclass(frozen=True, slots=True)
class HistoryReport:
    """The history of a dataset, or of one table."""

    dataset: str
    table: str | None
    entries: tuple[HistoryEntry, ...]
    """Newest first, unless the other way was asked for."""
    looked_at: int
    """How many history points were examined."""
    is_cut: bool = False
    """There are more than were asked for."""
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
    """What the table was called then."""
    key: dict[str, object]
    """By the names that the key's columns had then."""
    cells: tuple[CellStep, ...] = ()
    """Cells that changed; every cell of a row that came or went. In the order of the columns."""
    rows: int = 1
    """How many rows had this key: more than one only where the key repeats."""
    uncertain: tuple[str, ...] = ()
    """Moments on the way to the state before, whose rows are not here: it may have been one of them."""
    version: PublishedMark | None = None
    """The first version that holds the table as this point left it."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowHistory:
    """Everything that happened to one row."""

    dataset: str
    table: str
    key: dict[str, object]
    """As asked, by the names of today."""
    steps: tuple[RowStep, ...]
    """Newest first, unless the other way was asked for."""
    hidden: frozenset[str]
    """Columns whose values nobody may see, under any name that they had."""
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
    """Moments whose rows are not here, and which may have been it as well."""


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
    """Which columns were asked for, in the table's order."""
    key: tuple[str, ...]
    rows: tuple[BlamedRow, ...]
    """In key order."""
    total_rows: int | None
    """How many rows the table has, where that is known."""
    hidden: frozenset[str]
    looked_at: int
    by_version: bool = False
    """Whether published versions were walked instead of commits."""
    boundaries: frozenset[str] = frozenset()
    """Moments at which the history is cut off: what they hold may be older."""
    notes: tuple[str, ...] = ()
