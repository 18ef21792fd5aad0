"""Which columns' distributions moved far enough that a reviewer should know."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tdmvc.changes import shifts as shifts_module
from tdmvc.changes.shifts import measure_shifts
from tdmvc.errors import PartError
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.diff import RowCounts, SchemaChange, SchemaChangeKind, TableDiff, TableSide, TableStatus
from tdmvc.model.review import Bar, Shift, ShiftKind
from tdmvc.model.schema import Column, TableSchema
from tests.laws.strategies_tables import Row, write_parts

INT, TEXT = pa.int64(), pa.string()
ID = Column("id", INT)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(config={"preserve_insertion_order": False})
    connection.execute("SET TimeZone = 'America/New_York'")
    yield connection
    connection.close()


def side(folder: Path, column: Column, values: Sequence[object], **rest: tuple[ForeignKey, ...]) -> TableSide:
    rows: list[Row] = [{"id": i, column.name: value} for i, value in enumerate(values)]
    half = len(rows) // 2
    schema = TableSchema("t", (ID, column), ("id",), **rest)
    return write_parts(folder, schema, [rows[:half], rows[half:]])


def changed(old: TableSide, new: TableSide, **rest: object) -> TableDiff:
    """A diff in which everything changed."""
    name = new.schema.columns[-1].name
    return TableDiff(
        "t",
        TableStatus.CHANGED,
        ("id",),
        RowCounts(old.rows, new.rows, changed=new.rows),
        {name: new.rows},
        **rest,  # type: ignore[arg-type]
    )


def measure(
    con: duckdb.DuckDBPyConnection, folder: Path, column: Column, old: Sequence[object], new: Sequence[object]
) -> tuple[Shift, ...]:
    before, after = side(folder, column, old), side(folder, column, new)
    return measure_shifts(con, before, after, changed(before, after))


def test_many_new_nulls_are_a_shift(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    old, new = [1] * 100, [1] * 80 + [None] * 20
    (found,) = measure(con, tmp_path, Column("v", INT), old, new)
    assert (found.table, found.column, found.kind) == ("t", "v", ShiftKind.NULLS)
    assert found.score == pytest.approx(0.2)
    assert found.bars == (Bar("NULL", 0.0, 0.2),)


@pytest.mark.parametrize(("rows", "nulls"), [(30, 9), (1000, 49)])
def test_few_new_nulls_are_not_a_shift(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, rows: int, nulls: int
) -> None:
    new = [None] * nulls + [1] * (rows - nulls)
    assert measure(con, tmp_path, Column("v", INT), [1] * rows, new) == ()


def test_nulls_are_counted_in_any_type(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    for column, value in ((Column("v", pa.list_(INT)), [1]), (Column("v", TEXT, "json"), "{}")):
        (found,) = measure(con, tmp_path, column, [value] * 50, [None] * 50)
        assert (found.kind, found.score) == (ShiftKind.NULLS, 1.0)


def test_numbers_fall_into_tenths_of_the_old_side(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    old, new = draw.normal(100, 10, 2000), draw.normal(108, 10, 1000)
    (found,) = measure(con, tmp_path, Column("v", pa.float64()), old.tolist(), new.tolist())
    edges = np.quantile(old, [i / 10 for i in range(1, 10)], method="inverted_cdf")
    counts = [np.bincount(np.searchsorted(edges, values), minlength=10) for values in (old, new)]
    p, q = (count / count.sum() for count in counts)
    assert [bar.old for bar in found.bars] == pytest.approx(p.tolist())
    assert [bar.new for bar in found.bars] == pytest.approx(q.tolist())
    assert found.score == pytest.approx(float(((q - p) * np.log(q / p)).sum()), rel=0.05)
    assert (found.kind, found.threshold) == (ShiftKind.NUMBERS, 0.2)
    assert found.bars[0].label == f"≤ {edges[0]:.6g}"
    assert found.bars[1].label == f"{edges[0]:.6g} – {edges[1]:.6g}"
    assert found.bars[-1].label == f"> {edges[-1]:.6g}"


def test_a_value_that_fills_the_column_has_a_bar_and_moves_both_ways(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (found,) = measure(con, tmp_path, Column("v", INT), [5] * 200, [5] * 100 + [3] * 60 + [7] * 40)
    assert found.bars == (Bar("< 5", 0.0, 0.3), Bar("5", 1.0, 0.5), Bar("> 5", 0.0, 0.2))


def test_infinities_and_nans_are_counted(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    old = [float(i) for i in range(200)]
    new = [*old[:100], *[float("nan")] * 50, *[float("inf")] * 50]
    (found,) = measure(con, tmp_path, Column("v", pa.float64()), old, new)
    assert (found.bars[-1].old, found.bars[-1].new) == (0.1, 0.5)
    only = [float("nan")] * 100
    assert measure(con, tmp_path, Column("v", pa.float64()), only, old) == ()


@pytest.mark.parametrize(
    ("type_", "first", "later", "label"),
    [
        (pa.date32(), date(2020, 1, 1), timedelta(days=1), "≤ 2020-01-20"),
        (pa.timestamp("us"), datetime(2020, 1, 1, 12), timedelta(days=1), "≤ 2020-01-20 12:00:00"),
        (
            pa.timestamp("us", tz="UTC"),
            datetime(2020, 1, 1, tzinfo=UTC),
            timedelta(hours=1),
            "≤ 2020-01-01 19:00:00",
        ),
        (pa.decimal128(9, 2), Decimal("0.50"), Decimal("0.25"), "≤ 5.25"),
        (pa.uint64(), 1, 1, "≤ 20"),
    ],
)
def test_dates_times_and_decimals_have_a_distribution_too(
    con: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    type_: pa.DataType,
    first: object,
    later: object,
    label: str,
) -> None:
    old = [first + i * later for i in range(200)]  # type: ignore[operator]
    new = [first + (i + 150) * later for i in range(200)]  # type: ignore[operator]
    (found,) = measure(con, tmp_path, Column("v", type_), old, new)
    assert found.kind is ShiftKind.NUMBERS
    assert found.bars[0] == Bar(label, 0.1, 0.0)
    assert found.bars[-1].new == pytest.approx(0.85)


def test_times_of_day_have_a_distribution(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    old, new = [time(i % 12, 30) for i in range(240)], [time(12 + i % 12) for i in range(240)]
    (found,) = measure(con, tmp_path, Column("v", pa.time64("us")), old, new)
    assert found.bars[-1].label == "> 10:30:00"
    assert found.bars[-1].new == 1.0


def test_categories_are_the_ten_most_frequent_values_and_all_others(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    old = ["paid"] * 150 + [""] * 50 + [f"s{i}" for i in range(20)]
    new = ["paid"] * 100 + ["lost"] * 100 + [f"s{i}" for i in range(20)]
    (found,) = measure(con, tmp_path, Column("v", TEXT), old, new)
    assert found.kind is ShiftKind.CATEGORIES
    assert [bar.label for bar in found.bars[:3]] == ["paid", "lost", "''"]
    assert found.bars[1] == Bar("lost", 0.0, 100 / 220)
    assert found.bars[-1] == Bar("all others", 13 / 220, 13 / 220)
    assert len(found.bars) == 11
    assert sum(bar.old for bar in found.bars) == pytest.approx(1)
    assert sum(bar.new for bar in found.bars) == pytest.approx(1)


def test_bools_are_categories(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (found,) = measure(
        con, tmp_path, Column("v", pa.bool_()), [True] * 90 + [False] * 10, [True] * 10 + [False] * 90
    )
    assert found.bars == (Bar("false", 0.1, 0.9), Bar("true", 0.9, 0.1))


def test_no_value_of_a_personal_column_is_a_label(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    secret = Column("v", TEXT, classification="personal")
    old, new = ["Ada"] * 90 + ["Bob"] * 10, ["Ada"] * 10 + ["Bob"] * 60 + [None] * 30
    found = measure(con, tmp_path, secret, old, new)
    assert {shift.kind for shift in found} == {ShiftKind.NULLS, ShiftKind.CATEGORIES}
    for shift in found:
        assert shift.is_personal
        assert {bar.label for bar in shift.bars} == {""}
    # Personal on the old side, or by the diff's word, is personal too.
    before = side(tmp_path, secret, old)
    after = side(tmp_path, Column("v", TEXT), new)
    for left, personal in ((before, frozenset()), (side(tmp_path, Column("v", TEXT), old), frozenset({"v"}))):
        shifts = measure_shifts(con, left, after, changed(left, after, personal_columns=personal))
        assert [shift.is_personal for shift in shifts] == [True, True]


def refuse(names: object) -> list[Path]:
    raise AssertionError(f"opened {names}")


def closed(of: TableSide) -> TableSide:
    return TableSide(of.schema, of.parts, of.rows, refuse)


def test_a_table_with_few_touched_rows_or_few_rows_is_not_opened(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    whole = closed(side(tmp_path, Column("v", INT), [1] * 1000))
    small = closed(side(tmp_path, Column("v", INT), [1] * 19))
    few = TableDiff("t", TableStatus.CHANGED, ("id",), RowCounts(1000, 1000, changed=19), {"v": 19})
    assert measure_shifts(con, whole, whole, few) == ()
    assert measure_shifts(con, small, whole, changed(small, whole)) == ()
    assert measure_shifts(con, whole, small, changed(whole, small)) == ()
    with pytest.raises(AssertionError, match="opened"):
        measure_shifts(con, whole, whole, changed(whole, whole))


@pytest.mark.parametrize(
    ("column", "rest"),
    [
        (Column("v", INT), {"columns": {"other": 50}}),
        (Column("v", INT), {"key": ("v",)}),
        (Column("v", INT), {"columns": {}, "ignored": {"v": 50}}),
    ],
)
def test_columns_that_did_not_change_and_keys_are_left_out(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, column: Column, rest: dict[str, object]
) -> None:
    old, new = closed(side(tmp_path, column, [1] * 50)), closed(side(tmp_path, column, [9] * 50))
    values = {"key": ("id",), "columns": {"v": 50}, **rest}
    diff = TableDiff("t", TableStatus.CHANGED, rows=RowCounts(50, 50, changed=50), **values)  # type: ignore[arg-type]
    assert measure_shifts(con, old, new, diff) == ()


def test_identifying_columns_have_no_distribution(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    old, new = [i % 7 for i in range(200)], [90 + i % 7 for i in range(200)]
    assert measure(con, tmp_path, Column("v", INT), old, new)
    assert measure(con, tmp_path, Column("v", INT, unique=True), old, new) == ()
    reference = (ForeignKey(("v",), "p", ("id",)),)
    before, after = (side(tmp_path, Column("v", INT), values, references=reference) for values in (old, new))
    assert measure_shifts(con, before, after, changed(before, after)) == ()
    names = [f"name {i}" for i in range(200)]
    assert measure(con, tmp_path, Column("v", TEXT), names, [name + "!" for name in names]) == ()
    assert measure(con, tmp_path, Column("v", TEXT, "json"), ["{}"] * 50, ["[]"] * 50) == ()


def test_added_or_removed_rows_measure_every_column(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    columns = (ID, Column("a", INT), Column("b", TEXT))
    rows: list[Row] = [{"id": i, "a": i % 9, "b": "xy"[i % 2]} for i in range(300)]
    schema = TableSchema("t", columns, ("id",))
    old = write_parts(tmp_path, schema, [rows])
    new = write_parts(tmp_path, schema, [[r for r in rows if r["b"] == "x" and r["a"] in (0, 2)]])
    diff = TableDiff("t", TableStatus.CHANGED, ("id",), RowCounts(300, new.rows, removed=300 - new.rows))
    found = measure_shifts(con, old, new, diff)
    assert {shift.column for shift in found} == {"a", "b"}
    ratios = [shift.score / shift.threshold for shift in found]
    assert ratios == sorted(ratios, reverse=True)


def test_a_renamed_column_and_a_widened_type_compare(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    old = side(tmp_path, Column("was", pa.date32()), [date(2020, 1, 1)] * 100)
    new = side(
        tmp_path,
        Column("filename", pa.timestamp("us")),
        [datetime(2020, 1, 1)] * 40 + [datetime(2021, 1, 1)] * 60,
    )
    renamed = SchemaChange(SchemaChangeKind.COLUMN_RENAMED, "filename", old="was", new="filename")
    (found,) = measure_shifts(con, old, new, changed(old, new, schema=(renamed,)))
    assert found.column == "filename"
    assert found.bars == (Bar("2020-01-01 00:00:00", 1.0, 0.4), Bar("> 2020-01-01 00:00:00", 0.0, 0.6))


def test_a_number_that_became_text_has_no_distribution(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    old, new = side(tmp_path, Column("v", INT), [1] * 50), side(tmp_path, Column("v", TEXT), ["1"] * 50)
    assert measure_shifts(con, old, new, changed(old, new)) == ()


def test_large_tables_are_sampled_by_every_kth_row_and_counted_in_full(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shifts_module, "_SAMPLED_ROWS", 300)
    draw = random.Random(3)
    old, new = [draw.gauss(0, 1) for _ in range(3000)], [draw.gauss(1, 1) for _ in range(3000)]
    (found,) = measure(con, tmp_path, Column("v", pa.float64()), old, new)
    cut = float(found.bars[0].label.removeprefix("≤ "))
    # The label is rounded, so a row next to the cut may fall on its other side.
    assert found.bars[0].old == pytest.approx(sum(v <= cut for v in old) / 3000, abs=0.001)
    assert found.bars[0].new == pytest.approx(sum(v <= cut for v in new) / 3000, abs=0.001)
    assert 0.05 < found.bars[0].old < 0.15
    again = measure(con, tmp_path, Column("v", pa.float64()), old, new)
    assert again == (found,)


def test_a_damaged_part_is_an_error_of_the_store(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    old, new = side(tmp_path, Column("v", INT), [1] * 50), side(tmp_path, Column("v", INT), [2] * 50)
    (tmp_path / f"{new.parts[0]}.parquet").write_bytes(b"PAR1")
    with pytest.raises(PartError, match="table t"):
        measure_shifts(con, old, new, changed(old, new))


def test_nothing_is_left_in_the_connection(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    measure(con, tmp_path, Column("file_row_number", INT), [1] * 50, [2] * 50)
    assert con.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]


def test_a_part_that_a_keyless_table_holds_twice_counts_twice(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    schema = TableSchema("t", (Column("v", TEXT),))
    for name, values in (("a", ["x"] * 30), ("b", ["y"] * 30)):
        pq.write_table(pa.table({"v": values}), tmp_path / f"{name}.parquet")

    def holding(*parts: str) -> TableSide:
        return TableSide(
            schema, parts, 30 * len(parts), lambda names: [tmp_path / f"{name}.parquet" for name in names]
        )

    old, new = holding("a", "b"), holding("b", "b", "b", "b", "a")
    diff = TableDiff("t", TableStatus.CHANGED, rows=RowCounts(60, 150, added=90))
    (found,) = measure_shifts(con, old, new, diff)
    assert {bar.label: bar.new for bar in found.bars} == {"x": 0.2, "y": 0.8}
