"""`drift`: which datasets no longer fit the application's schema."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from tdmvc.checks.drift import (
    DEFAULT_FAIL_ON,
    DriftSubject,
    SchemaRevision,
    check_drift,
    drift_findings,
)
from tdmvc.errors import MigrationsError, NotFoundError, UnreadableFileError, UsageError
from tdmvc.formats import datasets
from tdmvc.formats.config import read_config
from tdmvc.formats.dataset import DATASET_FILE
from tdmvc.formats.pointers import read_pointers
from tdmvc.gitrepo.merge_preview import preview_merge
from tdmvc.gitrepo.releases import release_commit
from tdmvc.model.dataset import DatasetState
from tdmvc.model.finding import Finding
from tdmvc.model.migration import Drift, DriftStatus, MigrationLocation, MigrationState, RecordedState
from tdmvc.model.tree import FileTree
from tdmvc.workspace.migrations import configured_locations, read_location, tree_at
from tdmvc.workspace.release_states import ReleaseResolver
from tdmvc.workspace.removed_migrations import removed_migrations
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.workspace import Workspace

__all__ = ["DEFAULT_FAIL_ON", "drift", "failing", "manifest_path"]


@dataclass(frozen=True, slots=True)
class _Subject:
    """A state of a dataset whose migrations are asked about."""

    name: str
    ref: str
    recorded: Mapping[str, RecordedState] = field(default_factory=dict)
    tables: frozenset[str] = frozenset()
    """Empty where that is not known."""
    fault: str = ""
    """Why nothing is known of what it was made for."""


def drift(
    workspace: Workspace,
    refs: Sequence[str] = (),
    *,
    at: str | None = None,
    release: str | None = None,
    merge_preview: str | None = None,
) -> list[Drift]:
    """Compare the migration state that datasets were made for with the one of a revision.

    Args:
        refs: states of datasets (`golden`, `golden@1.0.0`); none means every working copy.
        at: the Git revision of the schema; None is the work tree.
        release: the schema at this release's commit; a dataset without a version stands for
            the version that fits the release.
        merge_preview: a revision; schema and datasets as a merge of it and HEAD would have them.

    Raises:
        NotFoundError: no such dataset, revision or release.
        UsageError: the words name two schemas, or Git is too old to preview a merge.
    """
    if sum(word is not None for word in (at, release, merge_preview)) > 1:
        raise UsageError(
            "--at, --release and --merge-preview each name a schema.", remedy="choose one of them."
        )
    if merge_preview is not None:
        tree: FileTree = preview_merge(workspace.git, "HEAD", merge_preview)
        subjects = list(_merged_subjects(workspace, tree, refs))
        starts: tuple[str, ...] = ("HEAD", merge_preview)
    else:
        subjects, at = _subjects(workspace, refs, at, release)
        tree = tree_at(workspace, at)
        starts = (at or "HEAD",)
    if not configured_locations(workspace, tree):
        raise NotFoundError(
            "tdmvc.yaml names no migrations, so there is nothing to compare with.",
            where=str(workspace.root / "tdmvc.yaml"),
            remedy="add `migrations: {main: {tool: …, path: …}}`; `tdmvc migrations` shows what can be found.",
        )
    return _drifts(workspace, tree, subjects, starts, is_old=at is not None)


def drift_of_merge(workspace: Workspace, merged: FileTree, starts: tuple[str, str]) -> list[Drift]:
    """Compare the datasets of a merged tree with its migrations; nothing where it names none.

    Args:
        starts: the two revisions that it was merged from.
    """
    subjects = list(_merged_subjects(workspace, merged, ()))
    return _drifts(workspace, merged, subjects, starts, is_old=False)


def _drifts(
    workspace: Workspace,
    tree: FileTree,
    subjects: Sequence[_Subject],
    starts: tuple[str, ...],
    *,
    is_old: bool,
) -> list[Drift]:
    drifts: list[Drift] = []
    for location in configured_locations(workspace, tree):
        check = _Check(workspace, tree, location, starts, is_old=is_old)
        drifts.extend(check(one) for one in subjects)
    return drifts


def failing(drifts: Sequence[Drift], fail_on: frozenset[DriftStatus]) -> tuple[Finding, ...]:
    """Return a finding for each drift that is asked to fail."""
    return drift_findings(drifts, fail_on)


def manifest_path(workspace: Workspace, dataset: str) -> str:
    """Return the file that a remark on a dataset's recorded migrations belongs to."""
    return f"{workspace.dataset_path(dataset)}/{DATASET_FILE}"


class _Check:
    """One location, read once for all datasets."""

    def __init__(
        self,
        workspace: Workspace,
        tree: FileTree,
        location: MigrationLocation,
        starts: tuple[str, ...],
        *,
        is_old: bool,
    ) -> None:
        self._location = location
        is_work_tree = not is_old and starts == ("HEAD",)
        # The work tree may have migrations that an old revision cannot have.
        later = cache(lambda: _known(tree_at(workspace, None), location) if is_old else None)
        self._revision = SchemaRevision(
            _read(tree, location),
            tree.label,
            location.name,
            later,
            removed_migrations(workspace, location, starts, is_work_tree=is_work_tree),
        )

    def __call__(self, subject: _Subject) -> Drift:
        recorded = subject.recorded.get(self._location.name)
        found = check_drift(DriftSubject(subject.name, subject.ref, recorded, subject.tables), self._revision)
        if found.status is DriftStatus.UNREADABLE:
            return found
        others = [name for name in subject.recorded if name != self._location.name]
        if subject.fault:
            return replace(found, message=subject.fault, remedy="")
        if others and self._location.name not in subject.recorded:
            words = f"It records migrations of {', '.join(others)}, and none of {self._location.name}"
            return replace(found, message=f"{words}; `tdmvc add {subject.name}` records them.")
        return found


def _read(tree: FileTree, location: MigrationLocation) -> MigrationState | MigrationsError:
    try:
        return read_location(tree, location)
    except MigrationsError as error:
        return error


def _known(tree: FileTree, location: MigrationLocation) -> MigrationState | None:
    found = _read(tree, location)
    return found if isinstance(found, MigrationState) else None


def _subjects(
    workspace: Workspace, refs: Sequence[str], at: str | None, release: str | None
) -> tuple[list[_Subject], str | None]:
    """Return what is asked about, and the revision of the schema."""
    states = [resolve_state(workspace, ref) for ref in (refs or workspace.datasets())]
    if release is None:
        return [_subject(state) for state in states], at
    at = release_commit(workspace.git, workspace.config, release)
    if at is None:
        raise NotFoundError.named("release", release, sorted(workspace.git.tags()))
    resolver = ReleaseResolver(workspace, release, strict=False)
    return [_subject_of_release(resolver, state) for state in states], at


def _subject(state: DatasetState) -> _Subject:
    recorded = state.version.migrations if state.version else state.config.migrations
    return _Subject(state.name, state.ref, recorded, frozenset(state.pointers))


def _subject_of_release(resolver: ReleaseResolver, state: DatasetState) -> _Subject:
    if state.version is not None:
        return _subject(state)
    try:
        return _subject(resolver.resolve(state.name)[0])
    except NotFoundError as error:
        return _Subject(state.name, state.ref, fault=error.what)


def _merged_subjects(workspace: Workspace, tree: FileTree, refs: Sequence[str]) -> Iterator[_Subject]:
    """Yield datasets as a merge would have them; versions and revisions stay what they are."""
    config = read_config(tree)
    for ref in refs or datasets.list_datasets(tree, config):
        if "@" in ref or ":" in ref:
            yield _subject(resolve_state(workspace, ref))
            continue
        try:
            recorded = datasets.read_config_of(tree, config, ref).migrations
        except UnreadableFileError as error:
            yield _Subject(
                ref, ref, fault=f"What it was made for is not known: {error.where} is in conflict."
            )
            continue
        yield _Subject(ref, ref, recorded, _tables(tree, datasets.dataset_folder(config, ref)))


def _tables(tree: FileTree, folder: str) -> frozenset[str]:
    try:
        return frozenset(read_pointers(tree, folder))
    except UnreadableFileError:
        return frozenset()
