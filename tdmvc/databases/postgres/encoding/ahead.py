"""Reads and encodes rows in a thread, ahead of what is sent to the server."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, Self

import pyarrow as pa

from tdmvc.databases.postgres.encoding.binary import NotExactError
from tdmvc.databases.postgres.encoding.copy_format import (
    BINARY_END,
    BINARY_HEADER,
    encode_rows,
    write_rows,
)
from tdmvc.databases.postgres.encoding.forms import Form

_BATCHES_AHEAD = 2
_POLL_SECONDS = 0.1
"""How often the thread looks whether it is still wanted."""
_MOST_ROWS = 32_768
_MOST_BYTES = 2**24
"""How much is encoded at once: enough for Arrow, and little enough for its caches."""


@dataclass(frozen=True, slots=True)
class CopyPlan:
    """How the columns of a table are sent."""

    names: tuple[str, ...]
    """In the order of the rows; without generated columns, which the database computes."""
    forms: tuple[Form, ...]

    @property
    def is_binary(self) -> bool:
        return all(form.encoder is not None for form in self.forms)


class LoadingError(Exception):
    """A value of a column has no exact form in its type."""

    def __init__(self, column: str, why: str) -> None:
        super().__init__(column)
        self.column = column
        self.why = why


@dataclass(frozen=True, slots=True)
class _Batch:
    """Some rows of a table as the bytes of COPY."""

    rows: int
    parts: list[memoryview]


class EncodedRows:
    """The rows of a table as the bytes of COPY, which arrive while they are sent."""

    def __init__(self, plan: CopyPlan, batches: Iterator[_Batch]) -> None:
        self.plan = plan
        self._batches = batches

    def has(self, count: int) -> bool:
        """Whether there are at least so many rows; those that it looks at are kept for `parts`."""
        first: list[_Batch] = []
        while sum(batch.rows for batch in first) < count:
            batch = next(self._batches, None)
            if batch is None:
                break
            first.append(batch)
        self._batches = chain(first, self._batches)
        return sum(batch.rows for batch in first) >= count

    def parts(self) -> Iterator[bytes | memoryview]:
        """Yield the bytes, once."""
        if self.plan.is_binary:
            yield BINARY_HEADER
        for batch in self._batches:
            yield from batch.parts
        if self.plan.is_binary:
            yield BINARY_END


class RowEncoder:
    """Reads and encodes the rows of tables in a thread of its own, a little ahead of what is sent.

    It goes on with the next table while the server is still busy with one.
    """

    def __init__(self, tables: Sequence[tuple[Callable[[], pa.RecordBatchReader], CopyPlan]]) -> None:
        self._tables = tables
        self._plans = iter([plan for _, plan in tables])
        self._ready: queue.Queue[_Batch | BaseException | None] = queue.Queue(_BATCHES_AHEAD)
        self._is_stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tdmvc-encode", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_stopped.set()
        self._thread.join()

    def next_table(self) -> EncodedRows:
        """Return the rows of the next table; those of the one before must have been sent."""
        return EncodedRows(next(self._plans), self._batches())

    def _batches(self) -> Iterator[_Batch]:
        """Yield what the thread made of one table; an error of its rows arrives in their place."""
        while (ready := self._ready.get()) is not None:
            if isinstance(ready, BaseException):
                raise ready
            yield ready

    def _run(self) -> None:
        try:
            for read, plan in self._tables:
                for batch in read():
                    for part in _small(batch):
                        self._put(_Batch(part.num_rows, _encoded(part, plan)))
                        if self._is_stopped.is_set():
                            return
                self._put(None)
        except BaseException as error:
            self._put(error)

    def _put(self, item: _Batch | BaseException | None) -> None:
        while not self._is_stopped.is_set():
            try:
                self._ready.put(item, timeout=_POLL_SECONDS)
                return
            except queue.Full:
                continue


def _small(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    rows = min(_MOST_ROWS, max(1, _MOST_BYTES * batch.num_rows // max(1, batch.nbytes)))
    for start in range(0, batch.num_rows, rows):
        yield batch.slice(start, rows)


def _encoded(batch: pa.RecordBatch, plan: CopyPlan) -> list[memoryview]:
    chosen = pa.RecordBatch.from_arrays([batch.column(name) for name in plan.names], names=list(plan.names))
    convert, make = (Form.encode, encode_rows) if plan.is_binary else (Form.write, write_rows)
    return make(
        chosen,
        [_naming(name, partial(convert, form)) for name, form in zip(plan.names, plan.forms, strict=True)],
    )


def _naming(name: str, convert: Any) -> Any:
    """Return the same encoder or writer, whose errors name the column."""

    def named(array: pa.Array) -> Any:
        try:
            return convert(array)
        except NotExactError as error:
            raise LoadingError(name, str(error) or "not exact in its type") from error

    return named
