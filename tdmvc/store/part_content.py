"""The content hash of a part (see `store.content` for what it covers)."""

import hashlib

import numpy as np
import pyarrow as pa

from tdmvc.store.arrays import fixed_values, is_fixed_width, list_values, struct_fields, text_values, validity
from tdmvc.store.content import schema_line


def part_content(table: pa.Table) -> str:
    """Return the content hash of a part, 64 hex digits.

    Args:
        table: canonical types, canonical order; chunks and slices do not matter.
    """
    digest = hashlib.sha256(b"tdmvc.part/1\n")
    digest.update(schema_line(table.schema).encode())
    digest.update(f"\n{table.num_rows}\n".encode())
    for column in table.columns:
        digest.update(_column_digest(_one_chunk(column)))
    return digest.hexdigest()


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    if column.num_chunks == 1:
        return column.chunk(0)
    combined = column.combine_chunks()
    return combined if isinstance(combined, pa.Array) else pa.concat_arrays(combined.chunks)


def _column_digest(array: pa.Array) -> bytes:
    hasher = hashlib.sha256()
    _feed(hasher, array)
    return hasher.digest()


def _feed(hasher: "hashlib._Hash", array: pa.Array) -> None:
    mask = validity(array)
    if mask is None:
        hasher.update(b"\x00")
    else:
        hasher.update(b"\x01")
        hasher.update(np.packbits(mask, bitorder="little").tobytes())
    type_ = array.type
    if is_fixed_width(type_):
        hasher.update(np.ascontiguousarray(fixed_values(array)).data)
    elif pa.types.is_list(type_):
        offsets, child = list_values(array)
        hasher.update(np.diff(offsets).astype("<i4").tobytes())
        _feed(hasher, child)
    elif pa.types.is_struct(type_):
        for field in struct_fields(array):
            _feed(hasher, field)
    else:
        offsets, data = text_values(array)
        hasher.update(np.diff(offsets).astype("<i4").tobytes())
        hasher.update(np.ascontiguousarray(data).data)
