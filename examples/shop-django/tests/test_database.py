"""What tdmvc gives each test: the schema at the newest migration, and exactly the rows of the datasets."""

from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import call_command


@pytest.mark.django_db
def test_the_models_need_no_new_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())


def test_a_table_can_be_read_as_arrow(tdmvc_database: Any) -> None:
    orders = tdmvc_database.table("orders")

    assert orders.num_rows == 11
    assert set(orders["status"].to_pylist()) == {"paid", "cancelled"}


@pytest.mark.parametrize("turn", range(3))
def test_whatever_a_test_does_the_next_one_starts_from_the_dataset(tdmvc_database: Any, turn: int) -> None:
    with psycopg.connect(tdmvc_database.url) as connection:
        found = connection.execute("SELECT count(*), max(id) FROM orders").fetchone()
        assert found == (11, 3003)
        new = connection.execute(
            "INSERT INTO orders (customer_id, status, total, placed_at, channel)"
            " VALUES (1001, 'paid', 1, now(), 'web') RETURNING id"
        ).fetchone()
        assert new == (3004,), "sequences start from the same number in each test"
        connection.execute("TRUNCATE payments CASCADE")
        connection.execute("ALTER TABLE customers DROP COLUMN locale")
        connection.execute("CREATE TABLE left_behind (id int)")
