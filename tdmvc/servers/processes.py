"""Processes of servers: how they are started, found again by their folder, and stopped."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

SERVER_PROGRAMS = frozenset({"postgres", "initdb", "mariadbd", "mysqld"})
_PROC = Path("/proc")
_POLL_SECONDS = 0.01
_STOP_SECONDS = 5.0
_ANSWER_SECONDS = 20.0


def clean_environment(folder: Path) -> dict[str, str]:
    """Return the variables for a server: none that could change what it does, or name a password."""
    kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TZDIR")
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LC_ALL": "C",
        "TZ": "UTC",
    }


def read_output(command: Sequence[str | Path]) -> str:
    """Return what a program prints; empty if it does not run, or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_ANSWER_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout


def find_servers(folder: Path) -> list[int]:
    """Return the processes that are servers whose arguments name a folder, or a file in it.

    A folder's name is random and used once, so that no other process has it in its arguments, whatever
    numbers the system gave away again.
    """
    return [pid for pid, arguments in _commands() if _is_server_in(arguments, str(folder))]


def _is_server_in(arguments: Sequence[str], folder: str) -> bool:
    if not arguments or os.path.basename(arguments[0]) not in SERVER_PROGRAMS:
        return False
    return any(
        argument.rpartition("=")[2] == folder or argument.rpartition("=")[2].startswith(f"{folder}/")
        for argument in arguments[1:]
    )


def _commands() -> list[tuple[int, list[str]]]:
    """Return the numbers and the arguments of all processes that this user may see."""
    if (_PROC / "self" / "cmdline").exists():
        found = []
        for entry in os.listdir(_PROC):
            if entry.isdigit():
                with contextlib.suppress(OSError):
                    text = (_PROC / entry / "cmdline").read_bytes().decode(errors="surrogateescape")
                    found.append((int(entry), text.split("\0")))
        return found
    try:
        listed = subprocess.run(
            ["ps", "-axww", "-o", "pid=,command="], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return []
    split = (line.split() for line in listed.splitlines())
    return [(int(words[0]), words[1:]) for words in split if words]


def stop_processes(pids: Sequence[int], seconds: float = _STOP_SECONDS) -> None:
    """Stop servers at once: what they hold is thrown away, so that they need not write it."""
    for number, patience in ((signal.SIGQUIT, seconds), (signal.SIGKILL, seconds)):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        end = time.monotonic() + patience
        while pids and time.monotonic() < end:
            pids = [pid for pid in pids if is_running(pid)]
            time.sleep(_POLL_SECONDS)


def is_running(pid: int) -> bool:
    """Whether there is a process with this number that has not ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    with contextlib.suppress(OSError, IndexError):
        # A process that has ended, and whose parent has not asked for its exit code.
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return True


def last_lines(log: Path, most: int = 5) -> str:
    """Return the end of a server's log as one line; servers are told to keep values out of it."""
    with contextlib.suppress(OSError):
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        return " / ".join(line.strip() for line in lines[-most:] if line.strip())
    return ""
