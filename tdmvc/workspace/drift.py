"""Compares the migrations that datasets were made for with those of a revision or of a merge."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from tdmvc.checks.drift import (
    DriftSubject,
    SchemaRevision,
    check_drift,
)
from tdmvc.errors import MigrationsError, NotFoundError, UnreadableFileError
from tdmvc.formats import datasets
from tdmvc.formats.config import read_config
from tdmvc.formats.pointers import read_pointers
from tdmvc.model.dataset import DatasetState
from tdmvc.model.migration import (
    Drift,
    DriftKind,
    DriftStatus,
    MigrationLocation,
    MigrationState,
    RecordedState,
    RemovedIds,
)
from tdmvc.model.text import short_commit
from tdmvc.model.tree import FileTree
from tdmvc.workspace.migrations import configured_locations, current_location, read_location, tree_at
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.workspace import Workspace

_MOST_COMMITS = 12
"""A history that was squashed or renumbered more often is not searched further."""


@dataclass(frozen=True, slots=True)
class RecordedSubject:
    """A state of a dataset, and the migrations that it was made for; or a database, and those that it has."""

    name: str
    ref: str
    recorded: Mapping[str, RecordedState] = field(default_factory=dict)
    tables: frozenset[str] = frozenset()
    """Empty if unknown."""
    fault: str = ""
    """Why its migrations are unknown."""
    kind: DriftKind = DriftKind.DATASET


def drift_at(workspace: Workspace, refs: Sequence[str], at: str | None = None) -> list[Drift]:
    """Compare the migration states of states with the migrations of a revision; None is the work tree.

    Raises:
        NotFoundError: no such state or revision, or no migrations to compare with.
    """
    subjects = [recorded_subject(resolve_state(workspace, ref)) for ref in refs]
    tree = tree_at(workspace, at)
    need_migrations(workspace, tree)
    return measure_drift(workspace, tree, subjects, (at or "HEAD",), is_old=at is not None)


def need_migrations(workspace: Workspace, tree: FileTree) -> None:
    """Raise if neither a tree's tdmvc.yaml nor the current one names migrations.

    Raises:
        NotFoundError: there are none.
    """
    if not configured_locations(workspace, tree):
        raise NotFoundError(
            "tdmvc.yaml names no migrations, so there is nothing to compare with.",
            where=str(workspace.root / "tdmvc.yaml"),
            remedy="add `migrations: {main: {tool: …, path: …}}`; `tdmvc migrations` shows what it finds.",
        )


def drift_of_merge(workspace: Workspace, merged: FileTree, starts: tuple[str, str]) -> list[Drift]:
    """Compare the datasets of a merged tree with its migrations; return nothing if it names none.

    Args:
        starts: the two revisions that were merged.
    """
    subjects = list(merged_subjects(workspace, merged, ()))
    return measure_drift(workspace, merged, subjects, starts, is_old=False)


def measure_drift(
    workspace: Workspace,
    tree: FileTree,
    subjects: Sequence[RecordedSubject],
    starts: tuple[str, ...],
    *,
    is_old: bool,
    locations: Collection[MigrationLocation] | None = None,
) -> list[Drift]:
    """Compare each subject with each location of a tree's migrations.

    Args:
        starts: the revisions that the tree comes from.
        is_old: the tree is a revision, so the work tree may have later migrations.
        locations: only these; None means all.
    """
    drifts: list[Drift] = []
    for location in configured_locations(workspace, tree) if locations is None else locations:
        check = _LocationCheck(workspace, tree, location, starts, is_old=is_old)
        drifts.extend(check(one) for one in subjects)
    return drifts


class _LocationCheck:
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
        today = current_location(workspace, location)
        later = cache(lambda: _known(workspace, tree_at(workspace, None), today) if is_old else None)
        self._revision = SchemaRevision(
            _read(workspace, tree, location),
            tree.label,
            location.name,
            later,
            _removed_migrations(workspace, location, starts, is_work_tree=is_work_tree),
        )

    def __call__(self, subject: RecordedSubject) -> Drift:
        recorded = subject.recorded.get(self._location.name)
        found = check_drift(
            DriftSubject(subject.name, subject.ref, recorded, subject.tables, subject.kind), self._revision
        )
        if subject.kind is not DriftKind.DATASET:
            return found
        if found.status is DriftStatus.UNREADABLE:
            return found
        others = [name for name in subject.recorded if name != self._location.name]
        if subject.fault:
            return replace(found, message=subject.fault, remedy="")
        if others and self._location.name not in subject.recorded:
            words = f"It records migrations of {', '.join(others)}, but none of {self._location.name}"
            return replace(found, message=f"{words}; `tdmvc add {subject.name} --migrated` records them.")
        return found


def _read(
    workspace: Workspace, tree: FileTree, location: MigrationLocation
) -> MigrationState | MigrationsError:
    try:
        return read_location(workspace, tree, location)
    except MigrationsError as error:
        return error


def _known(workspace: Workspace, tree: FileTree, location: MigrationLocation) -> MigrationState | None:
    found = _read(workspace, tree, location)
    return found if isinstance(found, MigrationState) else None


def recorded_subject(state: DatasetState) -> RecordedSubject:
    recorded = state.version.migrations if state.version else state.config.migrations
    return RecordedSubject(state.name, state.ref, recorded, frozenset(state.pointers))


def merged_subjects(workspace: Workspace, tree: FileTree, refs: Sequence[str]) -> Iterator[RecordedSubject]:
    """Yield datasets as a merge would have them; versions and revisions stay as they are."""
    config = read_config(tree)
    for ref in refs or datasets.list_datasets(tree, config):
        if "@" in ref or ":" in ref:
            yield recorded_subject(resolve_state(workspace, ref))
            continue
        try:
            recorded = datasets.read_config_of(tree, config, ref).migrations
        except UnreadableFileError as error:
            yield RecordedSubject(
                ref,
                ref,
                fault=f"Its recorded migrations are unknown: {error.path or error.where} is in conflict.",
            )
            continue
        yield RecordedSubject(ref, ref, recorded, _tables(tree, datasets.dataset_path(config, ref)))


def _tables(tree: FileTree, folder: str) -> frozenset[str]:
    try:
        return frozenset(read_pointers(tree, folder))
    except UnreadableFileError:
        return frozenset()


def _removed_migrations(
    workspace: Workspace, location: MigrationLocation, starts: Sequence[str], *, is_work_tree: bool
) -> Callable[[Sequence[str]], RemovedIds]:
    """Return a function that searches the ancestors of revisions for ids; each state is read once, when needed.

    Args:
        starts: the revisions; HEAD for the work tree.
        is_work_tree: whether the work tree is compared, so that HEAD is one of its ancestors.
    """
    read: list[tuple[str, frozenset[str]]] = []
    unread = _past_ids(workspace, location, starts, is_work_tree=is_work_tree)

    def search(ids: Sequence[str]) -> RemovedIds:
        removed: dict[str, str] = {}
        wanted = set(ids)
        for by, there in _remembering(read, unread):
            found = wanted & there
            removed.update(dict.fromkeys(found, by))
            wanted -= found
            if not wanted:
                break
        return RemovedIds(removed, workspace.git.is_shallow)

    return search


def _remembering(
    read: list[tuple[str, frozenset[str]]], unread: Iterator[tuple[str, frozenset[str]]]
) -> Iterator[tuple[str, frozenset[str]]]:
    yield from read
    for one in unread:
        read.append(one)
        yield one


def _past_ids(
    workspace: Workspace, location: MigrationLocation, starts: Sequence[str], *, is_work_tree: bool
) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the commits that removed migrations, with the ids from before, newest first."""
    git = workspace.git
    known = [start for start in starts if git.try_resolve(start)]
    if is_work_tree and known:
        yield "the work tree", _ids_at(workspace, known[0], location)
    for commit in git.commits_that_removed(known, location.path, most=_MOST_COMMITS) if known else ():
        if git.try_resolve(f"{commit}^"):
            yield f"commit {short_commit(commit)}", _ids_at(workspace, f"{commit}^", location)


def _ids_at(workspace: Workspace, rev: str, location: MigrationLocation) -> frozenset[str]:
    try:
        state: MigrationState = read_location(workspace, workspace.git.tree(rev), location)
    except MigrationsError:
        return frozenset()
    replaced: Iterable[str] = (id_ for migration in state.migrations for id_ in migration.replaces)
    return frozenset([*(migration.id for migration in state.migrations), *replaced])
