"""A part's Parquet file, as far as the walk needs it: footer, raw column chunks, columns."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from tdmvc.arrow.parquet import ParquetReader, open_parquet
from tdmvc.changes import kernels
from tdmvc.changes.kernels import in_one

Leaves = range
"""The positions of a column's leaves among a file's column chunks; a nested column has several."""


class PartFile:
    """An open part. Use it in a `with`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = open_parquet(path)
        self._footer = self._file.metadata
        self.rows: int = self._footer.num_rows
        schema = self._file.schema_arrow
        self._types = {field.name: field.type for field in schema}
        self._leaves: dict[str, Leaves] = {}
        start = 0
        for field in schema:
            end = start + _leaf_count(field.type)
            self._leaves[field.name] = range(start, end)
            start = end
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if self._descriptor is not None:
            os.close(self._descriptor)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in the file's order."""
        return tuple(self._types)

    @property
    def types(self) -> Mapping[str, pa.DataType]:
        """The type of each column, by name."""
        return self._types

    @property
    def is_one_group(self) -> bool:
        """Whether each column is one chunk, as tdmvc writes it."""
        return bool(self._footer.num_row_groups == 1)

    def digest(self, columns: Sequence[str]) -> bytes:
        """Return a hash over the raw chunks of the columns: equal bytes hold equal values, row by row."""
        found = hashlib.blake2b(self.rows.to_bytes(8, "little"), digest_size=20)
        for column in columns:
            for chunk in self.chunks(column):
                found.update(len(chunk).to_bytes(8, "little"))
                found.update(chunk)
        return found.digest()

    def chunks(self, column: str) -> list[bytes]:
        """Return the raw bytes of a column's chunks, compressed and encoded as in the file."""
        group = self._footer.row_group(0)
        return [self._chunk(group.column(leaf)) for leaf in self._leaves[column]]

    def bounds(self, column: str) -> tuple[object, object] | None:
        """Return the least and the greatest value, from the footer; None if they are not there."""
        if len(self._leaves[column]) != 1 or not self.is_one_group:
            return None
        statistics = self._footer.row_group(0).column(self._leaves[column].start).statistics
        if statistics is None or not statistics.has_min_max or statistics.null_count:
            return None
        try:
            return statistics.min, statistics.max
        except (ValueError, OverflowError, NotImplementedError):
            # A date that Python cannot represent.
            return None

    def read(self, columns: Sequence[str], *, as_dictionaries: bool = False) -> list[pa.Array]:
        """Return columns decoded, each in one chunk. Cost: less than to read them one by one.

        Args:
            as_dictionaries: keep dictionary-encoded texts.
        """
        dictionaries = [
            self._leaves[name].start for name in columns if as_dictionaries and self._repeats(name)
        ]
        if not dictionaries:
            return self._decoded(self._file, columns)
        reader = open_parquet(self._path, metadata=self._footer, dictionaries=dictionaries)
        try:
            return self._decoded(reader, columns)
        finally:
            reader.close()

    def _decoded(self, reader: ParquetReader, columns: Sequence[str]) -> list[pa.Array]:
        indices = [leaf for name in columns for leaf in self._leaves[name]]
        table = reader.read_all(column_indices=indices, use_threads=False)
        # The reader returns columns in the file's order, whatever order is requested.
        order = sorted(columns, key=lambda name: self._leaves[name].start)
        found = {name: in_one(table.column(i)) for i, name in enumerate(order)}
        return [found[name] for name in columns]

    def _repeats(self, column: str) -> bool:
        leaves = self._leaves[column]
        if len(leaves) != 1 or not self.is_one_group or not kernels.is_text(self._types[column]):
            return False
        chunk = self._footer.row_group(0).column(leaves.start)
        # A dictionary that grew too large is given up within the chunk, for an encoding that has none.
        return bool(chunk.has_dictionary_page) and not any(e.startswith("DELTA") for e in chunk.encodings)

    def _chunk(self, chunk: Any) -> bytes:
        start = chunk.data_page_offset
        if chunk.dictionary_page_offset:
            start = min(start, chunk.dictionary_page_offset)
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        return _read_at(self._descriptor, start, chunk.total_compressed_size)


def _read_at(descriptor: int, start: int, size: int) -> bytes:
    if not hasattr(os, "pread"):  # Windows has none
        os.lseek(descriptor, start, os.SEEK_SET)
        return os.read(descriptor, size)
    return os.pread(descriptor, size, start)


def _leaf_count(type_: pa.DataType) -> int:
    if pa.types.is_list(type_):
        return _leaf_count(type_.value_type)
    if pa.types.is_struct(type_):
        return sum(_leaf_count(type_.field(i).type) for i in range(type_.num_fields))
    return 1
