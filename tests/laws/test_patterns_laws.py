"""The laws of patterns: each changed cell is in exactly one, counted exactly, whichever way the cells are counted."""

import math
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdmvc.arrow.values import python_values
from tdmvc.changes import pattern_counts
from tdmvc.changes.pairs import ColumnPair
from tdmvc.changes.patterns import PatternFinder, group_patterns
from tdmvc.changes.walk.cells import differing_cells
from tdmvc.model.diff import (
    CellChange,
    ChangedRowSample,
    ChangePattern,
    PatternKind,
    Samples,
    TableDiff,
    TableStatus,
)
from tdmvc.model.schema import Column
from tests.series import trials

P = PatternKind
PLAIN = {P.EMPTY_TO_NULL, P.NULL_TO_EMPTY, P.SET_NULL, P.FILLED, P.CASE, P.WHITESPACE}
Cells = list[tuple[object, object]]

TEXTS = st.sampled_from(
    ["", " ", "a", "A", "aa", "aaa", "a b", "ab", "a\u00a0b", "a\u2003b", "a\x0bb", "a\x1cb", "İ", "i̇", "ΑΣ", "ας",
     "ασ", "ẞ", "ß", "x-a", "x-A", "x-ab", "a-y", "é", "É", None]
)  # fmt: skip
FLOATS = st.sampled_from([0.0, 0.1, 0.3, 1.5, 2.5, math.nan, math.inf, -math.inf, 1e300, None])
TYPED: dict[str, tuple[pa.DataType, st.SearchStrategy[object]]] = {
    "text": (pa.string(), TEXTS),
    "float": (pa.float64(), FLOATS),
    "int": (pa.int64(), st.sampled_from([0, 1, 2, 2**63 - 1, -(2**63), None])),
    "uint": (pa.uint64(), st.sampled_from([0, 1, 2, 2**64 - 1, None])),
    "decimal": (pa.decimal128(38, 0), st.sampled_from([Decimal(10**38 - 1), Decimal(1 - 10**38), Decimal(2), None])),
    "date": (pa.date32(), st.sampled_from([date(1, 1, 1), date(2024, 2, 29), date(9999, 12, 31), None])),
    "time": (pa.time64("us"), st.sampled_from([time(0), time(1), time(23, 59, 59, 999999), None])),
    "instant": (
        pa.timestamp("us", tz="UTC"),
        st.sampled_from([datetime(1, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC), None]),
    ),
    "far": (pa.timestamp("us"), st.sampled_from([0, 1, 2**60, 2**60 + 1, None])),
    "bool": (pa.bool_(), st.sampled_from([True, False, None])),
    "bytes": (pa.binary(), st.sampled_from([b"", b"a", b"\xff", None])),
    "list": (pa.list_(pa.float64()), st.sampled_from([[], [1.0], [math.nan], [None], None])),
    "struct": (pa.struct([("x", pa.int32())]), st.sampled_from([{"x": 1}, {"x": None}, {"x": 2}, None])),
}  # fmt: skip


def find(
    type_: pa.DataType, batches: list[Cells], monkey: pytest.MonkeyPatch, most: int, *, personal: bool = False
) -> tuple[tuple[ChangePattern, ...], Samples]:
    """Return the patterns of one column `v`, and each cell marked with its own."""
    column = Column("v", type_, classification="personal" if personal else None)
    monkey.setattr(pattern_counts, "_MOST_PAIRS", most)
    finder = PatternFinder([ColumnPair(column, column)])
    rows: list[ChangedRowSample] = []
    for cells in batches:
        old, new = (pa.array([cell[i] for cell in cells], type_) for i in (0, 1))
        finder.add("v", old, new)
        values = zip(python_values(old), python_values(new), strict=True)
        rows += [ChangedRowSample({}, (CellChange("v", *pair),)) for pair in values]
    patterns = finder.patterns()
    return patterns, finder.mark(Samples(changed=tuple(rows)), patterns)


def of(
    type_: pa.DataType, cells: Cells, *, most: int = 2000, personal: bool = False
) -> tuple[ChangePattern, ...]:
    with pytest.MonkeyPatch.context() as monkey:
        return find(type_, [cells], monkey, most, personal=personal)[0]


@st.composite
def changed_cells(draw: st.DrawFn) -> tuple[pa.DataType, list[Cells]]:
    type_, values = TYPED[draw(st.sampled_from(sorted(TYPED)))]
    cells = draw(st.lists(st.tuples(values, values), min_size=1, max_size=40))
    if pa.types.is_nested(type_):
        changed = [cell for cell in cells if repr(cell[0]) != repr(cell[1])]
    else:
        sides = (pa.array([cell[i] for cell in cells], type_) for i in (0, 1))
        changed = [cell for cell, is_it in zip(cells, differing_cells(*sides), strict=True) if is_it]
    size = draw(st.integers(1, 12))
    return type_, [changed[i : i + size] for i in range(0, len(changed), size)]


def plain_counts(patterns: tuple[ChangePattern, ...]) -> Counter[PatternKind]:
    return Counter({p.kind: p.cells for p in patterns if p.kind in PLAIN})


@given(case=changed_cells(), most=st.sampled_from([0, 3, 2000]))
@settings(max_examples=trials(250, 15), deadline=None)
def test_each_cell_is_in_exactly_one_pattern_that_fits(
    case: tuple[pa.DataType, list[Cells]], most: int
) -> None:
    type_, batches = case
    total = sum(map(len, batches))
    with pytest.MonkeyPatch.context() as monkey:
        patterns, marked = find(type_, batches, monkey, most)
        backwards, _ = find(type_, batches[::-1], monkey, most)
        pairwise, _ = find(type_, batches, monkey, 2000)
    assert sum(p.cells for p in patterns) == sum(p.cells for p in backwards) == total
    assert plain_counts(patterns) == plain_counts(backwards) == plain_counts(pairwise)
    pointed: Counter[int | None] = Counter(row.cells[0].pattern for row in marked.changed)
    assert None not in pointed
    for row in marked.changed:
        (cell,) = row.cells
        assert cell.pattern is not None
        _check_fits(patterns[cell.pattern], cell)
    for place, pattern in enumerate(patterns):
        if pattern.kind in PLAIN or most == 2000:
            assert pointed[place] == pattern.cells, pattern


def _check_fits(pattern: ChangePattern, cell: CellChange) -> None:
    old, new, by = cell.old, cell.new, pattern.by or ""
    match pattern.kind:
        case P.EMPTY_TO_NULL:
            assert (old, new) == ("", None)
        case P.NULL_TO_EMPTY:
            assert (old, new) == (None, "")
        case P.SET_NULL:
            assert new is None
        case P.FILLED:
            assert old is None
        case P.CASE:
            assert str(old).lower() == str(new).lower()
        case P.WHITESPACE:
            assert "".join(str(old).split()) == "".join(str(new).split())
        case P.PREFIX_ADDED:
            assert by + str(old) == new
        case P.PREFIX_REMOVED:
            assert by + str(new) == old
        case P.SUFFIX_ADDED:
            assert str(old) + by == new
        case P.SUFFIX_REMOVED:
            assert str(new) + by == old
        case P.CONSTANT:
            assert (repr(old), repr(new)) == (repr(pattern.old), repr(pattern.new))
        case P.SET_TO:
            assert repr(new) == repr(pattern.new)


D = Decimal
INT, T, F = pa.int64(), pa.string(), pa.float64()


@pytest.mark.parametrize("most", [2000, 0])
@pytest.mark.parametrize(
    ("type_", "cells", "kinds"),
    [
        (T, [("", None), ("a", None)], {P.EMPTY_TO_NULL: 1, P.SET_NULL: 1}),
        (T, [(None, ""), (None, " ")], {P.NULL_TO_EMPTY: 1, P.FILLED: 1}),
        (pa.binary(), [(b"", None), (None, b"")], {P.SET_NULL: 1, P.FILLED: 1}),
        (T, [("a", "A"), ("É", "é")], {P.CASE: 2}),
        (T, [("ΑΣ", "ας"), ("ABC", "aBc")], {P.CASE: 2}),
        (T, [("a b", "ab"), ("a\u00a0b", "a b"), ("", " "), ("a\x1cb", "ab")], {P.WHITESPACE: 4}),
        (T, [("a\u200bb", "ab"), ("c\u200bd", "cd"), ("x", "y")], {P.VARIED: 3}),
        (F, [(1.0, math.nan), (2.0, math.nan)], {P.SET_TO: 2}),
        (F, [(1.0, math.nan), (2.0, math.nan), (3.0, 9.0)], {P.VARIED: 3}),
        (F, [(1.0, math.inf), (2.0, math.inf), (3.0, 9.0)], {P.VARIED: 3}),
        (F, [(0.1, 0.3), (0.5, 0.7)], {P.SHIFTED: 2}),
        (INT, [(1, 3), (5, 7)], {P.SHIFTED: 2}),
        (pa.uint8(), [(3, 1), (7, 5)], {P.SHIFTED: 2}),
        (
            pa.decimal128(38, 0),
            [(D(1), D(10**38 - 1)), (D(2), D(10**38 - 2)), (D(5), D(5 + 10**30))],
            {P.VARIED: 3},
        ),
        (
            pa.date32(),
            [(date(2024, 2, 28), date(2024, 2, 29)), (date(2024, 12, 31), date(2025, 1, 1))],
            {P.SHIFTED: 2},
        ),
        (pa.time64("us"), [(time(1), time(2)), (time(3), time(4))], {P.SHIFTED: 2}),
        (pa.bool_(), [(False, True), (True, False)], {P.VARIED: 2}),
        (INT, [(1, 9), (2, 9)], {P.SET_TO: 2}),
    ],
)
def test_each_kind_is_found_and_lookalikes_are_not(
    type_: pa.DataType, cells: Cells, kinds: dict[PatternKind, int], most: int
) -> None:
    assert {p.kind: p.cells for p in of(type_, cells, most=most)} == kinds


@pytest.mark.parametrize(
    ("cells", "kind", "by"),
    [
        ([("a", "x-a"), ("b", "x-b")], P.PREFIX_ADDED, "x-"),
        ([("x-a", "a"), ("x-b", "b")], P.PREFIX_REMOVED, "x-"),
        ([("a", "a-y"), ("b", "b-y")], P.SUFFIX_ADDED, "-y"),
        ([("a-y", "a"), ("b-y", "b")], P.SUFFIX_REMOVED, "-y"),
        ([("a", "x-a"), ("b", "y-b")], P.VARIED, None),
        ([("a", "x-a")], P.CONSTANT, None),
        ([("a", "x-a")] * 3, P.CONSTANT, None),
        ([(c, c + "y" * 201) for c in "abc"], P.VARIED, None),
        ([("a", "1"), ("b", "2")] * 5, P.MAPPED, None),
        ([("a", "1"), ("a", "2")] * 5, P.VARIED, None),
    ],
)
def test_texts_are_explained_by_added_or_removed_prefixes_and_suffixes(
    cells: Cells, kind: PatternKind, by: str | None
) -> None:
    patterns = of(T, cells)
    assert {p.kind for p in patterns} == {kind}
    assert {p.by for p in patterns} == {by}


def test_large_decimals_move_by_exact_amounts() -> None:
    big = 10**37
    (pattern,) = of(pa.decimal128(38, 0), [(D(-big), D(big + 1)), (D(-big - 2), D(big - 1))])
    assert (pattern.kind, pattern.by) == (P.SHIFTED, "+20000000000000000000000000000000000001")


@pytest.mark.parametrize("type_", [INT, F, pa.uint32(), pa.decimal128(22, 2), pa.timestamp("us")])
def test_a_hundred_thousand_cells_that_moved_by_one_amount_are_one_pattern(type_: pa.DataType) -> None:
    old = pa.array(range(2, 100_002), INT).cast(type_)
    new = pa.array(range(1, 100_001), INT).cast(type_)
    column = Column("v", type_)
    finder = PatternFinder([ColumnPair(column, column)])
    for start in range(0, 100_000, 33_000):
        finder.add("v", old.slice(start, 33_000), new.slice(start, 33_000))
    (pattern,) = finder.patterns()
    assert (pattern.kind, pattern.cells) == (P.SHIFTED, 100_000)


def test_nested_cells_past_the_limit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[Cells] = [[([i + k], [i + k + 1]) for i in range(30)] for k in (0, 100, 200)]
    patterns, marked = find(pa.list_(INT), batches, monkeypatch, 10)
    assert [(p.kind, p.cells) for p in patterns] == [(P.VARIED, 90)]
    assert {row.cells[0].pattern for row in marked.changed} == {0}


@pytest.mark.parametrize("most", [2000, 0])
@pytest.mark.parametrize(
    "cells",
    [[("secret", "Secret"), ("a", "b")], [("a", "pre-a"), ("b", "pre-b")], [("a", "q"), ("b", "q")]],
)
def test_a_personal_column_gives_no_value(cells: Cells, most: int) -> None:
    patterns = of(T, cells, most=most, personal=True)
    assert sum(p.cells for p in patterns) == len(cells)
    assert all((p.old, p.new, p.by, p.is_personal) == (None, None, None, True) for p in patterns)


def test_a_distant_date_does_not_change_the_patterns_of_its_neighbours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    day = 86_400_000_000
    batches: list[Cells] = [[(0, day), (2**60, 2**60 + 5)], [(0, day)], [(0, day), (2**60 + 9, 7)]]
    patterns, _ = find(pa.timestamp("us"), batches, monkeypatch, 2000)
    assert sum(p.cells for p in patterns) == 5
    assert isinstance(python_values(pa.array([0, 2**60], pa.timestamp("us", tz="UTC")))[0], datetime)
    nested = pa.array([[0], [2**60, 0], None], pa.list_(pa.timestamp("us", tz="UTC")))
    assert [type(v[0]) if isinstance(v, list) else v for v in python_values(nested)] == [datetime, str, None]


def _moved(first: int, count: int, days: int, start: datetime = datetime(2020, 1, 1)) -> Cells:
    """Return dates that are all different, each moved by so many days."""
    olds = [start + timedelta(hours=hour) for hour in range(first, first + count)]
    return [(old, old + timedelta(days=days)) for old in olds]


@pytest.mark.parametrize("most", [5000, 0])
def test_a_smaller_shift_is_not_hidden_by_a_larger_one(most: int) -> None:
    cells = [*_moved(0, 3000, 731), *_moved(3000, 20, 3), *_moved(4000, 8, -2922)]
    patterns = of(pa.timestamp("us"), cells, most=most)
    assert [(p.by, p.cells) for p in patterns] == [("+731 days", 3000), ("+3 days", 20), ("-2922 days", 8)]


def test_a_shift_among_many_random_changes_is_found() -> None:
    cells = [
        *_moved(0, 9000, 731),
        *((old, new) for i in range(900) for old, new in _moved(9000 + i, 1, i + 1000)),
    ]
    shifts = {p.by: p.cells for p in of(pa.timestamp("us"), cells, most=0)}
    assert shifts["+731 days"] == 9000


def test_one_shift_over_tables_with_one_date_few_dates_and_days_is_one_pattern() -> None:
    time_, day = pa.timestamp("us"), pa.date32()
    one = _moved(0, 1, 731) * 6
    few = [*_moved(0, 1, 731) * 50, *_moved(1, 1, 731) * 30]
    mostly = [*_moved(0, 1, 731) * 50, *_moved(1, 1, 733) * 30]
    days = [(date(2020, 1, d), date(2022, 1, d)) for d in range(1, 20)]
    tables = [
        TableDiff(name, TableStatus.CHANGED, patterns=of(type_, cells))
        for name, type_, cells in (
            ("one", time_, one),
            ("few", time_, few),
            ("mostly", time_, mostly),
            ("days", day, days),
            ("many", time_, _moved(0, 300, 731)),
        )
    ]
    groups = group_patterns(tables)
    assert [(group.kind, group.by, group.cells) for group in groups] == [
        (P.SHIFTED, "+731 days", 6 + 80 + 50 + 19 + 300),
        (P.SHIFTED, "+733 days", 30),
    ]


def test_constants_that_are_no_times_stay_apart() -> None:
    tables = [
        TableDiff(name, TableStatus.CHANGED, patterns=of(INT, [cell] * 3))
        for name, cell in (("a", (1, 2)), ("b", (5, 6)), ("c", (1, 2)))
    ]
    assert [(group.kind, group.cells) for group in group_patterns(tables)] == [
        (P.CONSTANT, 6),
        (P.CONSTANT, 3),
    ]


@settings(max_examples=trials(150, 15), deadline=None)
@given(st.lists(changed_cells(), max_size=6))
def test_patterns_of_several_tables_count_exactly_the_cells_of_their_members(
    columns: list[tuple[pa.DataType, list[Cells]]],
) -> None:
    tables = [
        TableDiff(f"t{place}", TableStatus.CHANGED, patterns=of(type_, [cell for b in batches for cell in b]))
        for place, (type_, batches) in enumerate(columns)
    ]
    groups = group_patterns(tables)
    members = [member for group in groups for member in group.members]
    assert sorted(map(id, (pattern for _, pattern in members))) == sorted(
        id(pattern) for table in tables for pattern in table.patterns
    )
    for group in groups:
        assert group.cells == sum(pattern.cells for _, pattern in group.members)
        assert len({pattern.is_personal for _, pattern in group.members}) == 1
