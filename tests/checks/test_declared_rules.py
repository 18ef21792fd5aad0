"""Unique keys of several columns, lengths and conditions: what breaks them, and what a merge alone breaks."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tdmvc.checks.merged import check_merged
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.databases import condition_engines
from tdmvc.model.conditions import ConditionEngines
from tdmvc.model.declarations import Check, Collation, UniqueKey
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.rules import Unique
from tdmvc.model.schema import Column, TableSchema
from tests.checks.rule_checks import check_rules, state_of
from tests.laws.strategies_tables import Row, write_parts

INT, TEXT = pa.int64(), pa.string()
ID, TENANT, CODE = Column("id", INT), Column("tenant", INT), Column("code", TEXT)
TABLE = TableSchema("items", (ID, TENANT, CODE), ("id",))
PER_TENANT = replace(TABLE, unique_keys=(UniqueKey(("tenant", "code")),))
POSITIVE = Check("tenant > 0", "positive", "sqlite")
WITH_CHECK = replace(TABLE, checks=(POSITIVE,))
Rows = Sequence[tuple[int | None, int | None, str | None]]


@pytest.fixture
def engines() -> Iterator[ConditionEngines]:
    with ExitStack() as stack:
        yield condition_engines(stack)


def rows_of(schema: TableSchema, rows: Rows) -> list[Row]:
    return [dict(zip(schema.column_names, row, strict=True)) for row in rows]


def check(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    schema: TableSchema,
    *parts: Rows,
    engines: ConditionEngines | None = None,
) -> list[Finding]:
    side = write_parts(folder, schema, [rows_of(schema, rows) for rows in parts])
    return list(check_rules(con, {"items": side}, at="golden@main", conditions=engines or {}))


def merge(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    merged: tuple[TableSchema, Sequence[Rows]],
    *sides: tuple[TableSchema, Sequence[Rows]],
    engines: ConditionEngines | None = None,
) -> list[Finding]:
    """Check a merged table of which every part is written by itself, so that sides share equal parts."""
    states = [
        {"items": write_parts(folder, schema, [rows_of(schema, rows) for rows in parts])}
        for schema, parts in (merged, *sides)
    ]
    checked = list(map(state_of, states))
    options = ValidationOptions(conditions=engines or {})
    found = check_merged(con, checked[0], checked[1:], options, at="golden@abc")
    assert con.execute("SELECT table_name FROM duckdb_tables()").fetchall() == []
    return list(found)


def test_values_of_several_columns_may_not_repeat_together(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows: Rows = [(1, 1, "a"), (2, 1, "b"), (3, 2, "a"), (4, None, "a"), (5, None, "a"), (6, 1, None)]
    assert check(con, tmp_path, PER_TENANT, rows) == []
    (found,) = check(con, tmp_path, PER_TENANT, rows, [(7, 1, "a"), (8, 2, "a")])
    assert (found.rule, found.severity, found.columns) == (
        "repeated-unique",
        Severity.ERROR,
        ("tenant", "code"),
    )
    assert (
        found.message == "(tenant, code) of items is unique, but 2 values appear in 4 rows (id: 1, 3, 7, 8)."
    )


def test_nulls_that_are_not_distinct_repeat(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    strict = replace(TABLE, unique_keys=(UniqueKey(("tenant", "code"), nulls_distinct=False),))
    rows: Rows = [(1, None, "a"), (2, None, "b"), (3, 1, None)]
    assert check(con, tmp_path, strict, rows) == []
    (found,) = check(con, tmp_path, strict, rows, [(4, None, "a"), (5, 1, None)])
    assert found.details == {
        "id": "items.tenant,code.unique",
        "count": 2,
        "rows": 4,
        "keys": ["1", "3", "4", "5"],
    }


@pytest.mark.parametrize(
    ("collation", "texts", "repeated"),
    [
        (Collation("NOCASE", "sqlite"), ("straße", "STRAßE", "STRASSE", "É", "é"), 2),
        (Collation("RTRIM", "sqlite"), ("a", "a  ", " a", "A"), 2),
        (Collation("NOCASE", "duckdb"), ("a", "A"), 0),
        (None, ("a", "A", "a "), 0),
    ],
)
def test_texts_repeat_as_the_collation_of_their_column_compares_them(
    con: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    collation: Collation | None,
    texts: tuple[str, ...],
    repeated: int,
) -> None:
    schema = replace(TABLE, columns=(ID, TENANT, replace(CODE, unique=True, collation=collation)))
    found = check(con, tmp_path, schema, [(i, 1, text) for i, text in enumerate(texts)])
    assert sum(int(str(one.details["rows"])) for one in found) == repeated


@pytest.mark.parametrize("columns", [("id", "code"), ("code", "id")])
def test_columns_that_hold_the_key_need_no_look_at_their_values(columns: tuple[str, ...]) -> None:
    schema = replace(TABLE, unique_keys=(UniqueKey(columns),))
    assert [rule.id for rule in schema.rules] == ["items.pk"]


def test_one_set_of_unique_columns_is_one_rule() -> None:
    schema = replace(
        TABLE,
        columns=(ID, TENANT, replace(CODE, unique=True)),
        unique_keys=(
            UniqueKey(("code",), nulls_distinct=False),
            UniqueKey(("tenant", "code"), "one"),
            UniqueKey(("code", "tenant"), "two"),
        ),
    )
    rules = [(rule.id, rule.columns, rule.test) for rule in schema.rules[:2]]
    assert rules == [
        ("items.code.unique", ("code",), Unique(nulls_distinct=False)),
        ("items.one", ("tenant", "code"), Unique()),
    ]


def test_a_pair_that_each_side_added_once_is_broken_by_the_merge(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    base: Rows = [(1, 1, "a")]
    ours, theirs = (PER_TENANT, [base, [(2, 1, "x")]]), (PER_TENANT, [base, [(3, 1, "x")]])
    (found,) = merge(con, tmp_path, (PER_TENANT, [base, [(2, 1, "x"), (3, 1, "x")]]), ours, theirs)
    assert (found.rule, found.severity) == ("repeated-unique", Severity.ERROR)


def test_a_unique_key_that_one_side_declares_holds_for_the_rows_of_the_other(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    base: Rows = [(1, 1, "a")]
    added: Rows = [(2, 1, "a")]
    (found,) = merge(con, tmp_path, (PER_TENANT, [base, added]), (PER_TENANT, [base]), (TABLE, [base, added]))
    assert (found.rule, found.severity) == ("repeated-unique", Severity.ERROR)
    both = PER_TENANT, [base, added]
    (old,) = merge(con, tmp_path, (PER_TENANT, [base, added, [(3, 3, "c")]]), both, (PER_TENANT, [base]))
    assert (old.severity, old.details["new"]) == (Severity.WARNING, 0)


def test_a_stated_length_counts_code_points(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    schema = replace(TABLE, columns=(ID, TENANT, replace(CODE, max_length=3)))
    rows: Rows = [(1, 1, "abc"), (2, 1, "äöü"), (3, 1, "😀😀😀"), (4, 1, None), (5, 1, "")]
    assert check(con, tmp_path, schema, rows) == []
    (found,) = check(con, tmp_path, schema, rows, [(6, 1, "e\u0301e\u0301")])
    assert (found.rule, found.severity) == ("text-too-long", Severity.ERROR)
    assert found.message == "items.code may have 3 characters, but 1 text is longer (id: 6)."
    assert found.details == {"id": "items.code.length", "count": 1, "limit": 3, "keys": ["6"]}


def test_a_length_that_only_the_declared_type_has_is_a_warning(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    schema = replace(TABLE, columns=(ID, TENANT, replace(CODE, physical_type="VARCHAR(3)")))
    (found,) = check(con, tmp_path, schema, [(1, 1, "abcd"), (2, 1, "abc")])
    assert (found.rule, found.severity) == ("text-too-long", Severity.WARNING)
    assert found.message == "items.code is varchar(3), but 1 text is longer (id: 1)."


def test_a_length_of_a_number_is_not_evaluated(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    schema = replace(TABLE, columns=(ID, replace(TENANT, max_length=1), CODE))
    (found,) = check(con, tmp_path, schema, [(1, 1000, "a")])
    assert (found.rule, found.severity) == ("rule-not-evaluated", Severity.ERROR)


def test_texts_that_only_a_merge_makes_too_long_are_an_error(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    wide, narrow = (
        replace(TABLE, columns=(ID, TENANT, replace(CODE, physical_type=type_)))
        for type_ in ("varchar(8)", "varchar(4)")
    )
    base: Rows = [(1, 1, "abcd")]
    long: Rows = [(2, 1, "abcdef")]
    (new,) = merge(con, tmp_path, (narrow, [base, long]), (narrow, [base]), (wide, [base, long]))
    assert (new.rule, new.severity, new.details["keys"]) == ("text-too-long", Severity.ERROR, ["2"])
    more: Rows = [(3, 1, "x")]
    (old,) = merge(
        con, tmp_path, (narrow, [base, long, more]), (narrow, [base, long]), (narrow, [base, more])
    )
    assert (old.severity, old.details["new"]) == (Severity.WARNING, 0)


@pytest.mark.parametrize("dialect", ["sqlite", "duckdb", None])
def test_a_row_that_does_not_meet_a_condition_is_reported_and_a_null_meets_it(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, engines: ConditionEngines, dialect: str | None
) -> None:
    schema = replace(TABLE, checks=(replace(POSITIVE, dialect=dialect),))
    parts: list[Rows] = [[(1, 1, "a"), (2, None, "b")], [(3, 0, "c"), (4, -1, "d")]]
    (found,) = check(con, tmp_path, schema, *parts, engines=engines)
    assert (found.rule, found.severity, found.columns) == ("broken-check", Severity.ERROR, ("tenant",))
    assert found.message == "2 rows of items (id: 3, 4) do not meet the check positive (tenant > 0)."
    assert found.details == {"id": "items.positive", "check": "positive", "count": 2, "keys": ["3", "4"]}


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        (Check("own(tenant)", "own", "postgresql"), "it uses own, which may mean something else in DuckDB"),
        (Check("own(tenant)", "own", "sqlite"), "it uses a function that SQLite alone does not have"),
        (Check("own(tenant)", "own"), "it uses own, which tdmvc does not run"),
        (Check("1 = 0", "own"), "it names no column of the table"),
    ],
)
def test_a_condition_that_cannot_be_evaluated_never_passes_and_is_an_error_unless_a_database_tests_it(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, engines: ConditionEngines, condition: Check, reason: str
) -> None:
    (found,) = check(con, tmp_path, replace(TABLE, checks=(condition,)), [(1, 0, "a")], engines=engines)
    severity = Severity.WARNING if condition.dialect in ("postgresql", "sqlite") else Severity.ERROR
    assert (found.rule, found.severity) == ("check-not-evaluated", severity)
    shown = f"own ({condition.expression})"
    assert found.message == f"The check {shown} of items was not evaluated: {reason}."


def test_rows_of_a_table_without_a_key_are_found_again_by_all_their_cells(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, engines: ConditionEngines
) -> None:
    schema = replace(WITH_CHECK, key=())
    bad: Rows = [(None, 0, "a"), (None, 0, "a")]
    ours, theirs = (schema, [bad]), (schema, [[(5, 5, "b")]])
    (old,) = merge(con, tmp_path, (schema, [[*bad, (5, 5, "b")]]), ours, theirs, engines=engines)
    assert (old.rule, old.severity, old.details["new"]) == ("broken-check", Severity.WARNING, 0)
    more: Rows = [*bad, (None, 0, "a")]
    new, old = merge(con, tmp_path, (schema, [more]), ours, theirs, engines=engines)
    assert (new.severity, new.details["count"]) == (Severity.ERROR, 1)
    assert (old.severity, old.details["count"]) == (Severity.WARNING, 2)


def test_a_condition_of_one_side_holds_for_the_rows_of_the_other(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, engines: ConditionEngines
) -> None:
    base: Rows = [(1, 1, "a")]
    added: Rows = [(2, 0, "b"), (3, 3, "c")]
    merged = (WITH_CHECK, [base, added])
    (new,) = merge(con, tmp_path, merged, (WITH_CHECK, [base]), (TABLE, [base, added]), engines=engines)
    assert (new.rule, new.severity, new.details["keys"]) == ("broken-check", Severity.ERROR, ["2"])
    mixed = (WITH_CHECK, [base, [*added, (4, 0, "d")]])
    new, old = merge(con, tmp_path, mixed, merged, (WITH_CHECK, [base]), engines=engines)
    assert (new.severity, new.details["keys"]) == (Severity.ERROR, ["4"])
    assert (old.severity, old.details["keys"]) == (Severity.WARNING, ["2"])


def test_keys_of_personal_rows_are_not_shown(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, engines: ConditionEngines
) -> None:
    columns = (replace(ID, classification="personal"), TENANT, replace(CODE, max_length=1))
    schema = replace(WITH_CHECK, columns=columns)
    for found in check(con, tmp_path, schema, [(4711, 0, "ab")], engines=engines):
        assert "4711" not in f"{found.message} {found.remedy} {found.details}"
