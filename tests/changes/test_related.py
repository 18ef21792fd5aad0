"""Which rows a reviewer sees together, and under which of several parents."""

from collections.abc import Iterator

import pytest

from tdmvc.changes import related
from tdmvc.changes.related import relate_rows
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.diff import (
    CellChange,
    ChangedRowSample,
    RowCounts,
    RowSample,
    Samples,
    SchemaChange,
    SchemaChangeKind,
    TableDiff,
    TableStatus,
)
from tdmvc.model.review import RelatedRow, RowChange
from tests.series import trials

Row = dict[str, object]
TO_ORDERS = ForeignKey(("order_id",), "orders", ("id",))
TO_PRODUCTS = ForeignKey(("product_id",), "products", ("id",))


def table(
    name: str,
    *references: ForeignKey,
    added: list[Row] | None = None,
    removed: list[Row] | None = None,
    changed: list[tuple[Row, Row]] | None = None,
    key: tuple[str, ...] = ("id",),
    unseen: int = 0,
    **rest: object,
) -> TableDiff:
    """A table whose samples are whole, unless `unseen` rows were added beyond them."""
    added, removed, changed = added or [], removed or [], changed or []

    def keyed(row: Row) -> Row:
        return {name: row[name] for name in key}

    samples = Samples(
        tuple(RowSample(keyed(row), row) for row in added),
        tuple(RowSample(keyed(row), row) for row in removed),
        tuple(
            ChangedRowSample(
                keyed(new),
                tuple(CellChange(c, old[c], new[c]) for c in new if old[c] != new[c]),
                {c: new[c] for c in new if old[c] == new[c] and c not in key},
            )
            for old, new in changed
        ),
    )
    counts = RowCounts(added=len(added) + unseen, removed=len(removed), changed=len(changed))
    return TableDiff(
        name,
        TableStatus.CHANGED,
        key,
        counts,
        samples=samples,
        references=references,
        **rest,  # type: ignore[arg-type]
    )


def tree(row: RelatedRow) -> str:
    """Spell a unit in one line: `orders +1 [items +10, items -11]`."""
    sign = {"added": "+", "removed": "-", "changed": "~", "untouched": "="}[row.change]
    own = f"{row.table} {sign}{'/'.join(map(str, row.key.values()))}"
    return own + (f" [{', '.join(map(tree, row.children))}]" if row.children else "")


def trees(*tables: TableDiff) -> list[str]:
    return [tree(unit) for unit in relate_rows(tables)]


def items(**kinds: list[Row] | list[tuple[Row, Row]]) -> TableDiff:
    return table("items", TO_ORDERS, **kinds)  # type: ignore[arg-type]


def test_an_order_comes_with_its_items_and_payments() -> None:
    orders = table("orders", added=[{"id": 1}, {"id": 2}], removed=[{"id": 3}])
    payments = table("payments", TO_ORDERS, added=[{"id": 90, "order_id": 1}])
    lines = items(
        added=[{"id": 10, "order_id": 1}, {"id": 11, "order_id": 1}], removed=[{"id": 12, "order_id": 3}]
    )
    (unit, other) = relate_rows([payments, lines, orders])
    assert tree(unit) == "orders +1 [items +10, items +11, payments +90]"
    assert tree(other) == "orders -3 [items -12]"
    assert unit.rows == 4
    assert [(child.table, child.sample, child.via) for child in unit.children] == [
        ("items", 0, ("order_id",)),
        ("items", 1, ("order_id",)),
        ("payments", 0, ("order_id",)),
    ]
    assert (unit.sample, unit.via, other.sample) == (0, (), 0)


def test_an_untouched_parent_is_shown_when_two_rows_name_it() -> None:
    lines = items(
        added=[{"id": 10, "order_id": 1}, {"id": 11, "order_id": 1}, {"id": 12, "order_id": 2}],
        removed=[{"id": 13, "order_id": 1}],
    )
    (unit,) = relate_rows([lines, table("orders")])
    assert tree(unit) == "orders =1 [items +10, items +11, items -13]"
    assert (unit.sample, unit.rows, unit.change) == (None, 3, RowChange.UNTOUCHED)


def test_no_row_is_called_untouched_if_samples_are_cut_or_the_table_is_missing() -> None:
    lines = items(added=[{"id": 10, "order_id": 1}, {"id": 11, "order_id": 1}])
    assert trees(lines, table("orders", unseen=1)) == []
    assert trees(lines) == []


def test_a_changed_row_belongs_to_its_new_parent() -> None:
    orders = table("orders", added=[{"id": 1}], removed=[{"id": 2}])
    moved = items(changed=[({"id": 10, "order_id": 2}, {"id": 10, "order_id": 1})])
    assert trees(orders, moved) == ["orders +1 [items ~10]"]


def test_a_changed_row_belongs_by_a_cell_that_did_not_change() -> None:
    orders = table("orders", changed=[({"id": 1, "n": 1}, {"id": 1, "n": 2})])
    priced = items(changed=[({"id": 10, "order_id": 1, "p": 1}, {"id": 10, "order_id": 1, "p": 2})])
    assert trees(orders, priced) == ["orders ~1 [items ~10]"]


def test_a_removed_row_finds_its_parent_by_the_old_name() -> None:
    by_code = ForeignKey(("code",), "orders", ("code",))
    orders = table("orders", changed=[({"id": 1, "code": "a"}, {"id": 1, "code": "b"})])
    lines = table("items", by_code, removed=[{"id": 10, "code": "a"}], added=[{"id": 11, "code": "b"}])
    assert trees(orders, lines) == ["orders ~1 [items -10, items +11]"]


def test_a_row_that_names_a_removed_one_is_shown_with_it() -> None:
    orders = table("orders", removed=[{"id": 1}])
    assert trees(orders, items(added=[{"id": 10, "order_id": 1}])) == ["orders -1 [items +10]"]


def test_a_touched_parent_wins_over_an_untouched_one() -> None:
    lines = table(
        "items", TO_ORDERS, TO_PRODUCTS,
        added=[{"id": i, "order_id": 1, "product_id": 7} for i in (10, 11)],
    )  # fmt: skip
    assert trees(lines, table("orders"), table("products", added=[{"id": 7}])) == [
        "products +7 [items +10, items +11]"
    ]


def test_a_reference_in_the_key_owns_like_a_touched_parent_and_composition_decides() -> None:
    rows: list[Row] = [{"order_id": 1, "product_id": 7}, {"order_id": 1, "product_id": 8}]
    products = table("products", added=[{"id": 7}, {"id": 8}])
    lines = table("order_items", TO_PRODUCTS, TO_ORDERS, added=rows, key=("order_id", "product_id"))
    assert trees(lines, table("orders"), products) == ["orders =1 [order_items +1/7, order_items +1/8]"]
    # A single row does not bring an untouched parent; it is shown with the touched one.
    single = table("order_items", TO_PRODUCTS, TO_ORDERS, added=rows[:1], key=("order_id", "product_id"))
    assert trees(single, table("orders"), products) == ["products +7 [order_items +1/7]"]


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        ("OrderItem", "Order"), ("order_items", "orders"), ("InvoiceLine", "Invoice"), ("category-names", "Categories"),
        ("shop_orderitem", "shop_order"), ("address_lines", "addresses"), ("boxItems", "boxes"),
    ],
)  # fmt: skip
def test_a_name_that_begins_like_the_parents_is_composition(child: str, parent: str) -> None:
    other = ForeignKey(("a",), "zebra", ("id",))
    owner = ForeignKey(("b",), parent, ("id",))
    row: Row = {"id": 1, "a": 1, "b": 1}
    tables = [
        table(child, other, owner, added=[row]),
        table("zebra", added=[{"id": 1}]),
        table(parent, added=[{"id": 1}]),
    ]
    assert trees(*tables) == [f"{parent} +1 [{child} +1]"]


def test_of_equal_references_the_first_declared_wins() -> None:
    row: Row = {"id": 1, "order_id": 1, "product_id": 1}
    parents = [table("orders", added=[{"id": 1}]), table("products", added=[{"id": 1}])]
    assert trees(table("x", TO_PRODUCTS, TO_ORDERS, added=[row]), *parents) == ["products +1 [x +1]"]
    assert trees(table("x", TO_ORDERS, TO_PRODUCTS, added=[row]), *parents) == ["orders +1 [x +1]"]


def test_units_nest_over_several_references() -> None:
    to_customers = ForeignKey(("customer_id",), "customers", ("id",))
    orders = table("orders", to_customers, added=[{"id": 1, "customer_id": 5}])
    assert trees(
        table("customers", added=[{"id": 5}]), orders, items(removed=[{"id": 10, "order_id": 1}])
    ) == ["customers +5 [orders +1 [items -10]]"]


def test_a_null_names_nothing() -> None:
    assert trees(table("orders", added=[{"id": 1}]), items(added=[{"id": 10, "order_id": None}])) == []


def test_a_composite_reference_needs_all_its_columns() -> None:
    both = ForeignKey(("a", "b"), "p", ("x", "y"))
    child = table("c", both, added=[{"id": 1, "a": 1, "b": 2}, {"id": 2, "a": 1, "b": None}])
    assert trees(child, table("p", added=[{"x": 1, "y": 2}], key=("x", "y"))) == ["p +1/2 [c +1]"]


def staff(rows: list[tuple[int, int | None]]) -> TableDiff:
    to_boss = ForeignKey(("boss",), "staff", ("id",))
    return table("staff", to_boss, added=[{"id": i, "boss": boss} for i, boss in rows])


def test_a_table_that_refers_to_itself_is_a_tree() -> None:
    assert trees(staff([(1, None), (2, 1), (3, 2), (4, 4)])) == ["staff +1 [staff +2 [staff +3]]"]


def test_a_circle_is_cut_at_its_first_row() -> None:
    assert trees(staff([(1, 3), (2, 1), (3, 2), (4, 3)])) == ["staff +1 [staff +2 [staff +3 [staff +4]]]"]


def test_a_circle_over_two_tables_is_cut() -> None:
    a = table("a", ForeignKey(("b",), "b", ("id",)), added=[{"id": 1, "b": 1}])
    b = table("b", ForeignKey(("a",), "a", ("id",)), added=[{"id": 1, "a": 1}])
    assert trees(b, a) == ["a +1 [b +1]"]


def test_a_line_of_rows_without_end_is_cut_into_units() -> None:
    def walk(unit: RelatedRow) -> Iterator[RelatedRow]:
        yield unit
        for child in unit.children:
            yield from walk(child)

    units = relate_rows([staff([(i, i - 1 or None) for i in range(1, 3001)])])
    seen = [row.key["id"] for unit in units for row in walk(unit)]
    assert len(seen) == len(set(seen)) >= 2900
    assert max(unit.rows for unit in units) <= 32


def test_most_rows_come_first_then_tables_then_keys_as_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    orders = table("orders", added=[{"id": i} for i in (2, 9, 10, 11)])
    lines = items(added=[{"id": i, "order_id": order} for i, order in enumerate([10, 9, 11, 11, 2])])
    notes = table("notes", ForeignKey(("id",), "flags", ("id",)), added=[{"id": 1}])
    flags = table("flags", added=[{"id": 1}])
    assert trees(orders, lines, notes, flags) == [
        "orders +11 [items +2, items +3]",
        "flags +1 [notes +1]",
        "orders +2 [items +4]",
        "orders +9 [items +1]",
        "orders +10 [items +0]",
    ]
    monkeypatch.setattr(related, "_MOST_UNITS", 1)
    assert trees(orders, lines) == ["orders +11 [items +2, items +3]"]


def test_the_order_of_the_tables_changes_nothing() -> None:
    tables = [
        table("orders", added=[{"id": i} for i in range(5)]),
        items(added=[{"id": i, "order_id": i % 5} for i in range(20)]),
        table("payments", TO_ORDERS, removed=[{"id": i, "order_id": 7} for i in range(3)]),
    ]
    assert relate_rows(tables) == relate_rows(tables[::-1])


def test_renamed_tables_and_columns_are_found() -> None:
    renamed = SchemaChange(SchemaChangeKind.COLUMN_RENAMED, "order_id", old="oid", new="order_id")
    orders = table("purchases", removed=[{"id": 1}], old_name="orders")
    assert trees(orders, table("items", TO_ORDERS, removed=[{"id": 10, "oid": 1}], schema=(renamed,))) == [
        "purchases -1 [items -10]"
    ]


def test_rows_of_tables_without_a_key_are_related_by_their_samples() -> None:
    lines = table("items", TO_ORDERS, added=[{"order_id": 1}, {"order_id": 1}], key=())
    (unit,) = relate_rows([lines, table("orders", added=[{"id": 1}])])
    assert [(child.key, child.sample) for child in unit.children] == [({}, 0), ({}, 1)]


@pytest.mark.parametrize(("parents", "shown"), [(frozenset({"email"}), {"email": "a@b"}), (frozenset(), {})])
def test_a_personal_value_does_not_reach_a_table_that_would_show_it(
    parents: frozenset[str], shown: dict[str, object]
) -> None:
    by_mail = ForeignKey(("mail",), "people", ("email",))
    child = table(
        "c", by_mail, added=[{"id": i, "mail": "a@b"} for i in (1, 2)], personal_columns=frozenset({"mail"})
    )
    (unit,) = relate_rows([child, table("people", key=("email",), personal_columns=parents)])
    assert (unit.change, unit.key, unit.rows) == (RowChange.UNTOUCHED, shown, 2)


def test_values_that_cannot_be_hashed_do_not_matter() -> None:
    odd = ForeignKey(("tags",), "p", ("tags",))
    child = table("c", odd, added=[{"id": 1, "tags": [1, {"a": 2}]}])
    assert trees(child, table("p", added=[{"id": 2, "tags": [1, {"a": 2}]}])) == ["p +2 [c +1]"]


def test_tens_of_thousands_of_rows_are_related() -> None:
    many = trials(20_000, 5_000)
    orders = table("orders", added=[{"id": i} for i in range(many)])
    lines = items(added=[{"id": i, "order_id": i // 4} for i in range(4 * many)])
    units = relate_rows([orders, lines])
    assert (len(units), units[0].rows) == (200, 5)
