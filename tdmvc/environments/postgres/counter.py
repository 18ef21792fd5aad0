"""Counts the transactions of tdmvc itself in a server, so that those of others are seen by the server's counter."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class OwnTransactions:
    """How many transactions that write were started, and how many of them are done, by all threads of this process.

    A transaction that failed is never done: whether it took a number of the server is not known.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._started = 0
        self._done = 0

    @property
    def started(self) -> int:
        return self._started

    @property
    def done(self) -> int:
        return self._done

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count the one transaction that the block makes, and that writes."""
        with self._lock:
            self._started += 1
        yield
        with self._lock:
            self._done += 1
