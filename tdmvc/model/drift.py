"""How a dataset stands to the migrations of a revision."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tdmvc.model.migration import Migration, MigrationProblem


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
    """A hint, never the truth: the dataset's tables that pending migrations seem to touch, sorted."""
    is_excused: bool = False
    """Behind, but nothing pending seems to touch a table of the dataset, and only that was asked to count."""

    def fails_on(self, statuses: Collection[DriftStatus]) -> bool:
        """Tell whether it fails a build in which these statuses do."""
        return self.status in statuses and not self.is_excused
