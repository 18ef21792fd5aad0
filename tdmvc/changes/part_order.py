"""The parts of a table in the order of their keys."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from tdmvc.arrow.values import key_rank, python_values
from tdmvc.changes.walk.part_file import PartFile
from tdmvc.errors import PartError


def first_key(path: Path, key: Sequence[str]) -> tuple[object, ...] | None:
    """Return the first row's key of a part, None for a part without rows. Cost: its key columns."""
    with reading_part(path), PartFile(path) as part:
        if not part.rows:
            return None
        return tuple(python_values(array.slice(0, 1))[0] for array in part.read(key))


def leading_low(path: Path, column: str) -> object:
    """Return the least value of a part's column, from its footer; None if it is not there."""
    with reading_part(path), PartFile(path) as part:
        bounds = part.bounds(column)
    return bounds[0] if bounds is not None else None


@contextlib.contextmanager
def reading_part(path: Path) -> Iterator[None]:
    """Turn what goes wrong while a part is read into a `PartError`."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise PartError.damaged(path, "history", str(error).splitlines()[0]) from error


def parts_in_order(paths: Mapping[str, Path], key: Sequence[str]) -> list[str]:
    """Return the parts in the order of their keys, nulls first.

    Cost: one footer per part; its key columns only if the footers say too little.
    """
    lows = {part: leading_low(path, key[0]) for part, path in paths.items()}
    if None not in lows.values() and len({ascii(low) for low in lows.values()}) == len(lows):
        return sorted(lows, key=lambda part: key_rank((lows[part],)))
    firsts = {part: first_key(path, key) for part, path in paths.items()}
    return sorted(
        (part for part in firsts if firsts[part] is not None), key=lambda part: key_rank(firsts[part] or ())
    )
