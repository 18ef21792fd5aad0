"""What a live database says about the migrations of an application."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from tdmvc.model.finding import Finding


class AppliedStatus(StrEnum):
    """What became of one migration in a database."""

    APPLIED = "applied"
    PENDING = "pending"
    """It was not run, and no later one was."""
    SKIPPED = "skipped"
    """It was not run, although a later one was: some tools will run it, others never."""
    FAILED = "failed"
    """It failed, or was not finished."""
    UNKNOWN = "unknown"
    """It was run, and the files do not have it: from a later or another state of the application."""
    REMOVED = "removed"
    """It was run, and the files do not have it, but have later ones: its file may have been removed."""


@dataclass(frozen=True, slots=True)
class FoundMigration:
    """One migration of the files, of a database, or of both."""

    id: str
    name: str
    path: str
    """Relative to the repository root; empty if the files do not have it."""
    status: AppliedStatus


@dataclass(frozen=True, slots=True)
class AppliedLocation:
    """The migrations of one location in a database."""

    name: str
    tool: str
    table: str | None
    """The migration table; None if the database has none for the location."""
    heads: tuple[str, ...] = ()
    """The newest applied migrations."""
    migrations: tuple[FoundMigration, ...] = ()
    """Those of the files in their order, then those that only the database has; empty without a table."""

    @property
    def counts(self) -> dict[AppliedStatus, int]:
        """How many migrations have each status that occurs."""
        found = Counter(migration.status for migration in self.migrations)
        return {status: found[status] for status in AppliedStatus if found[status]}


@dataclass(frozen=True, slots=True)
class DatabaseMigrations:
    """What a database says about the migrations of all locations."""

    url: str
    """Without a password."""
    locations: tuple[AppliedLocation, ...]
    findings: tuple[Finding, ...] = ()
    """Failed, half-applied, skipped and unknown migrations, locks, and tables that belong to no location."""
