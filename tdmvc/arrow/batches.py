"""Batches of rows in other types."""

from collections.abc import Iterator

import pyarrow as pa


def cast_batches(reader: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the batches in exactly the canonical types, which differ from DuckDB's for some columns."""
    for batch in reader:
        if batch.schema != schema:
            batch = pa.RecordBatch.from_arrays(
                [column.cast(field.type) for column, field in zip(batch.columns, schema, strict=True)],
                schema=schema,
            )
        yield batch
