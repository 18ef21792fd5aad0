"""How the rows in the working copy stand to their pointer."""

from enum import StrEnum


class WorkStatus(StrEnum):
    """How a table in the working copy stands to its pointer and to HEAD."""

    CLEAN = "clean"
    MODIFIED = "modified"
    """Edited since `add`."""
    STALE = "stale"
    """Rows of another state, as `git switch`, `merge` or `pull` leave them: the pointer moved."""
    MISSING = "missing"
    """Not checked out."""
    CONFLICT = "conflict"
    """A merge left two states of it: run `resolve`."""
    NEW = "new"
    """Rows without a pointer: run `add`."""
