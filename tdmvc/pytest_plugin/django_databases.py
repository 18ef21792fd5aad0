"""Lets pytest-django use the database that tdmvc provides, instead of making an empty one.

This module is registered as a plugin of its own, after pytest-django, so that its fixture takes the place of the other.
"""

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest

from tdmvc.pytest_plugin.fixtures import find_plugin
from tdmvc.pytest_plugin.markers import reset_of

if TYPE_CHECKING:
    from tdmvc.pytest_plugin.databases import SeededDatabase


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_blocker: Any,
    django_db_keepdb: bool,
    django_db_modify_db_settings: None,
) -> Iterator[None]:
    """Use the provided database as it is; others that tests ask for are made by Django, as always."""
    from django.db import connections
    from django.test.utils import setup_databases, teardown_databases

    provided = find_plugin(request.config).find_database(())
    wanted = asked_databases(request.session.items, list(connections))
    others = [alias for alias in wanted if not _is_provided(connections[alias].settings_dict, provided)]
    if "default" in others:
        request.node.warn(
            pytest.PytestWarning(
                "Django's settings name another database than the one that tdmvc provides, so tests get an empty one. "
                "Let the settings take the address from a variable that the environment exports, such as DATABASE_URL."
            )
        )
    if not others:
        yield
        return
    for alias in others:
        # Without this, each would wait for `default` to be made.
        settings = connections[alias].settings_dict["TEST"]
        settings["DEPENDENCIES"] = [one for one in settings.get("DEPENDENCIES", ()) if one in others]
    verbosity = request.config.option.verbose
    with django_db_blocker.unblock():
        made = setup_databases(verbosity, interactive=False, aliases=others, keepdb=django_db_keepdb)
    yield
    if not django_db_keepdb:
        with django_db_blocker.unblock():
            teardown_databases(made, verbosity)


@pytest.hookimpl
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Warn about tests after which Django empties all tables, where nothing fills these again for the next test."""
    for item in items:
        if _is_transactional(item) and reset_of(item) != "test":
            item.warn(
                pytest.PytestWarning(
                    "Django empties all tables after this test, and later tests of "
                    f"{item.path.name} find no rows, because the database is not reset before each test. "
                    "Reset it before each test, or take the fixture django_db_blocker instead."
                )
            )


def asked_databases(items: Iterable[pytest.Item], known: list[str]) -> list[str]:
    """Return the aliases of Django's settings that tests use, in the order of the settings."""
    asked: set[str] = set()
    for item in items:
        marker = item.get_closest_marker("django_db")
        found = getattr(getattr(item, "cls", None), "databases", None) or {"default"}
        if marker is not None:
            found = marker.kwargs.get("databases") or found
        asked.update(known if found == "__all__" else found)
    return [alias for alias in known if alias in asked]


def _is_provided(settings: dict[str, Any], provided: "SeededDatabase") -> bool:
    """Whether the settings of an alias lead to the provided database."""
    url = urlsplit(provided.url)
    path = unquote(url.path).removeprefix("/")
    name = str(settings.get("NAME") or "")
    if not url.netloc:
        return os.path.abspath(name) == os.path.abspath(f"/{path.lstrip('/')}")
    return name == path and str(settings.get("PORT") or "") == str(url.port or "")


def _is_transactional(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    if marker is not None and marker.kwargs.get("transaction", (*marker.args, False)[0]):
        return True
    names = getattr(item, "fixturenames", ())
    return bool({"transactional_db", "django_db_reset_sequences", "live_server"}.intersection(names))
