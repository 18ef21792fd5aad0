"""Files that are either old or new, whatever happens in between."""

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

from tdmvc.errors import StoreError

_UMASK = os.umask(0)
os.umask(_UMASK)


def write_atomic(path: Path, data: bytes, *, mode: int | None = None, writer: str | None = None) -> None:
    """Write a file so that a reader, or a crash, sees the old content or the new, never a piece.

    Args:
        writer: names the only process that may write this file now. What it left behind
            when it was killed is then cleaned up by its next attempt.

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


def _reopen_temporary(path: Path, writer: str) -> tuple[int, str]:
    # Removed and made anew, never opened: somebody may have put a link there.
    short = hashlib.sha256(path.name.encode()).hexdigest()[:12]
    temporary = path.with_name(f".tdmvc-{writer}-{short}.tmp")
    temporary.unlink(missing_ok=True)
    return os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), str(temporary)


def remove_quietly(path: Path) -> None:
    """Remove a file if it is there and can be removed."""
    with contextlib.suppress(OSError):
        path.unlink()
