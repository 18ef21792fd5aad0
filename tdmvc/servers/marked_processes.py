"""Processes that a run started, found again by a mark in their environment and by their group.

A number of a process is soon given to another one, and a process may outlive the one that started it. So a run
writes the groups that it made to its folder, and gives every process the folder's name in a variable.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Collection, Iterator
from pathlib import Path

RUN_VARIABLE = "TDMVC_RUN"
"""Names the run folder in the environment of everything that a run starts."""
_GROUPS = "groups"
"""The file with the groups, one in a line."""
_PROC = Path("/proc")
_POLL_SECONDS = 0.02


def record_group(folder: Path, group: int) -> None:
    """Add a group to those of a run folder."""
    with open(folder / _GROUPS, "a", encoding="ascii") as file:
        file.write(f"{group}\n")


def read_groups(folder: Path) -> set[int]:
    """Return the groups of a run folder."""
    try:
        lines = (folder / _GROUPS).read_text(encoding="ascii").split()
    except OSError:
        return set()
    return {int(line) for line in lines if line.isdigit()}


def find_marked(folder: Path, groups: Collection[int]) -> list[int]:
    """Return the processes of these groups that belong to a run folder, without this process."""
    return [pid for pid, group in _marked(folder) if group in groups and pid != os.getpid()]


def stop_marked(folder: Path, groups: Collection[int] | None = None, seconds: float = 2.0) -> None:
    """Stop the processes that a run left: politely, and after a while by force.

    Args:
        groups: only these; None means all that the folder names.
    """
    known = read_groups(folder) if groups is None else groups
    if not known:
        return
    number = signal.SIGTERM if seconds else signal.SIGKILL
    end = time.monotonic() + seconds
    told: set[int] = set()
    while pids := find_marked(folder, known):
        if time.monotonic() > end:
            number = signal.SIGKILL
        for pid in pids:
            if number is signal.SIGKILL or pid not in told:
                told.add(pid)
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
        if time.monotonic() > end + 5:
            return
        time.sleep(_POLL_SECONDS)


def _marked(folder: Path) -> Iterator[tuple[int, int]]:
    """Yield the processes with the mark of a run folder, each with its group."""
    mark = f"{RUN_VARIABLE}={folder}"
    if (_PROC / "self" / "environ").exists():
        for entry in os.listdir(_PROC):
            if entry.isdigit():
                with contextlib.suppress(OSError, ValueError):
                    if mark.encode() in (_PROC / entry / "environ").read_bytes().split(b"\0"):
                        # A process that has ended has no environment any more.
                        yield int(entry), os.getpgid(int(entry))
        return
    try:
        listed = subprocess.run(
            ["ps", "-axEww", "-o", "pid=,pgid=,command="], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return
    for line in listed.splitlines():
        words = line.split()
        if mark in words:
            yield int(words[0]), int(words[1])
