"""`merge`: merges a branch's data, row by row, and its code in one Git merge, and checks the result."""

from collections.abc import Sequence
from dataclasses import replace

from tdmvc.errors import UsageError
from tdmvc.formats import datasets
from tdmvc.gitrepo.merge import (
    begin_merge,
    check_branches,
    fast_forward,
    refuse_while_merging,
    unmerged_paths,
)
from tdmvc.gitrepo.merge_record import (
    MergeRecord,
    mark_written,
    plan_record,
    recorded,
    remove_record,
    reopen_staged,
)
from tdmvc.gitrepo.prepared_merge import PreparedMerge
from tdmvc.merging.conclusion import conclude, is_pointer, refuse_incomplete
from tdmvc.merging.plan import MergePlan, plan_merge, planned_files, prepared_files
from tdmvc.merging.result import moved_dataset, moved_tables
from tdmvc.merging.writing import prepare_rows, tidy, unwritten_notes, write_plan
from tdmvc.model.merge_report import MergeReport, MergeStatus, MovedDataset
from tdmvc.model.options import FastForward, MergeOptions
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
    with workspace.merging():
        return _merge(workspace, branches, options or MergeOptions())


def _merge(workspace: Workspace, branches: Sequence[str], options: MergeOptions) -> MergeReport:
    branch = check_branches(branches)
    if workspace.git.head() is None:
        raise UsageError("There is no commit yet to merge into.", remedy="commit first.")
    refuse_while_merging(workspace.git)
    plan = plan_merge(workspace, "HEAD", branch)
    if plan.is_up_to_date:
        # A fast-forward may have been killed before it wrote the rows.
        for name in workspace.datasets():
            tidy(workspace, datasets.read_state(workspace.tree, workspace.config, name))
        return MergeReport(MergeStatus.UP_TO_DATE, plan.labels, commit=plan.ours)
    written = prepare_rows(workspace, plan)
    git = workspace.git
    if plan.is_fast_forward and options.fast_forward is not FastForward.NEVER:
        record = MergeRecord(plan.ours, plan.theirs, branch, plan.theirs)
        with recorded(git, record):
            fast_forward(git, record)
        write_plan(workspace, plan, written)
        remove_record(git)
        workspace.store.index.save()
        moved = tuple(MovedDataset(d.name, moved_tables(d)) for d in plan.datasets if d.is_moved)
        notes = unwritten_notes(plan, written)
        return MergeReport(MergeStatus.FAST_FORWARD, plan.labels, plan.theirs, moved, notes=notes)
    if options.fast_forward is FastForward.ONLY:
        raise UsageError(
            f"HEAD and {branch} have diverged, so HEAD cannot be fast-forwarded.",
            remedy=f"merge without --ff-only, or rebase: `git rebase {branch}`.",
        )
    files = prepared_files(workspace, plan)
    prepared = PreparedMerge(git, workspace.temporary_folder(), workspace.config.datasets_folder, files)
    record = plan_record(git, plan.theirs, branch, prepared)
    with recorded(git, record):
        begin_merge(git, record, prepared, message=options.message)
    write_plan(workspace, plan, written)
    mark_written(git, record)
    report = _finish(workspace, plan, record, options)
    workspace.store.index.save()
    return replace(report, notes=unwritten_notes(plan, written))


def _finish(workspace: Workspace, plan: MergePlan, record: MergeRecord, options: MergeOptions) -> MergeReport:
    git = workspace.git
    planned = {path for path, _, _ in planned_files(workspace, plan)}
    pointers = {path for path in {*planned, *record.conflicts} if is_pointer(workspace, path)}
    reopen_staged(git, record, planned | pointers)
    files = tuple(path for path in unmerged_paths(git) if path not in pointers)
    if files or any(table.is_open for dataset in plan.datasets for table in dataset.tables.values()):
        moved = tuple(MovedDataset(d.name, moved_tables(d)) for d in plan.datasets if d.is_moved)
        return MergeReport(MergeStatus.OPEN, plan.labels, None, moved, files)
    checked = [moved_dataset(workspace, one, workspace.tree, one.name) for one in plan.datasets]
    datasets = tuple(one for one in checked if one.tables or one.findings or one.unchecked)
    refuse_incomplete(workspace, record)
    return conclude(workspace, MergeReport(MergeStatus.MERGED, plan.labels, None, datasets), options)
