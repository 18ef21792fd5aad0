"""The processes that a run starts: each has the mark of its run folder, so that the next start finds orphans."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tdmvc.servers.marked_processes import expect_marked, find_marked, stop_marked

_STOP_SECONDS = 5.0
TAKEN_SIGNALS = (
    signal.SIGINT,
    signal.SIGTERM,
    *((signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()),
)
"""Signals that end a run. Windows, where every module can be imported but nothing runs, has no SIGHUP."""


class ProcessGroups:
    """Stops what was started, with all that belongs to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        expect_marked(folder)

    @property
    def run(self) -> str:
        """The mark in the environment of each process."""
        return str(self.folder)

    @contextmanager
    def held(self, process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> Iterator[None]:
        """Stop a process that leads a group of its own, if the block fails; with all that it started."""
        try:
            yield
        except BaseException:
            self.stop(process)
            raise

    def stop(
        self, process: "subprocess.Popen[str] | subprocess.Popen[bytes]", seconds: float = _STOP_SECONDS
    ) -> None:
        """Stop a process that leads a group of its own: politely, and after a while by force."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        stop_marked(self.folder, process.pid, seconds=0)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def members(self, group: int) -> list[int]:
        """Return the processes of a group that this run started."""
        return find_marked(self.folder, group)


@contextmanager
def ignored_signals() -> Iterator[None]:
    """Let nothing interrupt the block: what it stops and removes would be left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    earlier = {number: signal.signal(number, signal.SIG_IGN) for number in TAKEN_SIGNALS}
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
