"""Parts of two states of a table that hold the same keys, and the rows in which they differ."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from tdmvc.changes.kernels import Mask, chosen, differing, either, first_of, in_one, uniform
from tdmvc.changes.row_lookup import first_key
from tdmvc.model.schema import TableSchema
from tdmvc.store.parquet import read_part


def pair_parts(old: Sequence[Path], new: Sequence[Path], key: Sequence[str]) -> list[tuple[Path, Path]]:
    """Return the parts of both sides that begin with the same key: they may hold the same keys.

    Cost: the first key of each part.
    """
    by_key = {repr(first_key(path, key)): path for path in old}
    pairs = ((by_key.get(repr(first_key(path, key))), path) for path in new)
    return [(before, after) for before, after in pairs if before is not None]


def read_changed_rows(pair: tuple[Path, Path], schema: TableSchema) -> pa.Table | None:
    """Return the rows of the new part that differ from those of the old one; None if they hold other keys."""
    before, after = (read_part(str(path)) for path in pair)
    if before.num_rows != after.num_rows:
        return None
    if any(first_of(flags) >= 0 for flags in _differing(before, after, schema.key)):
        return None
    changed = uniform(after.num_rows, is_set=False)
    for flags in _differing(before, after, [n for n in schema.column_names if n not in schema.key]):
        changed = either(changed, flags)
    return pa.table(
        [chosen(in_one(column), changed) for column in after.columns], schema=schema.arrow_schema()
    )


def _differing(before: pa.Table, after: pa.Table, names: Sequence[str]) -> Iterator[Mask]:
    for name in names:
        yield differing(in_one(before.column(name)), in_one(after.column(name)))
