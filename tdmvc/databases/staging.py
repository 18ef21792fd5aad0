"""Folders next to a target in which it is prepared; what a killed process left is removed by the next."""

import contextlib
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where nothing tells whether a process still uses a folder
    fcntl = None  # type: ignore[assignment]


@contextmanager
def staging_folder(target: Path) -> Iterator[Path]:
    """Yield a new folder in the target's folder, and remove it at the end.

    Raises:
        OSError: the folder cannot be made.
    """
    prefix = f".{target.name}.tdmvc-"
    for old in target.parent.glob(f"{glob.escape(prefix)}*"):
        _remove_abandoned(old)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))
    try:
        with _locked(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_abandoned(folder: Path) -> None:
    """Remove a folder, unless it is a link, or a process still prepares something in it."""
    if folder.is_symlink() or fcntl is None:
        return
    with contextlib.suppress(OSError), _locked(folder):
        shutil.rmtree(folder)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a lock on a folder; the operating system releases it when the process ends.

    Raises:
        OSError: another process holds it.
    """
    if fcntl is None:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
