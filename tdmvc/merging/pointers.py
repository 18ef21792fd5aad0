"""Builds a state of a dataset from single pointers, and merges the rows that pointers in conflict name."""

import posixpath
from dataclasses import replace

import pyarrow as pa

from tdmvc.errors import NotFoundError
from tdmvc.formats import datasets
from tdmvc.merging.tables import MergedTable, merge_states
from tdmvc.model.dataset import DatasetConfig, DatasetState, Pointer
from tdmvc.model.merge import UNDECIDED, Resolutions, Side
from tdmvc.model.merge_report import UnmergedTable
from tdmvc.model.schema import Column, Contract, TableSchema
from tdmvc.store.parquet import read_schema
from tdmvc.workspace.known_contracts import KnownTable, known_table
from tdmvc.workspace.workspace import Workspace

_HIDDEN = "personal"


def dataset_of(workspace: Workspace, path: str) -> str | None:
    """Return the dataset whose folder contains a pointer."""
    folder, _, _ = path.rpartition("/")
    top, _, name = folder.rpartition("/")
    is_below = posixpath.normpath(top or ".") == posixpath.normpath(workspace.config.datasets_folder)
    return name if is_below and name else None


def pointer_state(
    workspace: Workspace, dataset: str, pointer: Pointer | None, label: str, known: KnownTable | None
) -> DatasetState:
    """Return a state of the dataset with only the table that a pointer names, or with none.

    Key and references come from the current contract; columns that `known` hides are personal.

    Raises:
        PartError: no part can be found, so no column is known.
    """
    try:
        config = datasets.read_config_of(workspace.tree, workspace.config, dataset)
    except NotFoundError:
        config = DatasetConfig(dataset)  # the dataset lives on another branch
    if pointer is None or known is None:
        return DatasetState(label, config, Contract(), {})
    table = pointer.table
    schema = _declared(
        table, _part_schema(workspace, pointer, label, known.schema_in(dataset)), known, dataset
    )
    return DatasetState(label, config, Contract({table: schema}), {table: pointer})


def _part_schema(
    workspace: Workspace, pointer: Pointer, label: str, declared: TableSchema | None
) -> pa.Schema:
    listing = workspace.store.listing(pointer.object, label)
    if not listing.entries:
        return declared.arrow_schema() if declared is not None else pa.schema([])
    names = {entry.content for entry in listing.entries[:1]}
    return read_schema(str(workspace.store.parts(listing, label, names)[0]))


def _declared(table: str, parts: pa.Schema, known: KnownTable, dataset: str) -> TableSchema:
    """Return the current declaration of the table with every column of these parts, shown or hidden."""
    declared = known.schema_in(dataset) or TableSchema(table, ())
    hidden = known.hidden_columns(parts.names)
    columns = []
    for field in parts:
        column = declared.column(field.name) or Column(field.name, field.type)
        columns.append(replace(column, classification=_HIDDEN) if field.name in hidden else column)
    return declared.with_columns(tuple(columns))


def merge_unmerged(
    workspace: Workspace, unmerged: UnmergedTable, decided: Resolutions = UNDECIDED
) -> MergedTable:
    """Merge the table's rows with a person's decisions; only parts are written, to the cache.

    Raises:
        PartError: needed rows cannot be found; nothing was changed.
    """
    table = unmerged.table
    known = known_table(workspace.git, workspace.config, table)
    base, ours, theirs = (
        pointer_state(
            workspace, unmerged.dataset, unmerged.pointers[side], f"{unmerged.dataset}@{side}", known
        )
        for side in Side
    )
    return merge_states(workspace, base, ours, theirs, tables=[table], resolutions={table: decided})[table]
