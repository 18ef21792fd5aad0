"""`pull`: fetches all objects of states from remotes, verifies each, and writes the rows."""

from collections.abc import Sequence

from tdmvc.errors import PartError
from tdmvc.formats import datasets
from tdmvc.model.dataset import DatasetState
from tdmvc.model.transfer_report import TransferReport, TransferVerb
from tdmvc.store.worktree import read_folder
from tdmvc.workspace.checkout import checkout_pointers
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.tables import table_folder
from tdmvc.workspace.transfer import closure, fetch_objects
from tdmvc.workspace.workspace import Workspace


def pull(
    workspace: Workspace, refs: Sequence[str] = (), *, remote: str | None = None, force: bool = False
) -> TransferReport:
    """Fetch the objects of states, by default of every dataset, and write the rows to the working copy.

    Raises:
        PartError: an object is on no remote, or arrived damaged.
        LocalWorkError: the working copy has edits that would be lost.
        PolicyError: a policy forbids one of the states; nothing was written.
    """
    store = workspace.store
    states = [resolve_state(workspace, ref) for ref in refs] or [
        datasets.read_state(workspace.tree, workspace.config, name) for name in workspace.datasets()
    ]
    for state in states:
        workspace.allow("pull", state)
    pointers = {p.object: f"{s.ref}/{t}" for s in states for t, p in s.pointers.items()}
    for state in states:
        _restore_objects(workspace, state)
    moved = fetch_objects(workspace, pointers, remote)
    wanted = closure(workspace, states)
    moved += fetch_objects(workspace, wanted, remote)
    tables = 0
    for state in states:
        if state.ref == state.name:
            tables += len(checkout_pointers(workspace, state, force=force).tables)
    store.index.save()
    label = remote or store.config.default_remote
    remotes = tuple(store.transfer.fetched_from) or ((label,) if label else ())
    refs = tuple(state.ref for state in states)
    return TransferReport(TransferVerb.PULL, refs, remotes, len(wanted), moved, tables)


def _restore_objects(workspace: Workspace, state: DatasetState) -> None:
    """Restore objects that the cache lacks from the working copy, if it still has the same bytes."""
    objects, index = workspace.store.objects, workspace.store.index
    for table, pointer in state.pointers.items():
        folder = read_folder(workspace.working_copy(state.name) / table_folder(state, table), index)
        # Only an unedited folder has the bytes that the pointer names.
        if folder is None or folder.listing is None or folder.listing.object != pointer.object:
            continue
        for entry in folder.listing.entries:
            if _is_lost(workspace, entry.md5, f"{state.ref}/{table}"):
                objects.put((folder.path / entry.name).read_bytes())
        objects.put_listing(folder.listing)


def _is_lost(workspace: Workspace, md5: str, owner: str) -> bool:
    """Return whether the cache lacks an object; a damaged one is set aside, so it counts as missing."""
    try:
        workspace.store.objects.verified(md5, owner)
    except PartError:
        return True
    return False
