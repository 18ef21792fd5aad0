"""What a remote lacks of the objects that states need, as findings."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tdmvc.errors import PartError
from tdmvc.formats.pointers import pointer_path
from tdmvc.formats.versions import version_path
from tdmvc.model.dataset import DatasetState
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.remote import RemoteComparison, count_comparisons
from tdmvc.model.text import plural
from tdmvc.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ObjectOwner:
    """The table of a state that needs an object."""

    state: DatasetState
    table: str


ObjectOwners = Mapping[str, ObjectOwner]
"""Objects, each with the first state that needs it."""


@dataclass(frozen=True, slots=True)
class CheckedRemote:
    """What a remote has of the objects that are needed."""

    comparison: RemoteComparison
    findings: tuple[Finding, ...]
    whole: tuple[str, ...]
    """The objects that it has, whole as far as was compared."""


def list_needed(workspace: Workspace, state: DatasetState) -> dict[str, set[str]]:
    """Return the objects of each table of a state; of a table whose listing cannot be found, only the listing."""
    needed: dict[str, set[str]] = {}
    for table, pointer in state.pointers.items():
        try:
            needed[table] = workspace.store.closure(pointer.object, f"{state.ref}/{table}")
        except PartError:
            # Other checks report it, and no remote has it either.
            needed[table] = {pointer.object}
    return needed


def first_owners(needed: Iterable[tuple[DatasetState, Mapping[str, set[str]]]]) -> ObjectOwners:
    """Return the owner of each object.

    Args:
        needed: states, each with the objects of its tables; see `list_needed`.
    """
    owners: dict[str, ObjectOwner] = {}
    for state, tables in needed:
        for table, oids in tables.items():
            for oid in oids:
                owners.setdefault(oid, ObjectOwner(state, table))
    return owners


def find_missing(workspace: Workspace, wanted: ObjectOwners, remote: str | None = None) -> CheckedRemote:
    """Ask a remote for objects; each table that it does not have whole becomes a finding.

    Args:
        remote: its name; None means the default one.

    Raises:
        ConfigError: there is no such remote.
        StoreError: it cannot be reached or refuses.
    """
    config = workspace.store.config
    label = remote or config.default_remote or next(iter(config.remotes), "(default)")
    workspace.on_progress(f"ask {label}", 0, len(wanted), "objects")
    found = workspace.store.transfer.compare(wanted, remote=remote)
    findings: list[Finding] = []
    for rule, oids, fault in (
        ("not-on-remote", found.missing, "not on the remote '{0}'"),
        ("damaged-on-remote", found.cut, "incomplete on the remote '{0}': the size differs"),
        ("damaged-on-remote", found.altered, "altered on the remote '{0}': the checksum differs"),
    ):
        for owner, own in group_by_table(wanted, oids):
            is_are = "is" if len(own) == 1 else "are"
            message = f"{plural(len(own), 'object')} of {owner.state.ref}/{owner.table} {is_are} {fault.format(label)}."
            details = {"remote": label, "objects": len(own)}
            remedy = push_remedy(workspace, owner, own, remote)
            findings.append(remote_finding(workspace, rule, message, owner, remedy, details))
    return CheckedRemote(
        count_comparisons(label, found.compared, len(wanted)), tuple(findings), tuple(sorted(found.compared))
    )


def group_by_table(wanted: ObjectOwners, oids: Iterable[str]) -> list[tuple[ObjectOwner, list[str]]]:
    """Return each table that needs some of these objects, in the order of references and tables, with those."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for oid in sorted(oids):
        groups[wanted[oid].state.ref, wanted[oid].table].append(oid)
    return [(wanted[own[0]], own) for _, own in sorted(groups.items())]


def remote_finding(
    workspace: Workspace,
    rule: str,
    message: str,
    owner: ObjectOwner,
    remedy: str,
    details: Mapping[str, object],
) -> Finding:
    """Return a finding about a table's objects, which names the file in Git that needs them."""
    state, folder = owner.state, workspace.dataset_path(owner.state.name)
    if state.version is not None:
        path = version_path(folder, state.version.version)
    else:
        path = pointer_path(folder, state.pointers[owner.table])
    facts = {"file": path, **details}
    return Finding(rule, Severity.ERROR, message, state.name, owner.table, remedy=remedy, details=facts)


def push_remedy(workspace: Workspace, owner: ObjectOwner, oids: Iterable[str], remote: str | None) -> str:
    """Return the push that puts objects on a remote, and where to run it."""
    push = f"run `tdmvc push {owner.state.ref}{f' --remote {remote}' if remote else ''}`"
    if all(workspace.store.objects.has(oid) for oid in oids):
        return f"{push}."
    return f"{push} in a clone that has these rows."
