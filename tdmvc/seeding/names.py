"""Which table and columns of a database a dataset's table and columns are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from tdmvc.databases.base import TableToWrite


def find_table(name: str, known: Iterable[str]) -> list[str]:
    """Return the tables of a database that a dataset's table may be; more than one if its name is ambiguous.

    The same name wins, then one that differs in case, then one that differs in its schema: `orders` is
    `public.orders`, and the reverse. Two names that each have a schema are never the same table.
    """
    names = list(known)
    if name in names:
        return [name]
    folded = name.casefold()
    if found := [other for other in names if other.casefold() == folded]:
        return found
    schema, _, bare = folded.rpartition(".")
    return [
        other
        for other in names
        if (parts := other.casefold().rpartition("."))[2] == bare and not (schema and parts[0])
    ]


def match_columns(columns: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """Return the columns of a database's table by those of a dataset's; what has no match is left out."""
    by_case: dict[str, list[str]] = {}
    for name in known:
        by_case.setdefault(name.casefold(), []).append(name)
    found: dict[str, str] = {}
    for name in columns:
        alike = by_case.get(name.casefold(), [])
        if name in known:
            found[name] = name
        elif len(alike) == 1 and alike[0] not in (*columns, *found.values()):
            found[name] = alike[0]
    return found


def rename_columns(table: TableToWrite, names: Mapping[str, str]) -> TableToWrite:
    """Return a table whose columns have other names; one that is not among them keeps its own."""
    if all(old == new for old, new in names.items()):
        return table

    def read() -> pa.RecordBatchReader:
        return renamed_rows(table.read(), names)

    schema = table.schema
    return TableToWrite(
        replace(
            schema,
            columns=tuple(replace(one, name=names.get(one.name, one.name)) for one in schema.columns),
            key=tuple(names.get(name, name) for name in schema.key),
        ),
        read,
    )


def renamed_rows(rows: pa.RecordBatchReader, names: Mapping[str, str]) -> pa.RecordBatchReader:
    """Return the same rows with other column names."""
    schema = pa.schema([field.with_name(names.get(field.name, field.name)) for field in rows.schema])
    return pa.RecordBatchReader.from_batches(
        schema, (pa.RecordBatch.from_arrays(batch.columns, schema=schema) for batch in rows)
    )
