"""Runs tests again in a process of its own, with the options of this session."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tdmvc.pytest_plugin import RERUN_VARIABLE
from tdmvc.pytest_plugin.attribution.plan import RerunPlan, RerunResult, read_results

_START_SECONDS = 60.0
_TIMES_SLOWER = 5
"""How much longer than before a test may take."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """How this session was started."""

    command: tuple[str, ...]
    options: tuple[str, ...]
    """Without the paths of tests."""
    folder: Path

    @classmethod
    def of(cls, config: pytest.Config) -> "Invocation":
        """Return how the session of a configuration was started; of a worker, that of its controller."""
        given = [str(argument) for argument in config.invocation_params.args]
        main = Path(sys.argv[0])
        worker = getattr(config, "workerinput", None)
        if worker is not None:
            main, given = Path(worker["mainargv"][0]), [str(argument) for argument in worker["mainargv"][1:]]
        paths = set(getattr(config.option, "file_or_dir", None) or ())
        options = [argument for argument in given if argument not in paths]
        if any(config.pluginmanager.has_plugin(name) for name in ("_cov", "pytest_cov")):
            options.append("--no-cov")
        # Only `python -m pytest` finds modules in the current folder.
        safe = () if main.name == "__main__.py" else ("-P",)
        command = (sys.executable, *safe, "-m", "pytest")
        return cls(command, tuple(options), config.invocation_params.dir)


class Rerunner:
    """Runs tests again, as long as there is time."""

    def __init__(self, invocation: Invocation, seconds: float) -> None:
        self._invocation = invocation
        self._end = time.monotonic() + seconds

    @property
    def has_time(self) -> bool:
        return time.monotonic() < self._end

    def run(
        self,
        tests: Mapping[str, tuple[str, float]],
        variables: Mapping[str, str],
        *,
        is_isolated: bool,
        replaced: Mapping[str, str] | None = None,
    ) -> dict[str, RerunResult]:
        """Run tests in their order, and return what happened to those that ended; nothing if there is no time.

        Args:
            tests: node id → the path of its file, and the seconds that it took.
            variables: of the database that they use.
            replaced: the states to take instead of those that markers name.
        """
        if not self.has_time:
            return {}
        with tempfile.TemporaryDirectory(prefix="tdmvc-rerun-") as folder:
            results = Path(folder) / "results.jsonl"
            plan = RerunPlan(tuple(tests), str(results), is_isolated, replaced or {})
            plan.write(Path(folder) / "plan.json")
            seconds = _START_SECONDS + _TIMES_SLOWER * sum(taken for _, taken in tests.values())
            paths = list(dict.fromkeys(path for path, _ in tests.values()))
            self._call(paths, dict(variables) | {RERUN_VARIABLE: str(Path(folder) / "plan.json")}, seconds)
            return read_results(results)

    def _call(self, paths: Sequence[str], variables: Mapping[str, str], seconds: float) -> None:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTEST_XDIST", "PYTEST_CURRENT_TEST", "COV_CORE"))
        }
        process = subprocess.Popen(
            [*self._invocation.command, *self._invocation.options, *paths],
            cwd=self._invocation.folder,
            env=kept | dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.terminate()
        finally:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
