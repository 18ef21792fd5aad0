"""Rows of a PostgreSQL database are added by a URL that an environment variable holds, and seeded into files."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import Tdmvc
from tests.servers import DatabaseServer

SHOP = """
CREATE SCHEMA sales;
CREATE TABLE customers (id int PRIMARY KEY, name varchar(20) NOT NULL UNIQUE);
CREATE TABLE sales.orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int REFERENCES customers,
  total numeric(10, 2) CHECK (total >= 0));
CREATE TABLE customers_log (at timestamptz);
CREATE VIEW names AS SELECT name FROM customers;
INSERT INTO customers VALUES (1, 'Ann'), (2, 'Ben');
INSERT INTO sales.orders (customer, total) VALUES (1, 12.50), (2, 7), (NULL, NULL);
"""


@pytest.fixture
def password(repo: Path, postgres_server: DatabaseServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database whose URL is in SHOP_URL, and its parts in other variables; return the password."""
    server = postgres_server.running
    with postgres_server.fresh_database() as name:
        postgres_server.execute(name, SHOP)
        monkeypatch.setenv("SHOP_URL", postgres_server.url(name))
        monkeypatch.setenv("SHOP_PASSWORD", server.password)
        monkeypatch.setenv("SHOP_SERVER", f"{server.host}:{server.port}")
        monkeypatch.setenv("SHOP_NAME", name)
        yield server.password


def test_a_variable_holds_the_url_and_nothing_keeps_the_password(
    tdmvc: Tdmvc, repo: Path, postgres_server: DatabaseServer, password: str
) -> None:
    added = tdmvc("add", "golden", "${SHOP_URL}", "--exclude", "*_log", "-v")
    assert "customers  2 rows" in added.out
    assert "view added: names" in added.out
    by_parts = (
        f"postgresql://{postgres_server.running.user}:${{SHOP_PASSWORD}}@${{SHOP_SERVER}}/${{SHOP_NAME}}"
    )
    both = tdmvc("add", "all", by_parts, "--schema", "public", "--schema", "sales", "--exclude", "*_log")
    assert "public.customers  2 rows" in both.out
    assert "sales.orders      3 rows" in both.out
    named = tdmvc("add", "views", "${SHOP_URL}", "--tables", "names")
    assert "names  2 rows" in named.out
    missing = tdmvc("add", "golden", "${SHOP_URL}", "--tables", "nam", code=3)
    assert "did you mean 'names'" in missing.err
    unset = tdmvc("add", "golden", "${SHOP_NOWHERE}", code=2)
    assert "SHOP_NOWHERE is not set" in unset.err
    shown = "".join(ran.out + ran.err for ran in (added, both, named, missing, unset))
    written = b"".join(path.read_bytes() for path in repo.rglob("*") if path.is_file())
    assert password not in shown
    assert password.encode() not in written


@pytest.mark.parametrize("file", ["shop.sqlite", "shop.duckdb"])
def test_rows_of_a_server_are_the_same_in_a_file(tdmvc: Tdmvc, repo: Path, password: str, file: str) -> None:
    tdmvc("add", "golden", "${SHOP_URL}", "--schema", "public", "--schema", "sales", "--exclude", "*_log")
    seeded = tdmvc("seed", "golden", "--into", file, "--verify", "--format", "json").json
    (dataset,) = seeded["datasets"]
    assert dataset["verified"]
    assert {table["table"]: table["rows"] for table in dataset["tables"]} == {
        "public.customers": 2,
        "sales.orders": 3,
    }
    again = tdmvc("seed", "golden", "--into", file)
    assert "already there" in again.out
