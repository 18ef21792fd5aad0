"""Resolves the name of a change (a commit, a version, a range) to the states before and after it."""

from dataclasses import dataclass

from tdmvc.errors import NotFoundError, UsageError
from tdmvc.formats import datasets
from tdmvc.formats.versions import read_version, read_versions
from tdmvc.merging.sides import state_at
from tdmvc.model.dataset import DatasetConfig, DatasetState
from tdmvc.model.reference import parse_reference
from tdmvc.model.schema import Contract
from tdmvc.model.version import SemVer
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.versions import version_state
from tdmvc.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class DatasetChange:
    """One change of a dataset."""

    before: DatasetState
    after: DatasetState
    commits: tuple[str | None, str | None] = (None, None)
    """The revisions of both, which have the original manifests; None for versions."""


def resolve_change(
    workspace: Workspace, dataset: str, ref: str, *, parent: int | None = None
) -> DatasetChange:
    """Return the change that a commit, a published version or a range `A..B` names.

    Args:
        parent: the number of the parent of a merge that is the state before it, from 1.

    Raises:
        NotFoundError: no such commit or version, or none before it in this clone.
        UsageError: `ref` names no change, or a merge without a parent.
    """
    left, dots, right = ref.partition("..")
    if dots:
        if not left or not right or right.startswith("."):
            raise UsageError(f"'{ref}' is not a range.", remedy="write A..B: the changes after A, up to B.")
        ends = [_state(workspace, dataset, _without_dataset(dataset, end)) for end in (left, right)]
        return DatasetChange(ends[0][0], ends[1][0], (ends[0][1], ends[1][1]))
    at = _without_dataset(dataset, ref)
    wanted = _version_number(workspace, dataset, at)
    if wanted is not None:
        return _change_of_version(workspace, dataset, wanted)
    commit = workspace.git.resolve(at)
    before = _parent(workspace, at, commit, parent)
    state = state_at(workspace, dataset, commit)
    if before is None:
        return DatasetChange(state_at_nothing(dataset), state, (None, commit))
    return DatasetChange(state_at(workspace, dataset, before), state, (before, commit))


def state_at_nothing(dataset: str) -> DatasetState:
    """Return the dataset before the first commit."""
    return DatasetState(f"{dataset} before the first commit", DatasetConfig(dataset), Contract(), {})


def _without_dataset(dataset: str, ref: str) -> str:
    """Return a reference without a leading `golden@`."""
    if "@{" in ref or "@" not in ref:
        return ref
    reference = parse_reference(ref)
    if reference.dataset != dataset or reference.at is None:
        raise UsageError(f"'{ref}' does not name a state of {dataset}.")
    return reference.at


def _version_number(workspace: Workspace, dataset: str, at: str) -> SemVer | None:
    folder = workspace.dataset_path(dataset)
    if at == "latest":
        published = read_versions(workspace.tree, folder)
        return published[-1].version if published else None
    number = SemVer.parse(at)
    return number if number is not None and read_version(workspace.tree, folder, number) else None


def _change_of_version(workspace: Workspace, dataset: str, number: SemVer) -> DatasetChange:
    folder = workspace.dataset_path(dataset)
    version = read_version(workspace.tree, folder, number)
    assert version is not None
    if version.parent is None:
        raise UsageError(
            f"{version.ref} is the first version, so there is no state before it.",
            remedy=f"name two states: `tdmvc revert {dataset} A..B`.",
        )
    older = read_version(workspace.tree, folder, version.parent)
    if older is None:
        raise NotFoundError(
            f"{dataset}@{version.parent}, the version before {version.ref}, is not in the work tree.",
            where=folder,
            remedy="restore its file from Git's history.",
        )
    return DatasetChange(version_state(workspace, older), version_state(workspace, version))


def _state(workspace: Workspace, dataset: str, at: str) -> tuple[DatasetState, str | None]:
    if _version_number(workspace, dataset, at) is not None:
        return resolve_state(workspace, f"{dataset}@{at}"), None
    commit = workspace.git.resolve(at)
    if dataset not in datasets.list_datasets(workspace.git.tree(commit), workspace.config):
        return state_at_nothing(dataset), commit
    return resolve_state(workspace, f"{dataset}@{at}"), commit


def _parent(workspace: Workspace, ref: str, commit: str, number: int | None) -> str | None:
    parents = workspace.git.parents(commit)
    if len(parents) > 1 and number is None:
        raise UsageError(
            f"{ref} is a merge, so it has {len(parents)} parents.",
            remedy="pass -m 1 to undo what was merged in, or -m 2 to undo the side that it was merged into.",
        )
    if number is not None and (len(parents) < 2 or not 1 <= number <= len(parents)):
        raise UsageError(
            f"{ref} has {len(parents)} parent{'' if len(parents) == 1 else 's'}, so -m {number} names none.",
            remedy="pass the number of a parent of a merge; leave out -m if the commit is not a merge.",
        )
    if parents:
        before = parents[(number or 1) - 1]
        if workspace.git.try_resolve(before) is None:
            raise NotFoundError(
                f"The commit before {ref} is not in this clone.",
                where=f"{workspace.root} (a shallow clone)",
                remedy="run `git fetch --deepen=100`, or `git fetch --unshallow`.",
            )
        return before
    return None
