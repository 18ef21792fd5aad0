"""Samples of rows that were added, removed or changed, down to the paths inside nested cells."""

import json
import re
from collections.abc import Mapping, Sequence

from tdmvc.changes.pairs import ColumnPair, ColumnPairs
from tdmvc.model.diff import CellChange, ChangedRowSample, RowSample

_SHOWN_PATHS = 20
_MAX_CHARACTERS = 100_000
"""Longer JSON is not searched: a sample is worth milliseconds, not minutes."""


def paths_inside(old: object, new: object, *, is_json: bool) -> tuple[str, ...]:
    """Return the paths that differ (`items[2].price`), at most twenty; empty for cells with no inside."""
    if is_json:
        if not (isinstance(old, str) and isinstance(new, str)):
            return ()
        if len(old) + len(new) > _MAX_CHARACTERS:
            return ()
        try:
            old, new = json.loads(old), json.loads(new)
        except (ValueError, RecursionError):
            return ()
    if not isinstance(old, dict | list) or type(old) is not type(new):
        return ()
    return _deep_paths(old, new)


def _deep_paths(old: object, new: object) -> tuple[str, ...]:
    # Slow to import, and needed for few samples only.
    from deepdiff import DeepDiff

    found = DeepDiff(old, new, view="tree", ignore_numeric_type_changes=True, ignore_nan_inequality=True)
    paths = {_format_path(level.path(output_format="list")) for levels in found.values() for level in levels}
    return tuple(sorted(path for path in paths if path)[:_SHOWN_PATHS])


def _format_path(steps: list[object]) -> str:
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif isinstance(step, str) and re.fullmatch(r"\w+", step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step, ensure_ascii=False)}]"
    return text


Row = Mapping[str, object]
"""Values by the column's name on that side."""


def whole_row(key: Mapping[str, str], values: Row) -> RowSample:
    """Return the sample of a row that was added or removed; `key` gives the row's own names of the key columns."""
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
    """Return a changed cell; a personal one has no paths, because they may hold names from the data."""
    inside = () if pair.is_personal else paths_inside(old, new, is_json=pair.is_json)
    return CellChange(pair.name, old, new, inside)
