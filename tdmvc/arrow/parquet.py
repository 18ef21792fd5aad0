"""Parquet files as tdmvc reads and writes them, by way of `pyarrow.parquet`."""

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def open_parquet(
    path: str | Path, *, metadata: pq.FileMetaData | None = None, dictionaries: Iterable[str] = ()
) -> pq.ParquetFile:
    """Open a Parquet file; the caller closes it.

    Args:
        metadata: its footer, where it was read before.
        dictionaries: leaf columns, as dotted paths, to read as dictionaries.

    Raises:
        FileNotFoundError: there is no such file.
        pyarrow.ArrowException: it is no whole Parquet file.
    """
    return pq.ParquetFile(path, metadata=metadata, read_dictionary=list(dictionaries) or None)


def read_leaves(file: pq.ParquetFile, leaves: Sequence[int]) -> pa.Table:
    """Return the columns that have these leaves, in the file's order, read by this thread alone.

    Positions are safe where names are not: a column named `a.b` is spelled like field b of a struct a.
    """
    return file.reader.read_all(column_indices=list(leaves), use_threads=False)


def encode_parquet(
    table: pa.Table,
    *,
    dictionaries: Sequence[str],
    encodings: Mapping[str, str],
    compression_level: int,
    sorting: Sequence[pq.SortingColumn] | None,
) -> bytes:
    """Return a table as a Parquet file: zstd, with statistics and page index, without Arrow's own schema.

    Args:
        dictionaries: leaf columns, as dotted paths, that get a dictionary.
        encodings: how other leaf columns are encoded.
    """
    sink = io.BytesIO()
    pq.write_table(
        table,
        sink,
        version="2.6",
        data_page_version="1.0",
        compression="zstd",
        compression_level=compression_level,
        use_dictionary=list(dictionaries) or False,
        column_encoding=dict(encodings) or None,
        write_statistics=True,
        write_page_index=True,
        store_schema=False,
        store_decimal_as_integer=True,
        sorting_columns=sorting,
    )
    return sink.getvalue()
