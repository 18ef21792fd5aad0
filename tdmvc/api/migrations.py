"""The methods of `Repository` about an application's migrations, and environments that have them."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from tdmvc.actions.drift import DatabaseDriftOptions, drift, drift_database
from tdmvc.actions.environment import EnvironmentOptions, RunningEnvironment, environment
from tdmvc.actions.migrations import database_migrations, migrations
from tdmvc.api.arguments import PathLike, location_of
from tdmvc.api.base import OpenRepository, method
from tdmvc.model.live_migrations import DatabaseMigrations
from tdmvc.model.migration import Drift, DriftReport, MigrationState


class MigrationMethods(OpenRepository):
    """Migrations, drift and environments."""

    @method("migrations")
    def migrations(
        self, *, at: str | None = None, path: str | None = None, tool: str | None = None
    ) -> Sequence[MigrationState]:
        """Read the application's migrations as text, without running them."""
        return migrations(self._workspace, at=at, path=path, tool=tool).locations

    @method("migrations")
    def database_migrations(
        self,
        database: PathLike,
        *,
        at: str | None = None,
        path: str | None = None,
        tool: str | None = None,
    ) -> DatabaseMigrations:
        """Read which of the application's migrations a database has, and which it has besides."""
        states = migrations(self._workspace, at=at, path=path, tool=tool).locations
        return database_migrations(self._workspace, location_of(database), states)

    @method("drift")
    def drift(
        self,
        *refs: str,
        at: str | None = None,
        release: str | None = None,
        merge_preview: str | None = None,
    ) -> Sequence[Drift]:
        """Compare the migrations that datasets were made for with those of a revision, a release or a merge."""
        return drift(self._workspace, refs, at=at, release=release, merge_preview=merge_preview)

    @method("drift")
    def database_drift(
        self,
        database: PathLike,
        *refs: str,
        at: str | None = None,
        release: str | None = None,
        locations: Sequence[str] = (),
    ) -> DriftReport:
        """Compare a database with the migrations of a revision, and with datasets and their contracts."""
        options = DatabaseDriftOptions(at, release, tuple(locations))
        return drift_database(self._workspace, location_of(database), refs, options)

    def environment(
        self,
        name: str | None = None,
        *,
        more: Sequence[str] = (),
        options: EnvironmentOptions | None = None,
        folder: PathLike | None = None,
    ) -> AbstractContextManager[RunningEnvironment]:
        """Return a context manager that provides an environment of tdmvc.yaml, and removes it at the end.

        Args:
            name: by default, the environment for the folder.
            more: references to states that are loaded, too: `masked-eu`, `golden@3.1.0`.
            options: what else differs from tdmvc.yaml.
            folder: by default, the current folder.
        """
        chosen = replace(options or EnvironmentOptions(), more=tuple(more)) if more else options
        where = None if folder is None else Path(folder)
        return environment(self._workspace, name, chosen or EnvironmentOptions(), folder=where)
