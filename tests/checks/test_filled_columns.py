"""What a merge says about rows of one side in a column that only the other side has."""

from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tdmvc.checks.merged import CheckedState, check_merged
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.model.declarations import Default, Generated, Identity
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import Column, TableSchema
from tests.laws.strategies_tables import Row, write_parts

ID, N = Column("id", pa.int64()), Column("n", pa.int64())
OLD = TableSchema("items", (ID,), ("id",))


def merge(
    con: duckdb.DuckDBPyConnection, folder: Path, column: Column, merged: dict[int, int | None]
) -> list[Finding]:
    """Check a merge of ours, which adds the column with a row 1, and of theirs, which adds all other rows."""
    new = replace(OLD, columns=(ID, column))
    rows: list[Row] = [{"id": key, "n": value} for key, value in merged.items()]
    result = {"items": write_parts(folder, new, [rows])}
    ours = {"items": write_parts(folder, new, [rows[:1]])}
    theirs = {"items": write_parts(folder, OLD, [[{"id": key} for key in merged]])}
    sides = [CheckedState(side, {"items": new}) for side in (ours, theirs)]
    found = check_merged(con, CheckedState(result, {"items": new}), sides, ValidationOptions())
    return [one for one in found if one.rule.startswith("default-")]


def test_rows_that_got_a_default_are_named_and_others_are_not(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    column = replace(N, default=Default(literal="7"))
    (found,) = merge(con, tmp_path, column, {1: 7, 2: 7, 3: 8, 4: 7})
    assert (found.rule, found.severity, found.columns) == ("default-filled", Severity.INFO, ("n",))
    assert found.message == (
        "2 rows of items from theirs (id: 2, 4) got its default '7' in n, a column of the other side only."
    )


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (replace(N, required=True), "it is required and has no default"),
        (
            replace(N, default=Default(expression="now()", dialect="duckdb")),
            "only duckdb evaluates its default (now())",
        ),
        (replace(N, default=Default(literal="many")), "'many' is no int64"),
        (replace(N, generated=Generated("id * 2", True, "sqlite")), "only a database computes it (id * 2)"),
        (replace(N, identity=Identity()), "only a database numbers it"),
    ],
)
def test_rows_that_got_null_because_nothing_else_is_known_are_a_warning(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, column: Column, reason: str
) -> None:
    (found,) = merge(con, tmp_path, column, {1: 1, 2: None})
    assert (found.rule, found.severity) == ("default-not-known", Severity.WARNING)
    assert found.message.endswith(f"(id: 2) got null in n, a column of the other side only: {reason}.")


def test_a_null_in_a_column_without_a_default_is_what_a_database_gives(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    assert merge(con, tmp_path, N, {1: 1, 2: None}) == []
    assert merge(con, tmp_path, replace(N, required=True), {1: 1, 2: 5}) == []
