"""A database of a server is validated as the dataset that was loaded into it, and nothing is written to it."""

import csv
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tdmvc.demo import read_releases
from tests.builders import Tdmvc
from tests.demo.shop_databases import read_tables
from tests.journeys.example_projects import ROOT
from tests.servers import DatabaseServer

BROKEN = {
    "payments": ("amount", "3002", "52.00"),
    "customers": ("country", "1001", "de"),
    "products": ("sku", "3", "CANDLE"),
    "orders": ("channel", "1002", "fax"),
}
"""A column of each table, the id of a row, and a value that breaks a rule which no database knows."""


@pytest.fixture
def broken_shop(repo: Path, tdmvc: Tdmvc) -> Path:
    """The golden dataset with rows that break rules."""
    source = repo.parent / "rows"
    source.mkdir()
    for table, rows in read_tables(read_releases()[-1].data).items():
        if table in BROKEN:
            column, key, value = BROKEN[table]
            [row] = [row for row in rows if row["id"] == key]
            row[column] = value
        with (source / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerows([list(rows[0]), *(row.values() for row in rows)])
    contract = repo / "datasets" / "golden" / "contract.yaml"
    contract.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "datasets" / "golden" / "contract.yaml", contract)
    tdmvc("add", "golden", source)
    return repo


PASSWORD = "only-reads"
RIGHTS = (
    "GRANT USAGE ON SCHEMA sales TO reader",
    "GRANT SELECT ON orders, sales.customers TO reader",
)


@contextmanager
def reader_of(server: DatabaseServer, name: str) -> Iterator[str]:
    """Yield the URL of a database for a role that may read its tables, and write nothing anywhere."""
    if server.running.scheme == "postgresql":
        make = (
            f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'",
            "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
        )
        drop = ("DROP OWNED BY reader", "DROP ROLE reader")
    else:
        make = (f"CREATE USER reader IDENTIFIED BY '{PASSWORD}'", f"GRANT SELECT ON {name}.* TO reader")
        drop = ("DROP USER reader",)
    server.execute(name, *make)
    running = server.running
    yield f"{running.scheme}://reader:{PASSWORD}@{running.host}:{running.port}/{name}"
    server.execute(name, *drop)


def results(report: Any) -> dict[str, Any]:
    """Return what was found by rule: not how it was evaluated."""
    keys = ("verdict", "message", "measured", "failing", "reason", "examples")
    return {
        one["rule"]: {key: one[key] for key in keys} for table in report["tables"] for one in table["results"]
    }


@pytest.mark.parametrize("engine", ["postgres_server", "mariadb_server"])
def test_rows_of_a_server_give_the_results_of_the_dataset_by_a_role_that_only_reads(
    broken_shop: Path, tdmvc: Tdmvc, request: pytest.FixtureRequest, engine: str
) -> None:
    server: DatabaseServer = request.getfixturevalue(engine)
    with server.fresh_database() as name:
        tdmvc("seed", "golden", "--into", server.url(name), "--no-validate")
        expected = tdmvc("validate", "golden", "--format", "json", code=1).json
        with reader_of(server, name) as url:
            found = tdmvc("validate", "golden", "--database", url, "--format", "json", code=1).json
        assert results(found) == results(expected)
        assert [one["rule"] for table in found["tables"] for one in table["results"] if one["examples"]] == [
            "customers.country.country_code",
            "products.sku.sku_form",
            "orders.channel.invalidValues",
            "invoices.payments_sum_to_invoice",
        ]


CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: shop
version: 1.0.0
status: active
schema:
  - name: customers
    properties:
      - {name: id, logicalType: integer, required: true, primaryKey: true}
      - {name: name, logicalType: string, logicalTypeOptions: {maxLength: 5}}
  - name: orders
    properties:
      - name: customer_id
        logicalType: integer
        relationships: [{to: customers.id}]
"""
SCHEMA = (
    "CREATE SCHEMA sales",
    "CREATE TABLE sales.customers (id bigint PRIMARY KEY, name varchar(20), born date)",
    "INSERT INTO sales.customers VALUES (1, 'Ann', NULL), (2, 'Benjamin', NULL)",
    "CREATE TABLE orders (customer_id int)",
    "INSERT INTO orders VALUES (1), (7)",
)
VIEW = (
    "ALTER TABLE sales.customers RENAME TO people",
    "CREATE VIEW sales.customers AS SELECT * FROM sales.people",
    *RIGHTS,
)
LONG = ["customers row id=2: name Benjamin is longer than 5 characters"]
LOST = ["orders row row=2: customer_id 7 is not in customers.id"]


def test_what_a_server_lacks_is_named_with_what_to_do(
    repo: Path, tdmvc: Tdmvc, postgres_server: DatabaseServer
) -> None:
    contract = repo / "shop.yaml"
    contract.write_text(CONTRACT)
    with postgres_server.fresh_database() as name, reader_of(postgres_server, name) as url:

        def validated(more: str = "", code: int = 1) -> Any:
            words = ("validate", "--contract", contract, "--database", url + more)
            if code != 1:
                return tdmvc(*words, code=code).err
            report = tdmvc(*words, "--format", "json", code=code).json
            return {
                one["rule"]: [row["message"] for row in one["examples"]] or one["reason"]
                for table in report["tables"]
                for one in table["results"]
                if one["verdict"] != "passed"
            }

        assert set(validated().values()) == {"there is no table customers", "there is no table orders"}
        postgres_server.execute(name, *SCHEMA)
        refused = validated(code=7)
        assert "may not read orders" in refused
        postgres_server.execute(name, *RIGHTS)
        # The advice works: a table in another schema, with a column that the contract does not know.
        remedy = "?schema=public,sales"
        refused = validated(code=3)
        assert "has no table customers, but there is sales.customers" in refused
        assert remedy in refused
        assert validated(remedy) == {"customers.name.length": LONG, "orders.customer_id.references": LOST}
        contract.write_text(
            CONTRACT.replace("name: customers", "name: sales.customers").replace(
                "to: customers", "to: sales.customers"
            )
        )
        assert len(validated()) == 2
        contract.write_text(CONTRACT)
        assert "A statement took longer than allowed" in validated(
            f"{remedy}&options=-cstatement_timeout%3D1", code=7
        )
        assert (
            "The server refuses the password"
            in tdmvc(
                "validate", "--contract", contract, "--database", url.replace(PASSWORD, "wrong"), code=7
            ).err
        )
        postgres_server.execute(name, *VIEW)
        assert validated(remedy) == {"customers.name.length": LONG, "orders.customer_id.references": LOST}
        postgres_server.execute(name, "ALTER VIEW sales.customers RENAME COLUMN name TO full_name")
        assert validated(remedy)["customers.name.length"].startswith(
            "the rows have no column name; did you mean full_name"
        )
