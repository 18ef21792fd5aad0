"""A process that has tdmvc imported and runs command lines in children of its own, so that a test can kill them."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SERVER = """
import contextlib, json, os, signal, sys, time
from pathlib import Path
from tdmvc.cli.main import run
import tdmvc.cli.commands.add, tdmvc.cli.commands.show
# Imported, and never used here: whoever forks must have no threads.
import duckdb, pyarrow.parquet, pyarrow.compute

def start(words, folder, number):
    child = os.fork()
    if child:
        with contextlib.suppress(OSError):
            os.setpgid(child, child)
        return child
    os.setpgid(0, 0)
    for descriptor, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{folder}/{name}{number}", os.O_CREAT | os.O_WRONLY | os.O_TRUNC), descriptor)
    os._exit(run(words))

def wait_for_orphans(group):
    # A Git that a killed command had started goes on by itself, to its end, which is never far.
    for _ in range(1000):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.005)

for line in sys.stdin:
    order = json.loads(line)
    started = time.monotonic()
    children = [start(words, order["folder"], n) for n, words in enumerate(order["commands"])]
    if order["signal"] is not None:
        time.sleep(order["after"])
        for child in children:
            (os.killpg if order["group"] else os.kill)(child, order["signal"])
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    seconds = time.monotonic() - started
    for child in children:
        wait_for_orphans(child)
    said = [[Path(order["folder"], f"{name}{n}").read_text() if Path(order["folder"], f"{name}{n}").exists() else ""
             for name in ("out", "err")] for n in range(len(codes))]
    print(json.dumps({"codes": codes, "seconds": seconds, "said": said}), flush=True)
"""


@dataclass(frozen=True)
class Finished:
    """What became of commands that ran side by side."""

    codes: list[int]
    """Exit codes; -9 for a killed one."""
    seconds: float
    err: list[str]


class CommandRunner:
    """Runs command lines in real processes, without paying for the imports each time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(
        self,
        *commands: list[object],
        signal: int | None = None,
        after: float = 0.0,
        is_for_group: bool = False,
    ) -> Finished:
        """Run commands side by side; send them, or also every program that they run, a signal after so many seconds."""
        order: dict[str, Any] = {
            "folder": str(self._folder),
            "commands": [[str(word) for word in words] for words in commands],
            "signal": signal,
            "after": after,
            "group": is_for_group,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return Finished(answer["codes"], answer["seconds"], [output[1] for output in answer["said"]])

    def close(self) -> None:
        """Let the process end, and wait for it."""
        self._process.communicate()
