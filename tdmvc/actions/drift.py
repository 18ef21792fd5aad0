"""`drift`: which datasets no longer fit the application's schema."""

from collections.abc import Sequence

from tdmvc.errors import NotFoundError, UsageError
from tdmvc.formats.dataset import DATASET_FILE
from tdmvc.gitrepo.merge_preview import preview_merge
from tdmvc.gitrepo.releases import release_commit
from tdmvc.model.dataset import DatasetState
from tdmvc.model.migration import Drift
from tdmvc.model.tree import FileTree
from tdmvc.workspace.drift import (
    RecordedSubject,
    measure_drift,
    merged_subjects,
    need_migrations,
    recorded_subject,
)
from tdmvc.workspace.migrations import tree_at
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
    at = release_commit(workspace.git, workspace.config, release)
    if at is None:
        raise NotFoundError.named("release", release, sorted(workspace.git.tags()))
    resolver = ReleaseResolver(workspace, release, strict=False)
    return [_subject_of_release(resolver, state) for state in states], at


def _subject_of_release(resolver: ReleaseResolver, state: DatasetState) -> RecordedSubject:
    if state.version is not None:
        return recorded_subject(state)
    try:
        return recorded_subject(resolver.resolve(state.name)[0])
    except NotFoundError as error:
        return RecordedSubject(state.name, state.ref, fault=error.what)
