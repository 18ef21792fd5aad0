"""Columns whose values are in the names of folders (`year=2026/month=01`), as Hive, Spark and DuckDB write them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import pyarrow as pa

from tdmvc.arrow.types import MAX_INT64, MIN_INT64, SIMPLE
from tdmvc.model.schema import Column
from tdmvc.model.source import ArrowScan, SourceTable, SqlScan
from tdmvc.sql.quoting import quote_name, quote_text
from tdmvc.sql.types import duckdb_type

Partition = tuple[tuple[str, str | None], ...]
"""The names and values in a path, outermost first; None is null."""


def partition_types(partitions: Iterable[Partition]) -> dict[str, pa.DataType]:
    """Return each column's type: int64 if that gives all of its texts back as they are written, else text."""
    texts: dict[str, list[str]] = {}
    for partition in partitions:
        for name, value in partition:
            texts.setdefault(name, []).extend([] if value is None else [value])
    return {
        name: SIMPLE["int64" if all(map(_is_integer, values)) else "string"] for name, values in texts.items()
    }


def _is_integer(text: str) -> bool:
    digits = text.removeprefix("-")
    return (
        digits.isascii()
        and digits.isdigit()
        and str(int(text)) == text
        and MIN_INT64 <= int(text) <= MAX_INT64
    )


def with_partition(table: SourceTable, partition: Partition, types: Mapping[str, pa.DataType]) -> SourceTable:
    """Return a table with the columns of its folders' names; a column that the file has itself stays as it is."""
    added = {name: value for name, value in partition if table.schema.column(name) is None}
    if not added:
        return table
    columns = tuple(Column(name, types[name]) for name in added)
    schema = table.schema.with_columns(table.schema.columns + columns)
    scan: SqlScan | ArrowScan
    if isinstance(table.scan, SqlScan):
        scan = replace(table.scan, query=_with_values(table.scan.query, added, types))
    else:
        scan = _with_arrays(table.scan, added, types)
    text_query = table.text_query
    if text_query is not None:
        text_query = _with_values(text_query, added, dict.fromkeys(added, SIMPLE["string"]))
    return replace(table, schema=schema, scan=scan, text_query=text_query, guessed_columns=frozenset(added))


def _with_values(query: str, added: Mapping[str, str | None], types: Mapping[str, pa.DataType]) -> str:
    values = ", ".join(
        f"CAST({'NULL' if value is None else quote_text(value)} AS {duckdb_type(types[name])}) AS {quote_name(name)}"
        for name, value in added.items()
    )
    return f"SELECT *, {values} FROM ({query})"


def _with_arrays(
    scan: ArrowScan, added: Mapping[str, str | None], types: Mapping[str, pa.DataType]
) -> ArrowScan:
    def open_reader() -> pa.RecordBatchReader:
        reader = scan.open()
        schema = reader.schema
        for name in added:
            schema = schema.append(pa.field(name, types[name]))

        def batches() -> Iterator[pa.RecordBatch]:
            for batch in reader:
                more = [
                    pa.array([value] * batch.num_rows, pa.string()).cast(types[name])
                    for name, value in added.items()
                ]
                yield pa.record_batch([*batch.columns, *more], schema=schema)

        return pa.RecordBatchReader.from_batches(schema, batches())

    return ArrowScan(open_reader)
