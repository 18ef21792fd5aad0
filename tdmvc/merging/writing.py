"""Writes a planned merge to the work tree: pointers, conflict files and rows; also what a killed merge left out."""

import posixpath
from collections.abc import Sequence
from dataclasses import replace

from tdmvc.errors import format_names
from tdmvc.formats.conflict_file import conflict_path
from tdmvc.gitrepo.merge import index_planned, interrupted
from tdmvc.gitrepo.merge_record import MergeRecord, mark_written, merge_heads, missing_files, plan_record
from tdmvc.gitrepo.prepared_merge import PreparedMerge
from tdmvc.merging.conclusion import is_merged_by_tdmvc
from tdmvc.merging.conflicts import CONFLICT_IGNORE, conflict_file, conflict_files, write_conflict
from tdmvc.merging.plan import (
    DatasetPlan,
    MergePlan,
    PlannedFile,
    plan_merge,
    planned_files,
    unmerged_table,
)
from tdmvc.model.dataset import DatasetState, WorkStatus
from tdmvc.model.merge import Side
from tdmvc.model.text import short_commit
from tdmvc.workspace.tables import table_folder, work_status
from tdmvc.workspace.transaction import Transaction, open_transaction
from tdmvc.workspace.working_copy import fetch_rows, refuse_lost_rows, tables_to_write, write_table_rows
from tdmvc.workspace.workspace import Workspace


def prepare_rows(workspace: Workspace, plan: MergePlan) -> dict[str, list[str]]:
    """Fetch the rows that the merge writes to the working copy, and return their tables by dataset."""
    written: dict[str, list[str]] = {}
    for dataset in plan.datasets:
        touched = [name for name, table in dataset.tables.items() if table.is_moved or table.is_open]
        refuse_lost_rows(workspace, dataset.ours, touched, verb="the merge")
        moved = [name for name in touched if dataset.tables[name].is_moved]
        written[dataset.name] = tables_to_write(workspace, dataset.ours, moved)
        wanted = {name: dataset.pointers[name] for name in written[dataset.name] if name in dataset.pointers}
        fetch_rows(workspace, dataset.name, wanted)
    return written


def unwritten_notes(plan: MergePlan, written: dict[str, list[str]]) -> tuple[str, ...]:
    """Return notes on changed tables whose rows are not written, because they were not checked out before."""
    notes = []
    for dataset in plan.datasets:
        left = [
            n
            for n, t in dataset.tables.items()
            if t.is_moved and t.pointer and n not in written[dataset.name]
        ]
        if left:
            what = f"The rows of {format_names(left)} are not in the working copy"
            notes.append(f"{what}; `tdmvc checkout {dataset.name}` writes them.")
    return tuple(notes)


def write_plan(workspace: Workspace, plan: MergePlan, written: dict[str, list[str]]) -> None:
    """Write the pointers, conflict files and rows that the plan names, each dataset in one step."""
    files = list(planned_files(workspace, plan))
    for dataset in plan.datasets:
        if dataset.is_moved:
            _write_dataset(workspace, plan, dataset, written[dataset.name], files)
    if not plan.is_fast_forward:
        # Git may have mistaken one table for a renamed other, or have merged pointers as text.
        folder = posixpath.normpath(workspace.config.datasets_folder)
        index_planned(workspace.git, folder, plan.ours, files)


def _write_dataset(
    workspace: Workspace,
    plan: MergePlan,
    dataset: DatasetPlan,
    written: Sequence[str],
    files: Sequence[PlannedFile],
) -> None:
    prefix = workspace.dataset_path(dataset.name) + "/"
    with (
        workspace.writing(dataset.name) as journal,
        open_transaction(workspace, dataset.name, journal) as transaction,
    ):
        for path, text, _ in files:
            if path.startswith(prefix) and text is not None:
                transaction.write(path.removeprefix(prefix), text)
            elif path.startswith(prefix):
                transaction.remove(path.removeprefix(prefix))
        for table in dataset.tables.values():
            if table.is_open and table.merge is not None:
                unmerged = unmerged_table(workspace, plan, dataset.name, table)
                file = conflict_file(workspace, unmerged, table.merge)
                write_conflict(transaction, unmerged, file, with_pointer=False)
            if table.name in written:
                write_table_rows(
                    workspace, transaction, dataset.name, table.folder, table.name, table.pointer
                )


def complete_merge(workspace: Workspace, record: MergeRecord) -> MergeRecord:
    """Write what a killed `tdmvc merge` did not: Git's part is complete, and the plan gives the rest.

    Raises:
        LocalWorkError: Git's part is not complete.
    """
    git = workspace.git
    missing = [path for path in missing_files(git, record) if not is_merged_by_tdmvc(workspace, path)]
    if missing or not merge_heads(git):
        raise interrupted(git, record)
    plan = plan_merge(workspace, "HEAD", record.theirs)
    plan = replace(plan, labels={**plan.labels, Side.THEIRS: record.branch})
    write_plan(workspace, plan, prepare_rows(workspace, plan))
    mark_written(git, record)
    return replace(record, is_written=True)


def record_of_git(workspace: Workspace, theirs: str) -> MergeRecord:
    """Return the record of a merge that Git alone began."""
    prepared = PreparedMerge(
        workspace.git, workspace.temporary_folder(), workspace.config.datasets_folder, files=()
    )
    return plan_record(workspace.git, theirs, short_commit(theirs), prepared)


def tidy(workspace: Workspace, state: DatasetState) -> None:
    """Write rows that a killed process left stale, and remove the files of resolved conflicts."""
    stale = [t for t in state.pointers if work_status(workspace, state, t)[0] is WorkStatus.STALE]
    if not stale and not conflict_files(workspace, state.name):
        return
    with workspace.writing(state.name) as journal:
        transaction = Transaction(workspace, state.name)
        for table in stale:
            folder, pointer = table_folder(state, table), state.pointers[table]
            write_table_rows(workspace, transaction, state.name, folder, table, pointer)
        remove_conflict_files(workspace, transaction, state.name)
        transaction.commit(journal)


def remove_conflict_files(workspace: Workspace, transaction: Transaction, dataset: str) -> None:
    """Plan the removal of a dataset's conflict files."""
    folders = conflict_files(workspace, dataset)
    for path in (*map(conflict_path, folders), *([CONFLICT_IGNORE] if folders else [])):
        transaction.remove(path)
