"""Locks: only one process at a time changes a dataset, and the others wait."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tdmvc.errors import StoreError

if TYPE_CHECKING:
    from filelock import BaseFileLock

_WAIT_SECONDS = 1800.0
_PATIENCE_SECONDS = 1.0
_POLL_SECONDS = 0.05


@contextmanager
def writer_lock(path: Path, gate: Path, *, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold a writer's lock while the gate is open; `block_writers` closes it for all writers.

    A writer takes its lock before it checks the gate, so a process that has closed the
    gate finds the lock of every writer that passed it.

    Raises:
        StoreError: as `exclusive`.
    """
    while True:
        with exclusive(path, on_wait=on_wait):
            free = try_exclusive(gate)
            if free is not None:
                free.release()
                yield
                return
        with exclusive(gate, on_wait=on_wait):
            pass


@contextmanager
def block_writers(folder: Path, gate: Path, *, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Wait until no writer with a lock in a folder is running, and let none start.

    Raises:
        StoreError: as `exclusive`.
    """
    with exclusive(gate, on_wait=on_wait), ExitStack() as locks:
        for path in sorted(folder.glob("*.lock")):
            if path != gate:
                locks.enter_context(exclusive(path, on_wait=on_wait))
        yield


@contextmanager
def exclusive(path: Path, *, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock; the operating system releases it when the process ends.

    Args:
        path: the lock file, which is not removed.
        on_wait: called once when another process has held the lock for a second.

    Raises:
        StoreError: the lock was not free within half an hour, or the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = _file_lock(path)
        _acquire(lock, path, on_wait)
    except OSError as error:
        raise StoreError.disk(path, error) from error
    try:
        yield
    finally:
        lock.release()


def try_exclusive(path: Path) -> "BaseFileLock | None":
    """Take the lock if it is free; the caller releases it."""
    try:
        lock = _file_lock(path)
        lock.acquire(timeout=0)
    except OSError:
        return None
    return lock


def _file_lock(path: Path) -> "BaseFileLock":
    # Most commands take no lock, and the library brings asyncio with it.
    from filelock import FileLock

    return FileLock(path)


def _acquire(lock: "BaseFileLock", path: Path, on_wait: Callable[[], None] | None) -> None:
    started = time.monotonic()
    try:
        lock.acquire(timeout=_PATIENCE_SECONDS, poll_interval=_POLL_SECONDS)
        return
    except TimeoutError:
        if on_wait:
            on_wait()
    try:
        lock.acquire(timeout=_WAIT_SECONDS, poll_interval=_POLL_SECONDS)
    except TimeoutError:
        raise StoreError.locked(path, time.monotonic() - started) from None
