"""A small shop in a repository, whose branches change rows of two tables that belong together."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.conftest import Ran, git

Tdmvc = Callable[..., Ran]
CUSTOMERS = {1: ("Ann", "ann@x.test"), 2: ("Bob", "bob@x.test"), 3: ("Cat", "cat@x.test")}
ORDERS = {10: (1, "5.00"), 11: (2, "6.00")}
Customers = dict[int, tuple[str, str]]
Orders = dict[int, tuple[int, str]]


class Shop:
    """The repository, and what it holds on the present branch."""

    def __init__(self, app: Path, tdmvc: Tdmvc) -> None:
        self.app = app
        self.tdmvc = tdmvc

    def load(self, customers: Customers | None = None, orders: Orders | None = None) -> None:
        """Take in these rows; without words, the ones it began with."""
        source = self.app.parent / "shop.sqlite"
        source.unlink(missing_ok=True)
        with sqlite3.connect(source) as con:
            con.executescript(
                "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, mail TEXT UNIQUE);"
                "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id),"
                " total TEXT NOT NULL);"
            )
            rows = customers if customers is not None else CUSTOMERS
            con.executemany("INSERT INTO customers VALUES (?, ?, ?)", [(i, *row) for i, row in rows.items()])
            more = orders if orders is not None else ORDERS
            con.executemany("INSERT INTO orders VALUES (?, ?, ?)", [(i, *row) for i, row in more.items()])
        con.close()
        self.tdmvc("add", "golden", source)

    def commit(self, message: str, customers: Customers | None = None, orders: Orders | None = None) -> str:
        """Take in rows and commit everything."""
        self.load(customers, orders)
        return self.commit_all(message)

    def commit_all(self, message: str) -> str:
        git(self.app, "add", "-A")
        git(self.app, "commit", "-q", "--allow-empty", "-m", message)
        return git(self.app, "rev-parse", "HEAD")

    def branch(self, name: str, *, at: str = "HEAD") -> None:
        git(self.app, "switch", "-q", "-c", name, at)
        self.tdmvc("checkout", "golden")

    def switch(self, name: str) -> None:
        git(self.app, "switch", "-q", name)
        self.tdmvc("checkout", "golden")

    def rows(self, table: str, ref: str | None = None) -> list[list[Any]]:
        words = ("--at", ref) if ref else ()
        found = self.tdmvc("sql", f"select * from {table} order by 1", *words, "--format", "json").json
        return [list(row) for row in found["rows"]]

    def laid_rows(self, table: str) -> list[tuple[Any, ...]]:
        """Return the rows that any other tool would read from the working copy."""
        import duckdb

        parts = self.app / "datasets" / "golden" / table
        return duckdb.sql(f"select * from read_parquet('{parts}/*.parquet') order by 1").fetchall()

    @property
    def status(self) -> str:
        return git(self.app, "status", "--porcelain=v1", "--untracked-files=all")

    def make_personal(self, column: str) -> None:
        """Classify a column of customers in the contract."""
        path = self.app / "datasets" / "golden" / "contract.yaml"
        text = path.read_text()
        spot = text.index(f"name: {column}")
        end = text.index("\n", spot)
        indent = " " * (spot - text.rindex("\n", 0, spot) - 1)
        path.write_text(f"{text[:end]}\n{indent}classification: personal{text[end:]}")
