"""The results of the verbs: values that faces print and scripts read."""

from dataclasses import dataclass, field
from enum import StrEnum

from tdmvc.model.dataset import DatasetKind, WorkStatus
from tdmvc.model.declarations import View
from tdmvc.model.diff import Bump, SchemaChange, TableStatus, ViewChange
from tdmvc.model.environment import Environment
from tdmvc.model.finding import Finding
from tdmvc.model.migration import MigrationLocation, RecordedState
from tdmvc.model.schema import TableSchema
from tdmvc.model.version import SemVer, Version


@dataclass(frozen=True, slots=True)
class InitReport:
    """What `init` did."""

    root: str
    created: tuple[str, ...]
    """Files that were written, relative to the root; empty if nothing was missing."""
    migrations: tuple[MigrationLocation, ...]
    notes: tuple[str, ...] = ()
    """What you should know, such as files that were kept unchanged."""
    release: str | None = None
    """The application's release as it is read now; None if there is none, or only a command can tell."""
    environments: tuple[Environment, ...] = ()
    """What tdmvc.yaml says about test runs."""


@dataclass(frozen=True, slots=True)
class AddedTable:
    """One table that `add` read."""

    name: str
    status: TableStatus
    rows: int
    size_bytes: int
    written_bytes: int
    """New bytes in the store; the rest was already there."""
    parts: int
    key: tuple[str, ...]
    content: str
    notes: tuple[str, ...] = ()
    schema: tuple[SchemaChange, ...] = ()
    """What changed of the table's declarations; nothing for a new table."""


@dataclass(frozen=True, slots=True)
class AddReport:
    """What `add` did."""

    dataset: str
    tables: tuple[AddedTable, ...]
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    folder: str = ""
    """The dataset's folder, relative to the root."""
    views: tuple[ViewChange, ...] = ()


@dataclass(frozen=True, slots=True)
class TableStatusReport:
    """One table in `status`."""

    name: str
    work: WorkStatus
    since_head: TableStatus
    """The pointer compared with HEAD."""
    stage: str | None = None
    """The stage of dvc.yaml that makes the table, if one does."""


class SourceState(StrEnum):
    """What became of a source since its rows were added."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    MISSING = "missing"
    NOT_COMPARED = "not-compared"
    """A database on a server, which `status` does not contact, or a file that cannot be read."""


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """A source from which this work tree added tables."""

    name: str
    """Its path relative to the root, or absolute if it is elsewhere; of a server, the URL without the password."""
    state: SourceState
    tables: tuple[str, ...]
    """Those that the dataset still has."""


@dataclass(frozen=True, slots=True)
class DatasetStatus:
    """One dataset in `status`."""

    name: str
    kind: DatasetKind
    versions: tuple[SemVer, ...]
    """Published versions with the same content as the pointers, newest first."""
    latest: SemVer | None
    """The newest version that was not yanked."""
    tables: tuple[TableStatusReport, ...]
    not_pushed: int | None
    """Objects that this clone has never found on the default remote; None without a remote."""
    migrations: dict[str, RecordedState] = field(default_factory=dict)
    leftovers: tuple[str, ...] = ()
    """Files of conflicts that are resolved, relative to the dataset's folder."""
    yanked: tuple[SemVer, ...] = ()
    """The versions of `versions` that were yanked."""
    not_known: int = 0
    """Objects that this clone lacks and has never found on the remote, so that only the remote can tell."""
    uncommitted: tuple[str, ...] = ()
    """Files besides the pointers that differ from HEAD, relative to the dataset's folder."""
    sources: tuple[SourceStatus, ...] = ()
    """What this work tree added the tables from."""

    @property
    def is_clean(self) -> bool:
        return not self.uncommitted and all(
            t.work is WorkStatus.CLEAN and t.since_head is TableStatus.UNCHANGED for t in self.tables
        )


@dataclass(frozen=True, slots=True)
class StatusReport:
    """The result of `status`."""

    branch: str | None
    release: str | None
    datasets: tuple[DatasetStatus, ...]
    operation: str | None = None
    """The Git command that is not finished: `merge`, `rebase`, `cherry-pick`, `revert`."""


@dataclass(frozen=True, slots=True)
class DatasetSummary:
    """One dataset in `list`."""

    name: str
    kind: DatasetKind
    description: str | None
    tables: int
    versions: tuple[Version, ...]
    """Oldest first."""


@dataclass(frozen=True, slots=True)
class DatasetList:
    """What `list` reports."""

    datasets: tuple[DatasetSummary, ...]


@dataclass(frozen=True, slots=True)
class ShownTable:
    """One table in `show`."""

    schema: TableSchema
    rows: int
    size_bytes: int
    content: str


@dataclass(frozen=True, slots=True)
class ShowReport:
    """The result of `show`: `tdmvc.show/1`."""

    dataset: str
    ref: str
    kind: DatasetKind
    content: str
    tables: tuple[ShownTable, ...]
    migrations: dict[str, RecordedState]
    version: Version | None = None
    release: str | None = None
    views: tuple[View, ...] = ()

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)

    @property
    def size_bytes(self) -> int:
        return sum(table.size_bytes for table in self.tables)


@dataclass(frozen=True, slots=True)
class PublishReport:
    """What `publish` did."""

    version: Version
    suggested: Bump
    files: tuple[str, ...]
    """Written files, relative to the root."""
    tag: str | None = None
    commit: str | None = None
    """The commit that `--tag` made."""
    equal_to: SemVer | None = None
    """The newest earlier version with the same content."""
    pushed: int | None = None
    has_remote: bool = True
    """Whether a DVC remote is configured."""
    is_new: bool = True
    """False if the version was published before with the same rows."""
    findings: tuple[Finding, ...] = ()
    """What is wrong with the rows of a new version."""


@dataclass(frozen=True, slots=True)
class RemoveReport:
    """What `remove` did."""

    dataset: str
    tables: tuple[str, ...]
    """The tables that are gone."""
    folder: str
    """The dataset's folder, relative to the root."""
    is_whole: bool
    """Whether the dataset itself was removed."""
    notes: tuple[str, ...] = ()
    """What still names the dataset."""


@dataclass(frozen=True, slots=True)
class YankReport:
    """What `yank` did."""

    version: Version
    file: str
    """The written file, relative to the root."""
    latest: SemVer | None
    """The newest version that is not yanked; None if there is none."""


class Inference(StrEnum):
    """How a release was found."""

    DECLARED = "declared"
    """A version names the release."""
    INFERRED = "inferred"
    """The migration state at the release equals a version's."""


@dataclass(frozen=True, slots=True)
class CheckedOut:
    """One dataset that `checkout` wrote."""

    dataset: str
    ref: str
    version: SemVer | None
    content: str
    tables: tuple[str, ...]
    rows: int
    changed_files: int
    how: Inference | None = None
    target: str | None = None
    """Where the rows were written, if not into the working copy."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WithoutVersion:
    """A dataset that has no version for a release."""

    dataset: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class CheckoutReport:
    """What `checkout` did."""

    datasets: tuple[CheckedOut, ...]
    release: str | None = None
    without_version: tuple[WithoutVersion, ...] = ()
    """Datasets without a version for the release; the others were checked out."""


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The result of `sql`."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    is_cut: bool = False
    """Whether there were more rows than requested."""


@dataclass(frozen=True, slots=True)
class GitSetup:
    """How Git in this clone was set up to show and merge rows, or how that was undone."""

    root: str
    settings: tuple[str, ...]
    """Settings that were written to (or removed from) the clone's own configuration."""
    attributes_changed: bool
    """Whether .gitattributes was written."""
    is_effective: bool
    """Whether Git now uses tdmvc for the pointers."""
    kept: tuple[str, ...] = ()
    """Other people's settings, which were not changed."""


class PostAction(StrEnum):
    """What was done with the one comment."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    """The comment is up to date already."""
    SKIPPED = "skipped"
    """There is nothing to report, and no comment to correct."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What `post` did."""

    action: PostAction
    url: str | None = None
    """The address of the comment; None if there is none."""
    is_shortened: bool = False
    """Whether the full text was longer than the host accepts."""
