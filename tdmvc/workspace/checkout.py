"""Writes a state of a dataset into the working copy: rows, pointers, contract and recorded migrations."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from tdmvc.contracts.odcs.reading import CONTRACT_FILE
from tdmvc.errors import LocalWorkError
from tdmvc.formats.dataset import DATASET_FILE
from tdmvc.formats.dataset_edit import update_dataset
from tdmvc.model.dataset import DatasetState, WorkStatus
from tdmvc.model.diff import TableSide
from tdmvc.model.report import CheckedOut, Inference
from tdmvc.store.content import dataset_content, table_content
from tdmvc.store.worktree import Folder
from tdmvc.workspace.states import current_state
from tdmvc.workspace.tables import leftover_folders, open_tables, table_folder, work_status
from tdmvc.workspace.transaction import GITIGNORE, Transaction, open_transaction
from tdmvc.workspace.working_copy import keep_uncommitted
from tdmvc.workspace.workspace import Workspace


def checkout_pointers(workspace: Workspace, state: DatasetState, *, force: bool = False) -> CheckedOut:
    """Write the rows that the working copy's pointers name into its folders."""
    return write_state(workspace, state, force=force)


@dataclass(frozen=True, slots=True)
class _CheckoutPlan:
    """What writing a state into the working copy changes."""

    current: DatasetState
    target: DatasetState
    wanted: Sequence[str]
    """Tables to write."""
    removed: Sequence[str]
    """Tables that the target does not have."""
    folders: Mapping[str, tuple[WorkStatus, Folder | None]]


def write_state(
    workspace: Workspace,
    target: DatasetState,
    *,
    tables: Collection[str] = (),
    force: bool = False,
    how: Inference | None = None,
) -> CheckedOut:
    """Write a state to the working copy of its dataset, in one step.

    Args:
        tables: only these; none means the whole state, and tables that it does not have are removed.
        force: overwrite rows that were not added.
        how: how the state was found for a release, for the report.

    Raises:
        LocalWorkError: rows that no object holds would be overwritten; nothing was changed.
    """
    with workspace.writing(target.name) as journal:
        current = current_state(workspace, target.name)
        folders = {t: work_status(workspace, current, t) for t in {*current.pointers, *target.pointers}}
        wanted = [t for t in target.pointers if not tables or t in tables]
        removed = [] if tables else sorted(set(current.pointers) - set(target.pointers))
        plan = _CheckoutPlan(current, target, wanted, removed, folders)
        if not force:
            _refuse_loss(workspace, plan)
        with open_transaction(workspace, target.name, journal) as transaction:
            notes = _write_tables(workspace, transaction, plan)
            if not tables:
                for table, folder in leftover_folders(workspace, current).items():
                    if table not in target.pointers:
                        transaction.clear(folder.path.name, folder)
                _write_manifest(workspace, transaction, plan)
            changed = transaction.changed_files
            if transaction.rewrites_text:
                notes += keep_uncommitted(workspace, target.name)
    sides = open_tables(workspace, target, only=set(wanted))
    return checked_out(target, how, sides, changed, notes=tuple(notes))


def _refuse_loss(workspace: Workspace, plan: _CheckoutPlan) -> None:
    """Raise if a folder has bytes that are in no object and would be overwritten."""
    lost: list[str] = []
    for table in (*plan.wanted, *plan.removed):
        status, folder = plan.folders[table]
        if folder is None or status is WorkStatus.CLEAN:
            continue
        if not all(workspace.store.objects.has(md5) for md5 in folder.files.values()):
            lost.append(table)
    if lost:
        raise LocalWorkError.would_be_lost(plan.target.name, sorted(lost))


def _write_tables(workspace: Workspace, transaction: Transaction, plan: _CheckoutPlan) -> list[str]:
    """Write rows and pointers, and return notes about tables whose pointers DVC writes."""
    current, target = plan.current, plan.target
    notes: list[str] = []
    for table in plan.wanted:
        pointer = target.pointers[table]
        listing = workspace.store.listing(pointer.object, f"{target.ref}/{table}")
        folder = table_folder(current, table)
        if table not in current.pointers:
            # The folder is taken now, so that `orders` and `Orders` get different folders.
            pointers = {**current.pointers, table: replace(pointer, folder=folder, object="", stage=None)}
            current = replace(current, pointers=pointers)
        transaction.write_working_copy(table, folder, listing, plan.folders[table][1])
        owner = current.pointers[table].stage
        if owner is not None:
            if current.pointers[table].object != pointer.object:
                notes.append(
                    f"{table} is made by the stage {owner}: its rows were written, but dvc.lock was not changed."
                )
            continue
        if current.pointers[table].object != pointer.object:
            size = pointer.size_bytes
            if target.version is not None:
                size = target.version.tables[table].bytes
            transaction.point(table, folder, listing, size or workspace.store.size_bytes(listing))
    for table in plan.removed:
        folder = table_folder(current, table)
        transaction.clear(folder, plan.folders[table][1])
        if current.pointers[table].stage is None:
            transaction.remove_pointer(folder)
    return notes


def _write_manifest(workspace: Workspace, transaction: Transaction, plan: _CheckoutPlan) -> None:
    """Write the state's contract and recorded migrations, and keep what people added to the files."""
    target, config = plan.target, plan.current.config
    folder = workspace.dataset_path(target.name)
    text = workspace.tree.read_text(f"{folder}/{DATASET_FILE}")
    migrations = target.version.migrations if target.version else target.config.migrations
    slim = {name: replace(state, count=None, digest=None) for name, state in migrations.items()}
    transaction.write(
        DATASET_FILE, update_dataset(text, replace(config, kind=target.config.kind, migrations=slim))
    )
    if target.contract_text:
        transaction.write(CONTRACT_FILE, target.contract_text)
    if workspace.tree.read_text(f"{folder}/.gitignore") is None:
        transaction.write(".gitignore", GITIGNORE)


def checked_out(
    state: DatasetState,
    how: Inference | None,
    sides: dict[str, TableSide],
    changed_files: int,
    *,
    target: str | None = None,
    notes: tuple[str, ...] = (),
) -> CheckedOut:
    """Return the report on a state that was written to the working copy or to a target."""
    return CheckedOut(
        dataset=state.name,
        ref=state.ref,
        version=state.version.version if state.version else None,
        content=dataset_content({name: table_content(side.parts) for name, side in sides.items()}),
        tables=tuple(sides),
        rows=sum(side.rows for side in sides.values()),
        changed_files=changed_files,
        how=how,
        target=target,
        notes=notes,
    )
