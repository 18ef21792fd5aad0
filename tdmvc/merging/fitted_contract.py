"""Makes contract.yaml declare the columns that a resolved table has, whichever side they come from."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tdmvc.contracts.odcs.editing import update_contract
from tdmvc.contracts.odcs.reading import CONTRACT_FILE, parse_contract
from tdmvc.errors import ConfigError
from tdmvc.gitrepo.index import operation_sides
from tdmvc.merging.sides import state_at
from tdmvc.model.merge import Side, TableMerge, TableOutcome
from tdmvc.model.schema import Column, TableSchema
from tdmvc.workspace.workspace import Workspace

_WHOLE = {TableOutcome.BASE: Side.BASE, TableOutcome.OURS: Side.OURS, TableOutcome.THEIRS: Side.THEIRS}


def fitted_contract(workspace: Workspace, dataset: str, tables: Mapping[str, TableMerge]) -> str | None:
    """Return the text of contract.yaml that declares these tables; None if it does already, or cannot be read.

    Columns that it lacks are declared as a side of the merge declares them; all others stay as they are. A table
    of which one side was taken as a whole gets the key of that side.
    """
    path = f"{workspace.dataset_path(dataset)}/{CONTRACT_FILE}"
    text = workspace.tree.read_text(path)
    if text is None:
        return None
    try:
        declared = parse_contract(text, path).tables
    except ConfigError:
        return None  # still in conflict; `merge --continue` compares it with the rows
    changes: dict[str, TableSchema | None] = {}
    for name, merge in tables.items():
        rows = merge.schema
        if merge.outcome is TableOutcome.REMOVED:
            if name in declared:
                changes[name] = None
        elif rows is not None:
            fitted = _fitted(workspace, dataset, declared.get(name), rows)
            if (
                merge.outcome in _WHOLE
                and _key_of(workspace, dataset, name, _WHOLE[merge.outcome]) == rows.key
            ):
                fitted = replace(fitted, key=rows.key)
            if fitted != declared.get(name):
                changes[name] = fitted
    return update_contract(text, dataset, changes) if changes else None


def _fitted(
    workspace: Workspace, dataset: str, declared: TableSchema | None, rows: TableSchema
) -> TableSchema:
    """Return the declaration of a table with just the columns and types of its rows."""
    known = declared.columns if declared is not None else ()
    by_name = {column.name: column for column in known}
    lacking = [column.name for column in rows.columns if column.name not in by_name]
    if lacking:
        for column in _columns_of_sides(workspace, dataset, rows.name):
            by_name.setdefault(column.name, column)
    order = [column.name for column in known if rows.column(column.name) is not None] + lacking
    columns = []
    for name in order:
        own = rows.column(name)
        assert own is not None
        known_column = by_name.get(name, own)
        is_same = known_column.type == own.type
        columns.append(known_column if is_same else replace(known_column, type=own.type, physical_type=None))
    before = declared or rows
    fitted = before.restricted(tuple(columns))
    return fitted if set(before.key) <= set(order) else replace(fitted, key=rows.key)


def _columns_of_sides(workspace: Workspace, dataset: str, table: str) -> Iterator[Column]:
    """Yield the columns that the sides of the operation in progress declare, then those of their merge base."""
    for side in (Side.OURS, Side.THEIRS, Side.BASE):
        declared = _declared(workspace, dataset, table, side)
        yield from declared.columns if declared is not None else ()


def _key_of(workspace: Workspace, dataset: str, table: str, side: Side) -> tuple[str, ...] | None:
    declared = _declared(workspace, dataset, table, side)
    return declared.key if declared is not None else None


def _declared(workspace: Workspace, dataset: str, table: str, side: Side) -> TableSchema | None:
    """Return how a side of the operation in progress declares a table."""
    revision = operation_sides(workspace.git).get(side)
    return state_at(workspace, dataset, revision).contract.table(table) if revision else None
