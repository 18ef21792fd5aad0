"""The sample shop is what its README files say it is, at each of its releases."""

import re
import sqlite3
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from functools import cache
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import pytest

from tdmvc.demo import FOLDER, DemoRelease, read_releases
from tests.demo.shop_databases import Rows, load, migrate, read_csv, read_tables
from tests.schemas import assert_valid_contract
from tests.yaml_files import load_yaml, read_yaml

RELEASES = read_releases()
FINAL = RELEASES[-1]
WORKFLOWS = {"payment-retry": 1, "subscription-renewal": 2, "multi-currency-invoice": 3}
"""The thousand that each workflow's ids begin with."""
MINOR_UNIT = {"EUR": Decimal("0.01"), "USD": Decimal("0.01"), "JPY": Decimal(1)}

each_release = pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.version)
each_csv = pytest.mark.parametrize(
    "path", sorted(FOLDER.rglob("*.csv")), ids=lambda path: path.relative_to(FOLDER).as_posix()
)


@cache
def contract_of(release: DemoRelease) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the properties of the release's contract by table and column."""
    contract = read_yaml(release.contract)
    return {
        table["name"]: {column["name"]: column for column in table["properties"]}
        for table in contract["schema"]
    }


def content(con: sqlite3.Connection, table: str) -> list[dict[str, object]]:
    cursor = con.execute(f"SELECT * FROM {table} ORDER BY 1, 2")
    return [dict(zip([c[0] for c in cursor.description], row, strict=True)) for row in cursor]


@pytest.fixture
def con() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute("PRAGMA foreign_keys = ON")
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def golden() -> dict[str, Rows]:
    return read_tables(FINAL.data)


# The releases


def test_the_releases_share_out_all_migrations_in_order() -> None:
    named = [path for release in RELEASES for path in release.migrations]
    assert named == sorted((FOLDER / "migrations").iterdir())


def test_every_data_folder_belongs_to_a_release() -> None:
    named = {folder for release in RELEASES for folder in release.data}
    assert named == {path.parent for path in FOLDER.rglob("*.csv")}


def test_migrations_are_numbered_without_a_gap() -> None:
    numbers = [path.name[:4] for release in RELEASES for path in release.migrations]
    assert numbers == [f"{n:04}" for n in range(1, len(numbers) + 1)]


@each_release
def test_a_release_s_rows_satisfy_its_schema(release: DemoRelease, con: sqlite3.Connection) -> None:
    tables = read_tables(release.data)
    migrate(con, *RELEASES[: RELEASES.index(release) + 1])
    load(con, tables)
    assert con.execute("PRAGMA foreign_key_check").fetchall() == []
    assert con.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    made = {name for (name,) in con.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert made == set(tables)
    assert all(len(content(con, table)) == len(rows) > 0 for table, rows in tables.items())


@each_release
def test_a_broken_reference_would_be_detected(release: DemoRelease, con: sqlite3.Connection) -> None:
    tables = read_tables(release.data)
    tables["orders"][0]["customer_id"] = "999999"
    migrate(con, *RELEASES[: RELEASES.index(release) + 1])
    with pytest.raises(sqlite3.IntegrityError):
        load(con, tables)


@pytest.mark.parametrize(("old", "new"), [(0, 1), (1, 2)], ids=["1.0.0 to 1.1.0", "1.1.0 to 2.0.0"])
def test_a_release_s_rows_upgraded_by_the_migrations_are_rows_of_the_next(
    old: int, new: int, con: sqlite3.Connection
) -> None:
    migrate(con, *RELEASES[:new])
    load(con, read_tables(RELEASES[old].data))
    migrate(con, RELEASES[new])
    fresh = sqlite3.connect(":memory:")
    migrate(fresh, *RELEASES[: new + 1])
    load(fresh, read_tables(RELEASES[new].data))
    for table in read_tables(RELEASES[old].data):
        upgraded = content(con, table)
        expected = content(fresh, table)
        assert list(upgraded[0]) == list(expected[0])
        assert [row for row in upgraded if row not in expected] == []
    fresh.close()


def test_the_rows_of_1_1_0_do_not_fit_the_schema_of_2_0_0(con: sqlite3.Connection) -> None:
    skus = [row["sku"] for row in read_tables(RELEASES[1].data)["products"]]
    assert len(set(skus)) == len(skus) - 1
    migrate(con, *RELEASES)
    with pytest.raises(sqlite3.IntegrityError, match="sku"):
        load(con, {"products": read_tables(RELEASES[1].data)["products"]})


# The files


@each_release
def test_headers_equal_the_columns_of_the_schema_and_of_the_contract(
    release: DemoRelease, con: sqlite3.Connection
) -> None:
    migrate(con, *RELEASES[: RELEASES.index(release) + 1])
    contract = contract_of(release)
    for folder in release.data:
        for path in folder.glob("*.csv"):
            header = path.read_text(encoding="utf-8").splitlines()[0].split(",")
            assert header == [row[1] for row in con.execute(f"PRAGMA table_info({path.stem})")], path
            assert header == list(contract[path.stem]), path


@each_csv
def test_a_file_is_in_key_order_with_unix_line_ends(path: Path) -> None:
    assert b"\r" not in path.read_bytes()
    assert path.read_bytes().endswith(b"\n")
    keys = [[int(v or "") for n, v in row.items() if n in key_columns(path)] for row in read_csv(path)]
    assert keys == sorted(keys)
    assert len({tuple(key) for key in keys}) == len(keys)


def key_columns(path: Path) -> set[str]:
    properties = contract_of(FINAL)[path.stem].items()
    return {name for name, column in properties if column.get("primaryKey")}


@each_release
def test_a_number_has_the_decimal_places_of_its_type(release: DemoRelease) -> None:
    # A column with 4157 and 27.29 would become text.
    for table, rows in read_tables(release.data).items():
        for name, column in contract_of(release)[table].items():
            if places := re.search(r"numeric\(\d+,(\d+)\)", column["physicalType"]):
                wanted = re.compile(rf"-?\d+\.\d{{{places[1]}}}")
                assert all(row[name] is None or wanted.fullmatch(row[name]) for row in rows), (
                    f"{table}.{name}"
                )


@each_csv
def test_times_are_written_in_utc_and_addresses_are_reserved_examples(path: Path) -> None:
    for row in read_csv(path):
        for name, text in row.items():
            if name.endswith("_at") and text is not None:
                assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text)
                datetime.fromisoformat(text)
            if name == "email":
                assert text is not None
                assert text.endswith("@example.test")


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_workflow_keeps_to_its_range_of_ids(workflow: str) -> None:
    for path in (FOLDER / "golden" / workflow).glob("*.csv"):
        for row in read_csv(path):
            own = next(iter(row.values()))
            assert int(own or "") // 1000 == WORKFLOWS[workflow], path


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_the_readme_of_a_workflow_names_existing_ids(workflow: str, golden: dict[str, Rows]) -> None:
    text = (FOLDER / "golden" / workflow / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"(customer|order|payment|subscription|renewal|invoice)s? (\d{4})", text)
    assert len(named) >= 4
    for kind, id_ in named:
        assert id_ in {row["id"] for row in golden[f"{kind}s"]}, f"{kind} {id_}"


# The contracts


def test_the_golden_dataset_has_the_contract_of_the_last_release() -> None:
    assert (
        FOLDER.parents[1] / "datasets" / "golden" / "contract.yaml"
    ).read_bytes() == FINAL.contract.read_bytes()


@each_release
def test_a_contract_is_valid_odcs(release: DemoRelease) -> None:
    assert installed_version("open-data-contract-standard").startswith("3.")
    text = release.contract.read_text(encoding="utf-8")
    assert_valid_contract(text)
    contract = load_yaml(text)
    assert contract["apiVersion"] == "v3.1.0"
    assert contract["version"] == release.version


@each_release
def test_a_contract_agrees_with_the_schema(release: DemoRelease, con: sqlite3.Connection) -> None:
    migrate(con, *RELEASES[: RELEASES.index(release) + 1])
    for table, columns in contract_of(release).items():
        facts = con.execute(f"PRAGMA table_info({table})").fetchall()
        stated = [
            (c["name"], c["physicalType"], c.get("required", False), c.get("primaryKeyPosition", 0))
            for c in columns.values()
        ]
        assert stated == [(name, type_.lower(), bool(need), key) for _, name, type_, need, _, key in facts]
        references = {
            row[3]: f"{row[2]}.{row[4]}" for row in con.execute(f"PRAGMA foreign_key_list({table})")
        }
        assert references == {
            name: column["relationships"][0]["to"]
            for name, column in columns.items()
            if "relationships" in column
        }
        assert single_unique_columns(con, table) == {n for n, c in columns.items() if c.get("unique")}


def single_unique_columns(con: sqlite3.Connection, table: str) -> set[str]:
    found = set()
    for _, index, is_unique, origin, _ in con.execute(f"PRAGMA index_list({table})").fetchall():
        columns = [row[2] for row in con.execute(f"PRAGMA index_info({index})")]
        if is_unique and origin != "pk" and len(columns) == 1:
            found.add(columns[0])
    return found


@each_release
def test_a_contract_classifies_personal_columns_and_describes_everything(release: DemoRelease) -> None:
    contract = read_yaml(release.contract)
    columns = [(t["name"], c) for t in contract["schema"] for c in t["properties"]]
    personal = {(table, c["name"]) for table, c in columns if c.get("classification") == "personal"}
    name = "full_name" if release is FINAL else "name"
    assert personal == {("customers", "email"), ("customers", name)}
    assert all(t["description"] for t in contract["schema"])
    assert all(c["description"] for _, c in columns)


# The stories


def by_id(rows: Rows) -> dict[str, dict[str, str]]:
    return {row["id"] or "": {name: text or "" for name, text in row.items()} for row in rows}


def money(text: str | None) -> Decimal:
    return Decimal(text or "")


def test_an_order_s_total_is_the_sum_of_its_lines(golden: dict[str, Rows]) -> None:
    sums: dict[str | None, Decimal] = defaultdict(Decimal)
    for line in golden["order_items"]:
        sums[line["order_id"]] += money(line["unit_price"]) * int(line["quantity"] or "")
    assert sums == {order["id"]: money(order["total"]) for order in golden["orders"]}


def test_nothing_happens_before_its_cause(golden: dict[str, Rows]) -> None:
    customers = by_id(golden["customers"])
    orders = by_id(golden["orders"])
    assert all(customers[o["customer_id"]]["created_at"] < o["placed_at"] for o in orders.values())
    for table, moment in (("payments", "created_at"), ("invoices", "issued_at")):
        rows = by_id(golden[table]).values()
        assert rows
        assert all(orders[row["order_id"]]["placed_at"] < row[moment] for row in rows)


def test_an_order_is_paid_exactly_when_its_last_payment_succeeded(golden: dict[str, Rows]) -> None:
    payments: dict[str, list[dict[str, str]]] = defaultdict(list)
    for payment in by_id(golden["payments"]).values():
        payments[payment["order_id"]].append(payment)
    for id_, order in by_id(golden["orders"]).items():
        tries = payments[id_]
        assert [int(p["attempt"]) for p in tries] == list(range(1, len(tries) + 1))
        assert [p["created_at"] for p in tries] == sorted(p["created_at"] for p in tries)
        assert all(p["amount"] == order["total"] for p in tries)
        assert all(p["status"] == "failed" for p in tries[:-1])
        assert (tries[-1]["status"] == "succeeded") == (order["status"] == "paid")


def test_a_failed_payment_is_followed_by_one_that_succeeds(golden: dict[str, Rows]) -> None:
    tries = [p for p in golden["payments"] if p["order_id"] == "1001"]
    assert [(p["status"], p["failure_code"]) for p in tries] == [
        ("failed", "card_declined"),
        ("succeeded", None),
    ]


def test_an_order_whose_payments_all_fail_is_cancelled(golden: dict[str, Rows]) -> None:
    assert [p["status"] for p in golden["payments"] if p["order_id"] == "1002"] == ["failed"] * 3
    assert by_id(golden["orders"])["1002"]["status"] == "cancelled"


def months_after(start: date, months: int) -> date:
    """Return the same day of a later month, or that month's last."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def test_renewals_are_a_month_apart_and_keep_the_first_day_of_the_month(golden: dict[str, Rows]) -> None:
    periods = defaultdict(list)
    for renewal in by_id(golden["renewals"]).values():
        period = (date.fromisoformat(renewal["period_start"]), date.fromisoformat(renewal["period_end"]))
        periods[renewal["subscription_id"]].append(period)
    subscriptions = by_id(golden["subscriptions"])
    assert set(periods) == set(subscriptions)
    for id_, found in periods.items():
        start = date.fromisoformat(subscriptions[id_]["started_on"])
        assert found == [
            (months_after(start, n), months_after(start, n + 1)) for n in range(1, len(found) + 1)
        ]
    assert [start.day for start, _ in periods["2001"]] == [28, 31, 30]


def test_a_renewal_places_an_order_of_the_subscriber_on_its_first_day(golden: dict[str, Rows]) -> None:
    orders, subscriptions = by_id(golden["orders"]), by_id(golden["subscriptions"])
    for renewal in by_id(golden["renewals"]).values():
        order = orders[renewal["order_id"]]
        assert order["customer_id"] == subscriptions[renewal["subscription_id"]]["customer_id"]
        assert order["placed_at"].startswith(renewal["period_start"])
        assert order["channel"] == "subscription"


def test_a_cancelled_subscription_does_not_renew_again(golden: dict[str, Rows]) -> None:
    cancelled_at = datetime.fromisoformat(by_id(golden["subscriptions"])["2002"]["cancelled_at"])
    own = [o for o in by_id(golden["orders"]).values() if o["customer_id"] == "2002"]
    assert len(own) == 2
    assert cancelled_at.tzinfo == UTC
    assert all(datetime.fromisoformat(order["placed_at"]) < cancelled_at for order in own)


def test_invoice_totals_equal_their_lines_in_both_currencies(golden: dict[str, Rows]) -> None:
    orders = by_id(golden["orders"])
    invoices = by_id(golden["invoices"])
    assert {invoice["currency"] for invoice in invoices.values()} == set(MINOR_UNIT)
    for id_, invoice in invoices.items():
        lines = [line for line in golden["invoice_lines"] if line["invoice_id"] == id_]
        assert sum(money(line["amount"]) for line in lines) == money(invoice["total"])
        assert sum(money(line["amount_eur"]) for line in lines) == money(invoice["total_eur"])
        assert money(invoice["total_eur"]) == money(orders[invoice["order_id"]]["total"])
        for line in lines:
            converted = money(line["amount_eur"]) * money(invoice["exchange_rate"])
            unit = MINOR_UNIT[invoice["currency"]]
            assert money(line["amount"]) == converted.quantize(unit, ROUND_HALF_UP)


def test_invoice_lines_are_the_lines_of_the_order(golden: dict[str, Rows]) -> None:
    names = {id_: product["name"] for id_, product in by_id(golden["products"]).items()}
    bought = [
        (i["order_id"], i["line_number"], names[i["product_id"] or ""], i["quantity"])
        for i in golden["order_items"]
        if (i["order_id"] or "").startswith("3")
    ]
    orders = {id_: invoice["order_id"] for id_, invoice in by_id(golden["invoices"]).items()}
    billed = [
        (orders[line["invoice_id"] or ""], line["line_number"], line["description"], line["quantity"])
        for line in golden["invoice_lines"]
    ]
    assert billed == bought


@pytest.mark.parametrize("currency", ["USD", "JPY"])
def test_the_rates_catch_every_shortcut_of_rounding(currency: str, golden: dict[str, Rows]) -> None:
    invoice = next(row for row in by_id(golden["invoices"]).values() if row["currency"] == currency)
    lines = [line for line in golden["invoice_lines"] if line["invoice_id"] == invoice["id"]]
    rate, unit = money(invoice["exchange_rate"]), MINOR_UNIT[currency]
    for line in lines:
        assert money(line["amount"]) != (money(line["amount_eur"]) * rate).quantize(unit, ROUND_HALF_EVEN)
    assert money(invoice["total"]) != (money(invoice["total_eur"]) * rate).quantize(unit, ROUND_HALF_UP)
