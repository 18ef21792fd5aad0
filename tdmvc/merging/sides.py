"""Finds the states of a dataset that a merge joins: those of two revisions, and their base."""

from collections.abc import Sequence
from dataclasses import replace

from tdmvc.formats import datasets
from tdmvc.gitrepo.merge import merge_bases
from tdmvc.merging.tables import merge_states
from tdmvc.model.dataset import DatasetConfig, DatasetState, Pointer
from tdmvc.model.merge import Resolutions, Side
from tdmvc.model.schema import Contract
from tdmvc.model.text import short_commit
from tdmvc.workspace.tables import table_folder
from tdmvc.workspace.workspace import Workspace


def state_at(workspace: Workspace, name: str, revision: str) -> DatasetState:
    """Return a dataset at a revision; empty if it does not exist there."""
    found = _state_or_none(workspace, name, revision)
    return found or DatasetState(f"{name}@{short_commit(revision)}", DatasetConfig(name), Contract(), {})


def _state_or_none(workspace: Workspace, name: str, revision: str) -> DatasetState | None:
    if name not in datasets_at(workspace, revision):
        return None
    state = datasets.read_state(workspace.git.tree(revision), workspace.config, name)
    return replace(state, ref=f"{name}@{short_commit(revision)}")


def datasets_at(workspace: Workspace, revision: str) -> list[str]:
    """Return the names of the datasets at a revision."""
    return datasets.list_datasets(workspace.git.tree(revision), workspace.config)


def common_state(workspace: Workspace, name: str, bases: Sequence[str]) -> DatasetState | None:
    """Return the base of both sides; with several merge bases, the state on which these agree.

    What the merge bases disagree on is as it was before them, as in Git's merges of binary files.
    """
    first = _state_or_none(workspace, name, bases[0])
    for other in bases[1:]:
        theirs = _state_or_none(workspace, name, other)
        if first is None or theirs is None:
            return first
        before = common_state(workspace, name, merge_bases(workspace.git, bases[0], other))
        first = _met(workspace, before, first, theirs)
    return first


def _met(
    workspace: Workspace, base: DatasetState | None, ours: DatasetState, theirs: DatasetState
) -> DatasetState:
    names = {*ours.pointers, *theirs.pointers}
    by_base = {name: Resolutions(table=Side.BASE) for name in names}
    pointers: dict[str, Pointer] = {}
    for name, merged in merge_states(workspace, base, ours, theirs, resolutions=by_base).items():
        if merged.listing is not None:
            folder = table_folder(ours if name in ours.pointers else theirs, name)
            pointers[name] = Pointer(name, merged.listing.object, folder=folder)
    known = {} if base is None else base.contract.tables
    news = {name: table for name, table in theirs.contract.tables.items() if known.get(name) != table}
    return replace(ours, pointers=pointers, contract=Contract({**ours.contract.tables, **news}))
