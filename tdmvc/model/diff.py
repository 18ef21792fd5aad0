"""The differences between two states of a dataset."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from tdmvc.model.declarations import ForeignKey
from tdmvc.model.finding import Finding
from tdmvc.model.schema import TableSchema


@dataclass(frozen=True, slots=True)
class TableSide:
    """One side of a comparison of a table: its schema and parts, and how to open them."""

    schema: TableSchema
    parts: tuple[str, ...]
    """Content hashes of the parts, in any order. Equal hashes hold equal rows."""
    rows: int
    locate: Callable[[Sequence[str]], Sequence[Path]]
    """Return the Parquet files of the named parts, fetching what is missing; called for differing parts only."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """Hashes of the bytes of parts, by their names; of those that nobody may remember anything about, none.

    A part's name is what its listing says of its rows, and a listing may come from anybody.
    """

    def only(self, parts: Collection[str]) -> "TableSide":
        """Return the side with no other parts than these; `rows` stays an upper bound."""
        return replace(self, parts=tuple(part for part in self.parts if part in parts))


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
    DECLARED_TYPE_CHANGED = "declared_type_changed"
    """The source's own type, which leads to the same canonical type."""
    DEFAULT_CHANGED = "default_changed"
    GENERATED_CHANGED = "generated_changed"
    IDENTITY_CHANGED = "identity_changed"
    COLLATION_CHANGED = "collation_changed"
    LENGTH_CHANGED = "length_changed"
    UNIQUE_KEYS_CHANGED = "unique_keys_changed"
    CHECKS_CHANGED = "checks_changed"
    INDEXES_CHANGED = "indexes_changed"
    OPTIONS_CHANGED = "options_changed"

    @property
    def is_breaking(self) -> bool:
        """Whether what reads the old schema may fail on the new one."""
        return self in {
            SchemaChangeKind.COLUMN_REMOVED,
            SchemaChangeKind.COLUMN_RENAMED,
            SchemaChangeKind.TYPE_CHANGED,
            SchemaChangeKind.KEY_CHANGED,
        }


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """One change of a table's schema."""

    kind: SchemaChangeKind
    column: str | None = None
    old: str | None = None
    new: str | None = None
    evidence: str | None = None
    """Why this is considered a rename: `all 503 rows are equal`; no values."""


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
    pattern: int | None = None
    """The position of the cell's pattern in `TableDiff.patterns`."""


@dataclass(frozen=True, slots=True)
class RowSample:
    """A row that was added or removed, whole."""

    key: dict[str, object]
    """Empty for a table without a key."""
    values: dict[str, object]


@dataclass(frozen=True, slots=True)
class ChangedRowSample:
    """A row that changed: its key and the cells that differ."""

    key: dict[str, object]
    cells: tuple[CellChange, ...]
    unchanged: dict[str, object] = field(default_factory=dict)
    """The other cells, by column, as the new side has them; cells ignored by a rule too."""


@dataclass(frozen=True, slots=True)
class Samples:
    """The first few rows of each kind, in key order."""

    added: tuple[RowSample, ...] = ()
    removed: tuple[RowSample, ...] = ()
    changed: tuple[ChangedRowSample, ...] = ()


class PatternKind(StrEnum):
    """What many changed cells have in common."""

    EMPTY_TO_NULL = "empty_to_null"
    NULL_TO_EMPTY = "null_to_empty"
    SET_NULL = "set_null"
    """Values became null."""
    FILLED = "filled"
    """Nulls became values."""
    CONSTANT = "constant"
    """One value became one other value, in every cell."""
    SET_TO = "set_to"
    """Different values became one value."""
    SHIFTED = "shifted"
    """Numbers, dates or times moved by one amount."""
    CASE = "case"
    """Only upper and lower case differ."""
    WHITESPACE = "whitespace"
    """Only white space differs."""
    PREFIX_ADDED = "prefix_added"
    PREFIX_REMOVED = "prefix_removed"
    SUFFIX_ADDED = "suffix_added"
    SUFFIX_REMOVED = "suffix_removed"
    MAPPED = "mapped"
    """The same old value always became the same new one."""
    VARIED = "varied"
    """Nothing in common was found."""


@dataclass(frozen=True, slots=True)
class ChangePattern:
    """A group of changed cells that changed in one way; every changed cell is in exactly one."""

    kind: PatternKind
    columns: tuple[str, ...]
    """Sorted by name; several if they changed in the same way."""
    cells: int
    old: object = None
    """An example, or the one old value (CONSTANT); None too if values are personal."""
    new: object = None
    """An example, or the one new value (CONSTANT, SET_TO)."""
    by: str | None = None
    """What was added: the amount of a SHIFTED (`+3`, `-1 day, 2:00:00`), the text of a prefix or suffix."""
    distinct: int | None = None
    """How many pairs of values a MAPPED has."""
    is_personal: bool = False
    """A column is classified as personal: `old`, `new` and `by` are None."""


@dataclass(frozen=True, slots=True)
class PatternGroup:
    """Patterns of one kind (and, if it has one, one amount or text) over several tables."""

    kind: PatternKind
    by: str | None
    cells: int
    members: tuple[tuple[str, ChangePattern], ...]
    """(table, pattern), most cells first."""


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
    evidence: str | None = None
    """Why the table is considered renamed: `98 % of the rows are equal`; no values."""
    personal_columns: frozenset[str] = frozenset()
    """Columns whose values no renderer shows."""
    patterns: tuple[ChangePattern, ...] = ()
    """Most cells first."""
    ignored: dict[str, int] = field(default_factory=dict)
    """Changed cells that a rule of dataset.yaml leaves out of `columns`, by column, most first."""
    is_natural_key: bool = False
    """`key` is the natural key of dataset.yaml, not the primary key."""
    references: tuple[ForeignKey, ...] = ()
    """Foreign keys, of the new side if it has the table."""

    @property
    def cells(self) -> int:
        """Changed cells in changed rows."""
        return sum(self.columns.values())

    @property
    def is_changed(self) -> bool:
        return self.status is not TableStatus.UNCHANGED


class BumpLevel(StrEnum):
    """The part of a semantic version that a change requires."""

    NONE = "none"
    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"

    @property
    def rank(self) -> int:
        return ["none", "patch", "minor", "major"].index(self.value)


@dataclass(frozen=True, slots=True)
class Bump:
    """The suggested bump and the reasons, most important first."""

    level: BumpLevel
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ViewChange:
    """A view that was added, removed or changed."""

    name: str
    status: TableStatus
    old: str | None
    """The view's name, columns and query; None if it was added."""
    new: str | None


@dataclass(frozen=True, slots=True)
class DatasetDiff:
    """The differences between two states of a dataset."""

    dataset: str
    old: str
    """The old side's reference, as requested."""
    new: str
    tables: tuple[TableDiff, ...]
    """Every table of either side, unchanged ones too, by name."""
    bump: Bump
    patterns: tuple[PatternGroup, ...] = ()
    """Patterns of all tables, equal kinds together, most cells first."""
    views: tuple[ViewChange, ...] = ()

    @property
    def is_changed(self) -> bool:
        return bool(self.views) or any(table.is_changed for table in self.tables)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for table in self.tables for finding in table.findings)
