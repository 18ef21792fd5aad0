"""Compares two states of a dataset, including the edits in the working copy."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tdmvc.changes.dataset import DatasetSide, diff_dataset
from tdmvc.model.dataset import DatasetState
from tdmvc.model.diff import DatasetDiff, TableSide
from tdmvc.model.options import DEFAULT_DIFF, DiffOptions
from tdmvc.model.selection import named_tables
from tdmvc.workspace.tables import is_working_copy, new_folders, open_tables
from tdmvc.workspace.workspace import Workspace, timed_as


def diff_states(
    workspace: Workspace,
    old: DatasetState,
    new: DatasetState,
    *,
    tables: Sequence[str] = (),
    options: DiffOptions = DEFAULT_DIFF,
) -> DatasetDiff:
    """Open and compare two states of one dataset.

    Args:
        tables: compare only these; none means all.
    """
    sides = open_sides(workspace, old, new, tables=tables)
    return diff_sides(workspace, old, new, sides, tables=tables, options=options)


@dataclass(frozen=True, slots=True)
class Sides:
    """The tables of two states, ready to be compared."""

    old: dict[str, TableSide]
    new: dict[str, TableSide]


def open_sides(
    workspace: Workspace, old: DatasetState, new: DatasetState, *, tables: Sequence[str] = ()
) -> Sides:
    """Open the tables of two states; those of the working copy with edits that were not added yet."""
    # A table may exist on one side only, so each side opens those that it has.
    in_old, in_new = _table_names(workspace, old), _table_names(workspace, new)
    only = set(named_tables(tables, sorted(in_old | in_new), f"{old.ref} and {new.ref}")) or None
    return Sides(
        open_tables(workspace, old, only=only and only & in_old, with_edits=is_working_copy(old)),
        open_tables(workspace, new, only=only and only & in_new, with_edits=is_working_copy(new)),
    )


@timed_as("diff tables")
def diff_sides(
    workspace: Workspace,
    old: DatasetState,
    new: DatasetState,
    sides: Sides,
    *,
    tables: Sequence[str] = (),
    options: DiffOptions = DEFAULT_DIFF,
) -> DatasetDiff:
    """Compare opened tables by the rules of the newer side, or else of the older one."""
    rules = new if new.config.diff or new.config.ignore else old
    return diff_dataset(
        lambda: workspace.engine,
        replace(rules.config, name=new.name),
        DatasetSide(old.ref, sides.old, old.contract.views),
        DatasetSide(new.ref, sides.new, new.contract.views),
        only=set(named_tables(tables, sorted({*sides.old, *sides.new}), f"{old.ref} and {new.ref}")) or None,
        options=replace(options, on_progress=workspace.on_progress),
    )


def _table_names(workspace: Workspace, state: DatasetState) -> set[str]:
    """Return the tables of a state, including those of the working copy that were not added yet."""
    return set(state.pointers) | (set(new_folders(workspace, state)) if is_working_copy(state) else set())
