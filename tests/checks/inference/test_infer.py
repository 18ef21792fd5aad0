"""Rules that rows suggest: each holds, none repeats another, and none shows a value that nobody may see."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdmvc.checks.inference import infer_rules
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.checks.validation.validate import validate_tables
from tdmvc.contracts.declaring import declare_rules
from tdmvc.contracts.odcs.editing import update_contract
from tdmvc.contracts.odcs.reading import parse_contract
from tdmvc.databases import condition_engines
from tdmvc.model.declarations import Check
from tdmvc.model.diff import TableSide
from tdmvc.model.inference import TableInference
from tdmvc.model.rule_strength import is_implied
from tdmvc.model.rules import Length, Range, Required, Unique, Values, kind_of
from tdmvc.model.schema import Column, Contract, TableSchema
from tdmvc.model.validation import RuleVerdict
from tests.series import IS_LONG, trials

Row = dict[str, Any]


def side(folder: Path, schema: TableSchema, rows: Sequence[Row]) -> TableSide:
    path = folder / f"{schema.name}.parquet"
    pq.write_table(pa.Table.from_pylist(list(rows), schema.arrow_schema()), path)
    return TableSide(schema, ("part",) if rows else (), len(rows), lambda names: [path for _ in names])


def table(name: str, *, key: tuple[str, ...] = (), **columns: pa.DataType) -> TableSchema:
    return TableSchema(name, tuple(Column(one, type_) for one, type_ in columns.items()), key=key)


def infer(
    con: duckdb.DuckDBPyConnection,
    sides: dict[str, TableSide],
    declared: Contract | None = None,
    *,
    minimum_rows: int = 30,
) -> dict[str, TableInference]:
    contract = declared or Contract({name: one.schema for name, one in sides.items()})
    with ExitStack() as stack:
        found = infer_rules(
            con, sides, contract, conditions=condition_engines(stack), minimum_rows=minimum_rows
        )
    return {one.table: one for one in found}


def demands(found: TableInference) -> set[tuple[str, str]]:
    return {(kind_of(one.rule), ",".join(one.rule.columns)) for one in found.proposals}


def test_each_kind_of_rule_is_found(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    customers = table("customers", key=("id",), id=pa.int64(), email=pa.string())
    orders = table(
        "orders",
        key=("id",),
        id=pa.int64(),
        customer_id=pa.int32(),
        quantity=pa.int64(),
        price=pa.decimal128(9, 2),
        status=pa.string(),
        note=pa.string(),
        started_on=pa.timestamp("us"),
        ended_on=pa.timestamp("us"),
        parent_id=pa.int64(),
    )
    rows = [
        {
            "id": n,
            "customer_id": 1 + n % 40,
            "quantity": 1 + n % 10,
            "price": Decimal(n) / 4,
            "status": ["new", "paid"][n % 2],
            "note": "word " * (1 + n % 7) + str(n) if n % 5 else None,
            "started_on": n,
            "ended_on": n + 5 if n % 3 else None,
            "parent_id": n // 2 if n > 1 else None,
        }
        for n in range(1, 201)
    ]
    people = [{"id": n, "email": f"p{n}@example.test"} for n in range(1, 41)]
    sides = {"orders": side(tmp_path, orders, rows), "customers": side(tmp_path, customers, people)}
    found = infer(con, sides)
    required = {("required", one) for one in ("customer_id", "quantity", "price", "status", "started_on")}
    assert demands(found["orders"]) == required | {
        ("reference", "customer_id"),
        ("reference", "parent_id"),
        ("range", "quantity"),
        ("range", "price"),
        ("values", "status"),
        ("length", "note"),
        ("check", "started_on,ended_on"),
        ("range", "started_on"),
        ("range", "ended_on"),
    }
    assert demands(found["customers"]) == {("required", "email"), ("unique", "email")}
    tests = {
        one.rule.columns: one.rule.test for one in found["orders"].proposals if kind_of(one.rule) == "range"
    }
    usual = Range("1900-01-01T00:00:00", "2100-01-01T00:00:00", excludes_maximum=True)
    assert tests == {
        ("quantity",): Range(1, 10),
        ("price",): Range(Decimal(0)),
        ("started_on",): usual,
        ("ended_on",): usual,
    }
    support = {one.rule.id: one.support for one in found["orders"].proposals}
    assert support["orders.note.length"] == 160
    assert support["orders.parent_id.references"] == 199


def test_a_broken_rule_is_not_proposed(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    parents = table("parents", key=("id",), id=pa.int64())
    schema = table("children", parent_id=pa.int64(), uuid=pa.string(), begin=pa.int64(), finish=pa.int64())
    rows = [{"parent_id": n, "uuid": f"u{n}", "begin": n, "finish": n + 1} for n in range(50)]
    rows += [{"parent_id": 99, "uuid": "u1", "begin": 9, "finish": 1}]
    sides = {
        "parents": side(tmp_path, parents, [{"id": n} for n in range(50)]),
        "children": side(tmp_path, schema, rows),
    }
    kinds = {kind for kind, _ in demands(infer(con, sides)["children"])}
    assert kinds.isdisjoint({"reference", "unique", "check", "key"})
    sides["children"] = side(tmp_path, schema, rows[:-1])
    kinds = {kind for kind, _ in demands(infer(con, sides)["children"])}
    assert kinds >= {"reference", "unique", "check", "key"}


def test_few_rows_suggest_nothing_and_say_so(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    schema = table("t", id=pa.int64(), email=pa.string(), rare=pa.string())
    rows = [{"id": n, "email": f"e{n}", "rare": "x" if n < 5 else None} for n in range(29)]
    found = infer(con, {"t": side(tmp_path, schema, rows)})["t"]
    assert found.proposals == ()
    assert found.notes == ("29 rows: too few to tell a rule from chance (--min-rows)",)
    found = infer(con, {"t": side(tmp_path, schema, [*rows, {"id": 29, "email": "e29"}])})["t"]
    assert {one.support for one in found.proposals} == {30}
    assert all(one.may_break == pytest.approx(0.095, abs=0.001) for one in found.proposals)
    assert "too few values: rare" in found.notes
    assert infer(con, {"t": side(tmp_path, schema, [])})["t"].proposals == ()


CANARY = "zqCanary"


@pytest.mark.parametrize(
    ("name", "value", "classification"),
    [
        ("email", CANARY + "{n}@example.test", None),
        ("misc", "sk_live_" + CANARY + "abcdefgh{n}", None),
        ("contact", CANARY + "{n}@example.test", None),
        ("status", CANARY, "personal"),
        ("state", CANARY + "{n}", "pii"),
    ],
)
def test_values_that_nobody_may_see_suggest_nothing(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, name: str, value: str, classification: str | None
) -> None:
    schema = TableSchema("t", (Column(name, pa.string(), classification=classification),))
    rows = [{name: value.format(n=n % 3)} for n in range(100)]
    found = infer(con, {"t": side(tmp_path, schema, rows)})["t"]
    assert demands(found) == {("required", name)}
    assert CANARY not in repr(found)
    assert found.notes == (f"personal or secret, so values were only counted: {name}",)


def test_what_the_contract_demands_is_not_proposed_again(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    schema = TableSchema("t", (Column("status", pa.string(), required=True, max_length=9),))
    rows = [{"status": ["new", "paid"][n % 2]} for n in range(60)]
    found = infer(con, {"t": side(tmp_path, schema, rows)})["t"]
    assert [type(one.rule.test) for one in found.proposals] == [Values]
    declared = Contract({"t": declare_rules(schema, [one.rule for one in found.proposals])})
    assert infer(con, {"t": side(tmp_path, schema, rows)}, declared)["t"].proposals == ()


@pytest.mark.parametrize(
    "check",
    [
        "pages >= 0",
        "pages>0",
        "pages BETWEEN 1 AND 100",
        "(pages >= 0) AND (pages <= 1000)",
        "pages IN (7, 8)",
    ],
)
def test_what_a_check_demands_is_not_proposed_again(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, check: str
) -> None:
    plain = table("books", pages=pa.int64())
    rows = [{"pages": 7 + n % 2} for n in range(60)]
    sides = {"books": side(tmp_path, plain, rows)}
    assert demands(infer(con, sides)["books"]) == {("required", "pages"), ("range", "pages")}
    declared = Contract({"books": replace(plain, checks=(Check(check, "sqlite", "pages_check"),))})
    assert demands(infer(con, sides, declared)["books"]) == {("required", "pages")}


def test_a_stronger_rule_stands_alone(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    schema = table("orders", order_id=pa.int64(), status=pa.string())
    rows = [{"order_id": n, "status": ["new", "paid"][n % 2]} for n in range(60)]
    tests = [
        one.rule.test for one in infer(con, {"orders": side(tmp_path, schema, rows)})["orders"].proposals
    ]
    # The key is no edit of the contract, so what it implies is proposed, too.
    assert tests.count(Unique(is_key=True)) == 1
    assert Unique() in tests
    assert Required() in tests
    # The list of values says how long they are.
    assert not any(isinstance(test, Length) for test in tests)


def test_columns_that_identify_rows_together_are_found_and_no_larger_ones(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows = [
        {"order_id": n // 5, "line": n % 5, "product_id": n // 2 % 30, "note": f"n{n % 3}"}
        for n in range(1000)
    ]
    # Almost unique with the order, which an estimate cannot tell.
    rows = [{**row, "shop_id": n % 5 % 4} for n, row in enumerate(rows)]
    lines = table(
        "order_lines",
        order_id=pa.int64(),
        line=pa.int32(),
        product_id=pa.int64(),
        note=pa.string(),
        shop_id=pa.int64(),
    )
    parcels = table("parcels", key=("id",), id=pa.int64(), order_id=pa.int64(), line=pa.int32())
    sent = [{"id": n, "order_id": n // 2, "line": n % 2} for n in range(300)]
    sides = {"order_lines": side(tmp_path, lines, rows), "parcels": side(tmp_path, parcels, sent)}
    found = infer(con, sides)
    [key] = [one for one in found["order_lines"].proposals if kind_of(one.rule) == "key"]
    assert (key.rule.columns, key.command) == (("order_id", "line"), "--key order_lines=order_id,line")
    uniques = [one for one in found["order_lines"].proposals if kind_of(one.rule) == "unique"]
    assert [one.rule.columns for one in uniques] == [("order_id", "line")]
    assert "by chance, about" in uniques[0].evidence
    assert ("reference", "order_id,line") in demands(found["parcels"])
    sides["order_lines"] = side(tmp_path, lines, [*rows, rows[7]])
    found = infer(con, sides)
    assert not demands(found["order_lines"]) & {("key", "order_id,line"), ("unique", "order_id,line")}
    assert ("reference", "order_id,line") not in demands(found["parcels"])


def test_what_never_repeats_by_chance_is_not_proposed(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    schema = table("visits", key=("id",), id=pa.int64(), person_id=pa.int64(), place_id=pa.int64())
    rows = [{"id": n, "person_id": n % 250, "place_id": n * 7 % 499} for n in range(500)]
    found = infer(con, {"visits": side(tmp_path, schema, rows)})["visits"]
    assert "unique" not in {kind for kind, _ in demands(found)}


def test_three_columns_are_tried_if_no_two_identify_rows(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    schema = table("prices", shop_id=pa.int64(), product_id=pa.int64(), year=pa.int32(), amount=pa.int64())
    rows = [
        {"shop_id": shop, "product_id": product, "year": 2020 + year, "amount": 7}
        for shop in range(5)
        for product in range(20)
        for year in range(3)
    ]
    found = infer(con, {"prices": side(tmp_path, schema, rows)})["prices"]
    assert ("key", "shop_id,product_id,year") in demands(found)
    assert ("range", "year") in demands(found)


def test_a_table_without_a_key_is_referred_to_by_its_likely_one(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    owners, pets = table("owners", id=pa.int64()), table("pets", owner_id=pa.int64())
    rows = [{"owner_id": n % 4} for n in range(60)]
    sides = {
        "owners": side(tmp_path, owners, [{"id": n} for n in range(4)]),
        "pets": side(tmp_path, pets, rows),
    }
    assert ("reference", "owner_id") in demands(infer(con, sides)["pets"])
    sides["owners"] = side(tmp_path, owners, [{"id": n} for n in (0, 1, 2, 3, 3)])
    assert ("reference", "owner_id") not in demands(infer(con, sides)["pets"])


@pytest.mark.parametrize(
    ("type_", "name", "values", "is_proposed"),
    [
        (pa.date32(), "paid_on", [date(2005, 1, 1), date(2031, 1, 1)], True),
        (pa.timestamp("us", tz="UTC"), "paid_at", [datetime(2005, 1, 1), datetime(2031, 1, 1)], True),
        (pa.date32(), "paid_on", [date(1, 1, 1), date(2005, 1, 1)], False),
        (pa.date32(), "paid_on", [date(2005, 1, 1), date(9999, 12, 31)], False),
        (pa.date32(), "updated_on", [date(2005, 1, 1), date(2006, 1, 1)], False),
        (pa.int32(), "release_year", [2005, 2031], True),
        (pa.int32(), "release_year", [0, 2031], False),
    ],
)
def test_bounds_of_dates_and_years_keep_out_what_stands_for_none(
    con: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    type_: pa.DataType,
    name: str,
    values: Sequence[object],
    *,
    is_proposed: bool,
) -> None:
    rows = [{name: value} for value in values for _ in range(30)]
    found = infer(con, {"t": side(tmp_path, table("t", **{name: type_}), rows)})["t"]
    assert (("range", name) in demands(found)) is is_proposed


@pytest.mark.parametrize("year", [1901, 1969, 1970, 2023, 2024, 2096])
def test_the_evidence_names_the_years_of_the_rows(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, year: int
) -> None:
    rows = [{"paid_on": value} for value in (date(year, 1, 1), date(year, 12, 31)) for _ in range(30)]
    (found,) = [
        one
        for one in infer(con, {"t": side(tmp_path, table("t", paid_on=pa.date32()), rows)})["t"].proposals
        if isinstance(one.rule.test, Range)
    ]
    assert f", in {year}," in found.evidence


TEXTS = st.sampled_from(["new", "paid", "", "Ünïcode", "a b", "A-1", "B-2", "1", "x" * 40])
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.integers(0, 3),
            "code": st.none() | TEXTS,
            "started": st.none() | st.integers(-5, 5),
            "ended": st.none() | st.integers(-5, 5),
            "rate": st.none() | st.sampled_from([0.5, -1.0, float("nan"), float("inf"), 1e300]),
            "percent": st.none() | st.decimals(-1, 101, places=2),
            "order_id": st.integers(0, 2),
            "line": st.integers(0, 3),
            "paid_on": st.none() | st.sampled_from([date(1, 1, 1), date(1900, 1, 1), date(2024, 5, 6)]),
            "sent_at": st.none() | st.sampled_from([datetime(2099, 12, 31, 23), datetime(2024, 5, 6)]),
        }
    ),
    max_size=12,
    unique_by=lambda row: (row["order_id"], row["line"]),
)


@pytest.mark.timeout(900 if IS_LONG else 120)
def test_every_proposal_holds_for_all_rows_and_reads_back(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    schema = table(
        "things",
        id=pa.int64(),
        code=pa.string(),
        started=pa.int32(),
        ended=pa.int32(),
        rate=pa.float64(),
        percent=pa.decimal128(9, 2),
        order_id=pa.int64(),
        line=pa.int64(),
        paid_on=pa.date32(),
        sent_at=pa.timestamp("us"),
    )

    @settings(max_examples=trials(300, 15))
    @given(ROWS)
    def law(rows: list[Row]) -> None:
        with ExitStack() as stack:
            sides = {"things": side(tmp_path, schema, rows)}
            found = infer(con, sides, minimum_rows=2)["things"]
            rules = [one.rule for one in found.proposals if one.command is None]
            text = update_contract(None, "d", {"things": declare_rules(schema, rules)})
            written = parse_contract(text, "contract.yaml")
            for rule in rules:
                assert is_implied(rule, written.rules), rule
            options = ValidationOptions(conditions=condition_engines(stack))
            for result in validate_tables(con, sides, written, options)[0].results:
                assert result.verdict is RuleVerdict.PASSED, result
            again = infer(con, sides, written, minimum_rows=2)["things"]
            assert [one for one in again.proposals if one.command is None] == []
            for one in found.proposals:
                others = [
                    other.rule for other in found.proposals if other is not one and other.command is None
                ]
                assert not is_implied(one.rule, others)

    law()
