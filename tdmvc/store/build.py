"""Building a table: rows are sorted, cut, hashed, encoded and kept as parts, in bounded memory."""

import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Protocol

import pyarrow as pa

from tdmvc.arrow.batches import cast_batches
from tdmvc.arrow.compute import call_function
from tdmvc.arrow.constants import empty_table
from tdmvc.model.progress import ProgressCallback, ignore_progress
from tdmvc.model.schema import TableSchema
from tdmvc.sql.duckdb import DuckDBConnection, connect
from tdmvc.sql.quoting import quote_name
from tdmvc.store.built import BuiltTable, KnownPart
from tdmvc.store.content import part_content
from tdmvc.store.cutting import DEFAULT_PART_ROWS, Cut, cut
from tdmvc.store.looks import WatchedLooks
from tdmvc.store.objects import PART_SUFFIX, Listing, PartEntry
from tdmvc.store.parquet import encode_part

_WORKERS = min(4, os.cpu_count() or 1)
_AHEAD = _WORKERS + 1
"""How many parts may wait for a worker; only these and the sort are in memory."""


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
    """Counts rows and faulty keys in a stream of rows."""

    def __init__(self, schema: TableSchema) -> None:
        self._schema = schema
        self.rows = 0
        self.null_keys = 0
        self.repeated_keys = 0

    def watch(
        self, batches: Iterator[pa.RecordBatch], on_progress: ProgressCallback
    ) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            self.rows += batch.num_rows
            nulls = [
                batch.column(name).is_null() for name in self._schema.key if batch.column(name).null_count
            ]
            if nulls:
                any_null = nulls[0]
                for more in nulls[1:]:
                    any_null = call_function("or", [any_null, more])
                self.null_keys += call_function("sum", [any_null]).as_py() or 0
            on_progress(self._schema.name, self.rows, None, "rows")
            yield batch


def finish_parts(
    cuts: Iterator[Cut], schema: TableSchema, sink: PartSink, known: Mapping[str, KnownPart], counts: Counts
) -> Iterator[BuiltPart]:
    """Hash, encode and keep parts in a few threads; yield them in order."""
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
    """Sort rows with equal keys, so that their order does not depend on the order of arrival."""
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
    """Hash a part; if it is new, encode and keep it."""
    content = part_content(part.table)
    rows = part.table.num_rows
    if old := known.get(content):
        return BuiltPart(content, old.md5, rows, old.size_bytes, is_new=False)
    data = encode_part(part.table, schema.key)
    md5 = sink.put(content + PART_SUFFIX, data)
    return BuiltPart(content, md5, rows, len(data), is_new=True)


def built_table(parts: Sequence[BuiltPart], counts: Counts) -> BuiltTable:
    """Return the table that these parts form."""
    numbers: dict[str, int] = {}
    entries: list[PartEntry] = []
    for part in parts:
        numbers[part.content] = number = numbers.get(part.content, 0) + 1
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


_BATCH_ROWS = 32_768


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """How a table is cut into parts."""

    known: Mapping[str, KnownPart] = field(default_factory=dict)
    """By content hash, parts whose bytes are used again."""
    part_rows: int = DEFAULT_PART_ROWS
    """The target length of a part."""
    on_progress: ProgressCallback = ignore_progress
    examined: frozenset[str] = frozenset()
    """Columns whose values are examined for secrets and personal data."""


DEFAULT_BUILD = BuildOptions()


def build_table(
    con: DuckDBConnection,
    query: str,
    schema: TableSchema,
    sink: PartSink,
    *,
    options: BuildOptions = DEFAULT_BUILD,
) -> BuiltTable:
    """Sort the rows of a query, cut them into parts and keep the parts.

    DuckDB sorts within its connection's memory limit and spills to disk; besides, only a few parts
    are in memory. The result does not depend on the order in which the rows arrive.

    Args:
        con: a connection with TimeZone UTC; used until the call returns.
        query: a SELECT whose columns have the schema's names and canonical types.
    """
    names = schema.key or schema.column_names
    columns = ", ".join(
        f"{canonical(quote_name(c.name), c.type)} AS {quote_name(c.name)}" for c in schema.columns
    )
    order = ", ".join(f"{quote_name(name)} ASC NULLS FIRST" for name in names)
    relation = con.sql(f"SELECT {columns} FROM ({query}) ORDER BY {order}")
    reader = relation.to_arrow_reader(min(_BATCH_ROWS, options.part_rows))
    state = Counts(schema)
    looks = WatchedLooks(options.examined)
    batches = state.watch(cast_batches(reader, schema.arrow_schema()), options.on_progress)
    cuts = cut(looks.watch(batches), schema.key, part_rows=options.part_rows)
    parts = list(finish_parts(cuts, schema, sink, options.known, state))
    if not parts:
        empty = empty_table(schema.arrow_schema())
        parts = [keep_part(Cut(empty, has_repeats=False), schema, sink, options.known)]
    return replace(built_table(parts, state), looks=looks.kinds)


def canonical(expression: str, type_: pa.DataType) -> str:
    """Return SQL that gives equal values one representation: one NaN, no negative zero, at any depth."""
    if pa.types.is_floating(type_):
        return f"CASE WHEN isnan({expression}) THEN 'nan' WHEN {expression} = 0 THEN 0 ELSE {expression} END"
    if not _holds_floats(type_):
        return expression
    if pa.types.is_list(type_):
        return f"list_transform({expression}, lambda x: {canonical('x', type_.value_type)})"
    fields = [type_.field(i) for i in range(type_.num_fields)]
    packed = ", ".join(
        f"{quote_name(f.name)} := {canonical(f'{expression}.{quote_name(f.name)}', f.type)}" for f in fields
    )
    return f"CASE WHEN {expression} IS NULL THEN NULL ELSE struct_pack({packed}) END"


def _holds_floats(type_: pa.DataType) -> bool:
    if pa.types.is_nested(type_):
        return any(_holds_floats(type_.field(i).type) for i in range(type_.num_fields))
    return bool(pa.types.is_floating(type_))
