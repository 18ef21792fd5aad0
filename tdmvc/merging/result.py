"""Checks the merged datasets: opens the tables of a plan and applies the rules."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from tdmvc.checks.merged import CheckedState, check_merged, check_table_names
from tdmvc.contracts.odcs.reading import CONTRACT_FILE, parse_contract
from tdmvc.errors import ConfigError, UnreadableFileError
from tdmvc.formats.dataset import DATASET_FILE, parse_dataset
from tdmvc.gitrepo.trees import OverlaidTree
from tdmvc.merging.plan import DatasetPlan, PlannedTable
from tdmvc.model.dataset import DatasetState
from tdmvc.model.finding import Finding
from tdmvc.model.merge import Side
from tdmvc.model.merge_report import MovedDataset, MovedTable, TableMove
from tdmvc.model.rules import Query
from tdmvc.model.schema import TableSchema
from tdmvc.model.tree import FileTree
from tdmvc.workspace.tables import pointer_side
from tdmvc.workspace.validation import ALL_RULES, validation_options
from tdmvc.workspace.workspace import Workspace


def moved_dataset(workspace: Workspace, plan: DatasetPlan, tree: FileTree, ref: str) -> MovedDataset:
    """Return the report on a merged dataset, with the findings of the checks.

    Args:
        tree: the merged files; pointers, and manifests that both sides changed, come from the plan.
        ref: the name of the merged state in commands.

    Raises:
        PartError: needed rows cannot be found.
    """
    tables = moved_tables(plan)
    try:
        state = merged_state(workspace, plan, tree, ref)
    except ConfigError as error:
        return MovedDataset(plan.name, tables, unchecked=f"{error.what} ({error.where})")
    unknown = [table.name for table in plan.tables.values() if table.is_open]
    findings = check_states(workspace, state, (plan.ours, plan.theirs), unknown=unknown)
    return MovedDataset(plan.name, tables, findings)


def moved_tables(plan: DatasetPlan) -> tuple[MovedTable, ...]:
    """Return the tables that a merge changes or leaves in conflict."""
    return tuple(moved_table(table) for table in plan.tables.values() if table.is_moved or table.is_open)


def merged_state(workspace: Workspace, plan: DatasetPlan, tree: FileTree, ref: str) -> DatasetState:
    """Return the merged state of a dataset, without tables in conflict.

    Raises:
        ConfigError: a manifest is in conflict, or is wrong.
    """
    folder = workspace.dataset_path(plan.name)
    for manifest in plan.manifests:
        if manifest.conflicts:
            raise UnreadableFileError.in_conflict(manifest.path, "the merge")
    tree = OverlaidTree(tree, {manifest.path: manifest.text for manifest in plan.manifests})
    text, contract = (tree.read_text(f"{folder}/{name}") for name in (DATASET_FILE, CONTRACT_FILE))
    config = parse_dataset(text, f"{folder}/{DATASET_FILE}") if text is not None else plan.ours.config
    return DatasetState(
        ref,
        config,
        parse_contract(contract or "", f"{folder}/{CONTRACT_FILE}") if contract else plan.ours.contract,
        plan.pointers,
        contract_text=contract or "",
    )


def check_states(
    workspace: Workspace,
    merged: DatasetState,
    sides: Sequence[DatasetState],
    *,
    unknown: Collection[str] = (),
) -> tuple[Finding, ...]:
    """Return the rules that a merged state breaks, and those that its sides had already broken.

    Opens only tables that differ from a side, and those that references connect with them.

    Args:
        unknown: tables that are still in conflict.

    Raises:
        PartError: needed rows cannot be found.
    """
    if any(_facts(merged) == _facts(side) for side in sides):
        return ()
    wanted = _joined(merged, _changed(merged, sides)) - set(unknown)
    if not wanted:
        return ()
    with validation_options(workspace, ALL_RULES) as options:
        findings = check_merged(
            workspace.engine,
            _opened(workspace, merged, wanted),
            [_opened(workspace, side, wanted) for side in sides],
            options,
            unknown=unknown,
            at=merged.ref,
        )
    findings = (*check_table_names(merged.pointers, [side.pointers for side in sides]), *findings)
    return tuple(replace(finding, dataset=merged.name) for finding in findings)


def _changed(merged: DatasetState, sides: Sequence[DatasetState]) -> set[str]:
    """Return the tables that differ from a side."""
    facts = _facts(merged)
    others = [_facts(side) for side in sides]
    names = {*facts, *(name for other in others for name in other)}
    return {name for name in names if any(other.get(name) != facts.get(name) for other in others)}


def _joined(merged: DatasetState, changed: set[str]) -> set[str]:
    """Return these tables, and those that references and queries join with them."""
    found = set(changed)
    for name, table in merged.contract.tables.items():
        for rule in table.rules:
            if isinstance(rule.test, Query):
                named = {name, *rule.test.tables_in(merged.contract.tables)}
                found |= named if named & changed else set()
        for reference in table.references:
            if name in changed or reference.table in changed:
                found |= {name, reference.table}
    return found


def _facts(state: DatasetState) -> dict[str, tuple[str | None, TableSchema | None]]:
    names = {*state.pointers, *state.contract.tables}
    objects = {name: pointer.object for name, pointer in state.pointers.items()}
    return {name: (objects.get(name), state.contract.table(name)) for name in names}


def moved_table(table: PlannedTable) -> MovedTable:
    """Return the report on a planned table."""
    if table.stage is not None:
        return MovedTable(table.name, TableMove.STAGE, stage=table.stage)
    if table.is_open:
        return MovedTable(table.name, TableMove.CONFLICT, table.merge)
    if table.pointer is None:
        return MovedTable(table.name, TableMove.REMOVED)
    if table.sides[Side.OURS] is None:
        return MovedTable(table.name, TableMove.ADDED)
    if table.merge is not None:
        return MovedTable(table.name, TableMove.MERGED, table.merge)
    return MovedTable(table.name, TableMove.TAKEN)


def _opened(workspace: Workspace, state: DatasetState, wanted: Collection[str]) -> CheckedState:
    sides = {
        name: pointer_side(workspace, state, pointer)
        for name, pointer in state.pointers.items()
        if name in wanted
    }
    return CheckedState(sides, state.contract.tables)
