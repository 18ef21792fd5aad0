"""What is different between two states of a dataset."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tdmvc.model.finding import Finding
from tdmvc.model.schema import TableSchema


@dataclass(frozen=True, slots=True)
class TableSide:
    """One side of a comparison of a table: what it says, and how to open it."""

    schema: TableSchema
    parts: tuple[str, ...]
    """Content hashes of the parts, in any order. Equal hashes hold equal rows."""
    rows: int
    locate: Callable[[Sequence[str]], Sequence[Path]]
    """Return the Parquet files of the named parts, fetching what is missing; called for differing parts only."""


class TableStatus(StrEnum):
    """What happened to a table."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


class SchemaChangeKind(StrEnum):
    """What happened to a table's schema."""

    COLUMN_ADDED = "column_added"
    COLUMN_REMOVED = "column_removed"
    COLUMN_RENAMED = "column_renamed"
    TYPE_WIDENED = "type_widened"
    TYPE_CHANGED = "type_changed"
    REQUIRED_CHANGED = "required_changed"
    UNIQUE_CHANGED = "unique_changed"
    KEY_CHANGED = "key_changed"
    REFERENCES_CHANGED = "references_changed"


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """One change of a table's schema."""

    kind: SchemaChangeKind
    column: str | None = None
    old: str | None = None
    new: str | None = None


@dataclass(frozen=True, slots=True)
class RowCounts:
    """Exact counts of rows; `changed` rows have the same key and another cell."""

    old: int = 0
    new: int = 0
    added: int = 0
    removed: int = 0
    changed: int = 0
    ignored: int = 0
    """Rows whose only changes are ignored by a rule of dataset.yaml."""


@dataclass(frozen=True, slots=True)
class CellChange:
    """One cell of a changed row."""

    column: str
    old: object
    new: object
    inside: tuple[str, ...] = ()
    """For nested and JSON cells: the paths inside that differ."""


@dataclass(frozen=True, slots=True)
class RowSample:
    """A row that was added or removed, whole."""

    key: dict[str, object]
    """Empty for a table without a key."""
    values: dict[str, object]


@dataclass(frozen=True, slots=True)
class ChangedRowSample:
    """A row that changed: its key and only the cells that differ."""

    key: dict[str, object]
    cells: tuple[CellChange, ...]


@dataclass(frozen=True, slots=True)
class Samples:
    """The first few rows of each kind, in key order."""

    added: tuple[RowSample, ...] = ()
    removed: tuple[RowSample, ...] = ()
    changed: tuple[ChangedRowSample, ...] = ()


@dataclass(frozen=True, slots=True)
class TableDiff:
    """What is different in one table."""

    name: str
    status: TableStatus
    key: tuple[str, ...] = ()
    rows: RowCounts = RowCounts()
    columns: dict[str, int] = field(default_factory=dict)
    """Changed cells by column, most first."""
    schema: tuple[SchemaChange, ...] = ()
    samples: Samples = Samples()
    findings: tuple[Finding, ...] = ()
    old_name: str | None = None
    """For a renamed table."""
    personal_columns: frozenset[str] = frozenset()
    """Columns whose values no renderer shows."""

    @property
    def cells(self) -> int:
        """Changed cells in changed rows."""
        return sum(self.columns.values())

    @property
    def is_changed(self) -> bool:
        return self.status is not TableStatus.UNCHANGED


class BumpLevel(StrEnum):
    """Which part of a semantic version a change asks for."""

    NONE = "none"
    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"

    @property
    def rank(self) -> int:
        return ["none", "patch", "minor", "major"].index(self.value)


@dataclass(frozen=True, slots=True)
class Bump:
    """The suggested bump and why, the weightiest reason first."""

    level: BumpLevel
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetDiff:
    """What is different between two states of a dataset."""

    dataset: str
    old: str
    """The old side's reference, as asked."""
    new: str
    tables: tuple[TableDiff, ...]
    """Every table of either side, unchanged ones too, by name."""
    bump: Bump

    @property
    def is_changed(self) -> bool:
        return any(table.is_changed for table in self.tables)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for table in self.tables for finding in table.findings)
