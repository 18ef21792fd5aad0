"""Rows of a dataset as a database takes them: in key order, in batches, under the names that its columns have there."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pyarrow as pa

from tdmvc.changes.part_order import parts_in_order
from tdmvc.databases.base import TableToWrite
from tdmvc.model.diff import TableSide
from tdmvc.store.parquet import read_part
from tdmvc.workspace.workspace import Workspace


def table_to_write(workspace: Workspace, side: TableSide) -> TableToWrite:
    """Return a table whose rows are read part by part, with progress."""

    def read() -> pa.RecordBatchReader:
        schema = side.schema.arrow_schema()
        return pa.RecordBatchReader.from_batches(schema, _batches(workspace, side))

    return TableToWrite(side.schema, read)


def _batches(workspace: Workspace, side: TableSide) -> Iterator[pa.RecordBatch]:
    paths = dict(zip(side.parts, side.locate(side.parts), strict=True)) if side.parts else {}
    order = parts_in_order(paths, side.schema.key) if side.schema.key else list(side.parts)
    done = 0
    for part in order:
        # A part's columns are those of the schema, in its order.
        for batch in read_part(str(paths[part])).to_batches():
            yield batch
            done += batch.num_rows
            workspace.on_progress(side.schema.name, done, side.rows, "rows")


def rename_columns(table: TableToWrite, names: Mapping[str, str]) -> TableToWrite:
    """Return a table whose columns have other names; one that is not among them keeps its own."""
    if all(old == new for old, new in names.items()):
        return table

    def read() -> pa.RecordBatchReader:
        return rename_rows(table.read(), names)

    schema = table.schema
    return TableToWrite(
        replace(
            schema,
            columns=tuple(replace(one, name=names.get(one.name, one.name)) for one in schema.columns),
            key=tuple(names.get(name, name) for name in schema.key),
        ),
        read,
    )


def rename_rows(rows: pa.RecordBatchReader, names: Mapping[str, str]) -> pa.RecordBatchReader:
    """Return the same rows with other column names."""
    schema = pa.schema([field.with_name(names.get(field.name, field.name)) for field in rows.schema])
    return pa.RecordBatchReader.from_batches(
        schema, (pa.RecordBatch.from_arrays(batch.columns, schema=schema) for batch in rows)
    )
