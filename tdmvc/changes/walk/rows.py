"""Reads the columns of one side of a key range, each once and only when needed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from tdmvc.changes import kernels
from tdmvc.changes.walk.key_ranges import Unordered
from tdmvc.changes.walk.part_file import PartFile


class Rows:
    """The rows of one side in a key range, in key order. Use it in a `with`."""

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

    def columns(self, names: Sequence[str], *, as_dictionaries: bool = False) -> dict[str, pa.Array]:
        """Return several columns, each in one chunk. Cost: they are decoded at each call.

        Args:
            as_dictionaries: keep dictionary-encoded texts.

        Raises:
            Unordered: a file holds another type than its table's schema says.
        """
        parts = [part.read(names, as_dictionaries=as_dictionaries) for part in self.parts]
        found: dict[str, pa.Array] = {}
        for place, name in enumerate(names):
            type_ = self._types[name]
            arrays = [part[place] for part in parts]
            if not all(_is_of_type(array.type, type_) for array in arrays):
                raise Unordered
            found[name] = _concatenated(arrays, type_)
        return found


def _is_of_type(found: pa.DataType, wanted: pa.DataType) -> bool:
    if pa.types.is_dictionary(found):
        found = found.value_type
    return bool(found == wanted or pa.types.is_nested(wanted))


def _concatenated(arrays: Sequence[pa.Array], type_: pa.DataType) -> pa.Array:
    if not arrays:
        return pa.nulls(0, type_)
    if len(arrays) == 1:
        return arrays[0]
    if not all(kernels.is_dictionary(array) for array in arrays):
        arrays = [kernels.plain(array) for array in arrays]
    return pa.concat_arrays(arrays)
