"""`remove`: takes tables out of a dataset, or removes the dataset."""

from collections.abc import Sequence
from dataclasses import replace

from tdmvc.contracts.odcs.editing import update_contract
from tdmvc.contracts.odcs.reading import CONTRACT_FILE
from tdmvc.errors import LocalWorkError, UsageError, format_names
from tdmvc.formats.config import CONFIG_FILE
from tdmvc.formats.dvc_yaml import without_artifact
from tdmvc.formats.pointers import stage_owners
from tdmvc.model.dataset import DatasetState, WorkStatus
from tdmvc.model.reference import parse_reference
from tdmvc.model.report import RemoveReport
from tdmvc.model.schema import TableSchema
from tdmvc.model.selection import Selection
from tdmvc.workspace.states import current_state
from tdmvc.workspace.tables import new_folders, table_folder, work_status
from tdmvc.workspace.transaction import Transaction, open_transaction
from tdmvc.workspace.workspace import Workspace


def remove(
    workspace: Workspace, dataset: str, tables: Sequence[str] = (), *, force: bool = False
) -> RemoveReport:
    """Remove tables with their pointers, their rows in the working copy, and what the contract says about them.

    Without tables, all files of the dataset that Git tracks are removed, versions too. Git's history and the cache keep
    everything until `tdmvc gc` finds that no branch and no tag needs it. All files are removed at once or none.

    Args:
        tables: names or patterns; none means the whole dataset.
        force: remove rows and files that are saved nowhere else, and references of tables that stay.

    Raises:
        NotFoundError: there is no such dataset, or no table that matches.
        UsageError: a stage of dvc.yaml makes a table, or one that stays refers to one that goes.
        LocalWorkError: something would be lost, because it is saved nowhere else.
    """
    workspace.chosen([dataset])
    with workspace.writing(dataset) as journal:
        state = current_state(workspace, dataset)
        known = sorted({*state.pointers, *state.contract.tables})
        chosen = Selection(tuple(tables)).choose(known, where=dataset) if tables else known
        _refuse_stages(workspace, state, chosen, is_whole=not tables)
        if not force:
            _refuse_loss(workspace, state, chosen, is_whole=not tables)
            _refuse_references(state, chosen)
        with open_transaction(workspace, dataset, journal) as transaction:
            for table in chosen:
                folder = table_folder(state, table)
                transaction.clear(folder, work_status(workspace, state, table)[1])
                transaction.remove_pointer(folder)
            notes = [] if tables else _remove_files(workspace, transaction, dataset)
            if tables:
                _remove_from_contract(workspace, transaction, state, chosen)
        workspace.store.index.save()
    return RemoveReport(dataset, tuple(chosen), workspace.dataset_path(dataset), not tables, tuple(notes))


def _refuse_stages(
    workspace: Workspace, state: DatasetState, tables: Sequence[str], *, is_whole: bool
) -> None:
    owners = stage_owners(workspace.tree, workspace.dataset_path(state.name))
    owned = sorted(owners if is_whole else set(tables) & set(owners))
    if owned:
        raise UsageError(
            f"A stage makes {format_names(owned)}.",
            where=owners[owned[0]],
            remedy="remove it from the stage's outputs instead.",
        )


def _refuse_loss(workspace: Workspace, state: DatasetState, tables: Sequence[str], *, is_whole: bool) -> None:
    """Refuse to remove what neither Git nor the cache has."""
    edited = [
        table
        for table in tables
        if work_status(workspace, state, table)[0] in (WorkStatus.MODIFIED, WorkStatus.NEW)
        and work_status(workspace, state, table)[1] is not None
    ]
    if is_whole:
        edited += new_folders(workspace, state)
    if edited:
        raise LocalWorkError.would_be_lost(state.name, sorted({*edited}))
    folder = workspace.dataset_path(state.name)
    paths = [folder] if is_whole else [f"{folder}/{table_folder(state, table)}.dvc" for table in tables]
    dirty = workspace.git.dirty_files(paths)
    if dirty:
        raise LocalWorkError(
            f"Git does not have {format_names(dirty)} as they are now.",
            where=folder,
            remedy=f"commit them first: `git add {folder} && git commit`; or discard them with --force.",
        )


def _refuse_references(state: DatasetState, tables: Sequence[str]) -> None:
    """Refuse to leave tables whose references have no target."""
    for name, table in sorted(state.contract.tables.items()):
        lost = sorted({one.table for one in table.references} & set(tables))
        if lost and name not in tables:
            raise UsageError(
                f"{name} refers to {format_names(lost)}.",
                where=f"{state.name}, {CONTRACT_FILE}",
                remedy=f"remove {name}, too, or drop its references with --force.",
            )


def _remove_from_contract(
    workspace: Workspace, transaction: Transaction, state: DatasetState, tables: Sequence[str]
) -> None:
    changed: dict[str, TableSchema | None] = dict.fromkeys(tables)
    for name, table in state.contract.tables.items():
        kept = tuple(one for one in table.references if one.table not in tables)
        if name not in tables and kept != table.references:
            changed[name] = replace(table, references=kept)
    text = workspace.tree.read_text(f"{workspace.dataset_path(state.name)}/{CONTRACT_FILE}")
    transaction.write(CONTRACT_FILE, update_contract(text, state.name, changed))


def _remove_files(workspace: Workspace, transaction: Transaction, dataset: str) -> list[str]:
    """Remove the dataset's files, and its entry in dvc.yaml; return what else names it."""
    folder = workspace.dataset_path(dataset)
    for path in workspace.tree.list_files(folder):
        transaction.remove(path.removeprefix(f"{folder}/"))
    artifacts = workspace.tree.read_text("dvc.yaml")
    if artifacts is not None:
        transaction.write_at_root("dvc.yaml", without_artifact(artifacts, dataset, folder))
    users = [
        environment.name
        for environment in workspace.config.environments
        if any(parse_reference(ref).dataset == dataset for ref in environment.datasets or ())
    ]
    if not users:
        return []
    names = format_names(users)
    return [f"{CONFIG_FILE}: the environment {names} loads {dataset}; take it out of its datasets."]
