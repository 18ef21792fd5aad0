"""One writer of pointers at a time: the others wait."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tdmvc.errors import StoreError
from tdmvc.late import import_late

if TYPE_CHECKING:
    import filelock
else:
    # Reading takes no lock.
    filelock = import_late("filelock")

_WAIT_SECONDS = 1800.0
_PATIENCE_SECONDS = 1.0
_POLL_SECONDS = 0.05


@contextmanager
def exclusive(path: Path, *, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock; the operating system lets go of it when the process dies.

    Args:
        path: the lock's file; it stays.
        on_wait: called once when another process has held the lock for a second.

    Raises:
        StoreError: half an hour was not enough, or the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(path)
        _acquire(lock, path, on_wait)
    except OSError as error:
        raise StoreError.disk(path, error) from error
    try:
        yield
    finally:
        lock.release()


def try_exclusive(path: Path) -> "filelock.FileLock | None":
    """Take the lock if it is free; the caller releases it."""
    try:
        lock = filelock.FileLock(path)
        lock.acquire(timeout=0)
    except (filelock.Timeout, OSError):
        return None
    return lock


def _acquire(lock: "filelock.FileLock", path: Path, on_wait: Callable[[], None] | None) -> None:
    started = time.monotonic()
    try:
        lock.acquire(timeout=_PATIENCE_SECONDS, poll_interval=_POLL_SECONDS)
        return
    except filelock.Timeout:
        if on_wait:
            on_wait()
    try:
        lock.acquire(timeout=_WAIT_SECONDS, poll_interval=_POLL_SECONDS)
    except filelock.Timeout:
        raise StoreError.locked(path, time.monotonic() - started) from None
