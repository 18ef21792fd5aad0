"""Frames of polars."""

from typing import Any

import pyarrow as pa

from tdmvc.sources.frames.columns import Columns, chunked, column_fault


def read_polars(frame: Any, table: str) -> Columns:
    """Return the columns of a frame.

    Raises:
        SourceError: a column holds objects of Python, or numbers that Arrow does not have.
    """
    columns: list[tuple[str, pa.ChunkedArray]] = []
    for series in frame.get_columns():
        remedy = "cast it to another type, such as pl.String or pl.Decimal."
        # Arrow would get the addresses of the objects.
        if "Object" in str(series.dtype):
            raise column_fault(table, series.name, "it holds objects of Python", remedy)
        try:
            columns.append((series.name, chunked(series.to_arrow())))
        except (pa.ArrowException, NotImplementedError, ValueError, TypeError):
            why = f"Arrow has no type for {series.dtype}"
            raise column_fault(table, series.name, why, remedy) from None
    return Columns(tuple(columns))
