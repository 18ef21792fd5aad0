"""Updates the rows of the working copy after pointers changed, and protects edits."""

from collections.abc import Collection, Mapping

from tdmvc.contracts.odcs.reading import CONTRACT_FILE
from tdmvc.errors import LocalWorkError
from tdmvc.formats.dataset import DATASET_FILE
from tdmvc.gitrepo.commits import keep_snapshot
from tdmvc.model.dataset import DatasetState, Pointer, WorkStatus
from tdmvc.store.worktree import read_folder
from tdmvc.workspace.tables import table_folder, work_status
from tdmvc.workspace.transaction import Transaction
from tdmvc.workspace.workspace import Workspace


def refuse_lost_rows(
    workspace: Workspace, state: DatasetState, tables: Collection[str], *, verb: str
) -> None:
    """Raise if one of the tables has edits in the working copy that were not added.

    A table whose folder is missing has none: its rows are where its pointer says.

    Raises:
        LocalWorkError: there are such edits.
    """
    lost = [table for table in tables if _is_edited(workspace, state, table)]
    if lost:
        name = state.name
        raise LocalWorkError(
            f"The working copy of {name} has changes that were not added, and {verb} would overwrite them.",
            where=f"{name}: {', '.join(sorted(lost))}",
            remedy=f"save them with `tdmvc add {name}` and commit, or discard them with"
            f" `tdmvc checkout {name} --force`.",
        )


def _is_edited(workspace: Workspace, state: DatasetState, table: str) -> bool:
    status, folder = work_status(workspace, state, table)
    match status:
        case WorkStatus.MODIFIED:
            return True
        case WorkStatus.NEW:
            listing = folder.listing if folder is not None else None
            return folder is not None and (listing is None or not workspace.store.objects.has(listing.object))
    return False


def tables_to_write(workspace: Workspace, before: DatasetState, moved: Collection[str]) -> list[str]:
    """Return the changed tables whose rows have to be written to the working copy.

    Tables that were not in the working copy before are not written; a new table is written
    if any other table of its dataset is there.
    """
    is_there = any(_has_rows(workspace, before, table) for table in before.pointers)
    return [
        table
        for table in moved
        if (_has_rows(workspace, before, table) if table in before.pointers else is_there)
    ]


def _has_rows(workspace: Workspace, state: DatasetState, table: str) -> bool:
    return (workspace.working_copy(state.name) / table_folder(state, table)).is_dir()


def fetch_rows(workspace: Workspace, dataset: str, pointers: Mapping[str, Pointer]) -> None:
    """Fetch the objects that these pointers name, so that writing the working copy cannot fail later.

    Raises:
        PartError: a part cannot be found.
    """
    objects = workspace.store.objects
    for table, pointer in pointers.items():
        owner = f"{dataset}/{table}"
        listing = workspace.store.listing(pointer.object, owner)
        missing = {entry.content for entry in listing.entries if not objects.has(entry.md5)}
        if missing:
            workspace.store.parts(listing, owner, missing)


def write_table_rows(
    workspace: Workspace,
    transaction: Transaction,
    dataset: str,
    folder: str,
    table: str,
    pointer: Pointer | None,
) -> None:
    """Add to a transaction: fill a table's folder with exactly the rows of a pointer, or remove it."""
    present = read_folder(workspace.working_copy(dataset) / folder, workspace.store.index)
    if pointer is None:
        transaction.clear(folder, present)
    else:
        listing = workspace.store.listing(pointer.object, f"{dataset}/{table}")
        transaction.write_working_copy(table, folder, listing, present)


def keep_uncommitted(workspace: Workspace, dataset: str) -> list[str]:
    """Keep pointers that were added but not committed, because nothing else names their rows."""
    path = workspace.dataset_path(dataset)
    # A checkout leaves versions and all other files alone.
    if not any(
        file.endswith((".dvc", f"/{CONTRACT_FILE}", f"/{DATASET_FILE}"))
        for file in workspace.git.dirty_files([path])
    ):
        return []
    ref = f"tdmvc/replaced/{dataset}"
    keep_snapshot(workspace.git, path, f"refs/{ref}", f"{dataset} before a checkout")
    return [
        f"The replaced pointers were not committed, but are kept; `tdmvc checkout {dataset}@{ref}` restores them."
    ]
