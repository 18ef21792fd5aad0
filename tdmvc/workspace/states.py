"""Resolves references to states of datasets: the working copy, a version, a revision, a release."""

from dataclasses import replace

from tdmvc.contracts.odcs.reading import CONTRACT_FILE, parse_contract
from tdmvc.errors import NotFoundError, UsageError
from tdmvc.formats import datasets
from tdmvc.formats.versions import read_version
from tdmvc.model.dataset import DatasetConfig, DatasetState
from tdmvc.model.reference import Reference, parse_reference
from tdmvc.model.schema import Contract
from tdmvc.model.version import SemVer, Version, looks_like_version
from tdmvc.workspace.versions import latest_version, version_names, version_state, versions
from tdmvc.workspace.workspace import Workspace


def resolve_state(workspace: Workspace, reference: Reference | str) -> DatasetState:
    """Return the state that a reference names.

    A version takes precedence over a Git revision of the same name. The working copy's
    state is the one that its pointers name, without edits that were not added.

    Raises:
        NotFoundError: no such dataset, version, revision or release.
    """
    ref = parse_reference(reference) if isinstance(reference, str) else reference
    if ref.release is not None:
        # What compares migrations takes long to import, and few references name a release.
        from tdmvc.workspace.release_states import resolve_release

        return resolve_release(workspace, _only_dataset(workspace, ref), ref.release, strict=False)[0]
    dataset = str(ref.dataset)
    if ref.at is None:
        workspace.chosen([dataset])
        return datasets.read_state(workspace.tree, workspace.config, dataset)
    version = _find_version(workspace, dataset, ref.at)
    if version is not None:
        return version_state(workspace, version)
    return _revision_state(workspace, dataset, ref.at)


def _find_version(workspace: Workspace, dataset: str, name: str) -> Version | None:
    if name == "latest":
        published = versions(workspace, dataset)
        if not published:
            workspace.chosen([dataset])
            raise NotFoundError(
                f"{dataset} has no published version yet.",
                remedy=f"publish one: `tdmvc publish {dataset} 1.0.0`.",
            )
        latest = latest_version(published)
        if latest is None:
            raise NotFoundError(
                f"Every published version of {dataset} was yanked.",
                where=f"{workspace.dataset_path(dataset)}/versions",
                remedy=f"publish a new one: `tdmvc publish {dataset} --bump auto`.",
            )
        return latest
    wanted = SemVer.parse(name)
    version = read_version(workspace.tree, workspace.dataset_path(dataset), wanted) if wanted else None
    if version is not None and version.yank is not None:
        workspace.warn(f"{version.ref} was yanked: {version.yank.reason}")
    return version


def _revision_state(workspace: Workspace, dataset: str, rev: str) -> DatasetState:
    if workspace.git.try_resolve(rev) is None:
        workspace.chosen([dataset])
        if looks_like_version(rev):
            raise NotFoundError.version(dataset, rev, version_names(workspace, dataset))
    tree = workspace.git.tree(workspace.git.resolve(rev))
    if dataset not in datasets.list_datasets(tree, workspace.config):
        raise NotFoundError.named(
            "dataset", dataset, datasets.list_datasets(tree, workspace.config), where=f"revision {rev}"
        )
    return replace(datasets.read_state(tree, workspace.config, dataset), ref=f"{dataset}@{rev}")


def _only_dataset(workspace: Workspace, ref: Reference) -> str:
    if ref.dataset:
        workspace.chosen([ref.dataset])
        return ref.dataset
    known = workspace.datasets()
    if len(known) != 1:
        raise UsageError(
            f"'{ref}' could mean a state of any of {len(known)} datasets."
            if known
            else "There is no dataset here yet.",
            remedy=f"write DATASET@release:{ref.release}. Datasets: {', '.join(known) or 'none yet'}.",
        )
    return known[0]


def current_state(workspace: Workspace, dataset: str) -> DatasetState:
    """Return the working copy's state; an empty one for a new dataset."""
    if dataset in workspace.datasets():
        return datasets.read_state(workspace.tree, workspace.config, dataset)
    # The contract, with types and keys, may be written before the first rows.
    path = f"{workspace.dataset_path(dataset)}/{CONTRACT_FILE}"
    text = workspace.tree.read_text(path)
    contract = parse_contract(text, path) if text is not None else Contract()
    return DatasetState(dataset, DatasetConfig(dataset), contract, {}, contract_text=text or "")
