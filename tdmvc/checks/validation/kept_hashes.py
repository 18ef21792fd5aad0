"""Keeps the hashes of the values of parts, so that new values need not be looked up in whole columns.

A hash leads to the parts in which a value may be; the values themselves decide. No hash of a value that must be
hidden is kept (see `RepeatTest`). The files may be deleted at any time.
"""

import contextlib
import os
import shutil
from collections.abc import Collection
from pathlib import Path

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]

_HEADER = 2
"""Numbers before the hashes: how many there are, and their sum, which tells a damaged file."""
_MOST_BYTES = 1 << 30
"""Of all files together; then those of the tests that were used longest ago go."""
_NAME = 32
_NEW = ".new"


class KeptHashes:
    """Sorted hashes, a file for each test and part; without a folder, nothing is kept.

    All errors of files are ignored: losing them costs time only.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def read(self, test: str, part: str) -> Hashes | None:
        """Return the hashes of a part, by the hash of its bytes; None if they are not known, or damaged."""
        if self._folder is None:
            return None
        try:
            found = np.fromfile(self._folder / test[:_NAME] / part, dtype=np.uint64)
        except (OSError, ValueError):
            return None
        hashes = found[_HEADER:]
        if len(found) < _HEADER or found[0] != len(hashes) or found[1] != hashes.sum(dtype=np.uint64):
            return None
        return hashes

    def write(self, test: str, part: str, hashes: Hashes) -> None:
        """Keep the sorted hashes of a part."""
        if self._folder is None:
            return
        path = self._folder / test[:_NAME] / part
        new = path.with_name(f"{part}.{os.getpid()}{_NEW}")
        header = np.array([len(hashes), hashes.sum(dtype=np.uint64)], dtype=np.uint64)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(header.tobytes())
                file.write(hashes.tobytes())
            os.replace(new, path)
        except OSError:
            # A full disk, or a folder that cannot be written: no more is tried.
            self._folder = None
            with contextlib.suppress(OSError):
                new.unlink()

    def clean(self, test: str, parts: Collection[str]) -> None:
        """Remove what a test keeps of other parts than these, and tests that take too much room together."""
        if self._folder is None:
            return
        with contextlib.suppress(OSError):
            own = self._folder / test[:_NAME]
            for path in own.iterdir() if own.is_dir() else ():
                if path.name not in parts:
                    path.unlink(missing_ok=True)
            tests = sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
            size_bytes = 0
            for folder in tests:
                size_bytes += sum(path.stat().st_size for path in folder.iterdir())
                if size_bytes > _MOST_BYTES and folder != own:
                    shutil.rmtree(folder, ignore_errors=True)


def holds_any(hashes: Hashes, wanted: Hashes) -> bool:
    """Return whether one of the wanted hashes is among sorted hashes."""
    if not len(hashes):
        return False
    places = np.minimum(np.searchsorted(hashes, wanted), len(hashes) - 1)
    return bool((hashes[places] == wanted).any())
