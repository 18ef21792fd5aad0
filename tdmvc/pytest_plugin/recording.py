"""Records what each test of a process did with its database, and why it failed."""

import os
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from tdmvc.model.environment import ResetMethod, ResetReport
from tdmvc.model.verdict import TestRecord
from tdmvc.pytest_plugin.faults import Fault, FaultKind, describe_fault
from tdmvc.pytest_plugin.markers import datasets_of
from tdmvc.pytest_plugin.statements import StatementListener
from tdmvc.pytest_plugin.tables import Touched

_RESET_ENDS = {
    ResetMethod.NOTHING: "transactions that were open were ended",
    ResetMethod.SWAP: "a copy of the seeded database took its place",
    ResetMethod.COPY: "it was copied again",
    ResetMethod.DELTA: "the rows that were written were restored",
}


@dataclass(frozen=True, slots=True)
class SeededRows:
    """Which rows a test found."""

    datasets: tuple[str, ...] = ()
    rows: str = ""
    schema: str = ""


@dataclass(slots=True)
class RanTest:
    """A test that ran in this process."""

    test: str
    path: str
    """Of its file."""
    refs: tuple[str, ...]
    """The states that its marker names."""
    resets: int
    """How often the databases had been reset when it began."""
    started: float = field(default_factory=time.perf_counter)
    outcome: str = "passed"
    fault: Fault | None = None
    """Of a test that failed."""
    no_row: tuple[str, ...] = ()
    """The tables of the query before the failure, if it returned no row."""
    touched: Touched | None = None
    seconds: float = 0.0
    at: str = ""
    found: SeededRows = SeededRows()

    @property
    def has_failed(self) -> bool:
        return self.outcome in ("failed", "error")


FindRows = Callable[[tuple[str, ...]], SeededRows]
"""Returns which rows the database with some more states has."""


class SessionRecorder:
    """The hooks that record tests, from the first one that uses a database."""

    def __init__(self, environment: str, find_rows: FindRows) -> None:
        self._environment = environment
        self._find_rows = find_rows
        self._listener = StatementListener()
        self._current: RanTest | None = None
        self._resets = 0
        self._last_reset: ResetReport | None = None
        self.run = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}"
        self.ran: list[RanTest] = []
        """In their order."""

    def note_resets(self, reports: Sequence[ResetReport]) -> None:
        """Take what was reset before the next test."""
        self._resets += 1
        for report in reports:
            if report.ended_connections or report.method is not ResetMethod.NOTHING:
                self._last_reset = report

    def begin(self, item: pytest.Item) -> None:
        """Record a test from now on."""
        self._current = RanTest(item.nodeid, str(item.path), datasets_of(item), self._resets)
        self._listener.start()

    def close(self) -> None:
        """Leave the drivers as they were."""
        self._listener.close()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note why a test failed, while its database is still as the test left it."""
        report = yield
        ran = self._current
        if ran is not None and ran.test == item.nodeid:
            if report.failed and call.excinfo is not None:
                self._note_failure(ran, report, call.excinfo.value)
            elif report.skipped and ran.outcome == "passed":
                ran.outcome = "skipped"
            elif report.when == "setup" and report.passed:
                # Another attempt of a plugin that reruns tests.
                ran.outcome, ran.fault = "passed", None
        return report

    @pytest.hookimpl
    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Keep what a test did."""
        ran, self._current = self._current, None
        self._listener.stop()
        if ran is None or ran.test != nodeid:
            return
        ran.touched = self._listener.touched
        ran.seconds = time.perf_counter() - ran.started
        ran.at = datetime.now(UTC).isoformat(timespec="milliseconds")
        ran.found = self._find_rows(ran.refs)
        self.ran.append(ran)

    def record(self, ran: RanTest) -> TestRecord:
        """Return what is kept of a test."""
        touched = ran.touched
        return TestRecord(
            ran.test,
            ran.outcome,
            round(ran.seconds, 4),
            ran.at,
            self.run,
            self._environment,
            ran.found.datasets,
            ran.found.rows,
            ran.found.schema,
            None if touched is None else tuple(sorted(touched.read)),
            None if touched is None else tuple(sorted(touched.written)),
        )

    def _note_failure(self, ran: RanTest, report: pytest.TestReport, error: BaseException) -> None:
        if ran.outcome in ("failed", "error"):
            return
        ran.outcome = "failed" if report.when == "call" else "error"
        no_row = self._listener.tables_without_row()
        ran.fault = describe_fault(error, has_no_row=bool(no_row))
        ran.no_row = tuple(sorted(no_row))
        if ran.fault.kind is FaultKind.CONNECTION and self._last_reset is not None:
            report.sections.append(("tdmvc reset", ended_session_text(self._last_reset)))


def ended_session_text(reset: ResetReport) -> str:
    """Return why a session is gone that a test had opened before a reset, and what to do."""
    why = f", because {reset.why}" if reset.why else ""
    lines = [f"The database was reset before this test: {_RESET_ENDS[reset.method]}{why}."]
    if reset.ended_connections:
        lines.append(f"That ended these sessions: {', '.join(reset.ended_connections)}.")
    return "\n".join(
        [
            *lines,
            "This test uses a session that was open before, most likely one of a fixture for several tests.",
            "Open it in the test, or in a fixture for one test; or mark the tests that share it with",
            '@pytest.mark.tdmvc(reset="module"): then there is no reset between tests of one module.',
        ]
    )
