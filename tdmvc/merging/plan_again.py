"""A table whose pointer is in conflict, merged by its rows from what the pointer's three sides say."""

from tdmvc.merging.merge_tables import MergedTable, merge_states
from tdmvc.merging.pointer_states import pointer_state
from tdmvc.model.merge import UNDECIDED, Resolutions, Side
from tdmvc.model.merge_report import UnmergedTable
from tdmvc.workspace.known_contracts import known_table
from tdmvc.workspace.workspace import Workspace


def plan_again(
    workspace: Workspace, unmerged: UnmergedTable, decided: Resolutions = UNDECIDED
) -> MergedTable:
    """Merge the table's rows with what a person decided; parts are written to the cache, and nothing else.

    Raises:
        PartError: rows are needed that are nowhere; nothing was changed.
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
