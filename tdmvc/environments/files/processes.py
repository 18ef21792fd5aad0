"""Which processes use a file, as far as the operating system tells it."""

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_LOCKS = _PROC / "locks"


@dataclass(frozen=True, slots=True)
class HeldLock:
    """A lock that a process holds on a part of a file."""

    pid: int
    is_write: bool
    first: int
    """The first byte of the part."""


def read_locks(path: Path) -> list[HeldLock]:
    """Return the locks on a file; empty if there are none, or if this system does not tell (other than Linux)."""
    try:
        found = path.stat()
        lines = _LOCKS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    wanted = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    return [
        HeldLock(int(words[4]), words[3] == "WRITE", int(words[6]))
        for words in map(str.split, lines)
        # A process of another container has no number here.
        if words[5:6] == [wanted] and words[4].isdigit() and words[4] != "0"
    ]


def describe_holders(locks: Sequence[HeldLock]) -> list[str]:
    """Return the processes that hold locks, as people recognise them; this one only if there is no other."""
    pids = {lock.pid for lock in locks}
    # A system tells locks by processes: those of a reset look like those of other connections of its process.
    return [describe_process(pid) for pid in sorted(pids - {os.getpid()} or pids)]


def describe_process(pid: int) -> str:
    """Return what people recognise a process by; never its arguments, which may have a password."""
    if pid == os.getpid():
        return f"another connection of this process ({pid})"
    with contextlib.suppress(OSError):
        return f"process {pid} ({(_PROC / str(pid) / 'comm').read_text(encoding='utf-8').strip()})"
    return f"process {pid}"


def has_open(path: Path, *, pid: int | None = None) -> bool | None:
    """Whether a process has a file open; None if this system does not tell.

    Args:
        pid: that process only; by default, any that this user may see.
    """
    try:
        found = path.stat()
    except OSError:
        return False
    if not _LOCKS.exists():
        return None
    pids = [pid] if pid is not None else [int(name) for name in os.listdir(_PROC) if name.isdigit()]
    return any(_has_open(_PROC / str(one) / "fd", found) for one in pids)


def _has_open(descriptors: Path, found: os.stat_result) -> bool:
    with contextlib.suppress(OSError):
        for entry in os.scandir(descriptors):
            with contextlib.suppress(OSError):
                if os.path.samestat(entry.stat(), found):
                    return True
    return False
