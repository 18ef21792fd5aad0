"""Two real changes of one real table, brought together."""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from tdmvc.model.merge import ConflictKind, Resolutions, Side
from tdmvc.model.schema import Column, TableSchema
from tests.laws.test_merge_laws import MergeInputs, Oracle, spelled
from tests.table_merger import TABLE, Rows, TableMerger, open_table_merger

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def merger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TableMerger]:
    with open_table_merger(tmp_path_factory.mktemp("merge") / "app", 32) as merger:
        yield merger


def index_of(shared: Path, commit: str) -> Rows:
    with (shared / "sp500" / f"{commit}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = tuple(Column(name, pa.string()) for name in rows[0])
    return Rows(TableSchema(TABLE, columns, ("Symbol",)), rows)


@pytest.mark.parametrize(
    ("base", "ours", "theirs"),
    [
        ("b61fb6f", "409cfe9", "3755d22"),
        ("3755d22", "a1da80a", "493df85"),
        ("493df85", "2cacb03", "a1da80a"),
        ("9f18ae5", "493df85", "a1da80a"),
        ("409cfe9", "9f18ae5", "b61fb6f"),
    ],
)
def test_two_states_of_the_index_merge_by_the_rules(
    shared: Path, merger: TableMerger, base: str, ours: str, theirs: str
) -> None:
    inputs = MergeInputs(*(index_of(shared, commit) for commit in (base, ours, theirs)))
    oracle = Oracle(inputs)
    expected = oracle.merge()
    merged = merger.merge(inputs.base, inputs.ours, inputs.theirs)
    assert spelled(merged.merge.conflicts) == expected.conflicts
    if merged.listing is None:
        resolved = merger.merge(inputs.base, inputs.ours, inputs.theirs, Resolutions(table=Side.THEIRS))
        assert resolved.merge.conflict_count == 0
        assert resolved.listing is not None
    else:
        assert merged.listing == merger.listing(Rows(inputs.base.schema, expected.rows))


def test_a_renamed_column_and_edits_of_its_cells_are_merged(shared: Path, merger: TableMerger) -> None:
    base, ours, theirs = (index_of(shared, commit) for commit in ("9f18ae5", "226112f", "9f18ae5"))
    edited = [{**row, "Security": "Renamed Inc."} if row["Symbol"] == "AAPL" else row for row in theirs.rows]
    merged = merger.merge(base, ours, Rows(theirs.schema, edited))
    assert merged.merge.conflicts == ()
    assert merged.listing is not None
    rows = {row["Symbol"]: row for row in merger.read(merged.listing)}
    assert rows["AAPL"]["Company"] == "Renamed Inc."
    assert Counter(row["Company"] for symbol, row in rows.items() if symbol != "AAPL") == Counter(
        row["Company"] for row in ours.rows if row["Symbol"] != "AAPL"
    )


def test_a_symbol_removed_here_and_edited_there_is_a_conflict(shared: Path, merger: TableMerger) -> None:
    base, ours = index_of(shared, "493df85"), index_of(shared, "2cacb03")
    (gone,) = {row["Symbol"] for row in base.rows} - {row["Symbol"] for row in ours.rows}
    edited = [{**row, "Founded": "1799"} if row["Symbol"] == gone else row for row in base.rows]
    merged = merger.merge(base, ours, Rows(base.schema, edited))
    (conflict,) = merged.merge.conflicts
    assert (conflict.kind, conflict.key, conflict.ours) == (ConflictKind.ROW_DELETED, (gone,), None)
    assert conflict.theirs == "Founded: 1799"
