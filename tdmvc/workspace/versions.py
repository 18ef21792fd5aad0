"""The published versions of a dataset, and the states they stand for."""

from tdmvc.formats import datasets
from tdmvc.formats.versions import read_versions
from tdmvc.model.dataset import DatasetState
from tdmvc.model.version import Version
from tdmvc.workspace.workspace import Workspace


def versions(workspace: Workspace, dataset: str) -> list[Version]:
    """Return the published versions that the work tree knows, oldest first."""
    return read_versions(workspace.tree, workspace.dataset_path(dataset))


def version_state(workspace: Workspace, version: Version) -> DatasetState:
    """Return the state of a published version."""
    return datasets.version_state(workspace.tree, workspace.config, version)
