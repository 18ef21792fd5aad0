"""Laws of related rows: what holds for any rows and any references between them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tdmvc.changes.related import relate_rows
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.diff import (
    CellChange,
    ChangedRowSample,
    RowCounts,
    RowSample,
    Samples,
    TableDiff,
    TableStatus,
)
from tdmvc.model.review import RelatedRow, RowChange
from tests.series import trials

NAMES = ("a", "a_items", "b")
CELLS = st.sampled_from([None, 0, 1, 2, "x"])
COLUMNS = ("p", "q")


@st.composite
def tables(draw: st.DrawFn, name: str) -> TableDiff:
    """A table whose rows refer to any tables, itself too, with samples that may be cut."""
    references = tuple(
        ForeignKey((column,), draw(st.sampled_from(NAMES)), (draw(st.sampled_from(["id", *COLUMNS])),))
        for column in draw(st.lists(st.sampled_from(COLUMNS), unique=True))
    )
    key = ("id", "p") if draw(st.booleans()) else ("id",)
    ids = iter(draw(st.lists(st.sampled_from([0, 1, 2, 3, 4, "x"]), unique=True, max_size=6)))
    rows = [{"id": i, "p": draw(CELLS), "q": draw(CELLS)} for i in ids]
    cut = sorted(draw(st.lists(st.integers(0, len(rows)), min_size=2, max_size=2)))
    whole = [RowSample({c: row[c] for c in key}, row) for row in rows]
    changed = tuple(
        ChangedRowSample(
            row.key,
            (CellChange("q", draw(CELLS), row.values["q"]),),
            {c: v for c, v in row.values.items() if c != "q" and c not in key},
        )
        for row in whole[cut[1] :]
    )
    samples = Samples(tuple(whole[: cut[0]]), tuple(whole[cut[0] : cut[1]]), changed)
    counts = RowCounts(
        added=len(samples.added) + draw(st.integers(0, 1)),
        removed=len(samples.removed),
        changed=len(samples.changed),
    )
    return TableDiff(name, TableStatus.CHANGED, key, counts, samples=samples, references=references)


DATASETS = st.tuples(*(tables(name) for name in NAMES))


def walk(row: RelatedRow, parent: RelatedRow | None = None) -> Iterator[tuple[RelatedRow, RelatedRow | None]]:
    yield row, parent
    for child in row.children:
        yield from walk(child, row)


def sides(table: TableDiff, row: RelatedRow) -> list[dict[str, object]]:
    """Return what a touched row says, on each side that it is on."""
    if row.sample is None:
        return [row.key]
    sample = getattr(table.samples, row.change.value)[row.sample]
    if isinstance(sample, RowSample):
        return [sample.values]
    rest = {**sample.unchanged, **sample.key}
    return [
        {**rest, **{c.column: c.old for c in sample.cells}},
        {**rest, **{c.column: c.new for c in sample.cells}},
    ]


@settings(max_examples=trials(200, 20), deadline=None)
@given(DATASETS)
def test_every_row_is_in_one_unit_at_most_and_names_it(dataset: tuple[TableDiff, ...]) -> None:
    known = {table.name: table for table in dataset}
    units = relate_rows(dataset)
    rows = [pair for unit in units for pair in walk(unit)]
    touched = [row for row, _ in rows if row.change is not RowChange.UNTOUCHED]
    assert max(Counter((r.table, r.change, r.sample) for r in touched).values(), default=1) == 1
    assert all(unit.rows >= 2 and unit.via == () for unit in units)
    for row, parent in rows:
        if row.change is RowChange.UNTOUCHED:
            assert parent is None
            assert len(row.children) >= 2
            assert row.sample is None
        else:
            samples = getattr(known[row.table].samples, row.change.value)
            assert samples[row.sample].key == row.key


@settings(max_examples=trials(200, 20), deadline=None)
@given(DATASETS)
def test_a_child_names_its_parent_by_a_declared_reference(dataset: tuple[TableDiff, ...]) -> None:
    known = {table.name: table for table in dataset}
    for unit in relate_rows(dataset):
        for row, parent in walk(unit):
            if parent is None:
                continue
            # The new side's value counts, if the row has one.
            mine = sides(known[row.table], row)[-1]
            theirs = sides(known[parent.table], parent)
            assert any(
                r.columns == row.via
                and r.table == parent.table
                and mine[r.columns[0]] is not None
                and any(mine[r.columns[0]] == other.get(r.to[0]) for other in theirs)
                for r in known[row.table].references
            )


@settings(max_examples=trials(100, 15), deadline=None)
@given(DATASETS, st.permutations(range(3)))
def test_units_come_in_one_order(dataset: tuple[TableDiff, ...], order: list[int]) -> None:
    units = relate_rows(dataset)
    assert relate_rows([dataset[i] for i in order]) == units
    assert [unit.rows for unit in units] == sorted((unit.rows for unit in units), reverse=True)


@settings(max_examples=trials(100, 15), deadline=None)
@given(st.lists(st.sampled_from([None, 0, 1, 2, 3]), max_size=8), st.sets(st.integers(0, 3)))
def test_with_one_reference_units_are_the_groups_by_its_value(
    named: list[int | None], orders: set[int]
) -> None:
    reference = ForeignKey(("order",), "orders", ("id",))
    items = [RowSample({"id": i}, {"id": i, "order": order}) for i, order in enumerate(named)]
    parents = [RowSample({"id": i}, {"id": i}) for i in sorted(orders)]
    table = TableDiff("items", TableStatus.CHANGED, ("id",), references=(reference,))
    dataset = [
        replace(table, rows=RowCounts(added=len(items)), samples=Samples(added=tuple(items))),
        TableDiff(
            "orders",
            TableStatus.CHANGED,
            ("id",),
            RowCounts(added=len(parents)),
            samples=Samples(tuple(parents)),
        ),
    ]
    groups = Counter(order for order in named if order is not None)
    expected = {i: n + (i in orders) for i, n in groups.items() if n + (i in orders) >= 2}
    assert {unit.key["id"]: unit.rows for unit in relate_rows(dataset)} == expected
