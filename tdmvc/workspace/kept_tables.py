"""Notes on tables that stay in a dataset although their rows are gone where `add` looked for them."""

from collections.abc import Sequence

from tdmvc.errors import format_names
from tdmvc.model.dataset import DatasetState, WorkStatus
from tdmvc.workspace.source_views import SourceViews
from tdmvc.workspace.tables import was_written, work_status
from tdmvc.workspace.workspace import Workspace

_MOST_NAMES = 8


def deleted_notes(workspace: Workspace, state: DatasetState, removed: Sequence[str]) -> list[str]:
    """Return what to do about tables that this clone wrote and whose folders are gone: they stay in the dataset."""
    gone = [
        table
        for table in state.pointers
        if table not in removed
        and work_status(workspace, state, table)[0] is WorkStatus.MISSING
        and was_written(workspace, state, table)
    ]
    if not gone or len(gone) == len(state.pointers):
        return []
    tables = ",".join(gone)
    return [
        f"{format_names(gone)}: not in the working copy any more, but still in the dataset. Get the rows back with "
        f"`tdmvc checkout {state.name} --tables {tables}`, or remove them from the dataset: "
        f"`tdmvc add {state.name} --remove {tables}`."
    ]


def dropped_notes(state: DatasetState, databases: SourceViews, gone: Sequence[str]) -> list[str]:
    """Return what to do about tables that no database among the sources has: one that was dropped there stays here.

    Args:
        gone: tables that are added from elsewhere, or removed.
    """
    kept = [
        table
        for table, pointer in sorted(state.pointers.items())
        if pointer.stage is None and table not in databases.tables and table not in gone
    ]
    if not kept:
        return []
    return [
        f"{format_names(kept, _MOST_NAMES)}: not in the database, but still in the dataset. "
        f"To remove what was dropped: `tdmvc add {state.name} --remove {','.join(kept)}`."
    ]
