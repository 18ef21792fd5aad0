"""A process that has tdmvc imported and runs command lines in children of its own, so that a test can kill them."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

_SERVER = """
import contextlib, ctypes, json, mmap, os, signal, struct, sys, time
from pathlib import Path
from tdmvc.cli.main import run
import tdmvc.cli.commands.add, tdmvc.cli.commands.show
# Imported, and never used here: whoever forks must have no threads.
import duckdb, pyarrow.parquet, pyarrow.compute

# Orphans become children of this process, which knows at once when they end (PR_SET_CHILD_SUBREAPER).
with contextlib.suppress(OSError, AttributeError):
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
ORDER = struct.Struct("6i")  # as in tests/kills/stop_at.c
shared = None
if path := os.environ.get("TDMVC_TEST_STOP_AT"):
    with open(path, "r+b") as file:
        shared = mmap.mmap(file.fileno(), ORDER.size)

def start(words, folder, number, kill):
    child = os.fork()
    if child:
        with contextlib.suppress(OSError):
            os.setpgid(child, child)
        return child
    os.setpgid(0, 0)
    # Whoever runs the tests in the background of a shell ignores it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for descriptor, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{folder}/{name}{number}", os.O_CREAT | os.O_WRONLY | os.O_TRUNC), descriptor)
    if shared is not None and kill is not None and kill["at"] is not None:
        shared[:] = ORDER.pack(kill["at"], 0, kill["signal"], kill["target"], os.getpid(), 0)
    if words[0] != "tdmvc":
        os.execvp(words[0], words)
    # As in a process of its own.
    os._exit(run(words[1:]))

def wait_for_orphans(group):
    # A Git that a killed command had started goes on by itself, to its end, which is never far.
    for _ in range(1000):
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-group, os.WNOHANG)[0]:
                pass
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.005)

for line in sys.stdin:
    order = json.loads(line)
    kill = order["kill"]
    started = time.monotonic()
    children = [start(words, order["folder"], n, kill) for n, words in enumerate(order["commands"])]
    if kill is not None and kill["after"] is not None:
        time.sleep(kill["after"])
        for child in children:
            (os.kill if kill["target"] else os.killpg)(child, kill["signal"])
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    seconds = time.monotonic() - started
    for child in children:
        wait_for_orphans(child)
    done, landed = 0, False
    if shared is not None:
        _, done, _, _, _, landed = ORDER.unpack(shared[:])
        shared[:] = bytes(ORDER.size)
    said = [[Path(order["folder"], f"{name}{n}").read_text("utf-8", "replace")
             if Path(order["folder"], f"{name}{n}").exists() else ""
             for name in ("out", "err")] for n in range(len(codes))]
    print(json.dumps({"codes": codes, "seconds": seconds, "said": said, "operations": done,
                      "landed": bool(landed)}), flush=True)
"""


class Target(IntEnum):
    """Who gets a signal; the numbers are those of `stop_at.c`."""

    GROUP = 0
    """The command and every program that it runs."""
    COMMAND = 1
    PROGRAM = 2
    """The program that is at work at this moment: the command, Git or its merge driver."""


@dataclass(frozen=True)
class Kill:
    """A signal, and when it is sent."""

    signal: int
    target: Target = Target.COMMAND
    after: float | None = None
    """After so many seconds."""
    at: int | None = None
    """Before the n-th operation that changes files, counted over all programs; needs `stop_at.c`. 0 only counts."""


@dataclass(frozen=True)
class Finished:
    """What became of commands that ran side by side."""

    codes: list[int]
    """Exit codes; -9 for a killed one."""
    seconds: float
    out: list[str]
    err: list[str]
    operations: int
    """How many operations that change files were counted."""
    has_landed: bool
    """Whether the operation at which a signal is sent was reached."""


class CommandRunner:
    """Runs command lines in real processes, without paying for the imports each time."""

    def __init__(self, folder: Path, *, preload: Path | None = None) -> None:
        """Start the process.

        Args:
            preload: `stop_at.c`, compiled.
        """
        self._folder = folder
        more: dict[str, str] = {}
        if preload is not None:
            order = folder / "order"
            order.write_bytes(bytes(24))
            more = {"LD_PRELOAD": str(preload), "TDMVC_TEST_STOP_AT": str(order)}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **more},
        )

    def run(self, *commands: list[object], kill: Kill | None = None) -> Finished:
        """Run command lines of tdmvc side by side, and kill them."""
        return self.run_programs(*(["tdmvc", *words] for words in commands), kill=kill)

    def run_programs(self, *commands: list[object], kill: Kill | None = None) -> Finished:
        """Run command lines that begin with `tdmvc` or another program side by side, and kill them."""
        order: dict[str, Any] = {
            "folder": str(self._folder),
            "commands": [[str(word) for word in words] for words in commands],
            "kill": vars(kill) if kill is not None else None,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        out, err = ([output[n] for output in answer["said"]] for n in (0, 1))
        return Finished(answer["codes"], answer["seconds"], out, err, answer["operations"], answer["landed"])

    def close(self) -> None:
        """Let the process end, and wait for it."""
        self._process.communicate()
