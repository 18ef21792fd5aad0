"""What a merge breaks, and what a side had broken before."""

from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa

from tdmvc.checks.merged import CheckedState, check_merged
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import Column, TableSchema
from tests.checks.rule_checks import state_of
from tests.laws.strategies_tables import Row, write_parts

INT, TEXT = pa.int64(), pa.string()
PEOPLE = TableSchema("people", (Column("id", INT), Column("mail", TEXT, required=True, unique=True)), ("id",))
ORDERS = TableSchema(
    "orders",
    (Column("id", INT), Column("person", INT)),
    ("id",),
    (ForeignKey(("person",), "people", ("id",)),),
)
State = dict[str, TableSide]


def shop(
    folder: Path,
    people: dict[int, str | None],
    orders: dict[int, int],
    *,
    schemas: tuple[TableSchema, TableSchema] = (PEOPLE, ORDERS),
) -> State:
    rows: list[Row] = [{"id": i, "mail": mail} for i, mail in people.items()]
    return {
        "people": write_parts(folder, schemas[0], [rows]),
        "orders": write_parts(folder, schemas[1], [[{"id": i, "person": who} for i, who in orders.items()]]),
    }


def check(con: duckdb.DuckDBPyConnection, merged: State, *sides: State) -> list[Finding]:
    states = list(map(state_of, (merged, *sides)))
    return list(check_merged(con, states[0], states[1:], ValidationOptions(), at="golden@abc"))


def test_a_person_deleted_here_and_an_order_added_for_them_there_break_the_reference(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    ours = shop(tmp_path, {1: "a"}, {10: 1})
    theirs = shop(tmp_path, {1: "a", 2: "b"}, {10: 1, 20: 2})
    merged = {"people": ours["people"], "orders": theirs["orders"]}
    (found,) = check(con, merged, ours, theirs)
    assert (found.rule, found.severity, found.details["keys"]) == ("broken-reference", Severity.ERROR, ["20"])


def test_parts_that_one_side_has_unchanged_are_not_opened(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    def refuse(names: object) -> list[Path]:
        raise AssertionError("opened")

    broken = {n: replace(s, locate=refuse) for n, s in shop(tmp_path, {1: "a"}, {10: 9}).items()}
    assert check(con, broken, shop(tmp_path, {1: "a"}, {}), broken) == []


def test_rows_that_a_side_had_broken_are_a_warning(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    ours = shop(tmp_path, {1: "a"}, {10: 9})
    theirs = shop(tmp_path, {1: "a", 2: "b"}, {10: 9, 20: 8})
    merged = {"people": theirs["people"], "orders": shop(tmp_path, {}, {10: 9, 20: 8, 30: 7})["orders"]}
    fresh, stale = check(con, merged, ours, theirs)
    assert (fresh.rule, fresh.details["keys"]) == ("broken-reference", ["30"])
    assert (stale.rule, stale.severity, stale.details["count"]) == (
        "reference-broken-before",
        Severity.WARNING,
        2,
    )


def test_a_value_that_each_side_added_once_is_no_longer_unique(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    ours, theirs = shop(tmp_path, {1: "a", 2: "x"}, {}), shop(tmp_path, {1: "a", 3: "x"}, {})
    (found,) = check(con, shop(tmp_path, {1: "a", 2: "x", 3: "x"}, {}), ours, theirs)
    assert (found.rule, found.severity) == ("repeated-unique", Severity.ERROR)


def test_values_that_repeat_only_now_are_told_from_those_that_did_before(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    ours = shop(tmp_path, {1: "a", 2: "a", 4: "x"}, {})
    theirs = shop(tmp_path, {1: "a", 2: "a", 5: "x"}, {})
    new, old = check(con, shop(tmp_path, {1: "a", 2: "a", 4: "x", 5: "x"}, {}), ours, theirs)
    assert (new.severity, new.details["keys"]) == (Severity.ERROR, ["4", "5"])
    assert (old.severity, old.details["keys"]) == (Severity.WARNING, ["1", "2"])


def test_a_null_that_one_side_had_is_a_warning_and_one_in_a_column_that_the_other_requires_is_not(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    ours, theirs = shop(tmp_path, {1: None}, {}), shop(tmp_path, {1: None, 2: "b"}, {})
    (old,) = check(con, shop(tmp_path, {1: None, 2: "b", 3: "c"}, {}), ours, theirs)
    assert (old.rule, old.severity) == ("null-in-required", Severity.WARNING)
    assert old.message.endswith("; this was already so before.")

    lax = replace(PEOPLE, columns=(PEOPLE.columns[0], Column("mail", TEXT)))
    ours = shop(tmp_path, {1: "a", 2: None}, {}, schemas=(lax, ORDERS))
    theirs = shop(tmp_path, {1: "a"}, {})
    (new,) = check(con, shop(tmp_path, {1: "a", 2: None}, {}), ours, theirs)
    assert (new.rule, new.severity, new.details["keys"]) == ("null-in-required", Severity.ERROR, ["2"])


def test_a_contract_whose_columns_differ_from_the_rows_is_an_error(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    ours, theirs = shop(tmp_path, {1: "a"}, {}), shop(tmp_path, {2: "b"}, {})
    merged = shop(tmp_path, {1: "a", 2: "b"}, {})
    declared = {
        "people": replace(
            PEOPLE, columns=(Column("id", pa.int32()), PEOPLE.columns[1], Column("phone", TEXT))
        ),
        "orders": ORDERS,
    }
    sides = [CheckedState(side, declared) for side in (ours, theirs)]
    (found,) = check_merged(con, CheckedState(merged, declared), sides, ValidationOptions())
    assert (found.rule, found.columns) == ("contract-not-of-rows", ("phone", "id"))


def test_a_table_removed_here_with_its_reference_and_named_there_by_new_rows_is_missed(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    theirs = shop(tmp_path, {1: "a"}, {10: 1, 20: 1})
    ours = {"orders": shop(tmp_path, {}, {10: 1}, schemas=(PEOPLE, replace(ORDERS, references=())))["orders"]}
    (found,) = check(con, {"orders": theirs["orders"]}, ours, theirs)
    assert (found.rule, found.severity) == ("rule-not-evaluated", Severity.ERROR)


def test_new_rows_may_refer_to_rows_of_their_own_table_that_both_sides_have(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    reference = ForeignKey(("boss",), "staff", ("id",))
    schema = TableSchema("staff", (Column("id", INT), Column("boss", INT)), ("id",), (reference,))

    def staff(*parts: list[Row]) -> State:
        return {"staff": write_parts(tmp_path, schema, list(parts))}

    base: list[Row] = [{"id": 1, "boss": None}]
    ours: list[Row] = [{"id": 20, "boss": 1}]
    theirs: list[Row] = [{"id": 30, "boss": 1}]
    mixed: list[Row] = [{"id": 20, "boss": 1}, {"id": 30, "boss": 9}]
    sides = staff(base, ours), staff(base, theirs)
    assert check(con, staff(base, [*ours, *theirs]), *sides) == []
    (found,) = check(con, staff(base, mixed), *sides)
    assert (found.rule, found.details["keys"]) == ("broken-reference", ["30"])
