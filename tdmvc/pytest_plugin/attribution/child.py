"""What the plugin does in a process that runs tests again: only those, and without a trace in the user's reports."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tdmvc.pytest_plugin.attribution.plan import RerunPlan, read_plan, write_result

if TYPE_CHECKING:
    from tdmvc.pytest_plugin.plugin import TdmvcPlugin

_OFF: dict[str, object] = {
    **dict.fromkeys(
        ("xmlpath", "htmlpath", "report_log", "allure_report_dir", "json_report_file", "basetemp")
    ),
    **dict.fromkeys(("lf", "failedfirst", "newfirst", "stepwise", "stepwise_skip", "usepdb", "trace"), False),
    **dict.fromkeys(("looponfail", "json_report", "keyword_list_only"), False),
    "maxfail": 0,
    "reruns": None,
    "numprocesses": None,
    "dist": "no",
    "tx": [],
}
"""What options must be for a run that only answers one question."""
_KEEPERS = ("lfplugin", "nfplugin", "stepwiseplugin")
"""Plugins that remember for the next run what failed."""


class RerunPlugin:
    """The hooks of a process that runs tests again."""

    def __init__(self, config: pytest.Config, plan: Path) -> None:
        self._config = config
        self._plan: RerunPlan = read_plan(plan)

    @property
    def plan(self) -> RerunPlan:
        """What is to be done."""
        return self._plan

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> None:
        """Leave out whatever would change the user's reports, or distribute tests."""
        for name, value in _OFF.items():
            if hasattr(config.option, name):
                setattr(config.option, name, value)

    @pytest.hookimpl
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Let pytest forget what fails here."""
        for name in _KEEPERS:
            if (plugin := session.config.pluginmanager.get_plugin(name)) is not None:
                session.config.pluginmanager.unregister(plugin)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Choose the tests of the plan, in its order."""
        found = {item.nodeid: item for item in items}
        items[:] = [found[test] for test in self._plan.tests if test in found]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests, each with fixtures of its own if the plan says so."""
        from tdmvc.pytest_plugin.fixtures import PLUGIN

        plugin: TdmvcPlugin | None = session.config.pluginmanager.get_plugin(PLUGIN)
        assert plugin is not None, "it was registered together with this one"
        items = session.items
        for position, item in enumerate(items):
            after = items[position + 1] if position + 1 < len(items) and not self._plan.is_isolated else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            for ran in plugin.take_ran():
                write_result(self._plan, ran)
        return True
