"""Options change where rows are and which numbers come next, which finds tests that rely on it."""

import re

from tests.pytest_plugin.conftest import RunPytest

TESTS = """
import os, psycopg

def test_a_number(tdmvc_database):
    connection = tdmvc_database.connect()
    found = connection.execute("INSERT INTO orders (customer_id, status) VALUES (1, 'new') RETURNING id").fetchone()
    assert found == (4,)

def test_an_order(tdmvc_database):
    rows = tdmvc_database.connect().execute("SELECT id FROM orders").fetchall()
    assert rows == [(1,), (2,), (3,)]

def test_all_rows(tdmvc_database):
    rows = tdmvc_database.connect().execute("SELECT id, status FROM orders ORDER BY id").fetchall()
    assert rows == [(1, "refunded"), (2, "open"), (3, "open")]
"""
IN_SQLITE = """
import os, sqlite3

def test_an_order(tdmvc_database):
    assert sqlite3.connect(os.environ["SHOP_FILE"]).execute("SELECT id FROM orders").fetchall() == [(1,), (2,), (3,)]
"""
QUIET = "--tdmvc-no-attribution"


def test_tests_that_rely_on_numbers_or_order_are_found(run_pytest: RunPytest) -> None:
    env = "--tdmvc-env=migrated"
    files = {"test_rows.py": TESTS}
    done = run_pytest(files, env, QUIET)
    assert done.results == {
        "test_a_number": "passed",
        "test_an_order": "passed",
        "test_all_rows": "passed",
    }, done.out
    done = run_pytest(
        files, env, QUIET, "--tdmvc-shift-sequences", "--tdmvc-shuffle-rows", "--tdmvc-seed=1", "-v"
    )
    assert done.results == {
        "test_a_number": "failed",
        "test_an_order": "failed",
        "test_all_rows": "passed",
    }, done.out
    assert "repeat it with --tdmvc-seed=1" in done.out
    assert "(1013,)" in done.out, "1009 further than without"


def test_a_seed_is_chosen_once_for_all_workers(run_pytest: RunPytest) -> None:
    done = run_pytest(
        {"test_rows.py": IN_SQLITE + "\ndef test_fine(tdmvc_url): pass\n"},
        *("--tdmvc-env=sqlite", QUIET, "--tdmvc-shuffle-rows", "-n", "2", "-v"),
    )
    assert done.results == {"test_an_order": "failed", "test_fine": "passed"}, done.out
    assert len(set(re.findall(r"--tdmvc-seed=(\d)", done.out))) == 1
