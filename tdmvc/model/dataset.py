"""A dataset's configuration, and its state at one revision: manifest, pointers and table contents."""

from dataclasses import dataclass, field
from enum import StrEnum

from tdmvc.model.environment import Environment
from tdmvc.model.migration import MigrationLocation, RecordedState
from tdmvc.model.schema import Column, Contract
from tdmvc.model.version import Version


class WorkStatus(StrEnum):
    """How a table in the working copy compares with its pointer and with HEAD."""

    CLEAN = "clean"
    MODIFIED = "modified"
    """Edited since `add`."""
    STALE = "stale"
    """The pointer was changed (by `git switch`, `merge` or `pull`), but the rows were not."""
    MISSING = "missing"
    """Not checked out."""
    CONFLICT = "conflict"
    """A merge left two states of it: run `resolve`."""
    NEW = "new"
    """Rows without a pointer: run `add`."""


class DatasetKind(StrEnum):
    """What a dataset is for."""

    GOLDEN = "golden"
    MASKED = "masked"
    SYNTHETIC = "synthetic"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Pointer:
    """What Git holds for a table: its `.dvc` file, or its entry in dvc.lock."""

    table: str
    object: str
    """`<md5>.dir`: the listing of the table's parts."""
    size_bytes: int | None = None
    files: int | None = None
    stage: str | None = None
    """The stage that owns the table (`dvc.yaml:golden`), or None for a `.dvc` file."""
    folder: str = ""
    """The folder of the table's parts, relative to the dataset's; empty: `names.folder_name(table)`."""


@dataclass(frozen=True, slots=True)
class DiffRules:
    """What dataset.yaml says about how a table is compared."""

    key: tuple[str, ...] = ()
    """A natural key for diffs, instead of the primary key."""


@dataclass(frozen=True, slots=True)
class DatasetConfig:
    """dataset.yaml: what people and `tdmvc add` write about a dataset."""

    name: str
    kind: DatasetKind = DatasetKind.GOLDEN
    description: str | None = None
    migrations: dict[str, RecordedState] = field(default_factory=dict)
    """The schema these rows were written for, by location name."""
    diff: dict[str, DiffRules] = field(default_factory=dict)
    """By table name."""
    ignore: tuple[str, ...] = ()
    """Patterns `table.column` whose changes a diff does not count."""
    part_rows: int | None = None
    """The target length of a part, in rows; fixed once a table has data."""


@dataclass(frozen=True, slots=True)
class DatasetState:
    """A dataset as a reference names it: the working copy's pointers, a version or a revision."""

    ref: str
    """As a person would write it: `golden`, `golden@1.0.0`, `golden@HEAD~2`."""
    config: DatasetConfig
    contract: Contract
    pointers: dict[str, Pointer]
    """By table name, sorted."""
    version: Version | None = None
    """Set if the reference is a published version."""
    contract_text: str = ""
    """The contract's file as it was written."""

    @property
    def name(self) -> str:
        return self.config.name


class ReleaseSource(StrEnum):
    """Where an application's release is read from."""

    TAGS = "tags"
    FILE = "file"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class RepoConfig:
    """tdmvc.yaml: what holds for the whole repository."""

    datasets_folder: str = "datasets"
    """The folder of the datasets, relative to the root of the repository."""
    app_name: str | None = None
    release_source: ReleaseSource = ReleaseSource.TAGS
    release_value: str = "v*"
    """A tag pattern, a file, or a command, by `release_source`."""
    migrations: tuple[MigrationLocation, ...] = ()
    release_remote: str | None = None
    """A second DVC remote to which published versions are pushed too."""
    environments: tuple[Environment, ...] = ()


@dataclass(frozen=True, slots=True)
class PartSpan:
    """One part of a table: its content hash, and its first and last row."""

    content: str
    """Its content hash."""
    rows: int
    first: tuple[object, ...]
    """The first row's cells in the table's `order`; empty if the part has no rows."""
    last: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class TableContents:
    """The contents of the table that one pointer names: all rows if it is small, otherwise its parts."""

    name: str
    content: str
    """The table's content hash."""
    columns: tuple[Column, ...]
    """Those of `order` first, then the others as the parts have them."""
    order: tuple[str, ...]
    """By which columns the rows are sorted: the key, or all columns if there is none."""
    rows: int
    hidden: frozenset[str]
    """Columns whose values are never shown: personal ones, and those that no known contract describes."""
    cells: tuple[tuple[object, ...], ...] | None
    """Every row in order, its cells as `columns`; None for a table too large to be listed."""
    parts: tuple[PartSpan, ...] = ()
    """For a large table: its parts in the order of their rows."""
    redaction_key: bytes = field(default=b"", repr=False)
    """This clone's secret, which marks hidden cells so that changes to them can be detected; empty: no marks."""

    @property
    def has_key(self) -> bool:
        """Whether `order` names a row by fewer than all columns."""
        return 0 < len(self.order) < len(self.columns)
