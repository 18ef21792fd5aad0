"""Counts as text, the same in messages and in every format."""

import re

_PLURAL_ENDS = re.compile("(?= of | with |$)")


def number(count: int) -> str:
    """Return the number with thousands separators."""
    return f"{count:,}"


def plural(count: int, noun: str, *, many: str = "") -> str:
    """Return the number with its noun: `1 row`, `1,200 rows`, `2 rows of this unit`."""
    if count == 1:
        return f"{number(count)} {noun}"
    return f"{number(count)} {many or _PLURAL_ENDS.sub('s', noun, count=1)}"
