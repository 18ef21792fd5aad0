"""What names of columns suggest, and what they do not."""

import pyarrow as pa
import pytest

from tdmvc.checks.inference.names import (
    is_unique_name,
    key_rank,
    ordered_pairs,
    reference_rank,
    words,
)
from tdmvc.model.schema import Column, TableSchema


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("CustomerId", ("customer", "id")),
        ("customer_id", ("customer", "id")),
        ("customerID", ("customer", "id")),
        ("HTTPStatus", ("http", "status")),
        ("line2", ("line", "2")),
        ("", ()),
    ],
)
def test_a_name_is_split_into_words(name: str, found: tuple[str, ...]) -> None:
    assert words(name) == found


@pytest.mark.parametrize(
    ("column", "table", "target", "key", "is_one"),
    [
        ("customer_id", "orders", "customers", "id", True),
        ("CustomerId", "Invoice", "Customer", "CustomerId", True),
        ("billing_customer_id", "orders", "customers", "id", True),
        ("category_id", "films", "categories", "id", True),
        ("parent_id", "nodes", "nodes", "id", True),
        ("id", "orders", "customers", "id", False),
        ("quantity", "orders", "customers", "id", False),
        ("status_id", "orders", "customers", "id", False),
        ("customer_id", "customers", "customers", "id", False),
        ("order_id", "lines", "preorders", "id", False),
    ],
)
def test_a_reference_needs_the_name_of_its_target(
    column: str, table: str, target: str, key: str, *, is_one: bool
) -> None:
    assert (reference_rank(column, table, target, key) > 0) is is_one


@pytest.mark.parametrize(
    ("column", "table", "is_one"),
    [
        ("email", "customers", True),
        ("order_number", "orders", True),
        ("film_id", "film_category", False),
        ("film_category_id", "film_category", True),
        ("code", "countries", True),
        ("postal_code", "customers", False),
        ("customer_id", "orders", False),
        ("name", "customers", False),
    ],
)
def test_unique_names(column: str, table: str, *, is_one: bool) -> None:
    assert is_unique_name(column, table) is is_one


def test_the_own_id_is_the_likeliest_key() -> None:
    assert key_rank("id", "orders") == key_rank("order_id", "orders") > key_rank("customer_id", "orders")
    assert key_rank("note", "orders") == 0


@pytest.mark.parametrize(
    ("names", "pairs"),
    [
        (("started_on", "ended_on"), {("started_on", "ended_on")}),
        (("valid_to", "valid_from"), {("valid_from", "valid_to")}),
        (("created_at", "updated_at"), {("created_at", "updated_at")}),
        (("BirthDate", "HireDate"), {("BirthDate", "HireDate")}),
        (("rental_date", "return_date"), {("rental_date", "return_date")}),
        (("printed_at", "read_at"), set()),
    ],
)
def test_pairs_of_columns_with_an_order(names: tuple[str, ...], pairs: set[tuple[str, str]]) -> None:
    schema = TableSchema("t", tuple(Column(name, pa.date32()) for name in names))
    assert {(early.name, late.name) for early, late in ordered_pairs(schema)} == pairs
    other = TableSchema("t", (Column(names[0], pa.date32()), Column(names[1], pa.timestamp("us"))))
    assert not list(ordered_pairs(other))
