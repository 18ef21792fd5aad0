"""Knows what became of one row between two states of its table, cell by cell."""

from collections.abc import Collection, Mapping, Sequence

from tdmvc.changes.row_lookup import Row
from tdmvc.changes.same_value import same_value
from tdmvc.model.history import CellEvent, CellStep


def whole_row_steps(row: Row, *, is_added: bool) -> tuple[CellStep, ...]:
    """Return every cell of a row that came or went."""
    return tuple(
        CellStep(name, CellEvent.CHANGED, new=value)
        if is_added
        else CellStep(name, CellEvent.CHANGED, old=value)
        for name, value in row.items()
    )


def compare_rows(
    old: Row, new: Row, renames: Mapping[str, str], json_columns: Collection[str]
) -> tuple[CellStep, ...]:
    """Return the cells that changed, in the new row's order, then those whose columns went.

    A cell of a column that came or went counts, whatever it holds; of a renamed one too.

    Args:
        renames: old names of columns by new ones.
        json_columns: columns, by their new names, whose texts compare as JSON.
    """
    steps = []
    taken = set(renames.values())
    for name, value in new.items():
        before = renames.get(name, name)
        if before not in old or (before == name and name in taken and name not in renames):
            steps.append(CellStep(name, CellEvent.COLUMN_ADDED, new=value))
        elif before != name:
            steps.append(CellStep(name, CellEvent.COLUMN_RENAMED, old[before], value, old_column=before))
        elif not same_value(old[name], value, is_json=name in json_columns):
            steps.append(CellStep(name, CellEvent.CHANGED, old[name], value))
    for name, value in old.items():
        if name not in taken and name not in new:
            steps.append(CellStep(name, CellEvent.COLUMN_REMOVED, old=value))
    return tuple(steps)


def same_rows(old: Sequence[Row], new: Sequence[Row], json_columns: Collection[str]) -> bool:
    """Tell whether two sets of rows with one key say the same, in whatever order."""
    left = list(old)
    for row in new:
        match = next((i for i, one in enumerate(left) if not compare_rows(one, row, {}, json_columns)), None)
        if match is None:
            return False
        del left[match]
    return not left
