"""Knows in which order the parts of a table stand."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tdmvc.changes.row_lookup import first_key, leading_low


def parts_in_order(paths: Mapping[str, Path], key: Sequence[str]) -> list[str]:
    """Return the parts in the order of their keys, nulls first.

    Cost: a footer a part; its key columns only where the footers say too little.
    """
    lows = {part: leading_low(path, key[0]) for part, path in paths.items()}
    if None not in lows.values() and len({ascii(low) for low in lows.values()}) == len(lows):
        return sorted(lows, key=lambda part: _rank((lows[part],)))
    firsts = {part: first_key(path, key) for part, path in paths.items()}
    return sorted(
        (part for part in firsts if firsts[part] is not None), key=lambda part: _rank(firsts[part] or ())
    )


def _rank(values: Sequence[object]) -> tuple[tuple[bool, object], ...]:
    """Order keys as parts are sorted; what Python cannot compare goes by its spelling."""
    return tuple(
        (value is not None, ascii(value) if isinstance(value, dict | list) else value) for value in values
    )
