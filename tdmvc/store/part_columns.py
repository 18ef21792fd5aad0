"""Whether the parts of a listing have the same columns, as the parts of one table do."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from tdmvc.errors import PartError
from tdmvc.store.objects import Listing, PartEntry
from tdmvc.store.parquet import read_schema


class PartColumns:
    """Remembers the columns of the parts that this process has opened."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, pa.DataType]] = {}
        """By md5."""

    def check(self, listing: Listing, wanted: Sequence[PartEntry], paths: Sequence[Path], owner: str) -> None:
        """Make sure that parts have the columns and types of the listing's other parts that were opened.

        Cost: one footer for each part, once in a process; nothing for a table of one part.

        Raises:
            PartError: they differ, or a part is not valid Parquet.
        """
        if len(listing.entries) < 2:
            return
        opened = (self._known.get(entry.md5) for entry in listing.entries)
        expected = next((columns for columns in opened if columns is not None), None)
        for entry, path in zip(wanted, paths, strict=True):
            columns = self._known.get(entry.md5)
            if columns is None:
                schema = read_schema(str(path))
                columns = self._known[entry.md5] = dict(zip(schema.names, schema.types, strict=True))
            if expected is None:
                expected = columns
            elif columns != expected:
                raise PartError.mixed(path, owner, _difference(expected, columns))


def _difference(expected: Mapping[str, pa.DataType], actual: Mapping[str, pa.DataType]) -> str:
    """Return the first column in which two parts differ, as a clause."""
    names = [*expected, *actual]
    lacking = next((name for name in names if name not in actual or name not in expected), None)
    if lacking is not None:
        return f"one has a column {lacking}, and another does not"
    other = next(name for name in names if expected[name] != actual[name])
    return f"{other} is {expected[other]} in one and {actual[other]} in another"
