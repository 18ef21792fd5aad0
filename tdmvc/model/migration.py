"""Migration states of an application, and their drift from a dataset."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tdmvc.model.finding import Finding, Severity
from tdmvc.model.live_migrations import DatabaseMigrations


@dataclass(frozen=True, slots=True)
class MigrationLocation:
    """Where one application's migrations are, as tdmvc.yaml declares it."""

    name: str
    """A short name (`main`), unique in the repository."""
    tool: str
    """A reader's name: `alembic`, `django`, `flyway`, `sql`, …"""
    path: str
    """A POSIX path relative to the repository root."""
    pattern: str | None = None
    """For plain SQL files: a regular expression with a group `id`, and optionally `name`."""


@dataclass(frozen=True, slots=True)
class RecordedState:
    """What a manifest records of a `MigrationState`."""

    tool: str
    heads: tuple[str, ...]
    count: int | None = None
    digest: str | None = None
    """Always in a version; optional in dataset.yaml."""
    ids: tuple[str, ...] = ()
    """All migrations that the rows were made for. Empty if only the heads are known."""


@dataclass(frozen=True, slots=True)
class AppliedMigrations:
    """What the table of a migration tool says, in the tool's own spelling."""

    tools: tuple[str, ...]
    """The tools whose table it may be, as tdmvc.yaml names them."""
    title: str
    """The tools' name for people."""
    table: str
    ids: tuple[str, ...] = ()
    """Applied migrations, in the order of the table."""
    checksums: Mapping[str, str] = field(default_factory=dict)
    """The checksums of applied migrations, by id, if the tool keeps them."""
    history: str = ""
    """Which of several histories of one table it is: a project, an application, a database."""
    up_to: tuple[str, ...] = ()
    """Those of `ids` that stand for all before them, too."""
    before: tuple[str, ...] = ()
    """Migrations that failed; all before them are applied."""
    failed: tuple[str, ...] = ()
    """Migrations that failed, or were not finished."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One migration file."""

    id: str
    """Its identity in its tool: a revision, `app.name`, a version."""
    name: str
    """For people: the file's stem or the message."""
    path: str
    """Relative to the repository root."""
    parents: tuple[str, ...] = ()
    """The ids of migrations that must run before, if the tool declares them."""
    touches: tuple[str, ...] = ()
    """A hint, never the truth: the tables that it may affect, sorted."""
    replaces: tuple[str, ...] = ()
    """The ids that this one replaces (a squash), in their order; their files may have been removed."""
    aliases: tuple[str, ...] = ()
    """What else the tool's table in a database may call it, such as a hash of its text."""
    checksums: tuple[str, ...] = ()
    """What the tool's table may have as the checksum of its text; empty if that is not known."""


@dataclass(frozen=True, slots=True)
class SchemaEffect:
    """A table or a column that a migration adds, removes or fills: a hint, never the truth."""

    table: str
    """Without schema, in lower case."""
    columns: tuple[str, ...] = ()
    """The names that the column may have, in lower case; empty for the whole table."""
    exists: bool | None = field(kw_only=True)
    """Whether it exists afterwards; None if only the table's rows change."""


@dataclass(frozen=True, slots=True)
class MigrationProblem:
    """Something wrong with a migration history that does not stop it from being read."""

    kind: str
    """`duplicate-id`, `dangling-parent`, `several-heads`, `cycle`, `gap`, `checksum-mismatch`, `unreadable-file`."""
    message: str
    path: str | None = None
    line: int | None = None
    """Counted from 1; set only for a problem that prevents the history from being read."""

    @property
    def place(self) -> str | None:
        """The path with the line: `db/a.py, line 3`."""
        return self.path if self.line is None else f"{self.path}, line {self.line}"


@dataclass(frozen=True, slots=True)
class UnreadableLocation:
    """A location whose migrations cannot be read."""

    location: MigrationLocation
    message: str
    """Why."""
    where: str
    """The file, with its line if that is known."""
    remedy: str
    """What to do."""


@dataclass(frozen=True, slots=True)
class MigrationState:
    """The migrations of one location at one revision."""

    location: MigrationLocation
    heads: tuple[str, ...]
    """The newest ids, sorted."""
    migrations: tuple[Migration, ...]
    """In an order in which they can be applied; ties by id."""
    digest: str
    """`sha256:…` over (id, content with LF line ends), in id order."""
    problems: tuple[MigrationProblem, ...] = ()
    is_linear: bool = False
    """Whether ids are numbers in one sequence, so that a greater one is a later one."""
    is_per_app: bool = False
    """Whether ids are `app.name`, and each application of the project has a history of its own."""

    @property
    def count(self) -> int:
        return len(self.migrations)


@dataclass(frozen=True, slots=True)
class RemovedIds:
    """What earlier commits say about ids that a revision lacks."""

    removed: Mapping[str, str] = field(default_factory=dict)
    """Ids that existed once, with the short commit (or `the work tree`) that removed each."""
    is_cut: bool = False
    """Whether the clone is too shallow for "never there" to mean anything."""


class DriftStatus(StrEnum):
    """How a dataset's recorded state compares with the migrations of a revision."""

    IN_STEP = "in-step"
    EDITED = "edited"
    BEHIND = "behind"
    AHEAD = "ahead"
    DIVERGED = "diverged"
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"


class DriftKind(StrEnum):
    """What is compared with what."""

    DATASET = "dataset"
    """A dataset with the migrations of a revision."""
    DATABASE = "database"
    """A database with the migrations of a revision."""
    DATASET_IN_DATABASE = "dataset-in-database"
    """A dataset with the migrations that a database has."""


DEFAULT_FAIL_ON = frozenset(DriftStatus) - {
    DriftStatus.IN_STEP,
    DriftStatus.AHEAD,
}
"""What fails a build by default: everything but in-step and ahead."""

PROBLEMS = "problems"
"""In place of a status: whatever is wrong with the migrations themselves, such as two heads after a merge."""

FAILED = "failed"
"""In place of a status: migrations of a database that failed, or are half applied or locked."""

SCHEMA = "schema"
"""In place of a status: tables of a database that do not have what a dataset needs."""

DATABASE_FAIL_ON: frozenset[str] = DEFAULT_FAIL_ON | {FAILED, SCHEMA}
"""What fails a comparison with a database by default."""

MERGE_FAIL_ON: frozenset[str] = DEFAULT_FAIL_ON | {PROBLEMS}
"""What fails a check of a merge by default: each branch alone may be in step, and the merge have two heads."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One dataset or database against one migration location."""

    dataset: str
    """Empty for a database."""
    ref: str
    """The dataset's state that was compared: `golden`, `golden@1.0.0`; or the URL of a database."""
    location: str
    status: DriftStatus
    at: str
    """What the schema was read from: a short commit id, `the work tree` or the URL of a database."""
    expected_heads: tuple[str, ...] = ()
    """The heads of the schema."""
    actual_heads: tuple[str, ...] = ()
    """The heads that the dataset was made for."""
    pending: tuple[Migration, ...] = ()
    """Migrations of the schema that were not applied to the dataset, oldest first."""
    extra: tuple[str, ...] = ()
    """Ids that were applied to the dataset and that this revision lacks."""
    problems: tuple[MigrationProblem, ...] = ()
    message: str = ""
    """One sentence for people; the reason when unknown or unreadable."""
    remedy: str = ""
    """What to do, if anything."""
    touched: tuple[str, ...] = ()
    """A hint, never the truth: the dataset's tables that pending migrations may affect, sorted."""
    kind: DriftKind = DriftKind.DATASET

    def fails_on(self, statuses: Collection[str]) -> bool:
        """Return whether it fails a build that fails on these statuses, or on PROBLEMS."""
        return self.status in statuses or (PROBLEMS in statuses and bool(self.problems))


@dataclass(frozen=True, slots=True)
class MigrationsReport:
    """What `migrations` reports: the migrations of every location."""

    locations: tuple[MigrationState, ...]
    unreadable: tuple[UnreadableLocation, ...] = ()
    database: DatabaseMigrations | None = None
    """What a database has of them, if one was asked."""


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What `drift` reports."""

    drifts: tuple[Drift, ...]
    database: str | None = None
    """The URL of the database that was compared, too, without a password."""
    findings: tuple[Finding, ...] = ()
    """What is wrong with the migrations of the database, or with its tables."""

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets that were compared, by name."""
        names = [drift.dataset for drift in self.drifts] + [one.dataset or "" for one in self.findings]
        return tuple(dict.fromkeys(name for name in names if name))

    def fails_on(self, statuses: Collection[str]) -> bool:
        """Return whether a drift or a finding fails a build that fails on these statuses, on FAILED or on SCHEMA."""
        return any(drift.fails_on(statuses) for drift in self.drifts) or any(
            fails_on(finding, statuses) for finding in self.findings
        )


def fails_on(finding: Finding, statuses: Collection[str]) -> bool:
    """Return whether a finding about a database fails a build that fails on FAILED or on SCHEMA."""
    if finding.rule in {"migration-failed", "migration-half-applied", "migration-locked"}:
        return FAILED in statuses
    is_schema = finding.rule.startswith("database-") and finding.severity is not Severity.INFO
    return is_schema and SCHEMA in statuses
