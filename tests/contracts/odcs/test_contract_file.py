"""contract.yaml: what ODCS says about tables, and edits that lose nothing people wrote."""

from dataclasses import replace

import pyarrow as pa
import pytest

from tdmvc.contracts.odcs.editing import update_contract
from tdmvc.contracts.odcs.reading import parse_contract
from tdmvc.errors import ConfigError
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.schema import Column, TableSchema
from tests.schemas import assert_valid_contract

INT, TEXT = pa.int64(), pa.string()
CUSTOMERS = TableSchema("customers", (Column("id", INT, required=True), Column("email", TEXT)), ("id",))
ORDERS = TableSchema(
    "orders",
    (Column("id", INT), Column("customer_id", INT), Column("total", pa.decimal128(10, 2), "NUMERIC(10,2)")),
    ("id",),
    (ForeignKey(("customer_id",), "customers", ("id",)),),
)
BY_HAND = """\
# The shop's contract.
apiVersion: v3.1.0
kind: DataContract
id: 53581432-6c55-4ba2-a65f-72344a91553a
name: shop
version: 1.2.0
status: draft
description:
  purpose: Orders and who made them.
schema:
  # people
  - name: customers
    physicalType: table
    description: Who buys.
    properties:
      - name: id
        logicalType: integer
        physicalType: bigint
        primaryKey: true
      - name: email          # never shown
        logicalType: string
        physicalType: varchar(120)
        classification: personal
        quality:
          - type: library
            metric: nullValues
            mustBe: 0
  - name: orders
    properties:
      - name: id
        physicalType: integer
        logicalType: integer
        logicalTypeOptions: {format: i32}
        primaryKey: true
        primaryKeyPosition: 1
      - name: customer_id
        logicalType: integer
        physicalType: bigint
        relationships:
          - to: customers.id
      - name: placed
        logicalType: timestamp
        physicalType: timestamp with time zone
      - name: extra
        logicalType: object
        physicalType: jsonb
slaProperties:
  - property: latency
    value: 4
"""


def test_a_contract_written_by_hand_gives_sensible_types() -> None:
    contract = parse_contract(BY_HAND, "p")
    assert list(contract.tables) == ["customers", "orders"]
    orders = contract.tables["orders"]
    assert [(c.name, c.type_text, c.physical_type) for c in orders.columns] == [
        ("id", "int32", "integer"),
        ("customer_id", "int64", "bigint"),
        ("placed", "timestamptz", "timestamp with time zone"),
        ("extra", "string", "jsonb"),
    ]
    assert orders.columns[3].is_json
    assert orders.key == ("id",)
    assert orders.references == (ForeignKey(("customer_id",), "customers", ("id",)),)
    assert contract.tables["customers"].personal_columns == {"email"}


def test_a_new_contract_follows_the_standard_and_reads_back() -> None:
    text = update_contract(None, "golden", {"orders": ORDERS, "customers": CUSTOMERS})
    assert_valid_contract(text)
    assert parse_contract(text, "p").tables == {"orders": ORDERS, "customers": CUSTOMERS}
    assert "tdmvcType" not in text
    assert {"apiVersion: v3.1.0", "kind: DataContract", "version: 1.0.0", "status: active"} <= set(
        text.split("\n")
    )


def test_an_update_with_equal_values_changes_nothing() -> None:
    contract = parse_contract(BY_HAND, "p")
    assert update_contract(BY_HAND, "golden", contract.tables) == BY_HAND
    assert update_contract(BY_HAND, "golden", {}) == BY_HAND


def test_an_update_keeps_what_people_wrote() -> None:
    customers = TableSchema(
        "customers", (Column("phone", TEXT), Column("email", TEXT, required=True)), ("email",)
    )
    orders = parse_contract(BY_HAND, "p").tables["orders"]
    text = update_contract(BY_HAND, "golden", {"customers": customers})
    for words in (
        *(
            "# The shop's contract.",
            "# people",
            "# never shown",
            "description: Who buys.",
            "metric: nullValues",
        ),
        *("classification: personal", "purpose: Orders", "slaProperties:", "id: 53581432"),
    ):
        assert words in text
    found = parse_contract(text, "p").tables
    assert [rule.id for rule in found["customers"].further_rules] == ["customers.email.nullValues"]
    assert replace(found["customers"], further_rules=()) == TableSchema(
        "customers",
        (Column("email", TEXT, required=True, classification="personal"), Column("phone", TEXT)),
        ("email",),
        description="Who buys.",
    )
    # The reference to the column that went away went with it.
    assert found["orders"] == replace(orders, references=())
    assert_valid_contract(text)


def test_a_dropped_table_is_removed_and_the_others_stay_as_they_were() -> None:
    text = update_contract(BY_HAND, "golden", {"customers": None, "never": None})
    contract = parse_contract(text, "p")
    assert list(contract.tables) == ["orders"]
    # Whether the other table comes back is for people to say: the reference is kept.
    assert contract.tables["orders"].references == (ForeignKey(("customer_id",), "customers", ("id",)),)


def test_all_tables_may_be_removed() -> None:
    text = update_contract(BY_HAND, "golden", {"customers": None, "orders": None})
    assert parse_contract(text, "p").tables == {}
    again = update_contract(text, "golden", {"customers": CUSTOMERS})
    assert parse_contract(again, "p").tables == {"customers": CUSTOMERS}


@pytest.mark.parametrize("old", ["", "# mine\n", "schema:\n", "schema: []\nname: x\n"])
def test_an_almost_empty_contract_is_completed(old: str) -> None:
    text = update_contract(old, "golden", {"customers": CUSTOMERS})
    assert_valid_contract(text)
    assert parse_contract(text, "p").tables == {"customers": CUSTOMERS}
    assert "# mine" not in old or text.startswith("# mine\n")


def test_a_changed_type_replaces_its_options() -> None:
    text = update_contract(
        BY_HAND, "golden", {"orders": TableSchema("orders", (Column("id", TEXT, "uuid"),))}
    )
    assert parse_contract(text, "p").tables["orders"] == TableSchema("orders", (Column("id", TEXT, "uuid"),))
    assert "i32" not in text
    assert "primaryKey: true\n        primaryKeyPosition" not in text
    assert_valid_contract(text)


def test_another_physical_type_keeps_the_options_that_are_rules() -> None:
    text = BY_HAND.replace("classification: personal", "logicalTypeOptions: {format: email, minLength: 3}", 1)
    customers = parse_contract(text, "c").table("customers")
    assert customers is not None
    columns = tuple(
        replace(one, physical_type="varchar(254)") if one.name == "email" else one
        for one in customers.columns
    )
    edited = update_contract(text, "shop", {"customers": replace(customers, columns=columns)})
    assert "physicalType: varchar(254)" in edited
    assert "{format: email, minLength: 3}" in edited


def test_the_canonical_type_is_written_only_if_nothing_else_implies_it() -> None:
    columns = (
        Column("a", pa.int32(), "INTEGER"),
        Column("b", pa.decimal128(38, 3), "numeric"),
        Column("c", pa.int16(), "tinyint(1)"),
        Column("d", pa.bool_(), "tinyint(1)"),
        Column("e", pa.timestamp("us"), "TIMESTAMP WITH TIME ZONE"),
        Column("f", pa.binary(), "geometry"),
    )
    text = update_contract(None, "g", {"t": TableSchema("t", columns)})
    assert parse_contract(text, "p").tables["t"].columns == columns
    types = [line.split(": ")[1] for line in text.split("\n") if line.strip().startswith("value:")]
    assert types == ["decimal(38,3)", "timestamp", "binary"]
    assert_valid_contract(text)


def test_unusual_names_are_referenced_by_id() -> None:
    odd = TableSchema("Order Details", (Column("order.id", INT), Column("order:id", INT)), ("order.id",))
    tables = {
        "Order Details": odd,
        "Order_Details": replace(odd, name="Order_Details"),
        "notes": TableSchema(
            "notes",
            (Column("a", INT), Column("b", INT)),
            (),
            (
                ForeignKey(("a",), "Order Details", ("order.id",)),
                ForeignKey(("a",), "not.here", ("x y",)),
                ForeignKey(("a", "b"), "Order Details", ("order.id", "order:id")),
                ForeignKey(("b",), "Order_Details", ("order:id",)),
            ),
        ),
    }
    text = update_contract(None, "golden", tables)
    assert parse_contract(text, "p").tables == tables
    assert "to: schema/Order_Details_2/properties/order_id" in text
    assert_valid_contract(text)
    assert update_contract(text, "golden", tables) == text


def test_composite_and_self_references_are_kept_at_the_table() -> None:
    table = TableSchema(
        "tree",
        (Column("a", INT), Column("b", INT), Column("pa", INT), Column("pb", INT)),
        ("a", "b"),
        (ForeignKey(("pa", "pb"), "tree", ("a", "b")),),
    )
    text = update_contract(None, "golden", {"tree": table})
    assert "from: [tree.pa, tree.pb]" in text
    assert "to: [tree.a, tree.b]" in text
    assert parse_contract(text, "p").tables == {"tree": table}
    gone = update_contract(text, "golden", {"tree": replace(table, references=())})
    assert "relationships" not in gone


def test_the_order_of_a_key_is_its_positions() -> None:
    table = replace(ORDERS, key=("customer_id", "id"), references=())
    text = update_contract(BY_HAND, "golden", {"orders": table})
    assert parse_contract(text, "p").tables["orders"].key == ("customer_id", "id")


def test_a_reference_into_another_contract_is_left_to_people() -> None:
    text = BY_HAND.replace("to: customers.id", "to: other.yaml#/schema/customers/properties/id")
    contract = parse_contract(text, "p")
    assert contract.tables["orders"].references == ()
    assert "other.yaml#" in update_contract(text, "golden", {"orders": contract.tables["orders"]})


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("to: customers.id", "to: customers.uuid", ("'uuid'", "'customers'", "line 40")),
        ("to: customers.id", "from: x", ("'to' is missing",)),
        ("to: customers.id", "to: [customers.id, customers.email]", ("as many columns",)),
        ("apiVersion: v3.1.0", "apiVersion: v2.2.2", ("ODCS 3", "line 2")),
        ("kind: DataContract", "kind: Other", ("not a data contract",)),
        ("- name: orders", "- name: customers", ("'customers' appears twice", "line 28")),
        ("- name: placed", "- name: id", ("'id' appears twice",)),
        (
            "        logicalType: timestamp\n        physicalType: timestamp with time zone\n",
            "",
            ("type of the column 'placed'",),
        ),
        ("primaryKeyPosition: 1", "primaryKeyPosition: x", ("whole number",)),
        ("true\n        primaryKeyPosition", "maybe\n        primaryKeyPosition", ("true or false",)),
        (
            "        relationships",
            "        primaryKey: true\n        primaryKeyPosition: 1\n        relationships",
            ("same position in the primary key",),
        ),
        (
            "- name: placed",
            "- customProperties: [{property: tdmvcType, value: int65}]\n        name: placed",
            ("int65",),
        ),
        ("schema:\n", "schema:\n<<<<<<< HEAD\n=======\n>>>>>>> x\n", ("conflict markers",)),
    ],
)
def test_a_fault_names_line_and_key(old: str, new: str, words: tuple[str, ...]) -> None:
    text = BY_HAND.replace(old, new, 1)
    assert text != BY_HAND
    with pytest.raises(ConfigError) as caught:
        parse_contract(text, "datasets/g/contract.yaml")
    assert all(word in str(caught.value) for word in ("datasets/g/contract.yaml", *words)), str(caught.value)
    with pytest.raises(ConfigError):
        update_contract(text, "g", {})


def test_nested_elements_written_out_give_nested_types() -> None:
    text = (
        "apiVersion: v3.1.0\nschema:\n  - name: t\n    properties:\n      - name: a\n        logicalType: array\n"
        "        items: {logicalType: integer, logicalTypeOptions: {format: u8}}\n      - name: o\n"
        "        logicalType: object\n        properties: [{name: x y, logicalType: string}]\n"
    )
    assert [c.type_text for c in parse_contract(text, "p").tables["t"].columns] == [
        "list<uint8>",
        'struct<"x y": string>',
    ]
