"""What all kinds of frames are read as."""

from dataclasses import dataclass

import pyarrow as pa

from tdmvc.errors import SourceError


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a frame as Arrow, in whatever types they have."""

    columns: tuple[tuple[str, pa.ChunkedArray], ...]
    index: tuple[str, ...] = ()
    """Those that were the index of the frame."""
    notes: tuple[str, ...] = ()


def column_fault(table: str, column: str, why: str, remedy: str) -> SourceError:
    """Return the error for a column that cannot be kept as it is; `column` is empty if all are meant."""
    where = f"table {table}, column {column}" if column else f"table {table}"
    what = f"The column {column} cannot be added as it is" if column else "The rows cannot be added"
    return SourceError(f"{what}: {why}.", where=where, remedy=remedy)


def chunked(values: pa.Array | pa.ChunkedArray) -> pa.ChunkedArray:
    """Return an array in chunks."""
    return values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])
