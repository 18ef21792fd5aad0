"""How two sorted sides fall into key_ranges: small ones that share no key, or none at all."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tdmvc.changes.diff import diff_table
from tdmvc.changes.walk.key_ranges import Unordered, plan_key_ranges
from tdmvc.changes.walk.workers import workers
from tdmvc.model.diff import TableSide
from tdmvc.model.schema import Column, TableSchema

SCHEMA = TableSchema("t", (Column("id", pa.int64()), Column("v", pa.string())), key=("id",))


def parts(folder: Path, name: str, starts: list[range]) -> TableSide:
    """Write one part for each range of ids."""
    paths: dict[str, Path] = {}
    for number, ids in enumerate(starts):
        path = folder / f"{name}{number}.parquet"
        pq.write_table(pa.table({"id": pa.array(ids), "v": [f"{i % 7}" for i in ids]}), path)
        paths[path.stem] = path
    rows = sum(map(len, starts))
    return TableSide(SCHEMA, tuple(paths), rows, lambda names: [paths[name] for name in names])


def plan(old: TableSide, new: TableSide) -> list[tuple[int, int, bool]]:
    """Return how many parts each key_range has on each side, and whether it is aligned."""
    sides = [list(side.locate(side.parts)) for side in (old, new)]
    with workers(sum(map(len, sides))) as in_order:
        key_ranges = plan_key_ranges(*sides, ("id",), ("id",), in_order=in_order)
    return [(len(s.old), len(s.new), s.is_aligned) for s in key_ranges]


def test_parts_with_the_same_keys_are_aligned_and_others_meet_by_range(tmp_path: Path) -> None:
    old = parts(tmp_path, "old", [range(0, 10), range(10, 20), range(30, 40)])
    new = parts(tmp_path, "new", [range(0, 10), range(10, 16), range(16, 21), range(50, 60)])
    assert plan(old, new) == [(1, 1, True), (1, 2, False), (1, 0, False), (0, 1, False)]


def test_a_chain_of_parts_too_long_for_memory_is_joined(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tdmvc.changes.walk.key_ranges.MOST_ROWS", 500)
    old = parts(tmp_path, "old", [range(10 * n, 10 * n + 10) for n in range(40)])
    # Every boundary lies five keys further on, so that each part meets two of the other side.
    new = parts(tmp_path, "new", [range(10 * n + 5, 10 * n + 15) for n in range(40)])
    with pytest.raises(Unordered):
        plan(old, new)
    rows = diff_table(lambda: con, old, new).rows
    assert (rows.old, rows.new, rows.added, rows.removed, rows.changed) == (400, 400, 5, 5, 0)
