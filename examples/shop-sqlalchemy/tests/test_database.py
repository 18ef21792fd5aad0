"""What tdmvc gives each test: the schema at the newest migration, and exactly the rows of the datasets."""

from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from shop.database import engine
from shop.models import Base


def test_the_migrations_make_the_tables_of_the_models(tdmvc_database: Any) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_name": lambda name, kind, parents: name != "tdmvc"}
        )
        assert compare_metadata(context, Base.metadata) == []


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
            "INSERT INTO orders (customer_id, status, total, placed_at)"
            " VALUES (1001, 'paid', 1, now()) RETURNING id"
        ).fetchone()
        assert new == (3004,), "sequences start from the same number in each test"
        connection.execute("TRUNCATE payments CASCADE")
        connection.execute("ALTER TABLE customers DROP COLUMN locale")
        connection.execute("CREATE TABLE left_behind (id int)")
