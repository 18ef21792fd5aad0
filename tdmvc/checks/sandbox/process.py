"""Starts the process that runs queries, gives it one after the other, and kills it at a deadline."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

import psutil

from tdmvc.checks.sandbox.jobs import (
    OUT_OF_MEMORY,
    QueryJob,
    QueryLimits,
    QueryOutcome,
    QueryTable,
    decode_outcome,
    encode_tables,
)
from tdmvc.errors import StoreError

_START_SECONDS = 60.0
_LOOK_SECONDS = 0.02
_LONGEST_LINE = 4 << 20
_OUT_OF_TIME = -getattr(signal, "SIGXCPU", 0) or None
"""How the process ends when it has used up its processor time."""
_KEPT_VARIABLES = ("PATH", "PYTHONPATH", "PYTHONHOME", "SYSTEMROOT", "LD_LIBRARY_PATH", "LANG", "LC_ALL")
"""All that the process gets to know of the environment, which may hold passwords."""


def run_queries(
    jobs: Mapping[str, QueryJob],
    tables: Mapping[str, QueryTable],
    *,
    limits: QueryLimits | None = None,
    examples: int = 0,
) -> dict[str, QueryOutcome]:
    """Run queries over tables and return what came of each, in their order.

    A query that breaks a limit ends the process; the next one gets another.

    Args:
        examples: of a count that is not zero, return at most this many of the rows that it counts.

    Cost: 0.3 seconds for the process, then what the queries take.

    Raises:
        StoreError: the process cannot be started, or cannot read the rows.
    """
    limits = limits or QueryLimits()
    outcomes: dict[str, QueryOutcome] = {}
    process: _QueryProcess | None = None
    try:
        for name, job in jobs.items():
            if process is None:
                process = _QueryProcess(tables, limits)
            outcome, is_alive = process.run(job, examples)
            outcomes[name] = outcome
            if not is_alive:
                process.stop()
                process = None
    finally:
        if process is not None:
            process.stop()
    return outcomes


class _QueryProcess:
    def __init__(self, tables: Mapping[str, QueryTable], limits: QueryLimits) -> None:
        self._limits = limits
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tdmvc.checks.sandbox.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ},
            encoding="utf-8",
        )
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        first = {
            "tables": encode_tables(tables),
            "seconds": limits.seconds,
            "memory_bytes": limits.memory_bytes,
            "threads": limits.threads,
            "is_watched": limits.is_watched,
        }
        if not self._write(first) or self._next(_START_SECONDS) is None:
            self.stop()
            raise StoreError(
                "The process that runs the SQL of rules did not start, or cannot read the rows.",
                remedy="run `tdmvc verify` to see whether parts are damaged.",
            )
        if limits.is_watched:
            threading.Thread(target=self._watch, daemon=True).start()

    def run(self, job: QueryJob, examples: int) -> tuple[QueryOutcome, bool]:
        """Return what came of a query, and whether the process can run another."""
        asked = {"sql": job.sql, "table": job.table, "examples": examples}
        answer = self._next(self._limits.seconds) if self._write(asked) else None
        if answer is not None:
            return decode_outcome(answer), True
        ended = self._process.poll()
        if ended is None or ended == _OUT_OF_TIME:
            return QueryOutcome(reason=f"it took longer than {self._limits.seconds:g} seconds"), False
        return QueryOutcome(reason=OUT_OF_MEMORY), False

    def stop(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                # What could not be written is of no use to a process that has ended.
                with contextlib.suppress(OSError):
                    pipe.close()

    def _write(self, values: Mapping[str, Any]) -> bool:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(values) + "\n")
            self._process.stdin.flush()
        except OSError:
            return False
        return True

    def _next(self, seconds: float) -> dict[str, Any] | None:
        """Return the next answer; None if there is none in time, or the process has ended."""
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            return None
        if line is None:
            self._process.wait()
            return None
        found: dict[str, Any] = json.loads(line)
        return found

    def _watch(self) -> None:
        """Kill the process once it holds more memory than it may; a peak between two looks is not seen."""
        with contextlib.suppress(psutil.Error):
            watched = psutil.Process(self._process.pid)
            most = watched.memory_info().rss + self._limits.memory_bytes
            while self._process.poll() is None:
                if watched.memory_info().rss > most:
                    self._process.kill()
                time.sleep(_LOOK_SECONDS)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            while (line := self._process.stdout.readline(_LONGEST_LINE)).endswith("\n"):
                self._lines.put(line)
        self._lines.put(None)
