"""`push` and `pull`: whole closures to and from remotes, each object verified."""

from collections.abc import Sequence

from tdmvc.actions.checkout import checkout_pointers
from tdmvc.errors import PartError, StoreError
from tdmvc.formats import datasets
from tdmvc.model.dataset import DatasetState
from tdmvc.model.report import TransferReport
from tdmvc.store.worktree import read_folder
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.tables import table_folder
from tdmvc.workspace.versions import version_state, versions
from tdmvc.workspace.workspace import Workspace


def push(workspace: Workspace, refs: Sequence[str] = (), *, remote: str | None = None) -> TransferReport:
    """Send the objects of states to a remote, and ask it for each afterwards.

    Args:
        refs: states; none means every dataset's pointers and all of its versions.
        remote: a DVC remote; None is the default one.

    Raises:
        PartError: an object is not here, so it cannot be sent.
        StoreError: the remote fails.
    """
    states = [resolve_state(workspace, ref) for ref in refs] or _all_states(workspace)
    return push_states(workspace, states, remote=remote)


def push_states(
    workspace: Workspace,
    states: Sequence[DatasetState],
    *,
    remote: str | None = None,
    with_release_remote: bool = False,
) -> TransferReport:
    """Send the objects of states that are at hand, to the archive of releases too if asked."""
    store = workspace.store
    wanted = _closure(workspace, states)
    for oid, owner in wanted.items():
        if not store.objects.has(oid):
            raise store.not_here(oid, owner)
        if not oid.endswith(".dir"):
            store.objects.verified(oid, owner)
    remotes: list[str | None] = [remote]
    if with_release_remote and workspace.config.release_remote:
        remotes.append(workspace.config.release_remote)
    moved: set[str] = set()
    names: list[str] = []
    for name in remotes:
        workspace.report("push", 0, len(wanted), "objects")
        sent = store.push(wanted, remote=name)
        moved |= sent.moved
        label = name or store.config.default_remote or "default"
        if sent.missing:
            raise StoreError.remote(label, f"{len(sent.missing)} of {len(wanted)} objects did not arrive.")
        workspace.report("push", len(wanted), len(wanted), "objects")
        names.append(label)
    store.index.save()
    return TransferReport("push", tuple(s.ref for s in states), tuple(names), len(wanted), len(moved))


def pull(
    workspace: Workspace, refs: Sequence[str] = (), *, remote: str | None = None, force: bool = False
) -> TransferReport:
    """Fetch the objects of states, by default of every dataset, and write the rows to the working copy.

    Raises:
        PartError: an object is on no remote, or arrived damaged.
        LocalWorkError: the working copy holds edits that would be lost.
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
        _take_back(workspace, state)
    moved = _fetch(workspace, pointers, remote)
    wanted = _closure(workspace, states)
    moved += _fetch(workspace, wanted, remote)
    tables = 0
    for state in states:
        if state.ref == state.name:
            tables += len(checkout_pointers(workspace, state, force=force).tables)
    store.index.save()
    label = remote or store.config.default_remote
    remotes = tuple(store.fetched_from) or ((label,) if label else ())
    refs = tuple(state.ref for state in states)
    return TransferReport("pull", refs, remotes, len(wanted), moved, tables)


def _take_back(workspace: Workspace, state: DatasetState) -> None:
    """Put objects that the cache has lost back from the working copy, where the very bytes still lie."""
    objects, index = workspace.store.objects, workspace.store.index
    for table, pointer in state.pointers.items():
        folder = read_folder(workspace.dataset_folder(state.name) / table_folder(state, table), index)
        # Only a folder that says just what the pointer says: an edited one has other bytes to keep.
        if folder is None or folder.listing is None or folder.listing.object != pointer.object:
            continue
        for entry in folder.listing.entries:
            if _is_lost(workspace, entry.md5, f"{state.ref}/{table}"):
                objects.put((folder.path / entry.name).read_bytes())
        objects.put_listing(folder.listing)


def _is_lost(workspace: Workspace, md5: str, owner: str) -> bool:
    """Tell whether the cache lacks an object; a damaged one is set aside, and so is lost."""
    try:
        workspace.store.objects.verified(md5, owner)
    except PartError:
        return True
    return False


def _fetch(workspace: Workspace, wanted: dict[str, str], remote: str | None) -> int:
    """Bring what is missing, and set damaged objects aside so that they are brought anew."""
    store = workspace.store
    for oid, owner in wanted.items():
        if store.objects.has(oid):
            try:
                _check_object(workspace, oid, owner)
            except PartError:
                if store.objects.has(oid):
                    # Its bytes are what its name says, and they are bad: a fetch would bring the same.
                    raise
                # It was set aside; a good copy is fetched below.
                workspace.warn(f"A damaged object of {owner} ({oid}) was set aside.")
    missing = [oid for oid in wanted if not store.objects.has(oid)]
    if not missing:
        return 0
    if not store.config.remotes:
        raise store.not_here(missing[0], wanted[missing[0]])
    workspace.report("pull", 0, len(missing), "objects")
    absent = store.fetch(missing, wanted[missing[0]], remote=remote)
    workspace.report("pull", len(missing), len(missing), "objects")
    if absent:
        first = sorted(absent)[0]
        raise store.not_here(first, wanted[first])
    return len(missing)


def _check_object(workspace: Workspace, oid: str, owner: str) -> None:
    if oid.endswith(".dir"):
        workspace.store.objects.read_listing(oid, owner)
    else:
        workspace.store.objects.verified(oid, owner)


def _closure(workspace: Workspace, states: Sequence[DatasetState]) -> dict[str, str]:
    """Return every object that the states need, with its owner for messages."""
    wanted: dict[str, str] = {}
    for state in states:
        for table, pointer in state.pointers.items():
            owner = f"{state.ref}/{table}"
            for oid in workspace.store.closure(pointer.object, owner):
                wanted.setdefault(oid, owner)
    return wanted


def _all_states(workspace: Workspace) -> list[DatasetState]:
    states: list[DatasetState] = []
    for name in workspace.datasets():
        states.append(datasets.read_state(workspace.tree, workspace.config, name))
        states += [version_state(workspace, version) for version in versions(workspace, name)]
    return states
