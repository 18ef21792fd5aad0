"""Another file's contract is merged into one: nothing is lost, conflicts are said, twice is once."""

from dataclasses import replace
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdmvc.contracts.base import ImportedContract
from tdmvc.contracts.merging import ImportScope, merge_contract
from tdmvc.model.declarations import Check, Default, ForeignKey
from tdmvc.model.finding import Severity
from tdmvc.model.rule_strength import is_implied
from tdmvc.model.rules import (
    NO_ROWS,
    Condition,
    Format,
    Length,
    Operator,
    Pattern,
    Range,
    References,
    Required,
    Rule,
    RuleTest,
    Threshold,
    Unique,
    Values,
    rule_id,
    with_unique_ids,
)
from tdmvc.model.schema import Column, Contract, TableSchema

ID = Column("id", pa.int64())
NAME = Column("name", pa.string())
MINE = TableSchema("orders", (ID, NAME), key=("id",))


def of(*tables: TableSchema) -> Contract:
    return Contract({table.name: table for table in tables})


def imported(*tables: TableSchema) -> ImportedContract:
    contract = of(*tables)
    return ImportedContract(contract, contract.rules)


@pytest.mark.parametrize(
    ("theirs", "conflict"),
    [
        (
            replace(MINE, columns=(ID, replace(NAME, type=pa.int64(), physical_type="bigint"))),
            "string in the contract",
        ),
        (replace(MINE, columns=(ID, NAME, Column("more", pa.string()))), "lack 1 column of the file: more"),
        (replace(MINE, key=("id", "name")), "--key orders=id,name"),
        (
            replace(MINE, columns=(ID, replace(NAME, default=Default("y")))),
            "orders.name: default is another one",
        ),
        (
            replace(MINE, columns=(ID, replace(NAME, classification="public"))),
            "orders.name: classification is another one",
        ),
    ],
)
def test_what_only_one_can_say_stays_and_is_a_conflict(theirs: TableSchema, conflict: str) -> None:
    own = replace(MINE, columns=(ID, replace(NAME, default=Default("x"), classification="personal")))
    merged = merge_contract(of(own), imported(theirs), ImportScope(("orders",)))
    (message,) = merged.conflicts
    assert conflict in message
    table = merged.tables["orders"]
    assert [column.type for column in table.columns] == [column.type for column in own.columns]
    assert (table.key, table.column_names) == (own.key, own.column_names)
    assert table.columns[1].default == Default("x")
    assert table.columns[1].classification == "personal"
    again = merge_contract(of(table), imported(theirs), ImportScope(("orders",)))
    assert again.tables["orders"] == table


def test_what_a_key_of_the_file_demands_holds_although_the_rows_have_another() -> None:
    theirs = replace(MINE, key=("name",))
    table = merge_contract(of(MINE), imported(theirs), ImportScope(("orders",))).tables["orders"]
    assert table.key == ("id",)
    assert table.columns[1].required
    assert table.columns[1].unique


@pytest.mark.parametrize("physical", ["smallint", None])
def test_a_narrower_type_is_no_conflict(physical: str | None) -> None:
    own = replace(MINE, columns=(replace(ID, type=pa.int32()), NAME))
    theirs = replace(
        MINE, columns=(replace(ID, physical_type="bigint"), replace(NAME, physical_type=physical))
    )
    assert merge_contract(of(own), imported(theirs), ImportScope(("orders",))).conflicts == ()


def test_tables_that_the_dataset_lacks_are_left_out_unless_they_are_named() -> None:
    other = TableSchema("others", (ID,))
    found = imported(MINE, other)
    merged = merge_contract(of(MINE), found, ImportScope(("orders",)))
    assert (list(merged.tables), merged.left_out) == (["orders"], ("others",))
    named = merge_contract(of(MINE), found, ImportScope(("orders",), ("others",)))
    assert (list(named.tables), named.left_out) == (["others"], ())
    assert list(merge_contract(Contract(), found, ImportScope()).tables) == ["orders", "others"]


def test_names_that_differ_by_case_or_schema_are_those_of_the_dataset() -> None:
    theirs = TableSchema(
        "public.Orders",
        (replace(ID, name="ID"), replace(NAME, name="Name", required=True)),
        key=("ID",),
        references=(ForeignKey(("Name",), "public.Names", ("name",)),),
    )
    names = TableSchema("public.Names", (NAME,), key=("name",))
    own_names = TableSchema("names", (NAME,), key=("name",))
    found = imported(theirs, names)
    merged = merge_contract(of(MINE, own_names), found, ImportScope(("orders", "names")))
    table = merged.tables["orders"]
    assert merged.conflicts == ()
    assert table.columns[1].required
    assert table.references == (ForeignKey(("name",), "names", ("name",)),)
    assert {rule.table for rule in table.rules} == {"orders"}


TESTS = st.sampled_from(
    [
        *(
            Required(),
            Unique(),
            Length(maximum=3),
            Length(1),
            Length(maximum=9),
            Pattern("^a"),
            Pattern("^b"),
        ),
        *(Format("uuid"), Values(("a", "b")), Values(("a",)), Range("a"), Condition(Check("name <> 'x'"))),
        *(Range(Decimal(1), Decimal(5)), References(ForeignKey(("name",), "names", ("name",)))),
    ]
)
THRESHOLDS = st.sampled_from([NO_ROWS, Threshold(Operator.LESS, (Decimal(5),), True)])


@st.composite
def tables(draw: st.DrawFn) -> TableSchema:
    rules = [
        Rule(
            rule_id("orders", (name,), type(test).__name__.lower()),
            "orders",
            (name,),
            test,
            draw(THRESHOLDS),
            draw(st.sampled_from([Severity.ERROR, Severity.WARNING])),
        )
        for name in ("id", "name")
        for test in draw(st.lists(TESTS, max_size=3, unique=True))
    ]
    columns = tuple(
        replace(one, required=draw(st.booleans()), unique=draw(st.booleans())) for one in (ID, NAME)
    )
    key = draw(st.sampled_from([(), ("id",), ("id", "name")]))
    return TableSchema("orders", columns, key=key, further_rules=with_unique_ids(rules))


@given(tables(), tables(), st.booleans())
def test_every_rule_of_both_holds_and_twice_is_once(
    mine: TableSchema, theirs: TableSchema, has_rows: bool
) -> None:
    found = imported(theirs)
    scope = ImportScope(("orders",) if has_rows else ())
    merged = merge_contract(of(mine), found, scope).tables["orders"]
    for rule in mine.rules:
        assert is_implied(rule, merged.rules)
    for rule in found.rules:
        demands: list[tuple[tuple[str, ...], RuleTest]] = [(rule.columns, rule.test)]
        if isinstance(rule.test, Unique) and rule.test.is_key:
            # Rows decide about the key; that they are as those of the file's key is a demand like any other.
            demands = [((name,), Required()) for name in rule.columns] + [(rule.columns, Unique())]
        for columns, test in demands:
            assert is_implied(replace(rule, columns=columns, test=test), merged.rules)
    assert merge_contract(of(merged), found, scope).tables["orders"] == merged
