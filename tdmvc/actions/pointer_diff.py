"""Two texts of one pointer, as Git hands them over, → what is different between the rows they name."""

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from tdmvc.actions.diff import diff_states
from tdmvc.actions.known_contracts import KnownTable, known_table
from tdmvc.actions.workspace import Workspace
from tdmvc.errors import NotFoundError
from tdmvc.late_dataclass import dataclass
from tdmvc.model.change import DatasetDiff
from tdmvc.model.dataset import DatasetConfig, DatasetState, Pointer
from tdmvc.model.schema import Column, Contract, TableSchema
from tdmvc.repo import datasets
from tdmvc.repo.config import read_config
from tdmvc.repo.git import GitRepo
from tdmvc.repo.pointer_text import parse_pointer_text
from tdmvc.store.footers import read_schema

SAMPLE_ROWS = 50
_HIDDEN = "personal"


@dataclass(frozen=True, slots=True)
class PointerSide:
    """One side of a change of a pointer."""

    path: str
    """Where the pointer lies, from the repository's root."""
    text: str | None
    """What it says; None where the file is absent."""
    label: str
    """What to call the side: a short blob id, or `the work tree`."""


@contextmanager
def offline_workspace(path: Path | str = ".") -> Iterator[Workspace]:
    """Open a repository for a look: nothing is fetched, and nothing that another process began is finished."""
    git = GitRepo.find(Path(path))
    with Workspace(git, read_config(git.work_tree())) as workspace:
        workspace.store.config = replace(workspace.store.config, remotes={}, default_remote=None)
        yield workspace


def diff_pointers(workspace: Workspace, old: PointerSide, new: PointerSide) -> DatasetDiff | None:
    """Compare the tables that two pointers name; None where a side is no pointer to a table of a dataset.

    Both sides count as today's contract of the dataset says (key, references); columns that
    `known_contracts` hides are personal on both.

    Raises:
        PartError: rows are needed that are not in this clone.
    """
    dataset = _dataset_of(workspace, new.path if new.text is not None else old.path)
    pointers = [parse_pointer_text(side.text) if side.text is not None else None for side in (old, new)]
    for side, pointer in zip((old, new), pointers, strict=True):
        if side.text is not None and pointer is None:
            return None
    if dataset is None:
        return None
    states = [_state(workspace, dataset, side, p) for side, p in zip((old, new), pointers, strict=True)]
    names = sorted({pointer.table for pointer in pointers if pointer is not None})
    return diff_states(workspace, *states, tables=names, sample_rows=SAMPLE_ROWS)


def _dataset_of(workspace: Workspace, path: str) -> str | None:
    """Return the dataset in whose folder a pointer lies."""
    folder, _, _ = path.rpartition("/")
    top, _, name = folder.rpartition("/")
    is_below = posixpath.normpath(top or ".") == posixpath.normpath(workspace.config.datasets)
    return name if is_below and name else None


def _state(workspace: Workspace, dataset: str, side: PointerSide, pointer: Pointer | None) -> DatasetState:
    try:
        config = datasets.read_config_of(workspace.tree, workspace.config, dataset)
    except NotFoundError:
        config = DatasetConfig(dataset)  # the dataset lives on another branch
    if pointer is None:
        return DatasetState(side.label, config, Contract(), {})
    table = pointer.table
    known = known_table(workspace.git, workspace.config, table)
    parts = _part_schema(workspace, side, pointer)
    schema = _declared(table, parts, known, dataset)
    return DatasetState(side.label, config, Contract({table: schema}), {table: pointer})


def _part_schema(workspace: Workspace, side: PointerSide, pointer: Pointer) -> pa.Schema:
    listing = workspace.store.listing(pointer.object, side.label)
    names = {entry.content for entry in listing.entries[:1]}
    return read_schema(str(workspace.store.parts(listing, side.label, names)[0]))


def _declared(table: str, parts: pa.Schema, known: KnownTable, dataset: str) -> TableSchema:
    """Return today's word on the table, with every column of these parts in it, shown or hidden."""
    declared = known.schema_in(dataset) or TableSchema(table, ())
    hidden = known.hidden_columns(parts.names)
    columns = []
    for field in parts:
        column = declared.column(field.name) or Column(field.name, field.type)
        columns.append(replace(column, classification=_HIDDEN) if field.name in hidden else column)
    return declared.with_columns(tuple(columns))
