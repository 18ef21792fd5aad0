"""The door to PyArrow's Parquet reader.

`pyarrow.parquet` brings file systems, and with them TLS, into every process; the reader behind
it needs none of that, and a process that reads two parts feels the difference.
"""

from collections.abc import Iterable
from pathlib import Path

from pyarrow._parquet import FileMetaData, ParquetReader, RowGroupMetaData

__all__ = ["FileMetaData", "ParquetReader", "RowGroupMetaData", "open_parquet"]


def open_parquet(
    path: str | Path, *, metadata: FileMetaData | None = None, dictionaries: Iterable[int] = ()
) -> ParquetReader:
    """Open a Parquet file; the caller closes it.

    Args:
        metadata: its footer, where it was read before.
        dictionaries: leaf columns to read as dictionaries.

    Raises:
        FileNotFoundError: there is no such file.
        pyarrow.ArrowException: it is no whole Parquet file.
    """
    reader = ParquetReader()
    reader.open(str(path), metadata=metadata, read_dictionary=list(dictionaries) or None, pre_buffer=False)
    return reader
