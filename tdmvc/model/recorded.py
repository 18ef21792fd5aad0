"""What manifests say of migrations: where they lie, and which ones a dataset was made for."""

from dataclasses import dataclass


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
