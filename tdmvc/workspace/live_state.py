"""Compares what a database says about migrations with the migrations of a tree."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tdmvc.checks.known_migrations import KnownMigrations
from tdmvc.databases import ReadOptions, Snapshot, open_snapshot
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.live_migrations import AppliedLocation, AppliedStatus, DatabaseMigrations, FoundMigration
from tdmvc.model.location import Location
from tdmvc.model.migration import Migration, MigrationState
from tdmvc.workspace.live_migrations import LiveTables, read_migration_tables
from tdmvc.workspace.migration_findings import IN_DATABASE, table_findings
from tdmvc.workspace.migration_fits import AppliedTable, FittedTables, fit_tables
from tdmvc.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class LiveState:
    """The migrations of a database, by the locations of a tree."""

    url: str
    """Without a password."""
    states: Mapping[str, MigrationState]
    """The locations that can be read."""
    tables: FittedTables
    live: LiveTables

    def location(self, name: str) -> AppliedLocation:
        """Return the migrations of a location and what became of each."""
        state, table = self.states[name], self.tables.by_location.get(name)
        tool = state.location.tool
        if table is None:
            return AppliedLocation(name, tool, None)
        heads = table.fit.recorded.heads
        return AppliedLocation(name, tool, table.name, heads, tuple(_found(state, table)))

    def schema(self, name: str) -> MigrationState | None:
        """Return the migrations that were applied as a state; None if the database has no table for the location."""
        state, table = self.states[name], self.tables.by_location.get(name)
        if table is None:
            return None
        fit = table.fit
        ids = set(fit.recorded.ids)
        here = [migration for migration in state.migrations if migration.id in ids]
        known = {migration.id for migration in here}
        # Removed files are older than all that is here, and no dataset that was made for the files has them.
        known.update(fit.removed)
        others = [Migration(id_, id_, "") for id_ in fit.recorded.ids if id_ not in known]
        return MigrationState(
            state.location,
            fit.recorded.heads,
            (*here, *others),
            digest="",
            is_linear=state.is_linear,
            is_per_app=state.is_per_app,
        )

    @property
    def findings(self) -> list[Finding]:
        """What the migration tables show to be wrong, and what they say about no location."""
        found = [
            finding
            for name, table in self.tables.by_location.items()
            for finding in table_findings(IN_DATABASE, name, table)
        ]
        for table, tool in self.live.locks:
            found.append(
                Finding(
                    "migration-locked",
                    Severity.WARNING,
                    f"{table} holds the lock of {tool}: migrations are running, or were stopped while they ran.",
                    table=table,
                    remedy=f"wait for them; if nothing runs, release the lock as {tool}'s documentation says.",
                )
            )
        return [*found, *self._without_location()]

    def _without_location(self) -> Iterator[Finding]:
        titles = {applied.table: applied.title for applied in self.tables.others}
        for table, title in titles.items():
            yield Finding(
                "migration-table-without-location",
                Severity.INFO,
                f"{table} says which migrations of {title} were applied, but tdmvc.yaml names none of them.",
                table=table,
                remedy="add their folder to `migrations` in tdmvc.yaml, if they are the application's.",
            )

    @property
    def report(self) -> DatabaseMigrations:
        """The migrations of all locations."""
        return DatabaseMigrations(self.url, tuple(map(self.location, self.states)), tuple(self.findings))


def open_live_database(
    workspace: Workspace, location: Location, schemas: tuple[str, ...] = ()
) -> AbstractContextManager[Snapshot]:
    """Open a database for reading.

    Args:
        schemas: those that are read if the URL names none; empty means the default one.

    Raises:
        DatabaseError: it cannot be reached or read, or the driver is not installed.
        SourceError: there is no such file, or it is not a database.
    """
    options = ReadOptions(default_schemas=schemas, on_progress=workspace.on_progress)
    return open_snapshot(location, lambda: workspace.engine, options)


def read_live_state(snapshot: Snapshot, url: str, states: Sequence[MigrationState]) -> LiveState:
    """Return what a database says about the migrations of locations.

    Raises:
        DatabaseError: the database cannot be read.
    """
    by_name = {state.location.name: state for state in states}
    live = read_migration_tables(snapshot)
    return LiveState(url, by_name, fit_tables(live.applied, by_name), live)


def _found(state: MigrationState, table: AppliedTable) -> Iterator[FoundMigration]:
    """Yield the migrations of the files in their order, then those that only the database has.

    Of a squash and the files that it replaces, only those that were or would be run are yielded.
    """
    fit = table.fit
    known = KnownMigrations(state, None)
    applied = known.applied_at(fit.recorded.heads, fit.recorded.ids)
    pending = {migration.id for migration in known.pending(applied)}
    for migration in state.migrations:
        if migration.id in fit.failed:
            status = AppliedStatus.FAILED
        elif migration.id in fit.not_run:
            status = AppliedStatus.SKIPPED
        elif migration.id in applied:
            status = AppliedStatus.APPLIED
        elif migration.id in pending:
            status = AppliedStatus.PENDING
        else:
            continue
        yield FoundMigration(migration.id, migration.name, migration.path, status)
    here = {migration.id for migration in state.migrations}
    for ids, status in (
        (fit.failed, AppliedStatus.FAILED),
        (fit.removed, AppliedStatus.REMOVED),
        (fit.unknown, AppliedStatus.UNKNOWN),
    ):
        for id_ in ids:
            if id_ not in here:
                yield FoundMigration(id_, id_, "", status)
