"""What the columns of a table look like, by a sample of the rows that pass by while it is built."""

from collections.abc import Collection, Iterator

import pyarrow as pa

from tdmvc.arrow.values import python_values
from tdmvc.model.sensitive_values import Look

_FIRST_ROWS = 1024
_MORE_ROWS = 128


class WatchedLooks:
    """Samples the rows of every batch, always the same ones of the same batches.

    Cost: up to 1,024 rows of the first batch, and 128 of every other, are examined.
    """

    def __init__(self, columns: Collection[str]) -> None:
        self._looks = {name: Look() for name in columns}
        self._room = _FIRST_ROWS

    def watch(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the batches as they are."""
        for batch in batches:
            step = max(1, -(-batch.num_rows // self._room))
            for name, look in self._looks.items():
                look.see(python_values(batch.column(name)[::step]))
            self._room = _MORE_ROWS
            yield batch

    @property
    def kinds(self) -> dict[str, str]:
        """What the columns look like, by name; only those that look personal or secret."""
        return {name: kind for name, look in self._looks.items() if (kind := look.kind) is not None}
