"""Reads columns of single parts into memory."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from tdmvc.arrow.parquet import open_parquet
from tdmvc.errors import PartError


def read_columns(table: str, path: Path, names: Sequence[str]) -> list[pa.Array]:
    """Return columns of a part that are not nested.

    Raises:
        PartError: the part is damaged.
    """
    try:
        with contextlib.closing(open_parquet(path)) as reader:
            schema = reader.schema_arrow
            leaves = _leaves(schema)
            found = reader.read_all(column_indices=[leaves[schema.names.index(name)] for name in names])
    except (pa.ArrowException, OSError, ValueError) as error:
        raise PartError.damaged(path, f"table {table}", "it cannot be read") from error
    return [found.column(name).combine_chunks() for name in names]


def _leaves(schema: pa.Schema) -> list[int]:
    """Return the position of the first leaf of each column."""
    positions, position = [], 0
    for field in schema:
        positions.append(position)
        position += _count_leaves(field.type)
    return positions


def _count_leaves(type_: pa.DataType) -> int:
    if pa.types.is_struct(type_):
        return sum(_count_leaves(type_.field(place).type) for place in range(type_.num_fields))
    return _count_leaves(type_.value_type) if pa.types.is_list(type_) else 1
