"""Whether anybody wrote to a file, at the cost of one look at its status."""

import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

_PAST_SECONDS = 946_684_800
"""The beginning of the year 2000: a time that no write gives to a file."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the status of a file was."""

    device: int
    inode: int
    size_bytes: int
    modified_ns: int


def stamp_file(path: Path) -> Stamp:
    """Give a file a time of change that lies far back, and return its status.

    A write sets the time to that of the clock. Without this, a write within the clock's step of a few
    milliseconds would leave the time as it was.

    Raises:
        OSError: the file is not there, or belongs to another user.
    """
    modified_ns = _PAST_SECONDS * 1_000_000_000 + secrets.randbelow(1_000_000_000)
    os.utime(path, ns=(modified_ns, modified_ns))
    stamp = read_stamp(path)
    if stamp is None:
        raise FileNotFoundError(path)
    return stamp


def read_stamp(path: Path) -> Stamp | None:
    """Return the status of a file; None if there is none, or a link or folder."""
    try:
        found = path.lstat()
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return Stamp(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
