"""The published versions of a dataset, and their states."""

from collections.abc import Sequence

from tdmvc.formats import datasets
from tdmvc.formats.versions import read_versions
from tdmvc.model.dataset import DatasetState
from tdmvc.model.version import Version
from tdmvc.workspace.workspace import Workspace


def versions(workspace: Workspace, dataset: str) -> list[Version]:
    """Return the published versions in the work tree, oldest first."""
    return read_versions(workspace.tree, workspace.dataset_path(dataset))


def version_names(workspace: Workspace, dataset: str) -> list[str]:
    """Return the numbers of the published versions, newest first."""
    return [str(version.version) for version in reversed(versions(workspace, dataset))]


def latest_version(published: Sequence[Version]) -> Version | None:
    """Return the newest version that was not yanked; None if there is none."""
    return next((version for version in reversed(published) if version.yank is None), None)


def version_state(workspace: Workspace, version: Version) -> DatasetState:
    """Return the state of a published version."""
    return datasets.version_state(workspace.tree, workspace.config, version)


def equal_versions(workspace: Workspace, state: DatasetState, published: Sequence[Version]) -> list[Version]:
    """Return the versions with the same content as the state's pointers, newest first."""
    return [version for version in reversed(published) if _has_equal_content(workspace, state, version)]


def _has_equal_content(workspace: Workspace, state: DatasetState, version: Version) -> bool:
    """Compare by object, and by content if the bytes differ: another Parquet writer may have written them."""
    if set(state.pointers) != set(version.tables):
        return False
    objects = workspace.store.objects
    for table, pointer in state.pointers.items():
        kept = version.tables[table]
        if pointer.object == kept.object:
            continue
        if not objects.has(pointer.object):
            return False
        if objects.read_listing(pointer.object, f"{state.name}/{table}").content != kept.content:
            return False
    return True
