"""`push`: sends all objects of states to remotes, and verifies each."""

from collections.abc import Sequence

from tdmvc.formats import datasets
from tdmvc.model.dataset import DatasetState
from tdmvc.model.transfer_report import TransferReport
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.transfer import push_states
from tdmvc.workspace.versions import version_state, versions
from tdmvc.workspace.workspace import Workspace


def push(workspace: Workspace, refs: Sequence[str] = (), *, remote: str | None = None) -> TransferReport:
    """Send the objects of states to a remote, then check that it has each.

    Args:
        refs: states; none means every dataset's pointers and all of its versions.
        remote: a DVC remote; None is the default one.

    Raises:
        PartError: an object is missing here, so it cannot be sent.
        StoreError: the remote fails.
    """
    states = [resolve_state(workspace, ref) for ref in refs] or _all_states(workspace)
    return push_states(workspace, states, remote=remote)


def _all_states(workspace: Workspace) -> list[DatasetState]:
    states: list[DatasetState] = []
    for name in workspace.datasets():
        states.append(datasets.read_state(workspace.tree, workspace.config, name))
        states += [version_state(workspace, version) for version in versions(workspace, name)]
    return states
