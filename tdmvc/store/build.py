"""Rows of any number → sorted → cut → parts, in bounded memory."""

from collections.abc import Mapping

import pyarrow as pa

from tdmvc.model.progress import Report, silent
from tdmvc.model.schema import TableSchema
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name
from tdmvc.store.built import BuiltTable, KnownPart
from tdmvc.store.cutting import DEFAULT_PART_ROWS, Cut, cut
from tdmvc.store.finishing import Counts, PartSink, built_table, cast_batches, finish_parts, keep_part

_BATCH_ROWS = 32_768


def build_table(
    con: DuckDBConnection,
    query: str,
    schema: TableSchema,
    sink: PartSink,
    *,
    known: Mapping[str, KnownPart],
    part_rows: int = DEFAULT_PART_ROWS,
    report: Report = silent,
) -> BuiltTable:
    """Sort the rows of a query, cut them into parts and keep these.

    DuckDB sorts and spills to disk under its connection's memory limit; besides,
    only a few parts are held. The result does not depend on the order in which
    the rows arrive.

    Args:
        con: a connection with TimeZone UTC; used until the call returns.
        query: a SELECT whose columns have the schema's names and canonical types.
        known: by content hash, parts whose bytes are used again.
        part_rows: the target length of a part.
    """
    names = schema.key or schema.column_names
    columns = ", ".join(
        f"{canonical(quote_name(c.name), c.type)} AS {quote_name(c.name)}" for c in schema.columns
    )
    order = ", ".join(f"{quote_name(name)} ASC NULLS FIRST" for name in names)
    relation = con.sql(f"SELECT {columns} FROM ({query}) ORDER BY {order}")
    reader = relation.to_arrow_reader(_BATCH_ROWS)
    state = Counts(schema)
    batches = state.watch(cast_batches(reader, schema.arrow_schema()), report)
    parts = list(finish_parts(cut(batches, schema.key, part_rows=part_rows), schema, sink, known, state))
    if not parts:
        empty = schema.arrow_schema().empty_table()
        parts = [keep_part(Cut(empty, has_repeats=False), schema, sink, known)]
    return built_table(parts, state)


def canonical(expression: str, type_: pa.DataType) -> str:
    """Return SQL that gives one spelling to equal values: one NaN, no negative zero, at any depth."""
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
