"""Parquet files, read and written with the classes below `pyarrow.parquet`.

That module imports file systems, and with them TLS, which makes every command start later.
"""

import contextlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow._parquet import FileMetaData, ParquetReader, ParquetWriter, RowGroupMetaData, SortingColumn

if TYPE_CHECKING:
    import pyarrow.dataset

__all__ = [
    "FewRows",
    "FileMetaData",
    "ParquetReader",
    "RowGroupMetaData",
    "SortingColumn",
    "count_nulls",
    "encode_parquet",
    "open_parquet",
    "open_rows",
    "read_column",
]

_FEW_CELLS = 2_000_000
"""Reading so many takes less time than importing pandas."""


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


def count_nulls(path: str | Path, columns: Mapping[str, pa.DataType]) -> dict[str, int | None]:
    """Return the nulls of columns by the file's footer; None if it does not count them.

    Raises:
        FileNotFoundError: the file does not exist.
        pyarrow.ArrowException: it is not a complete Parquet file.
    """
    with contextlib.closing(open_parquet(path)) as reader:
        footer = reader.metadata
    places = {footer.schema.column(i).path: i for i in range(footer.num_columns)}
    # Footers count the nulls of leaves only, and a dot looks like a struct's field.
    counts: dict[str, int | None] = {
        name: 0 if name in places and "." not in name and not pa.types.is_nested(type_) else None
        for name, type_ in columns.items()
    }
    for group in range(footer.num_row_groups):
        chunks = footer.row_group(group)
        for name, total in counts.items():
            if total is not None:
                statistics = chunks.column(places[name]).statistics
                is_counted = statistics is not None and statistics.has_null_count
                counts[name] = total + int(statistics.null_count) if is_counted else None
    return counts


def open_rows(paths: Sequence[Path]) -> "pyarrow.dataset.Dataset | FewRows":
    """Return the rows of files of one schema for DuckDB, which may scan them several times.

    Of many rows, DuckDB reads the columns and row groups that a query needs. Few are read whole: `pyarrow.dataset`
    imports pandas wherever that is installed, which takes longer. Cost: the footers.
    """
    cells = 0
    for path in paths:
        with contextlib.closing(open_parquet(path)) as reader:
            cells += reader.metadata.num_rows * reader.metadata.num_columns
        if cells > _FEW_CELLS:
            break
    else:
        return FewRows(paths)
    import pyarrow.dataset as ds

    return ds.dataset([str(path) for path in paths], format="parquet")


class FewRows:
    """The rows of files of one schema as an Arrow stream, which begins again whenever it is asked for."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        with contextlib.closing(open_parquet(self._paths[0])) as reader:
            schema = reader.schema_arrow
        return pa.RecordBatchReader.from_batches(schema, self._batches()).__arrow_c_stream__(requested_schema)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        for path in self._paths:
            with contextlib.closing(open_parquet(path)) as reader:
                yield from reader.read_all().to_batches()


def read_column(path: Path, name: str) -> Iterator[pa.RecordBatch]:
    """Yield the values of one top-level column, nested ones whole."""
    # Only the public module finds the leaves of a nested column.
    import pyarrow.parquet as pq

    yield from pq.ParquetFile(path).iter_batches(columns=[name])


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
