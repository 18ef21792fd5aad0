"""What a revert makes of dataset.yaml and contract.yaml: the change taken back, by what they say."""

from collections.abc import Sequence
from dataclasses import replace

from tdmvc.actions.revert_range import Change
from tdmvc.formats.contract import CONTRACT_FILE
from tdmvc.formats.contract_edit import update_contract
from tdmvc.formats.dataset import DATASET_FILE
from tdmvc.formats.dataset_edit import update_dataset
from tdmvc.formats.datasets import dataset_folder
from tdmvc.formats.manifest_merge import merge_manifest
from tdmvc.gitrepo.attributes import MANIFESTS
from tdmvc.merging.manifest_plan import PlannedManifest
from tdmvc.model.dataset import DatasetState
from tdmvc.model.merge import MarkerStyle, NotMerged
from tdmvc.workspace.workspace import Workspace


def plan_reverted_manifests(
    workspace: Workspace, change: Change, ours: DatasetState, tables: Sequence[str]
) -> tuple[tuple[PlannedManifest, ...], list[str]]:
    """Return the manifests that change, and what is to be said of one that could not be merged.

    Args:
        tables: where some are named, only their entries of the contract are taken back.
    """
    folder = dataset_folder(workspace.config, ours.name)
    style = MarkerStyle("the working copy", change.after.ref, change.before.ref)
    found: list[PlannedManifest] = []
    notes: list[str] = []
    for file in MANIFESTS:
        path = f"{folder}/{file}"
        present = workspace.tree.read_text(path)
        if file == DATASET_FILE and tables:
            continue
        before, after = (
            _text(workspace, path, present, ours, state, commit, tables)
            for state, commit in zip((change.before, change.after), change.commits, strict=True)
        )
        if before == after:
            continue
        merged = merge_manifest(path, after, present, before, style)
        if isinstance(merged, NotMerged):
            notes.append(f"{path} was left as it is: {merged.reason}")
        elif merged.conflicts or merged.text != present:
            found.append(PlannedManifest(path, merged.text, merged.conflicts))
    return tuple(found), notes


def _text(
    workspace: Workspace,
    path: str,
    present: str | None,
    ours: DatasetState,
    state: DatasetState,
    commit: str | None,
    tables: Sequence[str],
) -> str | None:
    """Return what a manifest said in a state, in the words of that time where a commit keeps them."""
    if path.endswith(f"/{CONTRACT_FILE}"):
        if tables:
            return update_contract(present, ours.name, {name: state.contract.table(name) for name in tables})
        if commit is None and state.version is not None:
            return state.contract_text
    elif commit is None and state.version is not None:
        # A version keeps the migrations, and nothing else of dataset.yaml.
        slim = {n: replace(one, count=None, digest=None) for n, one in state.config.migrations.items()}
        return update_dataset(present, replace(ours.config, migrations=slim))
    return workspace.git.tree(commit).read_text(path) if commit is not None else None
