"""What a writer writes is read as the same contract, except for what its notes name."""

import re
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdmvc.arrow.types import SIMPLE
from tdmvc.changes.contracts import diff_contracts
from tdmvc.contracts import READERS, WRITERS
from tdmvc.contracts.base import ImportOptions
from tdmvc.model.contract_changes import ContractChange
from tdmvc.model.declarations import Default, ForeignKey, ReferenceActions, UniqueKey
from tdmvc.model.rules import (
    JsonSchema,
    Length,
    MultipleOf,
    Pattern,
    Present,
    Range,
    Rule,
    RuleTest,
    Values,
    rule_id,
)
from tdmvc.model.schema import Column, Contract, TableSchema
from tests.series import trials

DIALECTS = ("postgresql", "mysql", "sqlite", "duckdb")
SHOP = Path(__file__).parents[2] / "cases" / "odcs" / "shop.yaml"
DEMO = Path(__file__).parents[3] / "tdmvc" / "demo" / "contract.yaml"
_ACTIONS = st.builds(
    ReferenceActions,
    st.sampled_from(["no action", "cascade", "set null", "restrict"]),
    st.sampled_from(["no action", "cascade"]),
    st.sampled_from([None, "immediate", "deferred"]),
)
_TYPES = st.sampled_from(
    [
        *((SIMPLE[name], None) for name in ("bool", "int16", "int32", "int64", "float64", "date", "string")),
        *((SIMPLE["string"], physical) for physical in ("varchar(40)", "uuid")),
        (SIMPLE["int64"], "smallint"),
        (SIMPLE["timestamp"], None),
        (pa.decimal128(12, 2), None),
    ]
)


def _tests(type_: pa.DataType) -> list[RuleTest]:
    """Return rules that a column of a type may have."""
    if pa.types.is_string(type_):
        return [
            Length(2, 9),
            Length(minimum=1),
            Values(("a", "it's", "b\\c", "Ä ")),
            Present(("", "n/a")),
            Present((None, "x")),
            Pattern("^a"),
            Range("a", "b"),
            JsonSchema('{"not": {"const": "a"}}'),
        ]
    if pa.types.is_date(type_):
        return [Range("2026-01-01"), Range(None, "2026-12-31", excludes_maximum=True)]
    if pa.types.is_integer(type_):
        return [Range(-1, 9), Range(0, None, True), Values((1, 2, 3)), MultipleOf(Decimal(5)), Present((0,))]
    if pa.types.is_decimal(type_):
        return [Range(Decimal("0.5")), MultipleOf(Decimal("0.05")), Values((Decimal("1.5"), 2))]
    return [Range(0), Range(None, 9), Range(0, 1)] if pa.types.is_floating(type_) else []


@st.composite
def _column(draw: st.DrawFn, table: str, name: str) -> tuple[Column, list[Rule]]:
    type_, physical = draw(_TYPES)
    limit = draw(st.sampled_from([None, None, 40])) if pa.types.is_string(type_) else None
    default = Default("5") if pa.types.is_integer(type_) and draw(st.booleans()) else None
    column = Column(
        name,
        type_,
        physical,
        required=draw(st.booleans()),
        unique=draw(st.booleans()),
        default=default,
        max_length=limit,
    )
    tests = draw(st.lists(st.sampled_from(_tests(type_)), max_size=1)) if _tests(type_) else []
    names = (name,)
    return column, [Rule(rule_id(table, names, "rule"), table, names, test) for test in tests]


@st.composite
def _contracts(draw: st.DrawFn) -> Contract:
    parent = TableSchema("parents", (Column("pid", SIMPLE["int64"], required=True),), ("pid",))
    drawn = [draw(_column("children", name)) for name in ("one", "two", "three")[: draw(st.integers(1, 3))]]
    columns = [column for column, _ in drawn]
    uniques = (
        (UniqueKey(("one", "two"), draw(st.sampled_from([None, "pair"])), True),)
        if len(columns) > 1 and draw(st.booleans())
        else ()
    )
    references: tuple[ForeignKey, ...] = ()
    if draw(st.booleans()):
        columns.append(Column("parent", SIMPLE["int64"]))
        references = (ForeignKey(("parent",), "parents", ("pid",), draw(_ACTIONS)),)
    children = TableSchema(
        "children",
        tuple(columns),
        ("one",) if draw(st.booleans()) else (),
        references,
        uniques,
        further_rules=tuple(rule for _, rules in drawn for rule in rules),
    )
    return Contract({"parents": parent, "children": children})


def _silent_losses(contract: Contract, name: str, dialect: str | None) -> list[str]:
    """Return what is another after a round trip, and no note of the writer or the reader names."""
    options = {"dialect": dialect} if dialect is not None else {}
    written = WRITERS[name].write(contract, contract.rules, options)
    suffix = {"sql": "sql", "odcs": "yaml"}.get(name, "json")
    read = READERS[name].read(written.text, f"contract.{suffix}", ImportOptions(dialect=dialect))
    notes = [note.message for note in (*written.notes, *read.notes)]
    changes = diff_contracts(contract, read.contract).changes
    return [one.message for one in changes if not _is_words_only(one) and not _is_named(one, notes)]


def _is_words_only(change: ContractChange) -> bool:
    """Whether only the spelling of a type changed, or what scripts have no word for: whom a column concerns."""
    return change.message.startswith(("declared type of", "classification of", "service level"))


def _is_named(change: ContractChange, notes: list[str]) -> bool:
    if change.message.endswith("other rules demand as much"):
        return True
    rule = re.match(r"rule (\S+) ", change.message)
    if rule is not None and any(f" {rule[1]} " in note for note in notes):
        return True
    words = [str(change.table), *change.columns[:1]]
    return any(all(word in note for word in words) for note in notes)


@pytest.mark.parametrize("dialect", DIALECTS)
@given(contract=_contracts())
@settings(max_examples=trials(1000, 25), deadline=None)
def test_a_script_is_read_as_the_contract_that_it_is_written_from(contract: Contract, dialect: str) -> None:
    assert _silent_losses(contract, "sql", dialect) == []


@given(contract=_contracts())
@settings(max_examples=trials(1000, 25), deadline=None)
def test_a_contract_of_the_standard_is_read_as_the_one_that_it_is_written_from(contract: Contract) -> None:
    assert _silent_losses(contract, "odcs", None) == []


@pytest.mark.parametrize("path", [SHOP, DEMO], ids=["shop", "demo"])
@pytest.mark.parametrize(("name", "dialect"), [("odcs", None), *(("sql", one) for one in DIALECTS)])
def test_the_shops_are_the_same_after_a_round_trip_except_for_what_notes_name(
    path: Path, name: str, dialect: str | None
) -> None:
    contract = READERS["odcs"].read(path.read_text("utf-8"), "contract.yaml", ImportOptions()).contract
    assert _silent_losses(contract, name, dialect) == []


def test_a_required_column_has_no_null_in_its_list_of_values() -> None:
    rule = Rule("t.c.values", "t", ("c",), Values(("a", None)))
    table = TableSchema("t", (Column("c", SIMPLE["string"], required=True),), further_rules=(rule,))
    contract = Contract({"t": table})
    assert "null" not in WRITERS["json-schema"].write(contract, contract.rules, {}).text


@pytest.mark.parametrize(("dialect", "lost"), [("mysql", "DEFERRABLE"), ("duckdb", "ON DELETE CASCADE")])
def test_actions_of_references_that_an_engine_lacks_are_named(dialect: str, lost: str) -> None:
    reference = ForeignKey(("c",), "t", ("id",), ReferenceActions("cascade", deferrable="deferred"))
    columns = (Column("id", SIMPLE["int64"]), Column("c", SIMPLE["int64"]))
    contract = Contract({"t": TableSchema("t", columns, ("id",), (reference,))})
    written = WRITERS["sql"].write(contract, contract.rules, {"dialect": dialect})
    assert any(lost in note.message for note in written.notes)
