"""Laws of history: what `log --key` and `blame` say is what reading every table at every commit says."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tdmvc.actions.blame import BlameOptions, blame
from tdmvc.actions.row_log import log_row
from tdmvc.changes.diff import diff_table
from tdmvc.changes.row_lookup import compare_rows, first_rows
from tdmvc.errors import NotFoundError
from tdmvc.model.diff import SchemaChangeKind
from tdmvc.model.history import CellEvent, RowEvent, RowHistory
from tdmvc.model.schema import Column, TableSchema
from tdmvc.workspace.workspace import Workspace
from tests.builders import copy_repo
from tests.duckdb_sessions import open_session_and_folder
from tests.histories import CommitAt, TableAt, write_history
from tests.laws.strategies_tables import TablePair, table_pairs, write_side
from tests.series import trials

QUICK = settings(
    max_examples=trials(8, 3), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
ABSENT = "no such cell"

KEYS = {
    "int": ((("id", pa.int64()),), st.tuples(st.integers(-3, 30))),
    "nullable": ((("id", pa.int32()),), st.tuples(st.none() | st.integers(-3, 12))),
    "text": (
        (("name", pa.string()),),
        st.tuples(
            st.sampled_from(["", "a", "a,b", "a=b", '"q"', "NULL", "é", "id", "z", "zz", "x y", "name=1"])
        ),
    ),
    "composite": (
        (("order_id", pa.int32()), ("line", pa.string())),
        st.tuples(st.none() | st.integers(0, 5), st.none() | st.sampled_from(["", "1", "a,b", "=", "NULL"])),
    ),
    "decimal": ((("id", pa.decimal128(9, 2)),), st.tuples(st.decimals(-9, 9, places=2))),
    "date": ((("day", pa.date32()),), st.tuples(st.dates(date(2026, 1, 1), date(2026, 12, 31)))),
    "float": ((("id", pa.float64()),), st.tuples(st.sampled_from([0.0, 1.5, -2.25, 1e9, float("nan")]))),
}
CELLS = {
    "a": st.none() | st.integers(0, 3),
    "b": st.none() | st.sampled_from(["", "x", "y"]),
    "c": st.booleans(),
}
TYPES = {"a": pa.int64(), "b": pa.string(), "c": pa.bool_()}


@dataclass(frozen=True)
class PointAt:
    parents: tuple[int, ...]
    columns: tuple[str, ...]
    rows: Mapping[tuple[object, ...], Mapping[str, object]]
    """Cells without the key's, by key."""


@dataclass(frozen=True)
class History:
    kind: str
    points: list[PointAt]
    seconds: list[int]

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(name for name, _ in KEYS[self.kind][0])

    def commits(self) -> list[CommitAt]:
        return [
            CommitAt(point.parents, {"t": self._table(point)}, f"Commit {number}", seconds)
            for number, (point, seconds) in enumerate(zip(self.points, self.seconds, strict=True))
        ]

    def _table(self, point: PointAt) -> TableAt:
        key_columns = tuple(Column(name, type_) for name, type_ in KEYS[self.kind][0])
        columns = tuple(Column(name, TYPES[name]) for name in point.columns)
        rows = [
            dict(zip(self.key, key, strict=True)) | {name: row[name] for name in point.columns}
            for key, row in point.rows.items()
        ]
        return TableAt(TableSchema("t", (*key_columns, *columns), self.key), rows)


@st.composite
def histories(draw: st.DrawFn) -> History:
    kind = draw(st.sampled_from(sorted(KEYS)))
    keys = KEYS[kind][1].map(_hashable)
    points: list[PointAt] = []
    for number in range(draw(st.integers(2, 8))):
        if not number:
            parents: tuple[int, ...] = ()
        else:
            parents = (draw(st.integers(max(0, number - 3), number - 1)),)
            if number > 1 and draw(st.integers(0, 2)) == 0:
                parents = tuple(dict.fromkeys((*parents, draw(st.integers(0, number - 1)))))
        columns, rows = ("a", "b"), {}
        if parents:
            sides = [points[parent] for parent in parents]
            columns = draw(st.sampled_from([side.columns for side in sides]))
            rows = dict(draw(st.sampled_from([side.rows for side in sides])))
            if len(sides) > 1 and draw(st.booleans()):
                # Row by row from either side, as a merge of rows would do.
                for key in {key for side in sides for key in side.rows}:
                    chosen = draw(st.sampled_from(sides))
                    rows.pop(key, None)
                    if key in chosen.rows:
                        rows[key] = chosen.rows[key]
        if draw(st.integers(0, 5)) == 0:
            columns = draw(st.sampled_from([("a", "b"), ("a", "b", "c"), ("b",), ("b", "a")]))
        for _ in range(draw(st.integers(0 if parents else 4, 6))):
            key = draw(st.sampled_from(sorted(rows, key=repr)) if rows and draw(st.booleans()) else keys)
            if key in rows and draw(st.integers(0, 3)) == 0:
                del rows[key]
            else:
                name = draw(st.sampled_from(columns))
                rows[key] = {**rows.get(key, {}), name: draw(CELLS[name])}
        full = {key: {name: row.get(name) for name in columns} for key, row in rows.items()}
        points.append(PointAt(parents, columns, full))
    # A clock that goes wrong changes nothing.
    seconds = draw(st.lists(st.integers(0, 5000), min_size=len(points), max_size=len(points)))
    return History(kind, points, seconds)


NAN = float("nan")


def _hashable(key: tuple[object, ...]) -> tuple[object, ...]:
    """One NaN for all, so that dictionaries know it."""
    return tuple(NAN if value != value else value for value in key)


def row_of(history: History, number: int, key: tuple[object, ...]) -> Mapping[str, object] | None:
    return history.points[number].rows.get(key)


def walked_on(history: History, number: int, is_same: list[bool]) -> list[int]:
    """Where Git's simplification of a whole table goes, else that of what is asked."""
    parents = history.points[number].parents
    here = history.points[number]
    for parent in parents:
        there = history.points[parent]
        if there.columns == here.columns and there.rows == here.rows:
            return [parent]
    return [parent for parent, same in zip(parents, is_same, strict=True) if same][:1]


def expected_steps(history: History, key: tuple[object, ...]) -> dict[int, RowEvent]:
    """Which commits changed a row, by reading it everywhere."""
    found: dict[int, RowEvent] = {}
    seen: set[int] = set()
    left = [len(history.points) - 1]
    while left:
        # Children before parents: their numbers are higher.
        left.sort()
        number = left.pop()
        if number in seen:
            continue
        seen.add(number)
        here = row_of(history, number, key)
        parents = history.points[number].parents
        befores = [row_of(history, parent, key) for parent in parents]
        same = walked_on(history, number, [_equal(before, here) for before in befores])
        if same:
            left += same
            continue
        left += parents
        if any(before is not None for before in befores):
            found[number] = RowEvent.REMOVED if here is None else RowEvent.CHANGED
        elif here is not None:
            found[number] = RowEvent.ADDED
    return found


def _equal(before: Mapping[str, object] | None, here: Mapping[str, object] | None) -> bool:
    return (before is None and here is None) or (before is not None and here is not None and before == here)


def expected_blame(history: History, key: tuple[object, ...], column: str) -> int:
    """Which commit gave a cell its value, by reading it everywhere."""
    number = len(history.points) - 1
    while True:
        value = _cell(history, number, key, column)
        same = [_cell(history, parent, key, column) == value for parent in history.points[number].parents]
        further = walked_on(history, number, same)
        if not further:
            return number
        number = further[0]


def _cell(history: History, number: int, key: tuple[object, ...], column: str) -> object:
    row = row_of(history, number, key)
    if row is None:
        return ABSENT
    if column in history.key:
        return "the key"
    return (row[column],) if column in row else ABSENT


def spelled(history: History, key: tuple[object, ...]) -> list[str]:
    """The key as a person writes it, each column in a word of its own."""

    def text(value: object) -> str:
        if value is None:
            return "NULL"
        if isinstance(value, str):
            return '"' + value.replace('"', '""') + '"'
        return str(value)

    return [f"{name}={text(value)}" for name, value in zip(history.key, key, strict=True)]


@contextmanager
def written(template: Path, history: History) -> Iterator[tuple[Workspace, list[str]]]:
    with tempfile.TemporaryDirectory() as folder:
        app = Path(folder) / "app"
        copy_repo(template, app)
        ids = write_history(app, history.commits())
        with Workspace.open(app) as workspace:
            yield workspace, ids


def every_key(history: History) -> set[tuple[object, ...]]:
    return {key for point in history.points for key in point.rows}


@settings(max_examples=trials(2_000, 50), deadline=None)
@given(key=KEYS["date"][1])
def test_every_generated_key_date_is_in_one_year(key: tuple[date]) -> None:
    assert key[0].year == 2026


@pytest.mark.slow
@QUICK
@given(history=histories())
def test_log_of_a_row_equals_reading_every_commit(template: Path, history: History) -> None:
    with written(template, history) as (workspace, ids):
        for key in sorted(every_key(history), key=repr)[:6]:
            expected = expected_steps(history, key)
            try:
                report = log_row(workspace, "golden@main", "t", spelled(history, key))
            except NotFoundError:
                # On a side branch that a merge left behind there may have been one.
                assert expected == {}
                continue
            numbers = [ids.index(step.point.id) for step in report.steps]
            assert dict(zip(numbers, [step.event for step in report.steps], strict=True)) == expected
            _check_cells(history, report, numbers, key)


def _check_cells(history: History, report: RowHistory, numbers: list[int], key: tuple[object, ...]) -> None:
    """What a step says of before and after is what the commit and one of its parents hold."""
    for step, number in zip(report.steps, numbers, strict=True):
        here = row_of(history, number, key)
        befores = [row_of(history, parent, key) for parent in history.points[number].parents]
        befores = [before for before in befores if before is not None]
        if step.event is RowEvent.ADDED:
            assert {c.column: c.new for c in step.cells if c.column in TYPES} == here
        elif step.event is RowEvent.REMOVED:
            assert {c.column: c.old for c in step.cells if c.column in TYPES} == befores[0]
        else:
            assert here is not None
            applied = dict(befores[0])
            for cell in step.cells:
                if cell.event is CellEvent.COLUMN_REMOVED:
                    assert applied.pop(cell.column) == cell.old
                else:
                    assert applied.get(cell.column) == cell.old
                    applied[cell.column] = cell.new
            assert applied == here


@pytest.mark.slow
@QUICK
@given(history=histories())
def test_blame_equals_reading_every_commit(template: Path, history: History) -> None:
    with written(template, history) as (workspace, ids):
        last = history.points[-1]
        report = blame(workspace, "golden@main", "t", BlameOptions(rows=None))
        assert report.total_rows == len(report.rows) == len(last.rows)
        for row in report.rows:
            key = _hashable(tuple(row.key.values()))
            assert [cell.column for cell in row.cells] == [*history.key, *last.columns]
            for cell in row.cells:
                assert ids.index(cell.point.id) == expected_blame(history, key, cell.column), cell
                if cell.column not in history.key:
                    assert cell.value == last.rows[key][cell.column]


@settings(max_examples=trials(60, 10), deadline=None)
@given(pair=table_pairs())
def test_cells_of_one_row_compare_as_a_diff_counts_them(pair: TablePair) -> None:
    key = pair.new_schema.key
    types = [[schema.column(name) for name in key] for schema in (pair.old_schema, pair.new_schema)]
    assume(key and [column.type for column in types[0]] == [column.type for column in types[1]])
    with open_session_and_folder() as (con, folder):
        (folder / "old").mkdir()
        (folder / "new").mkdir()
        old = write_side(folder / "old", pair.old_schema, pair.old, cuts=pair.old_cuts)
        new = write_side(folder / "new", pair.new_schema, pair.new, cuts=pair.new_cuts)
        diff = diff_table(lambda: con, old, new)
        # Findings: keys that repeat or are null, whose rows a diff does not pair.
        assume(not diff.findings and not any(c.kind is SchemaChangeKind.COLUMN_RENAMED for c in diff.schema))
        before, after = (
            {key: row for path in side.locate(side.parts) for key, _, row in first_rows(path, key_, None)}
            for side, key_ in ((old, key), (new, key))
        )
    json_columns = {column.name for column in (*old.schema.columns, *new.schema.columns) if column.is_json}
    assume(not json_columns & set(key))
    changed = Counter(
        step.column
        for key in before.keys() & after.keys()
        for step in compare_rows(before[key], after[key], {}, json_columns)
        if step.event is CellEvent.CHANGED
    )
    assert changed == diff.columns


@pytest.mark.slow
@QUICK
@given(history=histories())
def test_the_last_step_of_a_line_without_branches_is_who_is_blamed(template: Path, history: History) -> None:
    line = [
        replace(point, parents=(number - 1,) if number else ()) for number, point in enumerate(history.points)
    ]
    history = replace(history, points=line)
    with written(template, history) as (workspace, _):
        for key in sorted(line[-1].rows, key=repr)[:3]:
            words = spelled(history, key)
            (row,) = blame(workspace, "golden@main", "t", BlameOptions(key=words)).rows
            steps = log_row(workspace, "golden@main", "t", words).steps
            for cell in row.cells:
                touched = [step for step in steps if cell.column in {c.column for c in step.cells}]
                assert touched[0].point == cell.point
