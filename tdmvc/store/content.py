"""The content hash of rows, which does not depend on what wrote them.

Its definition never changes, because it names parts in repositories that people keep for years.
Golden vectors in the tests pin it.

    part   = sha256("tdmvc.part/1\\n", schema line, row count, a digest per column)
    column = sha256(nulls, values), nested types by recursion
    table  = sha256("tdmvc.table/1\\n", the parts' names, sorted)

A table's parts never overlap in key, so the set of their hashes fixes their order.
"""

import hashlib
import json
from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from tdmvc.arrow.types import format_type
from tdmvc.store.arrays import fixed_values, is_fixed_width, list_values, struct_fields, text_values, validity

PREFIX = "sha256:"


def table_content(parts: Iterable[str]) -> str:
    """Return `sha256:…` of a table from its parts' names (content hash, and `-2` … for repeats)."""
    digest = hashlib.sha256(b"tdmvc.table/1\n")
    for name in sorted(parts):
        digest.update(name.encode() + b"\n")
    return PREFIX + digest.hexdigest()


def dataset_content(tables: dict[str, str]) -> str:
    """Return `sha256:…` of a dataset from its tables' names and content hashes."""
    digest = hashlib.sha256(b"tdmvc.dataset/1\n")
    digest.update(json.dumps(sorted(tables.items()), ensure_ascii=False).encode())
    return PREFIX + digest.hexdigest()


def schema_content(schema: pa.Schema) -> str:
    """Return `sha256:…` of a table's column names and types, in order."""
    return PREFIX + hashlib.sha256(b"tdmvc.schema/1\n" + schema_line(schema).encode()).hexdigest()


def schema_line(schema: pa.Schema) -> str:
    """Return the schema as one line of JSON."""
    return json.dumps(
        [[f.name, format_type(f.type)] for f in schema], ensure_ascii=False, separators=(",", ":")
    )


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
