"""Locks on what is in the cache: many processes may use it, one may make or remove it; they end with the process."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tdmvc.errors import DatabaseError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class FileLock:
    """A lock that this process holds."""

    path: Path
    descriptor: int

    def share(self) -> None:
        """Let others use it, too; another process may have removed it before this returns."""
        if fcntl is not None:
            fcntl.flock(self.descriptor, fcntl.LOCK_SH)

    def is_there(self) -> bool:
        """Whether others still find the lock; not if somebody emptied the folder."""
        return _is_at(self.path, self.descriptor)

    def remove(self) -> None:
        """Remove the file of the lock, which nobody else holds."""
        self.path.unlink(missing_ok=True)


@contextmanager
def lock_file(path: Path, *, shared: bool, wait: bool = True) -> Iterator[FileLock]:
    """Hold a lock until the end of the block.

    Raises:
        BlockingIOError: another process holds it, and `wait` is False.
        DatabaseError: the file of the lock cannot be made.
    """
    descriptor = _take(path, shared=shared, wait=wait)
    try:
        yield FileLock(path, descriptor)
    finally:
        os.close(descriptor)


def _take(path: Path, *, shared: bool, wait: bool) -> int:
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            what = "Cannot lock a database of an environment, or its template"
            raise DatabaseError.disk(what, path, error, variable="XDG_CACHE_HOME") from error
        if fcntl is None:
            return descriptor
        try:
            kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
            fcntl.flock(descriptor, kind if wait else kind | fcntl.LOCK_NB)
            if _is_at(path, descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether an open file still has its name; who held the lock may have removed it."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
