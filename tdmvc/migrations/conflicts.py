"""Knows a file that Git left in conflict: nobody can say what it will be."""

import re
from typing import Final

from tdmvc.migrations.base import misunderstood

_MARKER: Final = re.compile(r"^(?:<{7}|>{7})(?: |$)", re.MULTILINE)


def refuse_conflict(path: str, text: str) -> None:
    """Raise where a text holds the marks of a merge conflict.

    Raises:
        MigrationsError: it does; names the line of the first mark.
    """
    found = _MARKER.search(text)
    if found is not None:
        line = text.count("\n", 0, found.start()) + 1
        raise misunderstood(path, "it holds a merge conflict", line=line)
