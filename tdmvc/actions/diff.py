"""`diff`: the differences between two states of a dataset."""

from collections.abc import Sequence
from dataclasses import replace

from tdmvc.errors import NotFoundError, UsageError
from tdmvc.formats import datasets
from tdmvc.model.dataset import DatasetConfig, DatasetState
from tdmvc.model.diff import DatasetDiff
from tdmvc.model.options import DEFAULT_DIFF, DiffOptions
from tdmvc.model.reference import Reference, parse_pair, parse_reference
from tdmvc.model.schema import Contract
from tdmvc.model.version import looks_like_version
from tdmvc.workspace.comparison import diff_states
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.workspace import Workspace


def diff(
    workspace: Workspace,
    old: str | None = None,
    new: str | None = None,
    *,
    tables: Sequence[str] = (),
    options: DiffOptions = DEFAULT_DIFF,
) -> list[DatasetDiff]:
    """Compare two states; without arguments, every dataset at HEAD with its working copy.

    A single reference names the old side; the working copy of its dataset is the new
    one. A dataset alone (`golden`) means that dataset at HEAD against its working
    copy. The working copy includes edits that were not added yet.

    Args:
        tables: compare only these; none means all.
        options: the folder of `rows` gets a folder per dataset if several are compared.

    Raises:
        NotFoundError: a side does not exist.
        UsageError: the sides belong to different datasets.
        PartError: rows are needed that cannot be found.
    """
    pairs = _pairs(workspace, old, new)
    diffs: list[DatasetDiff] = []
    for left, right in pairs:
        own = options
        if options.rows is not None and len(pairs) > 1:
            own = replace(options, rows=replace(options.rows, folder=options.rows.folder / left.name))
        diffs.append(diff_states(workspace, left, right, tables=tables, options=own))
    workspace.store.index.save()
    return diffs


def _pairs(workspace: Workspace, old: str | None, new: str | None) -> list[tuple[DatasetState, DatasetState]]:
    if old is None:
        return [_since_head(workspace, name) for name in workspace.datasets()]
    pair = parse_pair(old) if new is None else None
    if pair is not None:
        left, right = pair.old, pair.new
        if pair.from_merge_base:
            left = _merge_base(workspace, left, right)
    else:
        left = parse_reference(old)
        if new is None:
            if left.at is None and left.release is None:
                workspace.chosen([str(left.dataset)])
                return [_since_head(workspace, str(left.dataset))]
            dataset = left.dataset or resolve_state(workspace, left).name
            right = Reference(dataset)
        else:
            right = parse_reference(new)
    states = resolve_state(workspace, left), resolve_state(workspace, right)
    if states[0].name != states[1].name:
        raise UsageError(
            f"{left} and {right} belong to different datasets.",
            remedy="compare two states of one dataset.",
        )
    return [states]


def _since_head(workspace: Workspace, name: str) -> tuple[DatasetState, DatasetState]:
    work = datasets.read_state(workspace.tree, workspace.config, name)
    head = workspace.git.head()
    if head is not None:
        tree = workspace.git.tree(head)
        if name in datasets.list_datasets(tree, workspace.config):
            old = datasets.read_state(tree, workspace.config, name)
            return replace(old, ref=f"{name}@HEAD"), work
    return DatasetState(f"{name}@HEAD", DatasetConfig(name), Contract(), {}), work


def _merge_base(workspace: Workspace, left: Reference, right: Reference) -> Reference:
    for side in (left, right):
        if side.at is not None and looks_like_version(side.at) and workspace.git.try_resolve(side.at) is None:
            raise NotFoundError(
                f"`...` compares Git revisions, and '{side.at}' is none.",
                remedy=f"compare two versions with `..`: {left}..{right.at or right}.",
            )
    base = workspace.git.merge_base(left.at or "HEAD", right.at or "HEAD")
    return Reference(left.dataset, base)
