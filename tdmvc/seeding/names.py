"""Gives the columns of a dataset's table the names that they have in a database."""

from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa

from tdmvc.databases.base import TableToWrite


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
