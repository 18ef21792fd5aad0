"""What the plugin does in a process that runs tests: it provides databases, and resets them between tests."""

import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tdmvc.pytest_plugin import RERUN_VARIABLE, fixtures
from tdmvc.pytest_plugin.markers import reset_of

if TYPE_CHECKING:
    from tdmvc.pytest_plugin.attribution.child import RerunPlugin
    from tdmvc.pytest_plugin.databases import SeededDatabase, SessionDatabases, SessionOptions
    from tdmvc.pytest_plugin.recording import RanTest, SessionRecorder


def install(config: pytest.Config, environment: str | None) -> None:
    """Let a test session use databases; with an environment, provide it now.

    Raises:
        pytest.UsageError: the environment cannot be provided.
    """
    rerun = None
    if RERUN_VARIABLE in os.environ:
        from tdmvc.pytest_plugin.attribution import child

        rerun = child.RerunPlugin(config, Path(os.environ[RERUN_VARIABLE]))
        config.pluginmanager.register(rerun, "tdmvc-rerun")
    plugin = TdmvcPlugin(config, environment, rerun)
    config.pluginmanager.register(plugin, fixtures.PLUGIN)
    config.pluginmanager.register(fixtures, "tdmvc-fixtures")
    if environment is not None:
        plugin.provide()
        if config.pluginmanager.hasplugin("django"):
            from tdmvc.pytest_plugin import django_databases

            config.pluginmanager.register(django_databases, "tdmvc-django")


def export_placeholders(config: pytest.Config, environment: str) -> None:
    """Let conftest files be imported in a process that needs no database, because it runs no tests itself.

    Raises:
        pytest.UsageError: there is no such environment.
    """
    from tdmvc.actions.environment import variables_without_database
    from tdmvc.errors import TdmvcError
    from tdmvc.workspace.workspace import Workspace

    try:
        with Workspace.open(config.rootpath) as workspace:
            os.environ.update(variables_without_database(workspace, environment, folder=config.rootpath))
    except TdmvcError as error:
        raise pytest.UsageError("\n".join(error.lines)) from error


class TdmvcPlugin:
    """The hooks of one process, and its databases."""

    def __init__(
        self, config: pytest.Config, environment: str | None, rerun: "RerunPlugin | None" = None
    ) -> None:
        self._config = config
        self._environment = environment
        self._rerun = rerun
        self._databases: SessionDatabases | None = None
        self._recorder: SessionRecorder | None = None
        self._last: pytest.Item | None = None
        """The test that ran last."""

    @property
    def databases(self) -> "SessionDatabases":
        """The databases of this process; the first use imports tdmvc."""
        if self._databases is None:
            from tdmvc.pytest_plugin.databases import SessionDatabases
            from tdmvc.pytest_plugin.recording import SessionRecorder

            self._databases = SessionDatabases(self._config.rootpath, self._session_options())
            self._recorder = SessionRecorder(self._environment or "", self._databases.seeded)
            self._config.pluginmanager.register(self._recorder, "tdmvc-recorder")
            self._register_summary()
            if self._last is not None:
                self._recorder.begin(self._last)
        return self._databases

    def _register_summary(self) -> None:
        """Show verdicts in this process, unless it is a worker of pytest-xdist."""
        if "PYTEST_XDIST_WORKER" not in os.environ:
            from tdmvc.pytest_plugin.summary import NAME, VerdictSummary

            self._config.pluginmanager.register(VerdictSummary(self._config), NAME)

    def _session_options(self) -> "SessionOptions":
        from tdmvc.model.environment import RowLayout
        from tdmvc.pytest_plugin.databases import SessionOptions
        from tdmvc.pytest_plugin.layout import choose_layout

        layout = choose_layout(self._config)
        if self._rerun is not None:
            return SessionOptions(self._environment, layout, self._rerun.plan.replaced)
        # Workers of pytest-xdist must not share the database of `tdmvc run`, and it has the usual layout.
        attaches = "PYTEST_XDIST_WORKER" not in os.environ and layout == RowLayout()
        return SessionOptions(self._environment, layout, attaches=attaches)

    def take_ran(self) -> "list[RanTest]":
        """Return what was recorded since the last call."""
        if self._recorder is None:
            return []
        ran, self._recorder.ran = self._recorder.ran, []
        return ran

    def provide(self) -> None:
        """Provide the session's environment, and export its variables.

        Raises:
            pytest.UsageError: it cannot be provided.
        """
        from tdmvc.errors import TdmvcError

        try:
            self.databases.provide()
        except TdmvcError as error:
            raise pytest.UsageError("\n".join(error.lines)) from error

    def find_database(self, refs: tuple[str, ...]) -> "SeededDatabase":
        """Return the database with these states, for a test.

        Raises:
            pytest.fail.Exception: it cannot be provided.
        """
        from tdmvc.errors import TdmvcError

        try:
            return self.databases.find(refs)
        except TdmvcError as error:
            lines = error.lines
        # Outside of the handler: pytest would show the error twice.
        pytest.fail("\n".join(lines), pytrace=False)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Reset what earlier tests may have written to, before any fixture of the test is made."""
        last, self._last = self._last, item
        if self._must_reset(last, item):
            self._reset(last)
        if self._recorder is not None:
            self._recorder.begin(item)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Find out why tests failed, while their databases are still there."""
        if self._databases is None or self._recorder is None or self._rerun is not None:
            return
        from tdmvc.pytest_plugin.attribution.session import conclude
        from tdmvc.pytest_plugin.summary import NAME, WORKER_OUTPUT, VerdictSummary, plain_verdict

        verdicts, note = conclude(self._config, self._databases, self._recorder)
        summary: VerdictSummary | None = self._config.pluginmanager.get_plugin(NAME)
        if summary is not None:
            summary.take(verdicts, note)
        if (output := getattr(self._config, "workeroutput", None)) is not None:
            output[WORKER_OUTPUT] = ({test: plain_verdict(one) for test, one in verdicts.items()}, note)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Remove the databases."""
        if self._recorder is not None:
            self._recorder.close()
        if self._databases is not None:
            self._databases.close()

    def _must_reset(self, last: pytest.Item | None, item: pytest.Item) -> bool:
        reset = reset_of(item)
        if self._databases is None:
            return False
        if self._rerun is not None and self._rerun.plan.is_isolated:
            return True
        if last is None:
            return False
        if reset == "never" or _share_transaction(last, item):
            return False
        return reset == "test" or getattr(last, "module", None) is not getattr(item, "module", None)

    def _reset(self, last: pytest.Item | None) -> None:
        from tdmvc.errors import TdmvcError

        assert self._recorder is not None, "there is something to reset"
        lines: list[str] = []
        try:
            reports = self.databases.reset()
        except TdmvcError as error:
            lines = error.lines
        if lines:
            # Outside of the handler: pytest would show the error twice.
            pytest.fail("\n".join(lines), pytrace=False)
        self._recorder.note_resets(reports)
        for change in dict.fromkeys(change for report in reports for change in report.remains):
            _warn(self._config, last, change)


def _warn(config: pytest.Config, last: pytest.Item | None, change: str) -> None:
    """Say of the test before that it changed what no reset restores; this never fails the next test."""
    text = f"no reset restores this, so that later tests find it: {change}. Undo it at the end of the test."
    file, line, _ = last.location if last is not None else ("", 0, "")
    config.hook.pytest_warning_recorded.call_historic(
        kwargs={
            "warning_message": warnings.WarningMessage(
                pytest.PytestWarning(text), pytest.PytestWarning, file, (line or 0) + 1
            ),
            "when": "runtest",
            "nodeid": last.nodeid if last is not None else "",
            "location": None,
        }
    )


def _share_transaction(last: pytest.Item, item: pytest.Item) -> bool:
    """Whether two tests are of one class of Django that rolls back after each, in a transaction of the whole class."""
    found = getattr(item, "cls", None)
    if found is None or getattr(last, "cls", None) is not found or "django.test" not in sys.modules:
        return False
    from django.test import TestCase

    return isinstance(found, type) and issubclass(found, TestCase)
