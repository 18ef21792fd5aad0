"""The content hash: what rows say, whatever wrote them.

The bytes below are a promise for ever: they name parts in repositories that
people keep for years. Golden vectors in the tests pin them.

    part   = sha256("tdmvc.part/1\\n", schema line, row count, a digest per column)
    column = sha256(nulls, values), nested types by recursion
    table  = sha256("tdmvc.table/1\\n", the parts' names, sorted)

A table's parts never overlap in key, so the set of their hashes fixes their order.
"""

import hashlib
import json
from collections.abc import Iterable

import pyarrow as pa

from tdmvc.model.types import spell

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
    return json.dumps([[f.name, spell(f.type)] for f in schema], ensure_ascii=False, separators=(",", ":"))
