"""Compares the views of two contracts."""

from collections.abc import Sequence

from tdmvc.model.declarations import View
from tdmvc.model.diff import TableStatus, ViewChange


def diff_views(old: Sequence[View], new: Sequence[View]) -> tuple[ViewChange, ...]:
    """Return the views that were added, removed or changed, by name; their order is no change."""
    before, after = ({view.name: view for view in views} for views in (old, new))
    found = []
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was is None:
            found.append(ViewChange(name, TableStatus.ADDED, None, str(now)))
        elif now is None:
            found.append(ViewChange(name, TableStatus.REMOVED, str(was), None))
        elif str(was) != str(now):
            found.append(ViewChange(name, TableStatus.CHANGED, str(was), str(now)))
    return tuple(found)
