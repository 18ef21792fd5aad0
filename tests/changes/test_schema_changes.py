"""What is different between two schemas, and the bump that it asks for."""

import pyarrow as pa
import pytest

from tdmvc.changes.bump import suggest_bump
from tdmvc.changes.schema import diff_schema
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.diff import (
    Bump,
    BumpLevel,
    RowCounts,
    SchemaChange,
    SchemaChangeKind,
    TableDiff,
    TableStatus,
)
from tdmvc.model.schema import Column, TableSchema

K = SchemaChangeKind


def table(
    *columns: Column, key: tuple[str, ...] = (), references: tuple[ForeignKey, ...] = ()
) -> TableSchema:
    return TableSchema("t", columns, key, references)


def test_order_classification_and_the_case_of_a_declared_type_are_no_change() -> None:
    old = table(Column("a", pa.int64(), "BIGINT"), Column("b", pa.string()))
    new = table(Column("b", pa.string(), classification="personal"), Column("a", pa.int64(), "bigint"))
    assert diff_schema(old, new) == ()


def test_each_kind_of_change_is_reported_with_both_sides() -> None:
    orders = ForeignKey(("a", "b"), "orders", ("x", "y"))
    old = table(
        Column("gone", pa.string()),
        Column("a", pa.int32()),
        Column("b", pa.int64()),
        Column("c", pa.string()),
        key=("a",),
    )
    new = table(
        Column("a", pa.int64()),
        Column("b", pa.int32()),
        Column("c", pa.string(), required=True, unique=True),
        Column("came", pa.date32()),
        key=("a", "b"),
        references=(orders,),
    )
    assert diff_schema(old, new) == (
        SchemaChange(K.COLUMN_REMOVED, "gone", old="string"),
        SchemaChange(K.COLUMN_ADDED, "came", new="date"),
        SchemaChange(K.TYPE_WIDENED, "a", "int32", "int64"),
        SchemaChange(K.TYPE_CHANGED, "b", "int64", "int32"),
        SchemaChange(K.REQUIRED_CHANGED, "c", "optional", "required"),
        SchemaChange(K.UNIQUE_CHANGED, "c", "not unique", "unique"),
        SchemaChange(K.KEY_CHANGED, None, "a", "a, b"),
        SchemaChange(K.REFERENCES_CHANGED, None, None, "(a, b) -> orders (x, y)"),
    )


def bump_of(*changes: SchemaChange, rows: RowCounts = RowCounts()) -> Bump:  # noqa: B008
    return suggest_bump([TableDiff("orders", TableStatus.CHANGED, rows=rows, schema=changes)])


@pytest.mark.parametrize(
    ("change", "level", "reason"),
    [
        (SchemaChange(K.COLUMN_ADDED, "channel", new="string"), "minor", "column orders.channel added"),
        (SchemaChange(K.COLUMN_REMOVED, "channel", old="string"), "major", "column orders.channel removed"),
        (SchemaChange(K.COLUMN_RENAMED, "b", "a", "b"), "major", "column orders.a renamed to b"),
        (
            SchemaChange(K.TYPE_WIDENED, "n", "int32", "int64"),
            "minor",
            "type of orders.n widened from int32 to int64",
        ),
        (
            SchemaChange(K.TYPE_CHANGED, "n", "int64", "int32"),
            "major",
            "type of orders.n changed from int64 to int32",
        ),
        (SchemaChange(K.KEY_CHANGED, old=None, new="id"), "major", "key of orders changed from none to id"),
        (
            SchemaChange(K.REQUIRED_CHANGED, "n", "required", "optional"),
            "minor",
            "column orders.n became optional",
        ),
        (
            SchemaChange(K.UNIQUE_CHANGED, "n", "not unique", "unique"),
            "patch",
            "column orders.n became unique",
        ),
        (
            SchemaChange(K.REFERENCES_CHANGED, "n", new="(n) -> t (id)"),
            "patch",
            "references of orders changed",
        ),
    ],
)
def test_each_schema_change_requires_its_level(change: SchemaChange, level: str, reason: str) -> None:
    assert bump_of(change) == Bump(BumpLevel(level), (reason,))


def test_rows_require_their_levels_and_the_most_important_reason_is_first() -> None:
    bump = bump_of(rows=RowCounts(added=1200, removed=1, changed=3))
    assert bump == Bump(
        BumpLevel.MAJOR, ("1 row removed from orders", "+1,200 rows in orders", "3 rows changed in orders")
    )
    assert bump_of(rows=RowCounts(added=1)).level is BumpLevel.MINOR
    assert bump_of(rows=RowCounts(changed=1)).level is BumpLevel.PATCH


def test_no_change_needs_no_bump() -> None:
    unchanged = TableDiff("t", TableStatus.UNCHANGED, rows=RowCounts(old=5, new=5))
    assert suggest_bump([unchanged]) == Bump(BumpLevel.NONE)


def test_a_renamed_table_is_major() -> None:
    renamed = TableDiff("new", TableStatus.RENAMED, old_name="old")
    assert suggest_bump([renamed]) == Bump(BumpLevel.MAJOR, ("table old renamed to new",))
