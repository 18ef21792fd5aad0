"""The decisions and the conflicts of a three-way merge."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tdmvc.model.schema import TableSchema

Cell = str | None
"""A cell as people read it; None is null; for a whole row, None means that there is no row."""
RowKey = tuple[Cell, ...]
"""The cells that identify a row, in the order of `TableMerge.key` (for ROW_COUNT: `TableMerge.whole`)."""


class Side(StrEnum):
    """One of the three states of a merge."""

    BASE = "base"
    OURS = "ours"
    THEIRS = "theirs"

    @property
    def mirrored(self) -> "Side":
        """The side that this one is when ours and theirs change places."""
        return {Side.OURS: Side.THEIRS, Side.THEIRS: Side.OURS}.get(self, self)


class ConflictKind(StrEnum):
    """Why a person has to decide how two branches are merged."""

    CELL = "cell"
    """Both changed one cell, to different values."""
    ROW_ADDED = "row_added"
    """Both added a row of one key, and this cell of it differs."""
    ROW_DELETED = "row_deleted"
    """One deleted the row, the other edited it."""
    ROW_COUNT = "row_count"
    """Both changed how often a row appears in a table without a key, to different numbers."""
    COLUMN_TYPE = "column_type"
    """Both changed the column's type, or added it with different types, or values do not fit the new type."""
    COLUMN_DROPPED = "column_dropped"
    """One dropped the column, the other edited cells in it, or changed the column."""
    COLUMN_RENAMED = "column_renamed"
    """Both renamed the column, to different names."""
    KEY_CHANGED = "key_changed"
    """The rows cannot be matched: the key is not the same on all sides, or there is none and the columns changed."""
    TABLE_REMOVED = "table_removed"
    """One removed the table, the other changed it."""

    @property
    def is_about_rows(self) -> bool:
        return self in _ABOUT_ROWS


_ABOUT_ROWS = frozenset(
    {ConflictKind.CELL, ConflictKind.ROW_ADDED, ConflictKind.ROW_DELETED, ConflictKind.ROW_COUNT}
)


@dataclass(frozen=True, slots=True)
class Conflict:
    """One thing that a person has to decide."""

    kind: ConflictKind
    key: RowKey = ()
    """The row, for conflicts about rows; of a table without a key, all its cells."""
    column: str | None = None
    """The column; None if a row or the table is meant as a whole."""
    base: Cell = None
    """What each side says: a cell, for ROW_DELETED the edited cells (`total: 5`) or None for a removed row,
    for ROW_COUNT the number, for conflicts about columns the type or the name."""
    ours: Cell = None
    theirs: Cell = None
    detail: str | None = None
    """What else helps to decide, without values: `12 cells were edited`."""

    @property
    def mirrored(self) -> "Conflict":
        """The conflict as it is when ours and theirs change places."""
        return Conflict(
            self.kind,
            self.key,
            self.column,
            self.base,
            ours=self.theirs,
            theirs=self.ours,
            detail=self.detail,
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """How one conflict is resolved: by a side, or by a value of a person's own."""

    side: Side | None = None
    value: Cell = None
    """Where `side` is None: the cell's new value as text, cast to the column's type; None is null."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What one call of `resolve` decides."""

    choice: Choice
    column: str | None = None
    key: tuple[str, ...] = ()
    """Words that name one row; none means every row."""


@dataclass(frozen=True, slots=True)
class Resolutions:
    """What a person decided; the most specific decision counts: cell, then row, then column, then table."""

    table: Side | None = None
    columns: Mapping[str, Side] = field(default_factory=dict)
    rows: Mapping[RowKey, Mapping[str | None, Choice]] = field(default_factory=dict)
    """By key, then by column; None is the whole row."""
    types: Mapping[str, Side] = field(default_factory=dict)
    """By column, the side whose type it gets, because values do not fit the type that the merge alone would give."""

    def choice(self, conflict: Conflict) -> Choice | None:
        """Return what was decided about a conflict, or None."""
        if conflict.kind.is_about_rows:
            row = self.rows.get(conflict.key, {})
            found = row.get(conflict.column) or row.get(None)
            if found is not None:
                return found
        side = self.columns.get(conflict.column) if conflict.column is not None else None
        side = side or self.table
        return Choice(side) if side is not None else None


UNDECIDED = Resolutions()


class TableOutcome(StrEnum):
    """What becomes of a table."""

    UNCHANGED = "unchanged"
    """All sides say the same."""
    OURS = "ours"
    """Only we changed it, or both did and a person chose ours."""
    THEIRS = "theirs"
    BASE = "base"
    """A person chose the state before both changes."""
    MERGED = "merged"
    """Both sides changed it, and it combines both."""
    REMOVED = "removed"
    CONFLICT = "conflict"
    """A person has to decide first."""


@dataclass(frozen=True, slots=True)
class MergeCounts:
    """What is taken from their side if both sides changed a table."""

    parts_taken: int = 0
    """Parts that only they changed, taken whole."""
    rows_added: int = 0
    rows_removed: int = 0
    rows_changed: int = 0
    """Rows in which some of our cells are replaced by theirs, or by what a person decided."""
    values_converted: int = 0
    """Edited or new values that do not fit the type that a person chose: the nearest value of that type, or null."""
    values_left_out: int = 0
    """Values of new rows in a column that the other side dropped, and of new columns in a row that it deleted."""


@dataclass(frozen=True, slots=True)
class TableMerge:
    """What a merge makes of one table."""

    name: str
    outcome: TableOutcome
    schema: TableSchema | None
    """The merged columns and key; None if the table was removed, or if they are in conflict."""
    key: tuple[str, ...] = ()
    """The columns whose cells are a conflict's `key`, but for ROW_COUNT; empty for a table without a key."""
    whole: tuple[str, ...] = ()
    """The columns whose cells are the `key` of a ROW_COUNT conflict: all of them, the key's first."""
    counts: MergeCounts = MergeCounts()
    conflicts: tuple[Conflict, ...] = ()
    """The first undecided ones: about the table, about columns, then about rows in key order."""
    conflict_count: int = 0
    """All undecided ones."""
    personal_columns: frozenset[str] = frozenset()
    """Columns whose values no file and no renderer shows."""

    @property
    def is_settled(self) -> bool:
        return self.conflict_count == 0

    def key_names(self, conflict: Conflict) -> tuple[str, ...]:
        """Return the names of the cells of a conflict's key: of the key, or of all columns."""
        return self.key if len(self.key) == len(conflict.key) else self.whole


@dataclass(frozen=True, slots=True)
class ManifestConflict:
    """A place of a manifest that a person must resolve."""

    path: str
    """As people read it: `tables.orders.diff.key`, `schema[orders].properties[total].physicalType`."""
    base: str | None
    """The value in the base, on one line and cut if it is long; None if there was none."""
    ours: str | None
    theirs: str | None
    reason: str | None = None
    """Why both sides cannot be kept, if the three texts do not show it."""


@dataclass(frozen=True, slots=True)
class MergedText:
    """A manifest merged by structure."""

    text: str | None
    """The merged file, with conflict markers if the sides conflict; None if the file is deleted."""
    conflicts: tuple[ManifestConflict, ...] = ()
    """In the file's order, by path if two share a place."""


@dataclass(frozen=True, slots=True)
class NotMerged:
    """A manifest that cannot be merged by structure: Git's merge of lines is left."""

    reason: str
    """What prevents the merge, as one sentence."""


@dataclass(frozen=True, slots=True)
class MarkerStyle:
    """How conflict markers are written, as Git passes it to a merge driver."""

    ours: str = "ours"
    base: str = "base"
    theirs: str = "theirs"
    size: int = 7
    """How often a marker's sign is repeated."""
