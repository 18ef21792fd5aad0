"""Atomic file writes: after a crash a file has its old or its new content."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tdmvc.errors import StoreError

_UMASK = os.umask(0)
os.umask(_UMASK)


def write_atomic(path: Path, data: bytes, *, mode: int | None = None, writer: str | None = None) -> None:
    """Write a file so that a reader sees the old content or the new, even after a crash.

    Args:
        writer: names the only process that may write this file now, so that its next attempt
            removes the temporary file that a killed one left.

    Raises:
        StoreError: the disk is full or the folder cannot be written; nothing is left behind.
    """
    with open_atomic(path, mode=mode, writer=writer) as file:
        file.write(data)


@contextlib.contextmanager
def open_atomic(path: Path, *, mode: int | None = None, writer: str | None = None) -> Iterator[BinaryIO]:
    """Yield a file that takes the place of `path` at the end of the block; see `write_atomic`.

    Raises:
        StoreError: the disk is full or the folder cannot be written; nothing is left behind.
    """
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if writer is None:
            descriptor, temporary = tempfile.mkstemp(prefix=".tdmvc-", suffix=".tmp", dir=path.parent)
        else:
            descriptor, temporary = _reopen_temporary(path, writer)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode if mode is not None else 0o666 & ~_UMASK)
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            remove_quietly(Path(temporary))
        raise StoreError.disk(path, error) from error
    except BaseException:
        if temporary:
            remove_quietly(Path(temporary))
        raise


def _reopen_temporary(path: Path, writer: str) -> tuple[int, str]:
    # Removed and created again, never opened, because a link may be in its place.
    short = hashlib.sha256(path.name.encode()).hexdigest()[:12]
    temporary = path.with_name(f".tdmvc-{writer}-{short}.tmp")
    temporary.unlink(missing_ok=True)
    return os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), str(temporary)


def remove_quietly(path: Path) -> None:
    """Remove a file if it exists and can be removed."""
    with contextlib.suppress(OSError):
        path.unlink()
