"""Tables of a contract that several tests seed."""

from collections.abc import Mapping
from decimal import Decimal

from tdmvc.arrow.types import parse_type
from tdmvc.model.declarations import ForeignKey, Identity, UniqueKey
from tdmvc.model.schema import Column, TableSchema

Rows = list[Mapping[str, object]]


def column(name: str, type_: str = "int64", *, required: bool = False, unique: bool = False) -> Column:
    """Return a column of a canonical type."""
    parsed = parse_type(type_)
    assert parsed is not None
    return Column(name, parsed, required=required, unique=unique)


def key(name: str = "id") -> Column:
    """Return a column that identifies a row."""
    return column(name, required=True)


CUSTOMERS = TableSchema("customers", (key(), column("name", "string")), ("id",))
ORDERS = TableSchema(
    "orders",
    (key(), column("customer"), column("total", "decimal(10,2)")),
    ("id",),
    (ForeignKey(("customer",), "customers", ("id",)),),
)
CUSTOMER_ROWS: Rows = [{"id": 1, "name": "Ada"}, {"id": 2, "name": None}, {"id": 3, "name": ""}]
ORDER_ROWS: Rows = [
    {"id": 10, "customer": 1, "total": Decimal("0.10")},
    {"id": 11, "customer": None, "total": None},
]
TREE = TableSchema("tree", (key(), column("up")), ("id",), (ForeignKey(("up",), "tree", ("id",)),))
PAIRS = TableSchema("pairs", (key("a"), key("b"), column("v", "string")), ("a", "b"))
SWAPPED = TableSchema(
    "swapped",
    (key(), column("place", unique=True), column("x"), column("y")),
    ("id",),
    unique_keys=(UniqueKey(("x", "y"), is_declared=True),),
)
KEYLESS = TableSchema("keyless", (column("v", "string"), column("n")))
NUMBERED = TableSchema(
    "numbered",
    (Column("id", key().type, required=True, identity=Identity()), column("v")),
    ("id",),
)
