"""Temporary files in memory: file systems on disks take many times longer to create and delete files."""

import os
import tempfile
from pathlib import Path

_IN_MEMORY = Path("/dev/shm")
_LEAST_BYTES = 4 * 1024**3


def use_files_in_memory() -> None:
    """Let this process, and those that it starts, make temporary files in memory, if there is room and no TMPDIR."""
    if "TMPDIR" not in os.environ and _is_fit(_IN_MEMORY):
        os.environ["TMPDIR"] = str(_IN_MEMORY)
        tempfile.tempdir = None  # ask again


def _is_fit(folder: Path) -> bool:
    """Whether a folder is in memory, has room, and may hold programs."""
    try:
        found = os.statvfs(folder)
        memory = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text("ascii").splitlines())
        available_bytes = int(memory["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return False
    return (
        os.access(folder, os.W_OK)
        and not found.f_flag & os.ST_NOEXEC
        and min(found.f_bavail * found.f_frsize, available_bytes) >= _LEAST_BYTES
    )
