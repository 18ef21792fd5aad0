"""Sends the objects of states to remotes and fetches them, each object verified."""

from collections.abc import Sequence

from tdmvc.errors import PartError, StoreError
from tdmvc.model.dataset import DatasetState
from tdmvc.model.remote import RemoteComparison, count_comparisons
from tdmvc.model.transfer_report import TransferReport, TransferVerb
from tdmvc.workspace.workspace import Workspace


def push_states(
    workspace: Workspace,
    states: Sequence[DatasetState],
    *,
    remote: str | None = None,
    with_release_remote: bool = False,
) -> TransferReport:
    """Send the objects of states to a remote, and optionally to the release remote."""
    store = workspace.store
    wanted = closure(workspace, states)
    for oid, owner in wanted.items():
        if not store.objects.has(oid):
            raise store.transfer.not_here(oid, owner)
        if not oid.endswith(".dir"):
            store.objects.verified(oid, owner)
    remotes: list[str | None] = [remote]
    if with_release_remote and workspace.config.release_remote:
        remotes.append(workspace.config.release_remote)
    moved: set[str] = set()
    compared: list[RemoteComparison] = []
    for name in remotes:
        workspace.on_progress("push", 0, len(wanted), "objects")
        sent = store.transfer.push(wanted, remote=name)
        moved |= sent.moved
        label = name or store.config.default_remote or "default"
        if lacking := sent.result.lacking:
            raise StoreError.remote(label, f"{len(lacking)} of {len(wanted)} objects did not arrive whole.")
        workspace.on_progress("push", len(wanted), len(wanted), "objects")
        compared.append(count_comparisons(label, sent.result.compared, len(wanted)))
    store.index.save()
    return TransferReport(
        TransferVerb.PUSH,
        tuple(s.ref for s in states),
        tuple(one.remote for one in compared),
        len(wanted),
        len(moved),
        compared=tuple(compared),
    )


def fetch_objects(workspace: Workspace, wanted: dict[str, str], remote: str | None) -> int:
    """Fetch missing objects; damaged ones are set aside and fetched again."""
    store = workspace.store
    for oid, owner in wanted.items():
        if store.objects.has(oid):
            try:
                _check_object(workspace, oid, owner)
            except PartError:
                if store.objects.has(oid):
                    # Its bytes match its name, but their content is wrong: fetching would give the same bytes.
                    raise
                # It was set aside; a good copy is fetched below.
                workspace.warn(f"A damaged object of {owner} ({oid}) was set aside.")
    missing = [oid for oid in wanted if not store.objects.has(oid)]
    nowhere_here = store.transfer.adopt(set(missing))
    missing = [oid for oid in missing if oid in nowhere_here]
    if not missing:
        return 0
    if not store.config.remotes:
        raise store.transfer.not_here(missing[0], wanted[missing[0]])
    workspace.on_progress("pull", 0, len(missing), "objects")
    absent = store.transfer.fetch(missing, wanted[missing[0]], owners=wanted, remote=remote)
    workspace.on_progress("pull", len(missing), len(missing), "objects")
    if absent:
        first = sorted(absent)[0]
        raise store.transfer.not_here(first, wanted[first])
    return len(missing)


def _check_object(workspace: Workspace, oid: str, owner: str) -> None:
    if oid.endswith(".dir"):
        workspace.store.objects.read_listing(oid, owner)
    else:
        workspace.store.objects.verified(oid, owner)


def closure(workspace: Workspace, states: Sequence[DatasetState]) -> dict[str, str]:
    """Return every object that the states need, with its owner for messages."""
    wanted: dict[str, str] = {}
    for state in states:
        for table, pointer in state.pointers.items():
            owner = f"{state.ref}/{table}"
            for oid in workspace.store.closure(pointer.object, owner):
                wanted.setdefault(oid, owner)
    return wanted
