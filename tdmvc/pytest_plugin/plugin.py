"""What the plugin does in a process that runs tests: it provides databases, and resets them between tests."""

import sys
from typing import TYPE_CHECKING

import pytest

from tdmvc.pytest_plugin import fixtures
from tdmvc.pytest_plugin.markers import reset_of

if TYPE_CHECKING:
    from tdmvc.pytest_plugin.databases import SeededDatabase, SessionDatabases


def install(config: pytest.Config, environment: str | None) -> None:
    """Let a test session use databases; with an environment, provide it now.

    Raises:
        pytest.UsageError: the environment cannot be provided.
    """
    plugin = TdmvcPlugin(config, environment)
    config.pluginmanager.register(plugin, fixtures.PLUGIN)
    config.pluginmanager.register(fixtures, "tdmvc-fixtures")
    if environment is not None:
        plugin.provide()
        if config.pluginmanager.hasplugin("django"):
            from tdmvc.pytest_plugin import django_databases

            config.pluginmanager.register(django_databases, "tdmvc-django")


class TdmvcPlugin:
    """The hooks of one process, and its databases."""

    def __init__(self, config: pytest.Config, environment: str | None) -> None:
        self._config = config
        self._environment = environment
        self._databases: SessionDatabases | None = None
        self._last: pytest.Item | None = None
        """The test that ran last."""

    @property
    def databases(self) -> "SessionDatabases":
        """The databases of this process; the first use imports tdmvc."""
        if self._databases is None:
            from tdmvc.pytest_plugin.databases import SessionDatabases

            self._databases = SessionDatabases(self._config.rootpath, self._environment)
        return self._databases

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
            pytest.fail("\n".join(error.lines), pytrace=False)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Reset what earlier tests may have written to, before any fixture of the test is made."""
        last, self._last = self._last, item
        reset = reset_of(item)
        if self._databases is None or last is None or reset == "never" or _share_transaction(last, item):
            return
        if reset == "test" or getattr(last, "module", None) is not getattr(item, "module", None):
            from tdmvc.errors import TdmvcError

            try:
                self._databases.reset()
            except TdmvcError as error:
                pytest.fail("\n".join(error.lines), pytrace=False)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Remove the databases."""
        if self._databases is not None:
            self._databases.close()


def _share_transaction(last: pytest.Item, item: pytest.Item) -> bool:
    """Whether two tests are of one class of Django that rolls back after each, in a transaction of the whole class."""
    found = getattr(item, "cls", None)
    if found is None or getattr(last, "cls", None) is not found or "django.test" not in sys.modules:
        return False
    from django.test import TestCase

    return isinstance(found, type) and issubclass(found, TestCase)
