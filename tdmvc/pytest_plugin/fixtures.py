"""The fixtures of the plugin."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tdmvc.pytest_plugin.markers import datasets_of

if TYPE_CHECKING:
    from tdmvc.api import Repository
    from tdmvc.pytest_plugin.databases import SeededDatabase
    from tdmvc.pytest_plugin.plugin import TdmvcPlugin

PLUGIN = "tdmvc-session"
"""The name under which the plugin of a process is registered."""


@pytest.fixture(scope="session")
def tdmvc_workspace(pytestconfig: pytest.Config) -> "Repository":
    """The repository of the tests: `tdmvc_workspace.table("golden", "orders")` returns rows as Arrow."""
    return find_plugin(pytestconfig).databases.repository


@pytest.fixture
def tdmvc_database(request: pytest.FixtureRequest) -> "Iterator[SeededDatabase]":
    """A database with the rows of the environment, or of the states that the marker `tdmvc` names."""
    database = find_plugin(request.config).find_database(datasets_of(request.node))
    yield database
    database.close_connections()


@pytest.fixture
def tdmvc_url(tdmvc_database: "SeededDatabase") -> str:
    """The URL of the test's database, with the password."""
    return tdmvc_database.url


def find_plugin(config: pytest.Config) -> "TdmvcPlugin":
    """Return the plugin of this process."""
    plugin: TdmvcPlugin | None = config.pluginmanager.get_plugin(PLUGIN)
    assert plugin is not None, "tests run in processes that have the plugin"
    return plugin
