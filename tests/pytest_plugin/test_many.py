"""Many tests that commit: each finds exactly the seeded rows, or, without resets, the one that pollutes is named."""

from tests.pytest_plugin.conftest import RunPytest
from tests.series import trials

TURNS = trials(1000, 20)
COMMITTING = f"""
import os, psycopg, pytest

URL = os.environ["DATABASE_URL"]
ROWS = {{"customers": 2, "orders": 3, "payments": 0, "events": 0, "settings": 0}}

def count(connection):
    return {{table: connection.execute(f"SELECT count(*) FROM {{table}}").fetchone()[0] for table in ROWS}}

@pytest.mark.parametrize("turn", range({TURNS}))
def test_write(turn):
    with psycopg.connect(URL) as connection:
        assert count(connection) == ROWS
        found = connection.execute("SELECT status FROM orders ORDER BY id").fetchall()
        assert found == [("refunded",), ("open",), ("open",)]
        added = connection.execute("INSERT INTO orders (customer_id, status) VALUES (2, 'new') RETURNING id")
        (order,) = added.fetchone()
        assert order == 4
        connection.execute("INSERT INTO payments (order_id) VALUES (%s)", [order])
        connection.execute("INSERT INTO events (name) VALUES ('paid')")
        connection.execute("INSERT INTO settings VALUES ('turn', %s)", [turn])
        connection.execute("UPDATE orders SET status = 'sent'")
        connection.execute("DELETE FROM customers WHERE id = 1")
"""
POLLUTED = """
import os, psycopg

def execute(statement):
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        found = connection.execute(statement)
        return found.fetchone()[0] if found.description else None

def test_before():
    execute("INSERT INTO events (name) VALUES ('before')")

def test_a_customer_leaves():
    execute("DELETE FROM customers WHERE id = 2")

def test_after():
    execute("INSERT INTO events (name) VALUES ('after')")

def test_orders():
    assert execute("SELECT count(*) FROM orders") == 3

def test_customers():
    assert execute("SELECT count(*) FROM customers") == 2
"""


def test_every_test_finds_exactly_the_seeded_rows(run_pytest: RunPytest) -> None:
    done = run_pytest({"test_committing.py": COMMITTING}, "--tdmvc-env=migrated", "--tdmvc-no-attribution")
    assert done.code == 0, done.out
    assert done.count("passed") == TURNS


def test_without_resets_the_test_that_pollutes_is_named_by_workers_too(run_pytest: RunPytest) -> None:
    done = run_pytest(
        {"test_polluted.py": POLLUTED},
        # A second worker would only wait: all tests of a file go to the same one.
        *("--tdmvc-env=migrated", "--tdmvc-reset=never", "-n", "1", "--dist=loadfile"),
    )
    assert done.count("failed") == 2, done.out
    assert done.verdicts == {
        "test_orders": "order-dependent",
        "test_customers": "order-dependent",
    }, done.out
    for how in ("writes to customers, which it uses", "writes to the database"):
        assert f"test_polluted.py::test_a_customer_leaves, which {how}" in done.out, done.out
