"""Values that go with a column or a row that the other side removed are counted in the merge."""

from collections.abc import Iterator

import pyarrow as pa
import pytest

from tdmvc.model.declarations import Default
from tdmvc.model.merge import Resolutions, Side, TableOutcome
from tdmvc.model.schema import Column, TableSchema
from tests.table_merger import TABLE, Rows, TableMerger, open_table_merger

ID, NAME, SIZE = Column("id", pa.int64()), Column("name", pa.string()), Column("size", pa.int64())


@pytest.fixture(scope="module")
def merger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TableMerger]:
    with open_table_merger(tmp_path_factory.mktemp("merge") / "app", 4) as merger:
        yield merger


def rows(columns: tuple[Column, ...], values: list[tuple[object, ...]]) -> Rows:
    names = [column.name for column in columns]
    return Rows(TableSchema(TABLE, columns, ("id",)), [dict(zip(names, row, strict=True)) for row in values])


BASE = rows((ID, NAME), [(1, "a"), (2, "b"), (3, "c")])


@pytest.mark.parametrize("dropping", [Side.OURS, Side.THEIRS])
def test_values_of_new_rows_in_a_dropped_column_are_counted(merger: TableMerger, dropping: Side) -> None:
    sides = [rows((ID,), [(1,), (2,), (3,)]), rows((ID, NAME), [(1, "a"), (3, "c"), (4, "d"), (5, None)])]
    ours, theirs = sides if dropping is Side.OURS else reversed(sides)

    merged = merger.merge(BASE, ours, theirs)

    assert merged.merge.outcome is TableOutcome.MERGED
    assert merged.listing is not None
    assert sorted(row["id"] for row in merger.read(merged.listing)) == [1, 3, 4, 5]
    assert merged.merge.counts.values_left_out == 1


@pytest.mark.parametrize("default", [None, 7])
@pytest.mark.parametrize("deleting", [Side.OURS, Side.THEIRS])
def test_values_of_new_columns_in_a_deleted_row_are_counted(
    merger: TableMerger, deleting: Side, default: int | None
) -> None:
    size = Column("size", pa.int64(), default=None if default is None else Default(literal=str(default)))
    filled = rows((ID, NAME, size), [(1, "a", 10), (2, "b", 20), (3, "c", default)])
    sides = [rows((ID, NAME), [(1, "a")]), filled]
    ours, theirs = sides if deleting is Side.OURS else reversed(sides)

    merged = merger.merge(BASE, ours, theirs)

    assert merged.merge.outcome is TableOutcome.MERGED
    assert merged.listing is not None
    assert list(merger.read(merged.listing)) == [{"id": 1, "name": "a", "size": 10}]
    assert merged.merge.counts.values_left_out == 1


def test_values_that_a_decision_keeps_are_not_counted(merger: TableMerger) -> None:
    ours = rows((ID, NAME, SIZE), [(1, "a", 10), (2, "edited", 20), (3, "c", 30)])
    theirs = rows((ID, NAME), [(1, "a"), (3, "c")])

    merged = merger.merge(BASE, ours, theirs, Resolutions(table=Side.OURS))

    assert merged.listing is not None
    assert sorted(row["size"] for row in merger.read(merged.listing)) == [10, 20, 30]
    assert merged.merge.counts.values_left_out == 0
