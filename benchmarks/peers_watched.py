"""A process that may fail, take too long or take too much memory: it is told, and nothing else suffers."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from benchmarks.figures import GIB
from benchmarks.processes import ENVIRONMENT, Side

MAX_SECONDS = 300
MAX_BYTES = 16 * GIB
_LOOK_EVERY_SECONDS = 0.2
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Watched:
    """What came of one run of a command."""

    seconds: float
    peak_bytes: int
    output: str
    """What it printed on its standard output."""
    trouble: str
    """Why it failed; empty if it did not."""


def watch(side: Side, *, max_seconds: float = MAX_SECONDS, max_bytes: int = MAX_BYTES) -> Watched:
    """Run a command once, and end it if it exceeds a limit.

    Args:
        max_bytes: of its resident set, looked at five times a second, and only if there is /proc.
    """
    side.prepare()
    # What earlier runs left to be written must not slow this one.
    os.sync()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as complaint:
        started = time.perf_counter()
        process = subprocess.Popen(
            side.command,
            cwd=side.folder,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=complaint,
        )
        limits = _Limits(process.pid, max_seconds, max_bytes)
        limits.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        limits.has_ended.set()
        limits.join()
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = [_read(stream) for stream in (output, complaint)]
    trouble = limits.exceeded
    if process.returncode and not trouble:
        trouble = last_line(texts[1]) or last_line(texts[0]) or f"exit code {process.returncode}"
    return Watched(seconds, usage.ru_maxrss * _RSS_UNIT, texts[0], trouble)


def last_line(text: str) -> str:
    """Return the last line with anything in it: what went wrong, in a traceback."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


class _Limits(threading.Thread):
    """Kills a process that goes over a limit, while another thread waits for its end."""

    def __init__(self, pid: int, max_seconds: float, max_bytes: int) -> None:
        super().__init__(daemon=True)
        self.has_ended = threading.Event()
        self.exceeded = ""
        self._pid = pid
        self._max_seconds = max_seconds
        self._max_bytes = max_bytes

    def run(self) -> None:
        """Look now and then, until the process has ended."""
        deadline = time.monotonic() + self._max_seconds
        while not self.has_ended.wait(_LOOK_EVERY_SECONDS):
            if time.monotonic() > deadline:
                self.exceeded = f"over {self._max_seconds:g} s"
            elif _resident_bytes(self._pid) > self._max_bytes:
                self.exceeded = f"over {self._max_bytes / GIB:g} GiB"
            if self.exceeded:
                with suppress(ProcessLookupError):
                    os.kill(self._pid, signal.SIGKILL)
                return


def _resident_bytes(pid: int) -> int:
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _read(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode(errors="replace")
