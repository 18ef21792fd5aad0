"""Files that are either old or new, whatever happens in between."""

import contextlib
import os
import tempfile
from pathlib import Path

from tdmvc.errors import StoreError

_UMASK = os.umask(0)
os.umask(_UMASK)


def write_atomic(path: Path, data: bytes, *, mode: int | None = None) -> None:
    """Write a file so that a reader, or a crash, sees the old content or the new, never a piece.

    Raises:
        StoreError: the disk is full or the folder cannot be written; nothing is left behind.
    """
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=".tdmvc-", suffix=".tmp", dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
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


def remove_quietly(path: Path) -> None:
    """Remove a file if it is there and can be removed."""
    with contextlib.suppress(OSError):
        path.unlink()
