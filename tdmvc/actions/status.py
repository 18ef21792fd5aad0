"""`status`: how the working copy stands to its pointers, to HEAD, to the versions and to the remote."""

from collections.abc import Sequence

from tdmvc.actions.states import versions
from tdmvc.actions.tables import new_folders, work_status
from tdmvc.actions.workspace import Workspace
from tdmvc.errors import PartError
from tdmvc.model.dataset import DatasetState, Pointer
from tdmvc.model.report import DatasetStatus, StatusReport, TableStatusReport, WorkStatus
from tdmvc.model.version import SemVer
from tdmvc.repo import datasets, releases


def status(workspace: Workspace, names: Sequence[str] = ()) -> StatusReport:
    """Look at datasets without fetching anything and without asking any remote.

    Raises:
        NotFoundError: there is no such dataset.
    """
    chosen = workspace.chosen(list(names))
    report = StatusReport(
        workspace.git.branch(),
        releases.current_release(workspace.git, workspace.config),
        tuple(_dataset_status(workspace, name) for name in chosen),
    )
    workspace.store.index.save()
    return report


def _dataset_status(workspace: Workspace, name: str) -> DatasetStatus:
    state = datasets.read_state(workspace.tree, workspace.config, name)
    head = _head_pointers(workspace, name)
    published = versions(workspace, name)
    equal: list[SemVer] = [
        version.version
        for version in reversed(published)
        if {table: kept.object for table, kept in version.tables.items()}
        == {table: pointer.object for table, pointer in state.pointers.items()}
    ]
    return DatasetStatus(
        name,
        state.config.kind,
        tuple(equal),
        published[-1].version if published else None,
        tuple(_tables(workspace, state, head)),
        _not_pushed(workspace, state),
        dict(state.config.migrations),
    )


def _tables(workspace: Workspace, state: DatasetState, head: dict[str, Pointer]) -> list[TableStatusReport]:
    reports: list[TableStatusReport] = []
    for table, pointer in state.pointers.items():
        old = head.get(table)
        since = "added" if old is None else "unchanged" if old.object == pointer.object else "changed"
        reports.append(TableStatusReport(table, work_status(workspace, state, table)[0], since))
    reports += [TableStatusReport(table, WorkStatus.NEW, "added") for table in new_folders(workspace, state)]
    reports += [
        TableStatusReport(table, WorkStatus.MISSING, "removed")
        for table in head
        if table not in state.pointers
    ]
    return sorted(reports, key=lambda report: report.name)


def _head_pointers(workspace: Workspace, name: str) -> dict[str, Pointer]:
    head = workspace.git.head()
    if head is None:
        return {}
    tree = workspace.git.tree(head)
    if name not in datasets.list_datasets(tree, workspace.config):
        return {}
    return datasets.read_state(tree, workspace.config, name).pointers


def _not_pushed(workspace: Workspace, state: DatasetState) -> int | None:
    store = workspace.store
    if not store.config.remotes:
        return None
    needed: set[str] = set()
    for table, pointer in state.pointers.items():
        needed.add(pointer.object)
        if store.objects.has(pointer.object):
            try:
                needed |= store.closure(pointer.object, f"{state.name}/{table}")
            except PartError:
                continue
    return len(store.not_pushed(needed))
