"""`git-diff`: compares the rows that two texts of one pointer name, as Git passes them to a diff driver."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from tdmvc.formats.pointers import parse_pointer_text
from tdmvc.merging.pointers import dataset_of, pointer_state
from tdmvc.model.dataset import DatasetState, Pointer
from tdmvc.model.diff import DatasetDiff
from tdmvc.model.options import DiffOptions
from tdmvc.workspace.comparison import diff_states
from tdmvc.workspace.known_contracts import known_table
from tdmvc.workspace.workspace import Workspace

SAMPLE_ROWS = 50


@dataclass(frozen=True, slots=True)
class PointerSide:
    """One side of a changed pointer."""

    path: str
    """The pointer's path, relative to the repository's root."""
    text: str | None
    """Its text; None if the file is absent."""
    label: str
    """The name of the side: a short blob id, or `the work tree`."""


@contextmanager
def offline_workspace() -> Iterator[Workspace]:
    """Open a repository without fetching anything and without finishing what another process began."""
    with Workspace.open(recover=False) as workspace:
        workspace.store.config = replace(workspace.store.config, remotes={}, default_remote=None)
        yield workspace


def diff_pointers(workspace: Workspace, old: PointerSide, new: PointerSide) -> DatasetDiff | None:
    """Compare the tables that two pointers name; None if a side is not a pointer to a table of a dataset.

    Key and references of both sides come from the dataset's current contract; columns that
    `known_contracts` hides are personal on both.

    Raises:
        PartError: rows are needed that are not in this clone.
    """
    dataset = dataset_of(workspace, new.path if new.text is not None else old.path)
    pointers = [parse_pointer_text(side.text) if side.text is not None else None for side in (old, new)]
    for side, pointer in zip((old, new), pointers, strict=True):
        if side.text is not None and pointer is None:
            return None
    if dataset is None:
        return None
    states = [_state(workspace, dataset, side, p) for side, p in zip((old, new), pointers, strict=True)]
    names = sorted({pointer.table for pointer in pointers if pointer is not None})
    return diff_states(workspace, *states, tables=names, options=DiffOptions(SAMPLE_ROWS))


def _state(workspace: Workspace, dataset: str, side: PointerSide, pointer: Pointer | None) -> DatasetState:
    known = known_table(workspace.git, workspace.config, pointer.table) if pointer is not None else None
    return pointer_state(workspace, dataset, pointer, side.label, known)
