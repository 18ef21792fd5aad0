"""Shows why tests failed: at the end of the terminal's output, and in the JUnit file."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree

import pytest

from tdmvc.model.text import plural
from tdmvc.model.verdict import ChangedRows, FailureVerdict, VerdictKind

WORKER_OUTPUT = "tdmvc_verdicts"
"""Where a worker of pytest-xdist leaves its verdicts for the controller."""
NAME = "tdmvc-summary"
_TITLES = {
    VerdictKind.BAD_DATA: "bad data",
    VerdictKind.SUSPECTED_DATA: "suspected data",
    VerdictKind.SCHEMA_DRIFT: "schema drift",
    VerdictKind.ORDER_DEPENDENT: "order-dependent",
    VerdictKind.FLAKY: "flaky",
    VerdictKind.CODE: "code",
    VerdictKind.UNKNOWN: "not found out",
}
_SHOWN_CHANGES = 4


class VerdictSummary:
    """The hooks that show verdicts, in the process that prints the session's result."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._verdicts: dict[str, FailureVerdict] = {}
        """By test."""
        self._note = ""
        """What else there is to say: where records are, and what was not run again."""
        self._reporters: dict[str, Any] = {}

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember which part of the JUnit file is about a failed test."""
        if report.failed and (junit := _junit(self._config)) is not None:
            self._reporters[report.nodeid] = junit.node_reporter(report)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take the verdicts of a worker."""
        output = getattr(node, "workeroutput", None) or {}
        found, note = output.get(WORKER_OUTPUT, ({}, ""))
        self.take({test: parse_verdict(plain) for test, plain in found.items()}, note)

    def take(self, verdicts: Mapping[str, FailureVerdict], note: str) -> None:
        """Take verdicts on tests whose reports are complete, and write them into the JUnit file."""
        self._verdicts |= verdicts
        self._note = self._note or note
        for test, verdict in verdicts.items():
            if test in self._reporters:
                _add_properties(self._reporters[test], verdict)

    @pytest.hookimpl
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the verdicts."""
        if not self._verdicts and not self._note:
            return
        terminalreporter.section("why tests failed (tdmvc)", sep="=")
        for test, verdict in self._verdicts.items():
            terminalreporter.write_line(test, bold=True)
            for line in verdict_lines(verdict):
                terminalreporter.write_line(f"  {line}")
        if self._note:
            terminalreporter.write_line(self._note)


def verdict_lines(verdict: FailureVerdict) -> list[str]:
    """Return a verdict as lines for a terminal."""
    lines = [f"{_TITLES[verdict.kind]}: {verdict.because}"]
    lines += [f"  {_change_text(change)}" for change in verdict.changes[:_SHOWN_CHANGES]]
    if len(verdict.changes) > _SHOWN_CHANGES:
        lines.append("  …")
    if verdict.next:
        lines.append(f"next: {verdict.next}")
    return lines


def plain_verdict(verdict: FailureVerdict) -> dict[str, Any]:
    """Return a verdict as values that may leave the process."""
    plain = asdict(verdict)
    plain["kind"] = verdict.kind.value
    return plain


def parse_verdict(plain: Mapping[str, Any]) -> FailureVerdict:
    """Return the verdict of such values."""
    changes = tuple(ChangedRows(**{**one, "columns": tuple(one["columns"])}) for one in plain["changes"])
    kind, compared = VerdictKind(plain["kind"]), tuple(plain["compared"])
    return FailureVerdict(**{**plain, "kind": kind, "compared": compared, "changes": changes})


def _change_text(change: ChangedRows) -> str:
    columns = f": {', '.join(change.columns)}" if change.columns else ""
    which = change.key or plural(change.rows, "row")
    return f"{change.dataset}/{change.table}: {which} {change.change}{columns}"


def _junit(config: pytest.Config) -> Any:
    with suppress(ImportError):
        from _pytest.junitxml import xml_key

        return config.stash.get(xml_key, None)
    return None


def _add_properties(reporter: Any, verdict: FailureVerdict) -> None:
    """Add a verdict to a test of the JUnit file, whose element is made already."""
    element: ElementTree.Element = reporter.to_xml()
    found = element.find("properties")
    if found is None:
        found = ElementTree.Element("properties")
        element.insert(0, found)
    values = {"tdmvc.verdict": verdict.kind.value, "tdmvc.because": verdict.because}
    if verdict.polluter:
        values["tdmvc.polluter"] = verdict.polluter
    for name, value in values.items():
        found.append(ElementTree.Element("property", name=name, value=value))
