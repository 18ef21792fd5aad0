"""A column that became a number on one side, and has other texts on the other: no text is lost, whatever is decided."""

from collections import Counter
from collections.abc import Iterator

import pyarrow as pa
import pytest

from tdmvc.merging.tables import MergedTable
from tdmvc.model.merge import ConflictKind, Resolutions, Side, TableOutcome
from tdmvc.model.schema import Column, TableSchema
from tests.table_merger import TABLE, Rows, TableMerger, open_table_merger

KEYS = [("id",), ()]
Values = list[tuple[object, ...]]


@pytest.fixture(scope="module")
def merger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TableMerger]:
    with open_table_merger(tmp_path_factory.mktemp("merge") / "app", 4) as merger:
        yield merger


def rows(
    values: Values, type_: pa.DataType, key: tuple[str, ...], id_type: pa.DataType | None = None
) -> Rows:
    columns = (Column("id", id_type or pa.int64()), Column("v", type_), Column("w", pa.string()))
    return Rows(TableSchema(TABLE, columns, key), [_row(row) for row in values])


def _row(row: tuple[object, ...]) -> dict[str, object]:
    return dict(zip(("id", "v", "w"), row, strict=True))


def read(merger: TableMerger, merged: MergedTable) -> Counter[tuple[object, ...]]:
    assert merged.listing is not None
    return Counter(tuple(row.values()) for row in merger.read(merged.listing))


TEXT, NUMBER = pa.string(), pa.int64()
BASE: Values = [(1, "1", "a"), (2, "2", "b"), (3, "3", "c")]
AS_NUMBERS: Values = [(1, 1, "a"), (2, 2, "o"), (3, 3, "c"), (5, 5, "o")]
OTHER_TEXTS: Values = [(1, "x9", "t"), (2, "2", "b"), (3, "3", "c"), (4, "007", "t")]


@pytest.mark.parametrize("key", KEYS, ids=["key", "no key"])
@pytest.mark.parametrize("numbers", [Side.OURS, Side.THEIRS])
def test_texts_that_do_not_fit_are_a_conflict_about_the_type(
    merger: TableMerger, key: tuple[str, ...], numbers: Side
) -> None:
    sides = [rows(AS_NUMBERS, NUMBER, key), rows(OTHER_TEXTS, TEXT, key)]
    ours, theirs = sides if numbers is Side.OURS else reversed(sides)

    merged = merger.merge(rows(BASE, TEXT, key), ours, theirs)

    assert merged.merge.outcome is TableOutcome.CONFLICT
    (conflict,) = merged.merge.conflicts
    assert conflict.kind is ConflictKind.COLUMN_TYPE
    assert conflict.detail == "2 values do not fit int64"


@pytest.mark.parametrize("way", ["table", "column"])
@pytest.mark.parametrize("numbers", [Side.OURS, Side.THEIRS])
def test_the_side_with_texts_brings_its_type_and_every_text(
    merger: TableMerger, numbers: Side, way: str
) -> None:
    sides = [rows(AS_NUMBERS, NUMBER, ("id",)), rows(OTHER_TEXTS, TEXT, ("id",))]
    ours, theirs = sides if numbers is Side.OURS else reversed(sides)
    for side in (numbers.mirrored, Side.BASE):
        decided = Resolutions(table=side) if way == "table" else Resolutions(columns={"v": side})

        merged = merger.merge(rows(BASE, TEXT, ("id",)), ours, theirs, decided)

        assert merged.merge.schema is not None
        assert merged.merge.schema.columns[1].type == TEXT
        assert merged.merge.counts.values_converted == 0
        expected = [(1, "x9", "t"), (2, "2", "o"), (3, "3", "c"), (4, "007", "t"), (5, "5", "o")]
        assert read(merger, merged) == Counter(expected)


@pytest.mark.parametrize("numbers", [Side.OURS, Side.THEIRS])
def test_the_side_with_numbers_keeps_its_cells_and_what_has_none_is_counted(
    merger: TableMerger, numbers: Side
) -> None:
    sides = [rows(AS_NUMBERS, NUMBER, ("id",)), rows(OTHER_TEXTS, TEXT, ("id",))]
    ours, theirs = sides if numbers is Side.OURS else reversed(sides)

    merged = merger.merge(rows(BASE, TEXT, ("id",)), ours, theirs, Resolutions(table=numbers))

    expected = [(1, 1, "t"), (2, 2, "o"), (3, 3, "c"), (4, 7, "t"), (5, 5, "o")]
    assert read(merger, merged) == Counter(expected)
    assert merged.merge.counts.values_converted == 1


def test_a_row_edited_on_both_sides_takes_the_cell_of_the_chosen_side(merger: TableMerger) -> None:
    ours = rows([(1, 10, "a"), (2, 2, "b"), (3, 3, "c")], NUMBER, ("id",))
    theirs = rows([(1, "ten", "a"), (2, "2", "b"), (3, "3", "c")], TEXT, ("id",))

    for side, cell in ((Side.OURS, 10), (Side.THEIRS, "ten"), (Side.BASE, "1")):
        merged = merger.merge(rows(BASE, TEXT, ("id",)), ours, theirs, Resolutions(table=side))
        assert (1, cell, "a") in read(merger, merged)


@pytest.mark.parametrize("side", [Side.OURS, Side.THEIRS])
def test_two_new_types_are_merged_as_the_chosen_one(merger: TableMerger, side: Side) -> None:
    ours = rows([(1, 1, "a"), (2, 2, "b"), (3, 30, "c")], NUMBER, ("id",))
    theirs = rows([(1, 1.5, "a"), (2, 2.0, "b"), (3, 3.0, "c")], pa.float64(), ("id",))

    merged = merger.merge(rows(BASE, TEXT, ("id",)), ours, theirs, Resolutions(table=side))

    first = {Side.OURS: 1, Side.THEIRS: 1.5}[side]
    assert read(merger, merged)[(1, first, "a")] == 1
    assert merged.merge.counts.values_converted == 0


@pytest.mark.parametrize("side", [Side.OURS, Side.THEIRS, Side.BASE])
def test_rows_without_a_key_keep_every_text_or_are_counted(merger: TableMerger, side: Side) -> None:
    ours, theirs = rows(AS_NUMBERS, NUMBER, ()), rows(OTHER_TEXTS, TEXT, ())

    merged = merger.merge(rows(BASE, TEXT, ()), ours, theirs, Resolutions(table=side))

    found = read(merger, merged)
    if side is Side.OURS:
        assert merged.merge.counts.values_converted == 2
        assert found[(4, 7, "t")] == found[(1, None, "t")] == 1
    else:
        assert merged.merge.counts.values_converted == 0
        assert found[(4, "007", "t")] == found[(1, "x9", "t")] == 1


def test_keys_that_do_not_fit_leave_only_a_whole_side(merger: TableMerger) -> None:
    base = rows([("1", "1", "a"), ("2", "2", "b")], TEXT, ("id",), TEXT)
    ours = rows([(1, "1", "a"), (2, "2", "o")], TEXT, ("id",), NUMBER)
    theirs = rows([("1", "1", "t"), ("2", "2", "b"), ("x", "3", "t")], TEXT, ("id",), TEXT)

    by_column = merger.merge(base, ours, theirs, Resolutions(columns={"id": Side.OURS}))
    assert by_column.merge.outcome is TableOutcome.CONFLICT
    assert ConflictKind.KEY_CHANGED in {one.kind for one in by_column.merge.conflicts}

    taken = merger.merge(base, ours, theirs, Resolutions(table=Side.OURS))
    assert taken.merge.outcome is TableOutcome.OURS

    texts = merger.merge(base, ours, theirs, Resolutions(table=Side.THEIRS))
    expected = [("1", "1", "t"), ("2", "2", "o"), ("x", "3", "t")]
    assert read(merger, texts) == Counter(expected)
