"""Which migrations an application stands at."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class MigrationLocation:
    """Where one application's migrations lie, as tdmvc.yaml says it."""

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
    """What a manifest remembers of a `MigrationState`."""

    tool: str
    heads: tuple[str, ...]
    count: int | None = None
    digest: str | None = None
    """Only versions hold it; dataset.yaml may."""


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
    """The ids that must come before, where the tool says so."""
    touches: tuple[str, ...] = ()
    """A hint, never the truth: the tables that it may affect, sorted."""
    replaces: tuple[str, ...] = ()
    """The ids that this one stands for (a squash), in their order; their files may be gone."""


@dataclass(frozen=True, slots=True)
class MigrationProblem:
    """Something wrong with a migration history that does not stop it from being read."""

    kind: str
    """`duplicate-id`, `dangling-parent`, `several-heads`, `cycle`, `gap`, `checksum-mismatch`, `unreadable-file`."""
    message: str
    path: str | None = None


@dataclass(frozen=True, slots=True)
class UnreadableLocation:
    """A location of migrations that cannot be understood, beside others that can."""

    location: MigrationLocation
    message: str
    """Why."""
    where: str
    """The file, with its line where that is known."""
    remedy: str
    """What to do."""


@dataclass(frozen=True, slots=True)
class MigrationState:
    """The migrations of one location at one moment."""

    location: MigrationLocation
    heads: tuple[str, ...]
    """The newest ids, sorted."""
    migrations: tuple[Migration, ...]
    """In an order in which they can be applied; ties by id."""
    digest: str
    """`sha256:…` over (id, content with LF line ends), in id order."""
    problems: tuple[MigrationProblem, ...] = ()
    is_linear: bool = False
    """Whether ids are numbers in one line, so that a greater one is a later one."""

    @property
    def count(self) -> int:
        return len(self.migrations)


@dataclass(frozen=True, slots=True)
class LookBack:
    """What the commits before a revision say of ids that the revision does not hold."""

    removed: Mapping[str, str] = field(default_factory=dict)
    """Ids that were there once, with the short commit (or `the work tree`) that took each away."""
    is_cut: bool = False
    """Whether the clone is too shallow for "never there" to mean anything."""


class DriftStatus(StrEnum):
    """How a dataset's recorded state stands to the migrations of a revision."""

    IN_STEP = "in-step"
    EDITED = "edited"
    BEHIND = "behind"
    AHEAD = "ahead"
    DIVERGED = "diverged"
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Drift:
    """One dataset against one migration location."""

    dataset: str
    ref: str
    """The dataset's state that was asked about: `golden`, `golden@1.0.0`."""
    location: str
    status: DriftStatus
    at: str
    """What the schema was read from: a short commit id or `the work tree`."""
    expected_heads: tuple[str, ...] = ()
    """The heads of the schema."""
    actual_heads: tuple[str, ...] = ()
    """The heads that the dataset was made for."""
    pending: tuple[Migration, ...] = ()
    """Migrations of the schema that the dataset has not seen, oldest first."""
    extra: tuple[str, ...] = ()
    """Ids that the dataset has seen and this revision lacks."""
    problems: tuple[MigrationProblem, ...] = ()
    message: str = ""
    """One sentence for people; the reason when unknown or unreadable."""
    remedy: str = ""
    """What to do, where there is something to do."""
    touched: tuple[str, ...] = ()
    """A hint, never the truth: the dataset's tables that pending migrations may affect, sorted."""

    def fails_on(self, statuses: Collection[DriftStatus]) -> bool:
        """Tell whether it fails a build in which these statuses do."""
        return self.status in statuses


@dataclass(frozen=True, slots=True)
class MigrationsReport:
    """What `migrations` reports: the migrations of every location."""

    locations: tuple[MigrationState, ...]
    unreadable: tuple[UnreadableLocation, ...] = ()


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What `drift` reports."""

    drifts: tuple[Drift, ...]
