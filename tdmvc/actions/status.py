"""`status`: compares the working copy with its pointers, HEAD, the versions and the remote."""

from collections.abc import Collection, Sequence

from tdmvc.errors import PartError
from tdmvc.formats import datasets
from tdmvc.formats.conflict_file import conflict_path
from tdmvc.gitrepo import releases
from tdmvc.gitrepo.index import operation
from tdmvc.gitrepo.merge_record import find_record, touched_files
from tdmvc.gitrepo.repository import GitRepo
from tdmvc.merging.conflicts import leftover_files, tree_of_ours, unmerged_tables
from tdmvc.model.dataset import DatasetState, Pointer, WorkStatus
from tdmvc.model.diff import TableStatus
from tdmvc.model.report import DatasetStatus, StatusReport, TableStatusReport
from tdmvc.workspace.known_sources import compare_sources
from tdmvc.workspace.tables import new_folders, work_status
from tdmvc.workspace.versions import equal_versions, latest_version, versions
from tdmvc.workspace.workspace import Workspace


def status(workspace: Workspace, names: Sequence[str] = (), *, remote: bool = False) -> StatusReport:
    """Return the status of datasets, without the network.

    Args:
        remote: ask the default remote which objects it has.

    Raises:
        NotFoundError: there is no such dataset.
    """
    chosen = workspace.chosen(list(names))
    report = StatusReport(
        workspace.git.branch(),
        releases.current_release(workspace.git, workspace.config),
        tuple(_dataset_status(workspace, name, ask_remote=remote) for name in chosen),
        _operation(workspace.git),
    )
    workspace.store.index.save()
    return report


def _operation(git: GitRepo) -> str | None:
    """Return the Git command in progress, also a merge that was killed before Git knew of it."""
    record = find_record(git)
    is_interrupted = record is not None and bool(touched_files(git, record))
    return operation(git) or ("merge" if is_interrupted else None)


def _dataset_status(workspace: Workspace, name: str, *, ask_remote: bool) -> DatasetStatus:
    unmerged = unmerged_tables(workspace, name)
    state = datasets.read_state(tree_of_ours(workspace, unmerged), workspace.config, name)
    head = _head_pointers(workspace, name)
    published = versions(workspace, name)
    equal = equal_versions(workspace, state, published)
    latest = latest_version(published)
    folder = f"{workspace.dataset_path(name)}/"
    changed = [path.removeprefix(folder) for path in workspace.git.dirty_files([folder])]
    not_pushed, not_known = _not_pushed(workspace, state, ask_remote=ask_remote)
    return DatasetStatus(
        name,
        state.config.kind,
        tuple(version.version for version in equal),
        latest.version if latest is not None else None,
        tuple(_tables(workspace, state, head, {one.table for one in unmerged})),
        not_pushed,
        dict(state.config.migrations),
        tuple(map(conflict_path, leftover_files(workspace, name, unmerged))),
        tuple(version.version for version in equal if version.yank is not None),
        not_known,
        tuple(path for path in changed if not path.endswith(".dvc") and not path.startswith("conflicts/")),
        compare_sources(workspace, name, state.pointers),
    )


def _tables(
    workspace: Workspace, state: DatasetState, head: dict[str, Pointer], unmerged: Collection[str]
) -> list[TableStatusReport]:
    reports = [
        TableStatusReport(
            table, WorkStatus.CONFLICT, TableStatus.CHANGED if table in head else TableStatus.ADDED
        )
        for table in unmerged
    ]
    for table, pointer in state.pointers.items():
        if table in unmerged:
            continue
        old = head.get(table)
        work, _ = work_status(workspace, state, table)
        reports.append(TableStatusReport(table, work, _since_head(old, pointer), pointer.stage))
    reports += [
        TableStatusReport(table, WorkStatus.NEW, TableStatus.ADDED)
        for table in new_folders(workspace, state)
        if table not in unmerged
    ]
    reports += [
        TableStatusReport(table, WorkStatus.MISSING, TableStatus.REMOVED)
        for table in head
        if table not in state.pointers and table not in unmerged
    ]
    return sorted(reports, key=lambda report: report.name)


def _since_head(old: Pointer | None, pointer: Pointer) -> TableStatus:
    if old is None:
        return TableStatus.ADDED
    return TableStatus.UNCHANGED if old.object == pointer.object else TableStatus.CHANGED


def _head_pointers(workspace: Workspace, name: str) -> dict[str, Pointer]:
    head = workspace.git.head()
    if head is None:
        return {}
    tree = workspace.git.tree(head)
    if name not in datasets.list_datasets(tree, workspace.config):
        return {}
    return datasets.read_state(tree, workspace.config, name).pointers


def _not_pushed(workspace: Workspace, state: DatasetState, *, ask_remote: bool) -> tuple[int | None, int]:
    """Return how many objects are not on the default remote, and of how many this clone does not know it."""
    store = workspace.store
    if not store.config.remotes:
        return None, 0
    needed: set[str] = set()
    for table, pointer in state.pointers.items():
        needed.add(pointer.object)
        if ask_remote or store.objects.has(pointer.object):
            try:
                needed |= store.closure(pointer.object, f"{state.name}/{table}")
            except PartError:
                continue
    if ask_remote:
        return len(store.transfer.compare(needed).lacking), 0
    unseen = store.transfer.not_pushed(needed)
    here = {oid for oid in unseen if store.objects.has(oid)}
    return len(here), len(unseen - here)
