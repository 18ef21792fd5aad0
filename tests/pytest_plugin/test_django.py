"""pytest-django uses the database that is provided, and Django makes the others that tests ask for."""

from tests.pytest_plugin.conftest import RunPytest

SETTINGS = """
import os
from urllib.parse import urlsplit
from django.conf import settings

url = urlsplit(os.environ["DATABASE_URL"])
default = {
    "ENGINE": "django.db.backends.postgresql", "NAME": url.path[1:], "USER": url.username,
    "PASSWORD": url.password, "HOST": url.hostname, "PORT": url.port,
}
archive = {"ENGINE": "django.db.backends.sqlite3", "NAME": "real-archive.sqlite"}

def pytest_configure():
    settings.configure(DATABASES={"default": default, "archive": archive}, USE_TZ=True)
"""
OPTIONS = ("--tdmvc-env", "local")


def test_tests_see_the_rows_and_other_databases_are_made_by_django(run_pytest: RunPytest) -> None:
    done = run_pytest(
        {
            "conftest.py": SETTINGS,
            "test_shop.py": """
import pytest
from django.db import connection, connections
from django.test import TestCase

def orders():
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM orders ORDER BY id")
        return [id for id, in cursor]

def delete():
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM orders")

@pytest.mark.django_db
@pytest.mark.parametrize("turn", range(2))
def test_a_rolled_back_test(turn):
    assert orders() == [1, 2, 3]
    delete()

class Rows(TestCase):
    def test_a_method(self):
        assert orders() == [1, 2, 3]
        delete()

    def test_another_method(self):
        assert orders() == [1, 2, 3]

@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(2))
def test_a_test_that_commits(turn):
    assert orders() == [1, 2, 3]
    delete()

@pytest.mark.django_db(databases=["default", "archive"])
def test_another_database():
    assert "real-archive" not in str(connections["archive"].settings_dict["NAME"])
    assert orders() == [1, 2, 3]
""",
        },
        *OPTIONS,
        has_all_plugins=True,
    )
    assert done.code == 0, done.out
    assert done.count("passed") == 7
    assert "empties all tables" not in done.out


def test_warnings_say_when_tests_find_no_rows(run_pytest: RunPytest) -> None:
    done = run_pytest(
        {
            "conftest.py": SETTINGS.replace("url.path[1:]", "'another'"),
            "test_shop.py": """
import pytest

@pytest.mark.django_db(transaction=True)
def test_nothing():
    from django.db import connection
    assert connection.settings_dict["NAME"] == "test_another"
    assert connection.introspection.table_names() == []
""",
        },
        *OPTIONS,
        "--tdmvc-reset=never",
        has_all_plugins=True,
    )
    assert done.code == 0, done.out
    assert "Django's settings name another database" in done.out
    assert "Django empties all tables after this test" in done.out
