"""Which rows name a row that is not there, and since when."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdmvc.model.declarations import ForeignKey, ReferenceActions
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import Column, TableSchema
from tests.checks.rule_checks import check_change
from tests.duckdb_sessions import open_session_and_folder
from tests.laws.strategies_tables import Row, write_parts

INT, TEXT = pa.int64(), pa.string()
ORDERS = TableSchema("orders", (Column("id", INT), Column("note", TEXT)), ("id",))
ITEMS = TableSchema(
    "items",
    (Column("id", INT), Column("order_id", INT)),
    ("id",),
    (ForeignKey(("order_id",), "orders", ("id",)),),
)


def shop(folder: Path, orders: list[int], items: list[tuple[int | None, int | None]]) -> dict[str, TableSide]:
    return {
        "orders": write_parts(folder, ORDERS, [[{"id": i, "note": ""} for i in orders]]),
        "items": write_parts(folder, ITEMS, [[{"id": i, "order_id": order} for i, order in items]]),
    }


def brief(findings: tuple[Finding, ...]) -> list[tuple[str, object, object]]:
    return [(f.rule, f.details.get("count"), f.details.get("keys")) for f in findings]


def pair(
    folder: Path, child: Column, parent: Column, children: list[object], parents: list[object]
) -> dict[str, TableSide]:
    """Two tables of one column each, joined by it."""
    reference = (ForeignKey((child.name,), "p", (parent.name,)),)
    return {
        "c": write_parts(
            folder, TableSchema("c", (child,), (), reference), [[{child.name: v} for v in children]]
        ),
        "p": write_parts(folder, TableSchema("p", (parent,)), [[{parent.name: v} for v in parents]]),
    }


def test_a_row_that_references_a_missing_row_is_an_error(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    tables = shop(tmp_path, [1, 2], [(10, 1), (11, 3), (12, None), (13, 4)])
    (found,) = check_change(con, tables, at="golden")
    assert (found.rule, found.severity, found.columns) == ("broken-reference", Severity.ERROR, ("order_id",))
    assert found.message == (
        "The reference items (order_id) → orders (id) is broken: "
        "2 rows of items (id: 11, 13) refer to a row of orders that does not exist."
    )


def test_a_removed_parent_breaks_its_children(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    old, new = shop(tmp_path, [1, 2], [(10, 1)]), shop(tmp_path, [2], [(10, 1)])
    assert brief(check_change(con, new, old=[old])) == [("broken-reference", 1, ["10"])]


def test_an_old_violation_is_a_warning_and_a_new_one_an_error(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    old = shop(tmp_path, [1], [(10, 7), (11, 1), (12, 8)])
    new = shop(tmp_path, [1], [(10, 7), (11, 7), (12, 9), (13, 7)])
    fresh, stale = check_change(con, new, old=[old])
    assert (fresh.rule, fresh.details["count"], fresh.details["keys"]) == (
        "broken-reference", 3, ["11", "12", "13"],
    )  # fmt: skip
    assert (stale.rule, stale.severity) == ("reference-broken-before", Severity.WARNING)
    assert stale.details["keys"] == ["10"]
    assert (
        "was broken before and still is: 1 row of items (id: 10) refers to a row of orders that does not exist."
        in stale.message
    )


def test_a_corrected_violation_is_not_reported(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    old, new = shop(tmp_path, [1], [(10, 7)]), shop(tmp_path, [1, 7], [(10, 7)])
    assert check_change(con, new, old=[old]) == ()


def test_a_composite_reference_with_a_null_in_it_names_nothing(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    names = (Column("a", INT), Column("b", TEXT))
    schema = TableSchema("c", (Column("k", INT), *names), ("k",), (ForeignKey(("a", "b"), "p", ("a", "b")),))
    rows: list[Row] = [
        {"k": 1, "a": 1, "b": "x"},
        {"k": 2, "a": 1, "b": "y"},
        {"k": 3, "a": 9, "b": None},
        {"k": 4, "a": None, "b": "q"},
    ]
    tables = {
        "c": write_parts(tmp_path, schema, [rows]),
        "p": write_parts(tmp_path, TableSchema("p", names), [[{"a": 1, "b": "x"}, {"a": None, "b": "y"}]]),
    }
    assert brief(check_change(con, tables)) == [("broken-reference", 1, ["2"])]


def test_a_table_may_refer_to_itself(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    schema = TableSchema(
        "staff", (Column("id", INT), Column("boss", INT)), ("id",), (ForeignKey(("boss",), "staff", ("id",)),)
    )
    rows: list[Row] = [
        {"id": 1, "boss": None},
        {"id": 2, "boss": 1},
        {"id": 3, "boss": 3},
        {"id": 4, "boss": 5},
    ]
    side = write_parts(tmp_path, schema, [rows[:2], rows[2:]])
    assert brief(check_change(con, {"staff": side})) == [("broken-reference", 1, ["4"])]


@pytest.mark.parametrize(
    ("child", "parent", "children", "parents", "broken"),
    [
        (pa.int32(), pa.int64(), [1, 2], [1], 1),
        (pa.uint64(), pa.int64(), [2**63, 1], [1, -(2**63)], 1),
        (INT, TEXT, [1, 2], ["1", "02"], 1),
        (TEXT, INT, ["1", "01", "x"], [1], 2),
        (pa.decimal128(9, 2), INT, [Decimal("100.00"), Decimal("1.50")], [100, 15], 1),
        (INT, pa.float64(), [1, 2], [1.0, 2.5], 1),
        (pa.date32(), pa.timestamp("us"), [date(2024, 1, 1)], [datetime(2024, 1, 1)], 0),
        (
            pa.timestamp("us"),
            pa.timestamp("us", tz="UTC"),
            [datetime(2024, 1, 1), datetime(2024, 1, 2)],
            [datetime(2024, 1, 1, tzinfo=UTC)],
            1,
        ),
        (pa.binary(), pa.binary(), [b"a", b"b"], [b"a"], 1),
        (TEXT, TEXT, ["", "a"], ["", "A"], 1),
    ],
)
def test_different_types_compare_by_meaning(
    con: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    child: pa.DataType,
    parent: pa.DataType,
    children: list[object],
    parents: list[object],
    broken: int,
) -> None:
    tables = pair(tmp_path, Column("x", child), Column("y", parent), children, parents)
    found = check_change(con, tables)
    assert sum(int(str(f.details["count"])) for f in found) == broken


def test_types_without_anything_in_common_are_reported_and_not_compared(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    tables = pair(tmp_path, Column("x", pa.list_(INT)), Column("y", INT), [[1]], [1])
    (found,) = check_change(con, tables)
    assert (found.rule, found.severity) == ("rule-not-evaluated", Severity.ERROR)
    assert "the types of its columns have no values in common" in found.message


def test_a_parent_table_that_is_not_there_is_an_error_and_one_that_never_was_a_warning(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    old = shop(tmp_path, [1], [(10, 1), (11, 1), (12, None)])
    new = {"items": old["items"]}
    (gone,) = check_change(con, new, old=[old])
    assert (gone.rule, gone.severity) == ("rule-not-evaluated", Severity.ERROR)
    assert "there is no table orders" in gone.message
    (never,) = check_change(con, new, old=[new])
    assert (never.severity, never.details["new"]) == (Severity.WARNING, 0)


def test_a_column_that_the_parent_lost_is_reported(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    old = shop(tmp_path, [1], [(10, 1)])
    bare = write_parts(tmp_path, TableSchema("orders", (Column("note", TEXT),)), [[{"note": ""}]])
    (found,) = check_change(con, {**old, "orders": bare}, old=[old])
    assert (found.rule, found.severity) == ("rule-not-evaluated", Severity.ERROR)
    assert "orders has no column id" in found.message


@pytest.mark.parametrize("side", ["old", "new"])
def test_a_key_that_is_personal_on_either_side_is_not_shown(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, side: str
) -> None:
    def tables(word: str | None, parents: list[object]) -> dict[str, TableSide]:
        email = Column("email", TEXT, classification=word)
        schema = TableSchema(
            "c", (email, Column("ref", TEXT)), ("email",), (ForeignKey(("ref",), "p", ("id",)),)
        )
        return {
            "c": write_parts(tmp_path, schema, [[{"email": "ada@example.test", "ref": "secret"}]]),
            "p": write_parts(
                tmp_path, TableSchema("p", (Column("id", TEXT),)), [[{"id": v} for v in parents]]
            ),
        }

    old = tables("personal" if side == "old" else None, ["secret"])
    new = tables("personal" if side == "new" else None, [])
    (found,) = check_change(con, new, old=[old])
    assert found.details["keys"] == ["•••"]
    assert "ada" not in repr(found)
    assert "secret" not in repr(found)


def test_unusual_names_do_not_matter(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    key = (Column("rows", INT), Column("i0", INT), Column("before", INT), Column("k1", INT))
    names = tuple(column.name for column in key)
    schema = TableSchema("c", (*key, Column('a"b', INT)), names, (ForeignKey(('a"b',), "p", ("filename",)),))
    row: Row = {"rows": 1, "i0": 2, "before": 3, "k1": 4, 'a"b': 5}
    new = {
        "c": write_parts(tmp_path, schema, [[row, {**row, "k1": 6}]]),
        "p": write_parts(tmp_path, TableSchema("p", (Column("filename", INT),)), [[{"filename": 1}]]),
    }
    old = {**new, "c": write_parts(tmp_path, schema, [[row]])}
    assert brief(check_change(con, new, old=[old])) == [
        ("broken-reference", 1, ["(1, 2, 3, 6)"]),
        ("reference-broken-before", 1, ["(1, 2, 3, 4)"]),
    ]


def test_nothing_is_left_in_the_connection(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    check_change(con, shop(tmp_path, [], [(1, 1)]), old=[shop(tmp_path, [], [(1, 1)])])
    assert con.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]


ROWS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([None, 0, 1, 2, 3])), max_size=6)


@settings(max_examples=40, deadline=None)
@given(ROWS, ROWS, st.sets(st.integers(0, 3)), st.sets(st.integers(0, 3)), st.booleans())
def test_counts_agree_with_plain_python(
    old_items: list[tuple[int, int | None]],
    new_items: list[tuple[int, int | None]],
    old_orders: set[int],
    new_orders: set[int],
    is_keyed: bool,
) -> None:
    schema = ITEMS if is_keyed else TableSchema("items", ITEMS.columns, (), ITEMS.references)

    def broken(items: list[tuple[int, int | None]], orders: set[int]) -> Counter[object]:
        # Without a key only the reference's values tell rows apart.
        return Counter(
            (item if is_keyed else None, order)
            for item, order in items
            if order is not None and order not in orders
        )

    before, now = broken(old_items, old_orders), broken(new_items, new_orders)
    with open_session_and_folder() as (con, folder):
        sides = []
        for items, orders in ((old_items, old_orders), (new_items, new_orders)):
            rows: list[Row] = [{"id": i, "order_id": order} for i, order in items]
            parents: list[Row] = [{"id": i, "note": ""} for i in sorted(orders)]
            sides.append(
                {
                    "orders": write_parts(folder, ORDERS, [parents]),
                    "items": write_parts(folder, schema, [rows[:2], rows[2:]]),
                }
            )
        found = check_change(con, sides[1], old=[sides[0]])
    counts = {f.rule: f.details["count"] for f in found if f.columns == ("order_id",)}
    expected = {
        "broken-reference": (now - before).total(),
        "reference-broken-before": (now & before).total(),
    }
    assert counts == {rule: count for rule, count in expected.items() if count}


def test_a_declared_reference_to_a_table_that_was_not_added_is_a_warning(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    tables = shop(tmp_path, [1], [(10, 1)])
    items = tables["items"]
    (reference,) = items.schema.references
    declared = replace(items.schema, references=(replace(reference, declared=ReferenceActions()),))
    (found,) = check_change(con, {"items": replace(items, schema=declared)})
    assert (found.rule, found.severity) == ("rule-not-evaluated", Severity.WARNING)
