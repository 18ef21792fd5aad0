"""Processes that a run started, found again by a mark in their environment.

A number of a process is soon given to another one, and a process may outlive the one that started it, and leave its
group and session. So a run gives every process the name of its folder in a variable, as CI systems do. Whoever wants
a program to outlive the run starts it without the variable.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

RUN_VARIABLE = "TDMVC_RUN"
"""Names the run folder in the environment of everything that a run starts."""
_STARTS = "starts-programs"
"""The file in the folder of a run that starts programs."""
_PROC = Path("/proc")
_POLL_SECONDS = 0.02


def expect_marked(folder: Path) -> None:
    """Note that programs with the mark of a run folder are going to be started."""
    (folder / _STARTS).touch()


def find_marked(folder: Path, group: int | None = None) -> list[int]:
    """Return the processes that belong to a run folder, without this process and those that it runs in.

    Args:
        group: only those of this group.
    """
    spared = set(_own_line())
    return [pid for pid, its in _marked(folder) if pid not in spared and group in (None, its)]


def stop_marked(folder: Path, group: int | None = None, seconds: float = 2.0) -> None:
    """Stop the processes that a run left: politely, and after a while by force.

    Args:
        group: only those of this group.
    """
    if not (folder / _STARTS).exists():
        return
    number = signal.SIGTERM if seconds else signal.SIGKILL
    end = time.monotonic() + seconds
    told: set[int] = set()
    while pids := find_marked(folder, group):
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


def _own_line() -> Iterator[int]:
    """Yield this process and, where the system tells them, those that it runs in: a shell, a terminal, …"""
    pid = os.getpid()
    with contextlib.suppress(OSError, ValueError, IndexError):
        while pid:
            yield pid
            pid = int((_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])


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
