"""`resolve`: shows the conflicts that a merge left, and resolves them."""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

from tdmvc.contracts.odcs.reading import CONTRACT_FILE
from tdmvc.errors import LocalWorkError, NotFoundError, UsageError
from tdmvc.formats.conflict_file import conflict_path
from tdmvc.gitrepo.index import bring_back, mark_resolved, operation, read_resolved, read_stages
from tdmvc.merging.conflicts import (
    CONFLICT_IGNORE,
    conflict_files,
    leftover_files,
    unmerged_tables,
    write_conflict,
)
from tdmvc.merging.fitted_contract import fitted_contract
from tdmvc.merging.resolution import ResolvePlan, plan_resolution
from tdmvc.model.merge import Decision
from tdmvc.model.merge_report import DatasetResolution, ResolveReport, TableResolution, UnmergedTable
from tdmvc.model.names import table_name
from tdmvc.store.journal import Journal
from tdmvc.store.worktree import Folder, read_folder
from tdmvc.workspace.transaction import Transaction, open_transaction
from tdmvc.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ResolveOptions:
    """What to resolve, and how."""

    decision: Decision | None = None
    """None only shows what is left, and applies the decisions in the conflict files."""
    is_again: bool = False
    """Restore the conflicts as the merge left them."""
    force: bool = False
    """Overwrite rows in the working copy that are saved nowhere else."""


def resolve(
    workspace: Workspace,
    dataset: str | None = None,
    table: str | None = None,
    options: ResolveOptions | None = None,
) -> ResolveReport:
    """Resolve tables in conflict; a resolved table gets its merged rows in the working copy.

    Pointer and rows change in one step; then the pointer is marked as resolved in Git. If the process
    is killed in between, the next call finishes: until then, the conflict file keeps the decisions.

    Raises:
        NotFoundError: no such dataset, or no such table, column or row in conflict.
        UsageError: the options contradict each other, or a value does not fit its column.
        LocalWorkError: rows that are saved nowhere else would be overwritten.
        PartError: needed rows cannot be found.
    """
    options = options or ResolveOptions()
    _check_options(options, table)
    chosen = workspace.chosen([dataset] if dataset is not None else [])
    done = [_resolve_dataset(workspace, name, table, options) for name in chosen]
    workspace.store.index.save()
    reported = tuple(one for one in done if dataset is not None or _has_news(one))
    return ResolveReport(reported, operation(workspace.git))


def _check_options(options: ResolveOptions, table: str | None) -> None:
    decision = options.decision
    if decision is None:
        return
    if options.is_again:
        raise UsageError(
            "--again restores conflicts, so it cannot resolve any in the same call.",
            remedy="run it first, with nothing but a dataset and a table; then resolve.",
        )
    if (decision.key or decision.column) and table is None:
        raise UsageError(
            "--key and --column need a table.", remedy="name it: `tdmvc resolve DATASET TABLE …`."
        )
    if decision.choice.side is None and not (decision.key and decision.column):
        raise UsageError("--value and --null need one cell.", remedy="name the cell with --key and --column.")


def _has_news(done: DatasetResolution) -> bool:
    return bool(done.tables or done.leftovers or done.others)


def _resolve_dataset(
    workspace: Workspace, dataset: str, table: str | None, options: ResolveOptions
) -> DatasetResolution:
    with workspace.writing(dataset) as journal:
        if options.is_again:
            _restore_conflicts(workspace, journal, dataset, table)
        unmerged = unmerged_tables(workspace, dataset)
        if table is not None and all(one.table != table for one in unmerged):
            known = [one.table for one in unmerged]
            raise NotFoundError.in_conflict(dataset, table, known)
        wanted = [one for one in unmerged if table in (None, one.table)]
        plans = [plan_resolution(workspace, one, options.decision) for one in wanted]
        contract = _apply(workspace, journal, dataset, plans, force=options.force)
        resolved = [plan.unmerged for plan in plans if plan.is_settled]
        # Only now can the file with the decisions be removed.
        mark_resolved(workspace.git, [*(one.path for one in resolved if one.is_in_index), *contract])
        removed = remove_leftovers(workspace, journal, dataset)
    over = {conflict_path(one.folder) for one in resolved}
    return DatasetResolution(
        dataset,
        tuple(TableResolution(p.unmerged, p.merged.merge, p.file, p.merged.rows) for p in plans),
        tuple(path for path in removed if path not in over),
        tuple(_other_conflicts(workspace, dataset)),
    )


def _apply(
    workspace: Workspace, journal: Journal, dataset: str, plans: Sequence[ResolvePlan], *, force: bool
) -> list[str]:
    """Write the pointers and rows of resolved tables, and the conflict files of the others, in one step.

    Returns:
        The path of contract.yaml if it changed with them, and Git waits for conflicts to be resolved.
    """
    tables = {plan.unmerged.table: plan.merged.merge for plan in plans if plan.is_settled}
    contract = fitted_contract(workspace, dataset, tables) if tables else None
    with open_transaction(workspace, dataset, journal) as transaction:
        if contract is not None:
            transaction.write(CONTRACT_FILE, contract)
        for plan in plans:
            is_settled = plan.is_settled
            if is_settled:
                _write_working_copy(workspace, transaction, plan, force=force)
            write_conflict(transaction, plan.unmerged, plan.file, with_pointer=not is_settled)
    is_staged = contract is not None and operation(workspace.git) is not None
    return [f"{workspace.dataset_path(dataset)}/{CONTRACT_FILE}"] if is_staged else []


def _write_working_copy(
    workspace: Workspace, transaction: Transaction, plan: ResolvePlan, *, force: bool
) -> None:
    unmerged, listing = plan.unmerged, plan.merged.listing
    present = read_folder(workspace.working_copy(unmerged.dataset) / unmerged.folder, workspace.store.index)
    if present is not None and not force:
        _refuse_loss(workspace, unmerged, present)
    if listing is None:
        transaction.clear(unmerged.folder, present)
        transaction.remove_pointer(unmerged.folder)
        return
    size_bytes = plan.merged.size_bytes or workspace.store.size_bytes(listing)
    transaction.point(unmerged.table, unmerged.folder, listing, size_bytes)
    transaction.write_working_copy(unmerged.table, unmerged.folder, listing, present)


def _refuse_loss(workspace: Workspace, unmerged: UnmergedTable, present: Folder) -> None:
    if all(workspace.store.objects.has(md5) for md5 in present.files.values()):
        return
    raise LocalWorkError(
        f"The working copy of {unmerged.dataset}/{unmerged.table} has rows that are saved nowhere else.",
        where=str(present.path),
        remedy="copy the folder elsewhere if you need it, then run the same command with --force.",
    )


def _restore_conflicts(workspace: Workspace, journal: Journal, dataset: str, table: str | None) -> None:
    """Restore the conflicts of tables in conflict, and of those whose conflict Git still remembers."""
    present = {one.table: one for one in unmerged_tables(workspace, dataset)}
    past = {
        table_name(posixpath.basename(path).removesuffix(".dvc")): path
        for path in read_resolved(workspace.git, workspace.dataset_path(dataset))
        if path.endswith(".dvc")
    }
    wanted = [name for name in sorted({*present, *past}) if table in (None, name)]
    if not wanted:
        raise NotFoundError(
            f"Git has no conflict of {table or dataset} to restore.",
            where=dataset,
            remedy="Git keeps conflicts only until the merge is committed; after that, merge again.",
        )
    transaction = Transaction(workspace, dataset)
    for name in wanted:
        folder = posixpath.basename(past[name]).removesuffix(".dvc") if name in past else present[name].folder
        transaction.remove(conflict_path(folder))
    transaction.commit(journal)
    for name in wanted:
        if name not in present:
            bring_back(workspace.git, past[name])


def remove_leftovers(workspace: Workspace, journal: Journal, dataset: str) -> list[str]:
    """Remove conflict files that are no longer needed; return them, relative to the dataset."""
    transaction = Transaction(workspace, dataset)
    folders = leftover_files(workspace, dataset)
    for folder in folders:
        transaction.remove(conflict_path(folder))
    if not set(conflict_files(workspace, dataset)) - set(folders):
        transaction.remove(CONFLICT_IGNORE)
    transaction.commit(journal)
    return [conflict_path(folder) for folder in folders]


def _other_conflicts(workspace: Workspace, dataset: str) -> list[str]:
    """Return the dataset's other files in conflict: those that people write."""
    folder = workspace.dataset_path(dataset)
    return sorted(path for path in read_stages(workspace.git, folder) if not path.endswith(".dvc"))
