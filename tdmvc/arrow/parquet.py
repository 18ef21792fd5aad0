"""Parquet files, read and written with the classes below `pyarrow.parquet`.

That module brings file systems, and with them TLS, into every process: a command that reads two parts feels it.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
from pyarrow._parquet import FileMetaData, ParquetReader, ParquetWriter, RowGroupMetaData, SortingColumn

__all__ = [
    "FileMetaData",
    "ParquetReader",
    "RowGroupMetaData",
    "SortingColumn",
    "encode_parquet",
    "open_parquet",
]


def open_parquet(
    path: str | Path, *, metadata: FileMetaData | None = None, dictionaries: Iterable[int] = ()
) -> ParquetReader:
    """Open a Parquet file; the caller closes it.

    Args:
        metadata: its footer, if it was read before.
        dictionaries: positions of leaf columns to read as dictionaries.

    Raises:
        FileNotFoundError: the file does not exist.
        pyarrow.ArrowException: it is not a complete Parquet file.
    """
    reader = ParquetReader()
    reader.open(str(path), metadata=metadata, read_dictionary=list(dictionaries) or None, pre_buffer=False)
    return reader


def encode_parquet(
    table: pa.Table,
    *,
    dictionaries: Sequence[str],
    encodings: Mapping[str, str],
    compression_level: int,
    sorting: Sequence[SortingColumn] | None,
) -> bytes:
    """Return a table as a Parquet file: zstd, with statistics and page index, without Arrow's own schema.

    The bytes are those that `pyarrow.parquet.write_table` gives.

    Args:
        dictionaries: leaf columns, as dotted paths, that get a dictionary.
        encodings: how other leaf columns are encoded.
    """
    sink = io.BytesIO()
    writer = ParquetWriter(
        sink,
        table.schema,
        version="2.6",
        data_page_version="1.0",
        writer_engine_version="V2",
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
    writer.write_table(table)
    writer.close()
    return sink.getvalue()
