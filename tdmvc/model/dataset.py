"""A dataset at one moment: where its tables' bytes are and what its manifest says."""

from dataclasses import dataclass, field
from enum import StrEnum

from tdmvc.model.recorded import MigrationLocation, RecordedState
from tdmvc.model.schema import Contract
from tdmvc.model.version import Version


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
    """Set where the reference is a published version."""
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

    datasets: str = "datasets"
    """The folder of the datasets, relative to the root of the repository."""
    app_name: str | None = None
    release_source: ReleaseSource = ReleaseSource.TAGS
    release_value: str = "v*"
    """A tag pattern, a file, or a command, by `release_source`."""
    migrations: tuple[MigrationLocation, ...] = ()
    release_remote: str | None = None
    """A second DVC remote to which published versions are pushed too."""
