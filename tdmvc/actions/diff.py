"""`diff`: what is different between two states of a dataset."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tdmvc.changes.comparison import RowsFormat, RowsTarget
from tdmvc.changes.dataset import diff_dataset
from tdmvc.errors import NotFoundError, UsageError
from tdmvc.formats import datasets
from tdmvc.model.dataset import DatasetConfig, DatasetState
from tdmvc.model.diff import DatasetDiff, TableSide
from tdmvc.model.reference import Reference, parse_pair, parse_reference
from tdmvc.model.schema import Contract
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.tables import new_folders, open_tables
from tdmvc.workspace.workspace import Workspace, timed_as

__all__ = ["RowsFormat", "diff", "diff_states"]


def diff(
    workspace: Workspace,
    old: str | None = None,
    new: str | None = None,
    *,
    tables: Sequence[str] = (),
    sample_rows: int = 5,
    rows_dir: Path | None = None,
    rows_format: RowsFormat = RowsFormat.PARQUET,
) -> list[DatasetDiff]:
    """Compare two states; without words, every dataset at HEAD with the working copy.

    A single word names the old side; the working copy of its dataset is the new
    one. A dataset alone (`golden`) means that dataset at HEAD against its working
    copy. The working copy counts with edits that were not added yet.

    Raises:
        NotFoundError: a side does not exist.
        UsageError: the sides belong to different datasets.
        PartError: rows are needed that are nowhere.
    """
    pairs = _pairs(workspace, old, new)
    diffs: list[DatasetDiff] = []
    for left, right in pairs:
        diffs.append(
            diff_states(
                workspace,
                left,
                right,
                tables=tables,
                sample_rows=sample_rows,
                rows_dir=rows_dir / left.name if rows_dir and len(pairs) > 1 else rows_dir,
                rows_format=rows_format,
            )
        )
    workspace.store.index.save()
    return diffs


def diff_states(
    workspace: Workspace,
    old: DatasetState,
    new: DatasetState,
    *,
    tables: Sequence[str] = (),
    sample_rows: int = 5,
    rows_dir: Path | None = None,
    rows_format: RowsFormat = RowsFormat.PARQUET,
) -> DatasetDiff:
    """Compare two states of one dataset that are at hand."""
    sides = open_sides(workspace, old, new, tables=tables)
    return diff_sides(
        workspace,
        old,
        new,
        sides,
        tables=tables,
        sample_rows=sample_rows,
        rows=RowsTarget(rows_dir, rows_format) if rows_dir else None,
    )


@dataclass(frozen=True, slots=True)
class Sides:
    """The tables of two states, ready to be compared."""

    old: dict[str, TableSide]
    new: dict[str, TableSide]


def open_sides(
    workspace: Workspace, old: DatasetState, new: DatasetState, *, tables: Sequence[str] = ()
) -> Sides:
    """Open the tables of two states; of a working copy with the edits that were not added yet."""
    only = set(tables) or None
    # A table may stand on one side only, so each side is asked for those that it has.
    in_old, in_new = _table_names(workspace, old), _table_names(workspace, new)
    for name in sorted(set(tables) - in_old - in_new):
        raise NotFoundError.named("table", name, sorted(in_old | in_new), where=f"{old.ref} and {new.ref}")
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
    sample_rows: int = 5,
    rows: RowsTarget | None = None,
) -> DatasetDiff:
    """Compare tables that are open, by the newer side's rules, or the older's where it has none."""
    rules = new if new.config.diff or new.config.ignore else old
    return diff_dataset(
        lambda: workspace.engine,
        replace(rules.config, name=new.name),
        old.ref,
        new.ref,
        sides.old,
        sides.new,
        only=set(tables) or None,
        sample_rows=sample_rows,
        rows=rows,
        report=workspace.report,
    )


def _table_names(workspace: Workspace, state: DatasetState) -> set[str]:
    """Return the tables of a state, with those of the working copy that nobody has added yet."""
    return set(state.pointers) | (set(new_folders(workspace, state)) if is_working_copy(state) else set())


def is_working_copy(state: DatasetState) -> bool:
    """Tell whether a state is that of the work tree."""
    return state.ref == state.name


def _pairs(workspace: Workspace, old: str | None, new: str | None) -> list[tuple[DatasetState, DatasetState]]:
    if old is None:
        return [_since_head(workspace, name) for name in workspace.datasets()]
    pair = parse_pair(old) if new is None else None
    if pair is not None:
        left, right = pair.old, pair.new
        if pair.from_merge_base:
            left = _merge_base(workspace, left, right)
    else:
        left = parse_reference(old)
        if new is None:
            if left.at is None and left.release is None:
                workspace.chosen([str(left.dataset)])
                return [_since_head(workspace, str(left.dataset))]
            dataset = left.dataset or resolve_state(workspace, left).name
            right = Reference(dataset)
        else:
            right = parse_reference(new)
    states = resolve_state(workspace, left), resolve_state(workspace, right)
    if states[0].name != states[1].name:
        raise UsageError(
            f"{left} and {right} belong to different datasets.",
            remedy="compare two states of one dataset.",
        )
    return [states]


def _since_head(workspace: Workspace, name: str) -> tuple[DatasetState, DatasetState]:
    work = datasets.read_state(workspace.tree, workspace.config, name)
    head = workspace.git.head()
    if head is not None:
        tree = workspace.git.tree(head)
        if name in datasets.list_datasets(tree, workspace.config):
            old = datasets.read_state(tree, workspace.config, name)
            return replace(old, ref=f"{name}@HEAD"), work
    return DatasetState(f"{name}@HEAD", DatasetConfig(name), Contract(), {}), work


def _merge_base(workspace: Workspace, left: Reference, right: Reference) -> Reference:
    base = workspace.git.merge_base(left.at or "HEAD", right.at or "HEAD")
    return Reference(left.dataset, base)
