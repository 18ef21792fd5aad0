"""Finds out at the end of a session why its tests failed, and keeps what is known of all tests."""

from dataclasses import replace

import pytest

from tdmvc.actions.test_records import record_tests
from tdmvc.errors import TdmvcError, UsageError
from tdmvc.model.text import plural
from tdmvc.model.verdict import FailureVerdict
from tdmvc.pytest_plugin.attribution.rerun import Invocation, Rerunner
from tdmvc.pytest_plugin.attribution.runs import Reruns
from tdmvc.pytest_plugin.databases import SessionDatabases
from tdmvc.pytest_plugin.recording import SessionRecorder

ReportedVerdicts = tuple[dict[str, FailureVerdict], str]
"""The verdicts by test, and what else there is to say."""


def conclude(
    config: pytest.Config, databases: SessionDatabases, recorder: SessionRecorder
) -> ReportedVerdicts:
    """Judge the failed tests of this process if that is wanted, and record all tests."""
    if not databases.is_used:
        return {}, ""
    verdicts: dict[str, FailureVerdict] = {}
    notes: list[str] = []
    failed = [one for one in recorder.ran if one.has_failed]
    if failed and is_wanted(config):
        # All of tdmvc is needed to compare rows; most sessions have no failure.
        from tdmvc.pytest_plugin.attribution.judge import MOST_FAILURES, judge

        try:
            verdicts = judge(databases.repository, recorder.ran, _reruns(config, databases))
        except TdmvcError as error:
            notes.append(f"The failed tests cannot be run again: {error.what}")
        if len(failed) > MOST_FAILURES:
            notes.append(
                f"Only the first {MOST_FAILURES} of {plural(len(failed), 'failure')} were looked at."
            )
    records = [replace(recorder.record(one), verdict=verdicts.get(one.test)) for one in recorder.ran]
    if records:
        try:
            path = record_tests(databases.root, recorder.run, records)
        except OSError as error:
            notes.append(f"What tests did cannot be recorded: {error.strerror}.")
        else:
            if verdicts:
                notes.append(f"Recorded in {path.relative_to(databases.root)}.")
    return verdicts, " ".join(notes)


def is_wanted(config: pytest.Config) -> bool:
    """Whether failed tests are run again: not while somebody debugs, or wants to know the first failure only."""
    options = config.option
    return not (
        options.tdmvc_no_attribution
        or getattr(options, "usepdb", False)
        or getattr(options, "trace", False)
        or getattr(options, "stepwise", False)
        or getattr(options, "maxfail", 0)
    )


def _reruns(config: pytest.Config, databases: SessionDatabases) -> Reruns:
    given = config.getini("tdmvc_attribution_seconds")
    try:
        seconds = float(given)
    except ValueError:
        raise UsageError(f"tdmvc_attribution_seconds is '{given}', which is no number of seconds.") from None
    return Reruns(databases, Rerunner(Invocation.of(config), seconds))
