"""Parts of two states of a table that hold the same keys, and the rows in which they differ."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from tdmvc.changes.kernels import Mask, chosen, differing, either, first_of, uniform
from tdmvc.changes.part_order import first_key
from tdmvc.changes.walk.part_file import PartFile
from tdmvc.model.schema import TableSchema
from tdmvc.store.parquet import reading


def pair_parts(old: Sequence[Path], new: Sequence[Path], key: Sequence[str]) -> list[tuple[Path, Path]]:
    """Return the parts of both sides that begin with the same key: they may hold the same keys.

    Cost: the first key of each part.
    """
    by_key = {repr(first_key(path, key)): path for path in old}
    pairs = ((by_key.get(repr(first_key(path, key))), path) for path in new)
    return [(before, after) for before, after in pairs if before is not None]


def read_changed_rows(pair: tuple[Path, Path], schema: TableSchema) -> pa.Table | None:
    """Return the rows of the new part that differ from those of the old one; None if they hold other keys.

    Cost: the bytes of both, the columns whose bytes differ, and the new part if any row does.
    """
    with _opened(pair[0]) as before, _opened(pair[1]) as after:
        if before.rows != after.rows or not (before.is_one_group and after.is_one_group):
            return None
        unlike = [name for name in schema.column_names if before.chunks(name) != after.chunks(name)]
        keys = [name for name in unlike if name in schema.key]
        if any(first_of(flags) >= 0 for flags in _differing(before, after, keys)):
            return None
        changed = uniform(after.rows, is_set=False)
        for flags in _differing(before, after, [name for name in unlike if name not in schema.key]):
            changed = either(changed, flags)
        if first_of(changed) < 0:
            return pa.Table.from_batches([], schema.arrow_schema())
        columns = after.read(schema.column_names)
    return pa.table([chosen(column, changed) for column in columns], schema=schema.arrow_schema())


@contextmanager
def _opened(path: Path) -> Iterator[PartFile]:
    with reading(str(path)), PartFile(path) as part:
        yield part


def _differing(before: PartFile, after: PartFile, names: Sequence[str]) -> Iterator[Mask]:
    for name in names:
        [old], [new] = before.read([name]), after.read([name])
        yield differing(old, new)
