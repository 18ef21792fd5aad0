"""How a command is timed: as a whole process, in turns with its peer, with its peak memory."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_RSS_UNIT = 1 if sys.platform == "darwin" else 1024

TDMVC = (str(Path(sys.executable).with_name("tdmvc")),)
"""The command as people call it: the script next to the interpreter that runs this."""
ENVIRONMENT = {
    # Nothing of the machine's own configuration may change a figure: PYTHONDONTWRITEBYTECODE alone
    # makes every run compile tdmvc again.
    **{name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TDMVC_"))},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "Bench",
    "GIT_AUTHOR_EMAIL": "bench@example.test",
    "GIT_COMMITTER_NAME": "Bench",
    "GIT_COMMITTER_EMAIL": "bench@example.test",
    "DVC_NO_ANALYTICS": "1",
    "NO_COLOR": "1",
}


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two commands that are compared."""

    command: Sequence[str]
    folder: Path
    prepare: Callable[[], None] = lambda: None
    """Puts the disk into the state that the command starts from; not timed."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables beside those that all have."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What was measured of one side, run by run."""

    seconds: tuple[float, ...]
    peak_bytes: int
    """The largest resident set of any run, children included."""
    cpu_seconds: tuple[float, ...] = ()
    """The processor's time, user and system, children included, run by run."""

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def cpu_median(self) -> float:
        return statistics.median(self.cpu_seconds)


def alternate(ours: Side, peer: Side, *, runs: int, is_warmed: bool = True) -> tuple[Timing, Timing]:
    """Time two commands in turns, ours first.

    Args:
        is_warmed: one turn more goes before, and does not count: files are then in
            the page cache and Python's bytecode is written.
    """
    turns = [(measure(ours), measure(peer)) for _ in range(runs + is_warmed)][is_warmed:]
    return _timing([turn[0] for turn in turns]), _timing([turn[1] for turn in turns])


def measure(side: Side) -> Timing:
    """Run a command once, to its end.

    Raises:
        SystemExit: it failed; its output is shown.
    """
    side.prepare()
    # What earlier runs left to be written must not slow this one.
    os.sync()
    started = time.perf_counter()
    process = subprocess.Popen(
        side.command,
        cwd=side.folder,
        env={**ENVIRONMENT, **side.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    complaint = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.stderr.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"failed: {' '.join(side.command)}\n{complaint.decode(errors='replace')}")
    return Timing((seconds,), usage.ru_maxrss * _RSS_UNIT, (usage.ru_utime + usage.ru_stime,))


def run(folder: Path, *command: str, environment: Mapping[str, str] | None = None) -> str:
    """Run a command that is not timed, and return what it printed on both streams.

    Raises:
        SystemExit: it failed.
    """
    done = subprocess.run(
        command,
        cwd=folder,
        env={**ENVIRONMENT, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"failed: {' '.join(command)}\n{done.stdout}")
    return done.stdout


def _timing(single: list[Timing]) -> Timing:
    return Timing(
        tuple(t.seconds[0] for t in single),
        max(t.peak_bytes for t in single),
        tuple(t.cpu_seconds[0] for t in single),
    )
