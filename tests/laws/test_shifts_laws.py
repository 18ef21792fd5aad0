"""Laws of shifts: chance does not raise them, the same rows have none, and the index is symmetric."""

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdmvc.changes.shifts import measure_shifts
from tdmvc.changes.stability import index_threshold, nulls_threshold, stability_index
from tdmvc.model.diff import RowCounts, TableDiff, TableStatus
from tdmvc.model.schema import Column, TableSchema
from tests.duckdb_sessions import open_session, open_session_and_folder
from tests.laws.strategies_tables import VALUES, Row, columns, write_parts
from tests.series import long_only, trials

COUNTS = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=2, max_size=10).filter(
    lambda pairs: sum(p for p, _ in pairs) > 0 and sum(q for _, q in pairs) > 0
)


@given(COUNTS)
def test_the_index_is_symmetric_finite_and_zero_for_equal_counts(pairs: list[tuple[int, int]]) -> None:
    old, new = [p for p, _ in pairs], [q for _, q in pairs]
    index = stability_index(old, new)
    assert index >= 0
    assert math.isfinite(index)
    assert index == pytest.approx(stability_index(new, old))
    assert stability_index(old, old) == 0


def test_the_index_of_large_counts_is_the_textbooks() -> None:
    p, q = np.array([0.1, 0.2, 0.7]), np.array([0.3, 0.3, 0.4])
    counts = [(share * 1_000_000).astype(int).tolist() for share in (p, q)]
    assert stability_index(*counts) == pytest.approx(float(((q - p) * np.log(q / p)).sum()), abs=1e-4)


@pytest.mark.parametrize("rows", [20, 50, 200, 1000])
@pytest.mark.parametrize(
    "shares", [[0.5, 0.5], [0.98, 0.02], [0.1] * 10, [0.6, 0.2, 0.1, 0.04, 0.03, 0.02, 0.01]]
)
def test_two_samples_of_one_distribution_rarely_count_as_a_shift(rows: int, shares: list[float]) -> None:
    draw = np.random.default_rng(rows)
    alarms, nulls = 0, 0
    for _ in range(1000):
        old, new = draw.multinomial(rows, shares), draw.multinomial(rows, shares)
        used = (old + new) > 0
        if used.sum() >= 2:
            index = stability_index(old[used].tolist(), new[used].tolist())
            alarms += index >= index_threshold(int(used.sum()), rows, rows)
        share = abs(int(old[0]) - int(new[0])) / rows
        nulls += share >= nulls_threshold(int(old[0]), int(new[0]), rows, rows)
    assert alarms <= 8
    assert nulls <= 8


@long_only
def test_random_halves_of_one_table_have_no_shift_in_sql(tmp_path: Path) -> None:
    draw = np.random.default_rng(5)
    schema = TableSchema(
        "t",
        (
            Column("id", pa.int64()),
            *(Column(f"n{i}", pa.float64()) for i in range(30)),
            *(Column(f"c{i}", pa.string()) for i in range(30)),
        ),
        ("id",),
    )
    for rows in (40, 300):
        sides = []
        for half in range(2):
            table: list[Row] = [
                {
                    "id": 2 * i + half,
                    **{f"n{c}": float(draw.lognormal()) if draw.random() > 0.1 else None for c in range(30)},
                    **{f"c{c}": "abcdefghijklmn"[min(int(draw.exponential(2)), 13)] for c in range(30)},
                }
                for i in range(rows)
            ]
            sides.append(write_parts(tmp_path, schema, [table]))
        diff = TableDiff("t", TableStatus.CHANGED, ("id",), RowCounts(rows, rows, added=rows, removed=rows))
        with open_session() as con:
            assert len(measure_shifts(con, *sides, diff)) <= 1


@st.composite
def cells(draw: st.DrawFn) -> tuple[Column, list[object], list[object]]:
    column = draw(columns("v"))
    kind = "json" if column.is_json else column.type_text
    values = st.lists(st.one_of(st.none(), VALUES[kind]), min_size=20, max_size=40)
    return column, draw(values), draw(values)


@settings(max_examples=trials(60, 8), deadline=None)
@given(cells())
def test_any_values_are_measured_and_equal_ones_have_no_shift(
    drawn: tuple[Column, list[object], list[object]],
) -> None:
    column, old, new = drawn
    schema = TableSchema("t", (Column("id", pa.int64()), column), ("id",))
    with open_session_and_folder() as (con, folder):
        sides = [
            write_parts(folder, schema, [[{"id": i, "v": value} for i, value in enumerate(values)]])
            for values in (old, new)
        ]
        diff = TableDiff(
            "t", TableStatus.CHANGED, ("id",), RowCounts(len(old), len(new), changed=20), {"v": 20}
        )
        assert measure_shifts(con, sides[0], sides[0], diff) == ()
        for shift in measure_shifts(con, *sides, diff):
            assert shift.score >= shift.threshold > 0
            assert all(bar.label for bar in shift.bars)
            for share in ("old", "new"):
                total = sum(getattr(bar, share) for bar in shift.bars)
                assert total <= 1 + 1e-9
                assert shift.kind == "nulls" or total == pytest.approx(1)
