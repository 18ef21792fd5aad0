"""Compares a database with the migrations of a repository and with its datasets."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from tdmvc.checks.drift import DriftSubject, SchemaRevision, check_drift
from tdmvc.checks.live_schema import check_live_schema
from tdmvc.databases import Snapshot
from tdmvc.errors import MigrationsError, format_names
from tdmvc.model.database_names import TableNames
from tdmvc.model.dataset import DatasetState
from tdmvc.model.finding import Finding
from tdmvc.model.migration import Drift, DriftKind, DriftStatus, MigrationLocation, MigrationState
from tdmvc.model.text import plural
from tdmvc.model.tree import FileTree
from tdmvc.workspace.drift import RecordedSubject, measure_drift, recorded_subject
from tdmvc.workspace.live_state import LiveState, read_live_state
from tdmvc.workspace.migration_findings import IN_DATABASE
from tdmvc.workspace.migrations import read_location, tree_at
from tdmvc.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class LiveDrift:
    """How a database compares with a repository and with datasets."""

    drifts: tuple[Drift, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class SchemaFiles:
    """The migrations that a database is compared with."""

    tree: FileTree
    locations: Sequence[MigrationLocation]
    at: str | None = None
    """The revision; None is the work tree."""


def measure_live_drift(
    workspace: Workspace, snapshot: Snapshot, url: str, files: SchemaFiles, states: Sequence[DatasetState]
) -> LiveDrift:
    """Compare a database with migrations and with states of datasets: their migrations, and what they declare.

    Raises:
        DatabaseError: the database cannot be read.
    """
    live = read_migrations_of(workspace, snapshot, url, files)
    recorded = {name: table.fit.recorded for name, table in live.tables.by_location.items()}
    subject = RecordedSubject("", url, recorded, kind=DriftKind.DATABASE)
    drifts = measure_drift(
        workspace,
        files.tree,
        [subject],
        (files.at or "HEAD",),
        is_old=files.at is not None,
        locations=files.locations,
    )
    drifts = [_edited(drift, live) for drift in drifts]
    later = {}
    if files.at is not None:
        later = {
            one.location.name: one
            for one in read_readable_states(workspace, SchemaFiles(tree_at(workspace, None), files.locations))
        }
    for state in states:
        drifts += compare_with_database(recorded_subject(state), live, later)
    findings = [*live.findings, *_schema_findings(snapshot, states)]
    return LiveDrift(tuple(drifts), tuple(findings))


def _edited(drift: Drift, live: LiveState) -> Drift:
    """Return a drift with what the checksums of a database say about migrations that are in step otherwise."""
    table = live.tables.by_location.get(drift.location)
    if table is None or not table.fit.edited or drift.status is not DriftStatus.IN_STEP:
        return drift
    edited = table.fit.edited
    were, them = ("was", "it") if len(edited) == 1 else ("were", "them")
    return replace(
        drift,
        status=DriftStatus.EDITED,
        message=f"The heads are the same, but {plural(len(edited), 'migration')} {were} edited after the database "
        f"ran {them}: {format_names(edited)}.",
        remedy=IN_DATABASE.edited,
    )


def read_migrations_of(workspace: Workspace, snapshot: Snapshot, url: str, files: SchemaFiles) -> LiveState:
    """Return what a database says about the locations that can be read.

    Raises:
        DatabaseError: the database cannot be read.
    """
    return read_live_state(snapshot, url, read_readable_states(workspace, files))


def read_readable_states(workspace: Workspace, files: SchemaFiles) -> list[MigrationState]:
    """Return the migrations of the locations that can be read."""
    states: list[MigrationState] = []
    for location in files.locations:
        with suppress(MigrationsError):
            states.append(read_location(workspace, files.tree, location))
    return states


def compare_with_database(
    subject: RecordedSubject, live: LiveState, later: Mapping[str, MigrationState] | None = None
) -> list[Drift]:
    """Compare the migrations that a state was made for with those of a database.

    Locations of which the database has no table are left out.

    Args:
        later: states with more migrations than the files that the database was compared with, by location.
    """
    drifts: list[Drift] = []
    for name, state in live.states.items():
        schema = live.schema(name)
        if schema is None:
            continue
        recorded = subject.recorded.get(name)
        if recorded is not None:
            # What a file contains is not known of a database.
            recorded = replace(recorded, count=None, digest=None)
        compared = DriftSubject(
            subject.name, subject.ref, recorded, subject.tables, DriftKind.DATASET_IN_DATABASE
        )
        known = (later or {}).get(name, state)
        drifts.append(check_drift(compared, SchemaRevision(schema, live.url, name, partial(_same, known))))
    return drifts


def _same(state: MigrationState) -> MigrationState:
    return state


def _schema_findings(snapshot: Snapshot, states: Sequence[DatasetState]) -> list[Finding]:
    """Return what a database lacks of the tables of datasets, or demands beyond them."""
    names = TableNames(snapshot.read_names())
    wanted = {found for state in states for table in state.pointers for found in names.find(table)}
    catalog = {one.schema.name: one.schema for one in snapshot.read_tables(sorted(wanted))}
    findings: list[Finding] = []
    for state in states:
        tables = {name: schema for name, schema in state.contract.tables.items() if name in state.pointers}
        found = check_live_schema(state.name, tables, catalog)
        findings += [replace(one, details={**one.details, "ref": state.ref}) for one in found]
    return findings
