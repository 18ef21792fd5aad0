"""Shares the work on many parts among threads; two or three parts are handled without threads."""

import concurrent.futures as futures
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, TypeVar

_THREADS = min(4, os.cpu_count() or 1)
_FEW_PARTS = 4
"""So many are read sooner than threads are started and their library is loaded."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class InOrder(Protocol):
    """Does a piece of work for each item."""

    def __call__(self, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """Yield the results in the items' order; the work is at most a few items ahead."""


@contextmanager
def workers(parts: int) -> Iterator[InOrder]:
    """Yield a function that runs work in parallel; work that has not begun when the block ends is dropped."""
    if parts <= _FEW_PARTS or _THREADS == 1:
        yield lambda work, items: map(work, items)
        return
    with futures.ThreadPoolExecutor(_THREADS) as pool:

        def in_order(work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
            # Results wait in memory, so no more than a few may be ahead.
            waiting: deque[futures.Future[Result]] = deque()
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > 2 * _THREADS:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

        try:
            yield in_order
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
