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
    databases = {"default": default, "archive": archive}
    settings.configure(DATABASES=databases, USE_TZ=True, ROOT_URLCONF="shop_urls", STATIC_URL="/s/")
"""
URLS = """
from django.db import connection
from django.http import HttpResponse
from django.urls import path

def delete(request):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM orders WHERE id > 1")
        return HttpResponse(str(cursor.rowcount))

urlpatterns = [path("delete", delete)]
"""
OPTIONS = ("--tdmvc-env", "local")


def test_tests_see_the_rows_and_other_databases_are_made_by_django(run_pytest: RunPytest) -> None:
    done = run_pytest(
        {
            "conftest.py": SETTINGS,
            "shop_urls.py": URLS,
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

class PreparedRows(TestCase):
    @classmethod
    def setUpTestData(cls):
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO orders VALUES (4, 1, 'new')")

    def test_with_prepared_rows(self):
        assert orders() == [1, 2, 3, 4]
        delete()

    def test_with_prepared_rows_again(self):
        assert orders() == [1, 2, 3, 4]

@pytest.mark.parametrize("turn", range(2))
def test_with_a_server(live_server, turn):
    from urllib.request import urlopen
    assert orders() == [1, 2, 3]
    assert urlopen(live_server.url + "/delete").read() == b"2"
    assert orders() == [1]

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
    assert done.count("passed") == 11
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
