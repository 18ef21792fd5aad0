"""Differences between contracts: in words, with the version that they call for and whom they may break."""

from dataclasses import replace

import pyarrow as pa
import pytest

from tdmvc.changes.bump import suggest_bump
from tdmvc.changes.contracts import diff_contracts
from tdmvc.changes.schema import diff_schema
from tdmvc.contracts.odcs.reading import parse_contract
from tdmvc.model.contract_changes import ContractDiff
from tdmvc.model.declarations import Check, Default, ForeignKey, UniqueKey
from tdmvc.model.diff import RowCounts, TableDiff, TableStatus
from tdmvc.model.schema import Column, Contract, TableSchema

ID = Column("id", pa.int64())
NAME = Column("name", pa.string())
SHOP = TableSchema("orders", (ID, NAME), key=("id",))


def of(table: TableSchema | None) -> Contract:
    return Contract({table.name: table} if table is not None else {})


def lines(diff: ContractDiff) -> list[str]:
    return [
        f"{change.level} {'+'.join(sorted(change.breaks)) or 'nobody'}: {change.message}"
        for change in diff.changes
    ]


BOTH, NOBODY, PRODUCERS = "consumers+producers", "nobody", "producers"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (None, SHOP, "minor nobody: table orders added, with 1 rule"),
        (SHOP, None, f"major {BOTH}: table orders removed"),
        (SHOP, replace(SHOP, columns=(ID,)), f"major {BOTH}: column orders.name removed"),
        (replace(SHOP, columns=(ID,)), SHOP, "minor nobody: column orders.name added"),
        (
            SHOP,
            replace(SHOP, columns=(ID, replace(NAME, required=True))),
            f"patch {PRODUCERS}: rule orders.name.required added: orders.name is never null",
        ),
        (
            replace(SHOP, columns=(ID, replace(NAME, required=True))),
            SHOP,
            "minor nobody: rule orders.name.required removed: orders.name is never null",
        ),
        (
            SHOP,
            replace(SHOP, columns=(ID, replace(NAME, type=pa.int64()))),
            f"major {BOTH}: type of orders.name changed from string to int64",
        ),
        (SHOP, replace(SHOP, key=()), f"major {BOTH}: key of orders changed from id to none"),
        (
            replace(SHOP, columns=(ID, replace(NAME, max_length=10))),
            replace(SHOP, columns=(ID, replace(NAME, max_length=5))),
            f"patch {PRODUCERS}: rule orders.name.length became stricter: orders.name is at most 5 characters"
            " long; before: orders.name is at most 10 characters long",
        ),
        (
            SHOP,
            replace(SHOP, columns=(ID, replace(NAME, physical_type="varchar(9)"))),
            "patch nobody: rule orders.name.length added: orders.name is at most 9 characters long (warning)",
        ),
        (
            SHOP,
            replace(SHOP, columns=(ID, replace(NAME, classification="personal"))),
            "patch nobody: classification of orders.name changed from none to personal",
        ),
        (SHOP, replace(SHOP, description="Orders."), "none nobody: description of orders changed"),
        (
            SHOP,
            replace(SHOP, columns=(ID, replace(NAME, default=Default("x")))),
            "patch nobody: default of orders.name changed",
        ),
    ],
)
def test_a_change_is_said_once_with_whom_it_may_break(
    old: TableSchema | None, new: TableSchema | None, line: str
) -> None:
    assert lines(diff_contracts(of(old), of(new))) == [line]
    assert diff_contracts(of(new), of(new)).changes == ()


def test_a_required_column_breaks_producers_unless_the_database_fills_it() -> None:
    without = replace(SHOP, columns=(ID,))
    needed = replace(SHOP, columns=(ID, replace(NAME, required=True)))
    filled = replace(SHOP, columns=(ID, replace(NAME, required=True, default=Default("x"))))
    assert diff_contracts(of(without), of(needed)).breaks
    assert not diff_contracts(of(without), of(filled)).breaks


def test_what_a_key_implies_is_no_looser_without_its_own_rule() -> None:
    with_rule = replace(SHOP, columns=(ID, replace(NAME, required=True)))
    in_key = replace(with_rule, key=("id", "name"))
    (key, rule) = diff_contracts(of(with_rule), of(in_key)).changes
    assert key.message == "key of orders changed from id to id, name"
    assert rule.message.endswith("other rules demand as much")
    assert rule.level == "patch"


@pytest.mark.parametrize(
    "new",
    [
        replace(SHOP, columns=(ID, replace(NAME, unique=True))),
        replace(SHOP, columns=(ID, replace(NAME, required=True, max_length=3))),
        replace(SHOP, checks=(Check("id > 0"),)),
        replace(SHOP, unique_keys=(UniqueKey(("id", "name")),), columns=(ID, NAME, Column("x", pa.date32()))),
        replace(SHOP, references=(ForeignKey(("name",), "names", ("name",)),)),
        replace(SHOP, columns=(replace(ID, type=pa.decimal128(30, 0)), NAME)),
        replace(SHOP, columns=(ID,)),
        replace(SHOP, key=("id", "name")),
    ],
)
def test_the_version_is_the_one_that_publish_suggests(new: TableSchema) -> None:
    for old, now in ((SHOP, new), (new, SHOP)):
        table = TableDiff("orders", TableStatus.CHANGED, RowCounts(), schema=diff_schema(old, now))
        assert diff_contracts(of(old), of(now)).bump.level == suggest_bump([table]).level


CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: shop
version: 1.0.0
status: active
schema:
  - name: orders
    properties:
      - {name: id, logicalType: integer, primaryKey: true}
      - name: quantity
        logicalType: integer
        logicalTypeOptions: {minimum: 1, maximum: MAXIMUM}
        quality: [{id: rare, metric: nullValues, mustBeLessThan: PERCENT, unit: percent}]
      - {name: code, logicalType: string, logicalTypeOptions: {pattern: PATTERN}}
    quality:
      - {id: total, type: sql, query: 'SELECT COUNT(*) FROM orders WHERE quantity > NUMBER', mustBe: 0}
"""


def contract(maximum: int = 9, percent: int = 5, pattern: str = "^a", number: int = 3) -> Contract:
    words = {"MAXIMUM": str(maximum), "PERCENT": str(percent), "PATTERN": pattern, "NUMBER": str(number)}
    text = CONTRACT
    for word, value in words.items():
        text = text.replace(word, value)
    return parse_contract(text, "contract.yaml")


@pytest.mark.parametrize(
    ("new", "kind", "level", "breaks"),
    [
        (contract(maximum=8), "rule-stricter", "patch", True),
        (contract(maximum=10), "rule-weaker", "minor", False),
        (contract(percent=4), "rule-stricter", "patch", True),
        (contract(percent=6), "rule-weaker", "minor", False),
        (contract(pattern="^b"), "rule-changed", "minor", True),
        (contract(number=4), "rule-changed", "minor", True),
    ],
)
def test_rules_beside_declarations_are_compared(
    new: Contract, kind: str, level: str, *, breaks: bool
) -> None:
    (change,) = diff_contracts(contract(), new).changes
    assert (change.kind, change.level, bool(change.breaks)) == (kind, level, breaks)
    assert change.old is not None
    assert change.new is not None
