"""Rows out of memory: Arrow tables, and frames of pandas and polars.

A value becomes an equal value of a canonical type, or an error names its column. No package of frames is imported:
whoever has a frame has imported it.
"""

import sys

import pyarrow as pa

from tdmvc.errors import UsageError
from tdmvc.model.schema import UNTYPED, Column, TableSchema
from tdmvc.model.source import ArrowScan, Frame, SourceTable
from tdmvc.sources.base import check_column_names
from tdmvc.sources.frames.canonical import canonical_column
from tdmvc.sources.frames.columns import Columns, column_fault
from tdmvc.sources.frames.pandas import read_pandas
from tdmvc.sources.frames.polars import read_polars

__all__ = ["open_frame"]


def open_frame(frame: Frame) -> SourceTable:
    """Describe the table that a frame in memory holds; its rows stay in memory.

    Raises:
        SourceError: a column cannot be kept as it is.
        UsageError: it is no frame.
    """
    table = frame.table
    found = _read(frame.rows, table)
    check_column_names([name for name, _ in found.columns], f"table {table}")
    if not found.columns:
        raise UsageError("A frame has no columns.", where=f"table {table}", remedy="check what made it.")
    arrays: list[pa.ChunkedArray] = []
    columns: list[Column] = []
    changed: dict[str, list[str]] = {}
    for name, values in found.columns:
        canonical, note = canonical_column(table, name, values)
        arrays.append(canonical)
        columns.append(Column(name, canonical.type, UNTYPED if pa.types.is_null(values.type) else None))
        if note:
            changed.setdefault(note, []).append(name)
    rows = pa.Table.from_arrays(arrays, names=[column.name for column in columns])
    return SourceTable(
        TableSchema(table, tuple(columns)),
        ArrowScan(rows.to_reader),
        f"table {table}",
        suggested_key=found.index,
        notes=(*found.notes, *(f"{', '.join(names)}: {note}" for note, names in changed.items())),
    )


def _read(rows: object, table: str) -> Columns:
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    if pandas is not None and isinstance(rows, pandas.DataFrame):
        return read_pandas(rows, table)
    if polars is not None and isinstance(rows, polars.DataFrame):
        return read_polars(rows, table)
    if hasattr(rows, "__arrow_c_stream__") or hasattr(rows, "__arrow_c_array__"):
        try:
            arrow = pa.table(rows)
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise column_fault(
                table, "", "its rows are no table of Arrow", "give a table, a batch, a reader, or a frame."
            ) from error
        return Columns(tuple(zip(arrow.column_names, arrow.columns, strict=True)))
    kind = f"{type(rows).__module__}.{type(rows).__qualname__}"
    lazy = polars is not None and isinstance(rows, polars.LazyFrame)
    raise UsageError(
        f"tdmvc cannot read rows from a value of the type {kind}.",
        where=f"table {table}",
        remedy="collect it first: frame.collect()."
        if lazy
        else "give a path, a URL, an Arrow table, or a frame of pandas or polars.",
    )
