"""`drift`: which datasets no longer fit the application's schema."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tdmvc.errors import NotFoundError, UsageError
from tdmvc.formats.dataset import DATASET_FILE
from tdmvc.gitrepo.merge_preview import preview_merge
from tdmvc.gitrepo.releases import release_commit
from tdmvc.model.dataset import DatasetState
from tdmvc.model.location import Location
from tdmvc.model.migration import Drift, DriftReport, MigrationLocation
from tdmvc.model.tree import FileTree
from tdmvc.workspace.drift import (
    RecordedSubject,
    measure_drift,
    merged_subjects,
    need_migrations,
    recorded_subject,
)
from tdmvc.workspace.live_drift import SchemaFiles, measure_live_drift
from tdmvc.workspace.live_state import open_live_database
from tdmvc.workspace.migrations import configured_locations, tree_at
from tdmvc.workspace.release_states import ReleaseResolver
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.workspace import Workspace


def drift(
    workspace: Workspace,
    refs: Sequence[str] = (),
    *,
    at: str | None = None,
    release: str | None = None,
    merge_preview: str | None = None,
) -> list[Drift]:
    """Compare the migration state that datasets were made for with that of a revision.

    Args:
        refs: states of datasets (`golden`, `golden@1.0.0`); none means every working copy.
        at: the Git revision of the schema; None is the work tree.
        release: the schema at this release's commit; a dataset without `@` means the version
            that fits the release.
        merge_preview: a revision; take schema and datasets as a merge of it and HEAD would have them.

    Raises:
        NotFoundError: no such dataset, revision or release.
        UsageError: the arguments name two schemas, or Git is too old to preview a merge.
    """
    if sum(word is not None for word in (at, release, merge_preview)) > 1:
        raise UsageError(
            "--at, --release and --merge-preview each name a schema.", remedy="choose one of them."
        )
    if merge_preview is not None:
        tree: FileTree = preview_merge(workspace.git, "HEAD", merge_preview)
        subjects = list(merged_subjects(workspace, tree, refs))
        starts: tuple[str, ...] = ("HEAD", merge_preview)
    else:
        subjects, at = _subjects(workspace, refs, at, release)
        tree = tree_at(workspace, at)
        starts = (at or "HEAD",)
    need_migrations(workspace, tree)
    return measure_drift(workspace, tree, subjects, starts, is_old=at is not None)


@dataclass(frozen=True, slots=True)
class DatabaseDriftOptions:
    """What a database is compared with."""

    at: str | None = None
    """The Git revision of the migrations; None is the work tree."""
    release: str | None = None
    """The migrations at this release's commit; a dataset without `@` means the version that fits the release."""
    locations: tuple[str, ...] = ()
    """Only these locations of tdmvc.yaml; none means all."""


def drift_database(
    workspace: Workspace,
    database: Location,
    refs: Sequence[str] = (),
    options: DatabaseDriftOptions | None = None,
) -> DriftReport:
    """Compare a database with the migrations of a revision, and with the migrations and contracts of datasets.

    Args:
        refs: states of datasets (`golden`, `golden@1.0.0`); none means every working copy.

    Raises:
        DatabaseError: the database cannot be reached or read.
        NotFoundError: no such dataset, revision, release or location.
        UsageError: the options name two revisions.
    """
    options = options or DatabaseDriftOptions()
    if options.at is not None and options.release is not None:
        raise UsageError("--at and --release each name a schema.", remedy="choose one of them.")
    at = options.at
    if options.release is None:
        states = [resolve_state(workspace, ref) for ref in (refs or workspace.datasets())]
    else:
        at = _commit_of(workspace, options.release)
        states = list(_states_of_release(workspace, options.release, refs))
    tree = tree_at(workspace, at)
    need_migrations(workspace, tree)
    files = SchemaFiles(tree, _chosen(configured_locations(workspace, tree), options.locations), at)
    with open_live_database(workspace, database) as snapshot:
        found = measure_live_drift(workspace, snapshot, str(database), files, states)
    return DriftReport(found.drifts, str(database), found.findings)


def _chosen(known: Sequence[MigrationLocation], names: Sequence[str]) -> list[MigrationLocation]:
    for name in names:
        if all(location.name != name for location in known):
            raise NotFoundError.named("migration location", name, sorted(one.name for one in known))
    return [location for location in known if not names or location.name in names]


def _states_of_release(workspace: Workspace, release: str, refs: Sequence[str]) -> Iterator[DatasetState]:
    resolver = ReleaseResolver(workspace, release, strict=False)
    for ref in refs or workspace.datasets():
        state = resolve_state(workspace, ref)
        yield state if state.version is not None else resolver.resolve(state.name)[0]


def manifest_path(workspace: Workspace, dataset: str) -> str:
    """Return the path of the file that records a dataset's migrations."""
    return f"{workspace.dataset_path(dataset)}/{DATASET_FILE}"


def _subjects(
    workspace: Workspace, refs: Sequence[str], at: str | None, release: str | None
) -> tuple[list[RecordedSubject], str | None]:
    """Return the states to compare, and the revision of the schema."""
    states = [resolve_state(workspace, ref) for ref in (refs or workspace.datasets())]
    if release is None:
        return [recorded_subject(state) for state in states], at
    at = _commit_of(workspace, release)
    resolver = ReleaseResolver(workspace, release, strict=False)
    return [_subject_of_release(resolver, state) for state in states], at


def _commit_of(workspace: Workspace, release: str) -> str:
    commit = release_commit(workspace.git, workspace.config, release)
    if commit is None:
        raise NotFoundError.named("release", release, sorted(workspace.git.tags()))
    return commit


def _subject_of_release(resolver: ReleaseResolver, state: DatasetState) -> RecordedSubject:
    if state.version is not None:
        return recorded_subject(state)
    try:
        return recorded_subject(resolver.resolve(state.name)[0])
    except NotFoundError as error:
        return RecordedSubject(state.name, state.ref, fault=error.what)
