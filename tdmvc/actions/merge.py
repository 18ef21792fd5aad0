"""`merge`: merges a branch's data, row by row, and its code in one Git merge, and checks the result."""

import posixpath
from collections.abc import Sequence
from dataclasses import replace

from tdmvc.errors import UsageError, format_names
from tdmvc.formats.datasets import dataset_path
from tdmvc.gitrepo.merge import (
    begin_merge,
    check_branches,
    fast_forward,
    index_planned,
    refuse_while_merging,
    unmerged_paths,
)
from tdmvc.gitrepo.prepared_merge import PreparedMerge
from tdmvc.merging.conclusion import conclude
from tdmvc.merging.conflicts import conflict_file, write_conflict
from tdmvc.merging.plan import (
    DatasetPlan,
    MergePlan,
    PlannedFile,
    plan_merge,
    planned_files,
    prepared_files,
    unmerged_table,
)
from tdmvc.merging.result import moved_dataset, moved_tables
from tdmvc.model.merge_report import MergeReport, MergeStatus, MovedDataset
from tdmvc.model.options import FastForward, MergeOptions
from tdmvc.workspace.transaction import open_transaction
from tdmvc.workspace.working_copy import fetch_rows, refuse_lost_rows, tables_to_write, write_table_rows
from tdmvc.workspace.workspace import Workspace


def merge(workspace: Workspace, branches: Sequence[str], options: MergeOptions | None = None) -> MergeReport:
    """Merge a branch: tables by their rows, everything else as Git does.

    All rows are merged and fetched before Git is called; until then, no visible file has changed.
    A merge with conflicts, or one that breaks a rule, stays unfinished, as in Git.

    Raises:
        LocalWorkError: local changes would be lost, or another merge is unfinished; nothing was changed.
        NotFoundError: there is no such branch, or no common history here.
        PartError: needed rows cannot be found; nothing was changed.
        UsageError: several branches, or Git refuses.
    """
    options = options or MergeOptions()
    branch = check_branches(branches)
    if workspace.git.head() is None:
        raise UsageError("There is no commit yet to merge into.", remedy="commit first.")
    refuse_while_merging(workspace.git)
    plan = plan_merge(workspace, "HEAD", branch)
    if plan.is_up_to_date:
        return MergeReport(MergeStatus.UP_TO_DATE, plan.labels, commit=plan.ours)
    written = _prepare_rows(workspace, plan)
    if plan.is_fast_forward and options.fast_forward is not FastForward.NEVER:
        fast_forward(workspace.git, branch)
        _write_plan(workspace, plan, written)
        workspace.store.index.save()
        moved = tuple(MovedDataset(d.name, moved_tables(d)) for d in plan.datasets if d.is_moved)
        notes = _unwritten_notes(plan, written)
        return MergeReport(MergeStatus.FAST_FORWARD, plan.labels, plan.theirs, moved, notes=notes)
    if options.fast_forward is FastForward.ONLY:
        raise UsageError(
            f"HEAD and {branch} have diverged, so HEAD cannot be fast-forwarded.",
            remedy=f"merge without --ff-only, or rebase: `git rebase {branch}`.",
        )
    prepared = PreparedMerge(
        workspace.git,
        workspace.temporary_folder(),
        workspace.config.datasets_folder,
        prepared_files(workspace, plan),
    )
    begin_merge(workspace.git, branch, prepared, message=options.message)
    _write_plan(workspace, plan, written)
    report = _finish(workspace, plan, options)
    workspace.store.index.save()
    return replace(report, notes=_unwritten_notes(plan, written))


def _prepare_rows(workspace: Workspace, plan: MergePlan) -> dict[str, list[str]]:
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


def _unwritten_notes(plan: MergePlan, written: dict[str, list[str]]) -> tuple[str, ...]:
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


def _write_plan(workspace: Workspace, plan: MergePlan, written: dict[str, list[str]]) -> None:
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
    prefix = dataset_path(workspace.config, dataset.name) + "/"
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


def _finish(workspace: Workspace, plan: MergePlan, options: MergeOptions) -> MergeReport:
    pointers = {path for path, _, _ in planned_files(workspace, plan) if path.endswith(".dvc")}
    files = tuple(path for path in unmerged_paths(workspace.git) if path not in pointers)
    if files or any(table.is_open for dataset in plan.datasets for table in dataset.tables.values()):
        moved = tuple(MovedDataset(d.name, moved_tables(d)) for d in plan.datasets if d.is_moved)
        return MergeReport(MergeStatus.OPEN, plan.labels, None, moved, files)
    checked = [moved_dataset(workspace, one, workspace.tree, one.name) for one in plan.datasets]
    datasets = tuple(one for one in checked if one.tables or one.findings or one.unchecked)
    return conclude(workspace, MergeReport(MergeStatus.MERGED, plan.labels, None, datasets), options)
