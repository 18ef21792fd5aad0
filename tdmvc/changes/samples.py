"""Knows how a sample is made of the two sides' rows."""

from collections.abc import Mapping, Sequence

from tdmvc.changes.inside import paths_inside
from tdmvc.changes.pairs import ColumnPair, ColumnPairs
from tdmvc.model.diff import CellChange, ChangedRowSample, RowSample

Row = Mapping[str, object]
"""Values by the column's name on that side."""


def whole_row(key: Mapping[str, str], values: Row) -> RowSample:
    """Return the sample of a row that came or went; `key` gives the row's own names of the key columns."""
    return RowSample(key={name: values[own] for name, own in key.items()}, values=dict(values))


def changed_row(pairs: ColumnPairs, differs: Sequence[bool], old: Row, new: Row) -> ChangedRowSample:
    """Return the sample of a row that changed.

    Args:
        differs: for each of `pairs.compared`, whether the cell differs.
    """
    changed = [
        pair for pair, is_it in zip(pairs.compared, differs, strict=True) if is_it and not pair.is_ignored
    ]
    names = {pair.name for pair in changed} | set(pairs.key_names)
    return ChangedRowSample(
        key={name: new[name] for name in pairs.key_names},
        cells=tuple(_cell(pair, old[pair.old.name], new[pair.name]) for pair in changed),
        unchanged={name: value for name, value in new.items() if name not in names},
    )


def _cell(pair: ColumnPair, old: object, new: object) -> CellChange:
    """Paths may hold names from the data, so a personal cell has none."""
    inside = () if pair.is_personal else paths_inside(old, new, is_json=pair.is_json)
    return CellChange(pair.name, old, new, inside)
