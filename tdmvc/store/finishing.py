"""Cut rows → hashed, encoded and kept as parts."""

import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from tdmvc.model.progress import Report
from tdmvc.model.schema import TableSchema
from tdmvc.sql.duckdb import connect
from tdmvc.sql.quoting import quote_name
from tdmvc.store.built import BuiltTable, KnownPart
from tdmvc.store.cutting import Cut
from tdmvc.store.objects import PART_SUFFIX, Listing, PartEntry
from tdmvc.store.parquet import encode_part
from tdmvc.store.part_content import part_content

_WORKERS = min(4, os.cpu_count() or 1)
_AHEAD = _WORKERS + 1
"""Parts that may wait for a worker: they are what is held in memory besides the sort."""


class PartSink(Protocol):
    """Where finished parts go."""

    def put(self, name: str, data: bytes) -> str:
        """Keep a part's bytes and return their md5."""


@dataclass(frozen=True, slots=True)
class BuiltPart:
    """A part of a table that is being built."""

    content: str
    md5: str
    rows: int
    size_bytes: int
    is_new: bool


class Counts:
    """What is counted while rows pass by."""

    def __init__(self, schema: TableSchema) -> None:
        self._schema = schema
        self.rows = 0
        self.null_keys = 0
        self.repeated_keys = 0

    def watch(self, batches: Iterator[pa.RecordBatch], report: Report) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            self.rows += batch.num_rows
            nulls = [
                batch.column(name).is_null() for name in self._schema.key if batch.column(name).null_count
            ]
            if nulls:
                any_null = nulls[0]
                for more in nulls[1:]:
                    any_null = pc.or_(any_null, more)
                self.null_keys += pc.sum(any_null).as_py() or 0
            report(self._schema.name, self.rows, None, "rows")
            yield batch


def cast_batches(reader: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the batches in exactly the canonical types: DuckDB has names of its own for some."""
    for batch in reader:
        if batch.schema != schema:
            batch = pa.RecordBatch.from_arrays(
                [column.cast(field.type) for column, field in zip(batch.columns, schema, strict=True)],
                schema=schema,
            )
        yield batch


def finish_parts(
    cuts: Iterator[Cut], schema: TableSchema, sink: PartSink, known: Mapping[str, KnownPart], counts: Counts
) -> Iterator[BuiltPart]:
    """Hash, encode and keep parts in a few threads, in order, never far ahead."""
    pending: deque[Future[BuiltPart]] = deque()
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="tdmvc-part") as pool:
        for part in cuts:
            if part.has_repeats and schema.key:
                part = _settle(part, schema, counts)
            pending.append(pool.submit(keep_part, part, schema, sink, known))
            if len(pending) > _AHEAD:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _settle(part: Cut, schema: TableSchema, counts: Counts) -> Cut:
    """Bring rows with equal keys into one order, whatever order they arrived in."""
    rest = [name for name in schema.column_names if name not in schema.key]
    order = ", ".join(f"{quote_name(name)} ASC NULLS FIRST" for name in (*schema.key, *rest))
    keys = ", ".join(quote_name(name) for name in schema.key)
    with connect(config={"threads": 1}) as con:
        rows = part.table
        table = con.sql(f"SELECT * FROM rows ORDER BY {order}").to_arrow_table().cast(rows.schema)
        counted = con.sql(
            f"SELECT count(*) FROM (SELECT 1 FROM rows GROUP BY {keys} HAVING count(*) > 1)"
        ).fetchall()
    counts.repeated_keys += int(counted[0][0])
    return Cut(table.combine_chunks(), has_repeats=True)


def keep_part(part: Cut, schema: TableSchema, sink: PartSink, known: Mapping[str, KnownPart]) -> BuiltPart:
    """Hash a part, and encode and keep it where it is new."""
    content = part_content(part.table)
    rows = part.table.num_rows
    if old := known.get(content):
        return BuiltPart(content, old.md5, rows, old.size_bytes, is_new=False)
    data = encode_part(part.table, schema.key)
    md5 = sink.put(content + PART_SUFFIX, data)
    return BuiltPart(content, md5, rows, len(data), is_new=True)


def built_table(parts: Sequence[BuiltPart], counts: Counts) -> BuiltTable:
    """Return what these parts make together."""
    seen: dict[str, int] = {}
    entries: list[PartEntry] = []
    for part in parts:
        seen[part.content] = number = seen.get(part.content, 0) + 1
        name = part.content if number == 1 else f"{part.content}-{number}"
        entries.append(PartEntry(name + PART_SUFFIX, part.md5))
    return BuiltTable(
        Listing(tuple(sorted(entries, key=lambda entry: entry.name))),
        rows=counts.rows,
        size_bytes=sum(part.size_bytes for part in parts),
        written_bytes=sum(part.size_bytes for part in parts if part.is_new),
        part_rows={part.md5: part.rows for part in parts},
        repeated_keys=counts.repeated_keys,
        null_keys=counts.null_keys,
    )
