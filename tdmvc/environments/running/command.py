"""Runs the command of a run: it keeps the terminal, gets signals once, and its exit code is passed on."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from tdmvc.environments.running.exports import process_variables
from tdmvc.environments.running.processes import TAKEN_SIGNALS, ProcessGroups
from tdmvc.environments.running.services import EndedServices
from tdmvc.errors import UsageError

_POLL_SECONDS = 0.2
_SHELL_WORDS = frozenset({".", "cd", "eval", "export", "set", "source", "ulimit", "umask", "unset"})
_PATIENCE_SECONDS = 10.0
"""How long a command may take to end after it was told to."""


def find_program(command: Sequence[str], folder: Path) -> str:
    """Return the path of a command's program.

    Args:
        folder: where the command runs; a relative path begins there.

    Raises:
        UsageError: there is no such program.
    """
    if not command:
        raise UsageError("run needs a command.", remedy="name it behind two dashes: `tdmvc run -- pytest`.")
    name = command[0]
    # Absolute: `./tests` in the folder `.` would be `tests`, which is looked for in PATH.
    found = shutil.which(folder.absolute() / name if os.sep in name else name)
    if found is not None:
        return os.path.abspath(found)
    own = Path(sys.executable).parent
    remedy = "install it, or activate the virtual environment that has it."
    if os.sep not in name and shutil.which(own / name):
        remedy = (
            f"it is in {own}, which is not in PATH: activate that virtual environment, or write {own / name}."
        )
    elif any(sign.isspace() for sign in name):
        remedy = (
            "leave out the quotes around the whole command, or let a shell read it: `tdmvc run -- sh -c '…'`."
        )
    elif name in _SHELL_WORDS or "=" in name:
        remedy = "only a shell understands this; let one read the command: `tdmvc run -- sh -c '…'`."
    raise UsageError(
        f"There is no program '{name}'.", where=str(folder) if os.sep in name else "PATH", remedy=remedy
    )


def run_command(
    command: Sequence[str],
    exports: Mapping[str, str],
    groups: ProcessGroups,
    services: EndedServices,
    *,
    folder: Path,
    stdout: int | None = None,
) -> int:
    """Run a command in this process's own group, so that the terminal stays its own, and wait for it.

    Ctrl-C reaches the command, and this process waits for it; the second one kills it. SIGTERM and SIGHUP are passed
    on, and after a while the command is killed.

    Args:
        services: those that may end while the command runs, and are looked at until it ends.
        folder: where it runs.
        stdout: where its output goes; None: where this process's does.

    Returns:
        The command's exit code, or 128 and the number of the signal that ended it.

    Raises:
        UsageError: it cannot be run.
    """
    program = find_program(command, folder)
    with _Signals(groups) as signals:
        try:
            process = subprocess.Popen(
                list(command),
                executable=program,
                cwd=folder,
                env=process_variables(exports, groups.run),
                stdout=stdout,
            )
        except OSError as error:
            raise UsageError(
                f"Cannot run '{command[0]}': {error.strerror or error}.",
                where=program,
                remedy="check that it is a program for this machine, and that you may run it.",
            ) from error
        signals.child = process.pid
        code = _wait(process, signals, services)
    return 128 - code if code < 0 else code


def _wait(process: "subprocess.Popen[bytes]", signals: "_Signals", services: EndedServices) -> int:
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(_POLL_SECONDS)
        if signals.is_impatient:
            signals.kill()
        services.look()


class _Signals:
    """What this process does with signals while the command runs."""

    def __init__(self, groups: ProcessGroups) -> None:
        self._groups = groups
        self._earlier: dict[int, object] = {}
        self._interrupts = 0
        self.child: int | None = None
        """The command's own process, which may have left this process's group, as an interactive shell does."""
        self._end: float | None = None

    def __enter__(self) -> "_Signals":
        if threading.current_thread() is threading.main_thread():
            for number in TAKEN_SIGNALS:
                # One that is ignored, as of a process in the background, stays so, also for the command.
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._earlier[number] = signal.signal(number, self._take)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._earlier.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    @property
    def is_impatient(self) -> bool:
        return self._interrupts > 1 or (self._end is not None and time.monotonic() > self._end)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _take(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT:
            self._interrupts += 1
            if self._interrupts == 1 and not _is_in_foreground():
                self._send(number)
            return
        self._end = self._end or time.monotonic() + _PATIENCE_SECONDS
        self._send(number)

    def _send(self, number: int) -> None:
        for pid in {*self._groups.members(os.getpgrp()), *([self.child] if self.child else [])}:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)


def _is_in_foreground() -> bool:
    """Whether the terminal sends Ctrl-C to the command, too."""
    for stream in (sys.__stdin__, sys.__stderr__, sys.__stdout__):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            return os.tcgetpgrp(stream.fileno()) == os.getpgrp()  # type: ignore[union-attr]
    return False
