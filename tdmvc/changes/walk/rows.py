"""Knows how the columns of one stretch of a side are read, each once and only when asked for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from tdmvc.changes.walk.part_file import PartFile
from tdmvc.changes.walk.stretches import Unordered


class Rows:
    """The rows of one side in a stretch, in key order. Use it in a `with`."""

    def __init__(self, paths: Sequence[Path], types: Mapping[str, pa.DataType]) -> None:
        self._types = types
        self.parts = [PartFile(path) for path in paths]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for part in self.parts:
            part.__exit__(kind, error, trace)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._types)

    @property
    def count(self) -> int:
        return sum(part.rows for part in self.parts)

    def column(self, name: str) -> pa.Array:
        """Return a column in one chunk. Cost: it is decoded at each call.

        Raises:
            Unordered: a file holds another type than its table's schema says.
        """
        type_ = self._types[name]
        arrays = [part.read(name) for part in self.parts]
        for array in arrays:
            if array.type != type_ and not pa.types.is_nested(type_):
                raise Unordered
        if not arrays:
            return pa.array([], type_)
        return arrays[0] if len(arrays) == 1 else pa.concat_arrays(arrays)
