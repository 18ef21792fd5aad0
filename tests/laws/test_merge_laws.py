"""The laws of merging, against an oracle in plain Python that knows rows and nothing of parts."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tdmvc.merging.tables import MergedTable
from tdmvc.model.merge import UNDECIDED, Choice, Conflict, ConflictKind, Resolutions, Side, TableOutcome
from tdmvc.model.schema import Column, TableSchema
from tests.laws.strategies_tables import VALUES, Row, _parse, canonical_value
from tests.series import trials
from tests.table_merger import TABLE, Rows, TableMerger, open_table_merger

KINDS = ("int64", "string", "float64", "json", "bool", "decimal(6,2)", "timestamptz", "list<int32>", "binary")
KEYS = {
    "number": (Column("id", pa.int64()),),
    "text": (Column("id", pa.string()),),
    "composite": (Column("region", pa.string()), Column("id", pa.int64())),
    "float": (Column("id", pa.float64()),),
    "none": (),
}
KEY_VALUES: dict[str, st.SearchStrategy[object]] = {
    "int64": st.integers(0, 15),
    "string": st.sampled_from(["", "a", "B", "é", "z\x00", "k1", "k2", "k3", "k4"]),
    "float64": st.sampled_from([0.0, 1.5, float("nan"), -2.0, float("inf")]),
}
LAW = settings(max_examples=trials(60, 6), deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def merger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TableMerger]:
    with open_table_merger(tmp_path_factory.mktemp("merge") / "app", 2) as merger:
        yield merger


@dataclass(frozen=True)
class MergeInputs:
    """Three states of one table."""

    base: Rows
    ours: Rows
    theirs: Rows

    @property
    def mirrored(self) -> "MergeInputs":
        return MergeInputs(self.base, self.theirs, self.ours)


@st.composite
def merge_inputs(draw: st.DrawFn, *, changes_columns: bool = True) -> MergeInputs:
    """A table and what two people made of it."""
    key = KEYS[draw(st.sampled_from(sorted(KEYS)))]
    cells = tuple(
        _column(f"c{i}", draw(st.sampled_from(KINDS))) for i in range(draw(st.integers(0 if key else 1, 3)))
    )
    schema = TableSchema(TABLE, (*key, *cells), tuple(column.name for column in key))
    row = st.fixed_dictionaries({column.name: _values(column) for column in schema.columns})
    is_sound = draw(st.integers(0, 4)) > 0
    base = _with_keys(draw(st.lists(row, max_size=10)), schema, is_sound=is_sound)
    sides = []
    for number in range(2):
        rows = [draw(_edited(old, cells)) for old in base if draw(st.integers(0, 5))]
        rows = _with_keys([*rows, *draw(st.lists(row, max_size=4))], schema, is_sound=is_sound)
        other = draw(_edited_columns(schema, number)) if changes_columns and key else schema
        extra = {c.name: draw(_values(c)) for c in other.columns if schema.column(c.name) is None}
        names = other.column_names
        sides.append(Rows(other, [{name: {**extra, **one}[name] for name in names} for one in rows]))
    return MergeInputs(Rows(schema, base), *sides)


@st.composite
def long_merge_inputs(draw: st.DrawFn) -> MergeInputs:
    """A table of many parts, and a few ranges of rows that two people edit, delete or put in."""
    key = draw(st.sampled_from([("id",), ("region", "id")]))
    columns = [Column("id", pa.int64()), Column("a", pa.int64()), Column("b", pa.string())]
    schema = TableSchema(TABLE, (*([Column("region", pa.string())] if len(key) > 1 else []), *columns), key)
    base = {number: _long_row(number) for number in range(0, draw(st.integers(0, 300)), 2)}
    sides = []
    for name in ("o", "t"):
        rows = dict(base)
        for _ in range(draw(st.integers(1, 4))):
            start = draw(st.integers(0, 310))
            numbers = range(start, start + draw(st.integers(1, 40)))
            match draw(st.sampled_from(["edit", "delete", "put in", "cut off"])):
                case "edit":
                    column = draw(st.sampled_from(["a", "b"]))
                    value: object = 7 if column == "a" else name
                    rows |= {n: {**rows[n], column: value} for n in numbers if n in rows}
                case "delete":
                    rows = {n: row for n, row in rows.items() if n not in numbers}
                case "put in":
                    rows |= {n: _long_row(n) for n in numbers if n not in rows}
                case _:
                    rows = {n: row for n, row in rows.items() if n < start}
        sides.append(Rows(schema, [_in(schema, row) for row in rows.values()]))
    return MergeInputs(Rows(schema, [_in(schema, row) for row in base.values()]), *sides)


def _long_row(number: int) -> Row:
    return {"region": "AMEA"[number % 4], "id": number, "a": number % 3, "b": None if number % 5 else "x"}


def _in(schema: TableSchema, row: Row) -> Row:
    return {name: row[name] for name in schema.column_names}


def _column(name: str, kind: str) -> Column:
    return Column(name, pa.string(), physical_type="json") if kind == "json" else Column(name, _parse(kind))


def _values(column: Column) -> st.SearchStrategy[object]:
    if column.name in {"id", "region"}:
        return st.one_of(st.none(), *[KEY_VALUES[_kind(column)]] * 9)
    return st.one_of(st.none(), VALUES[_kind(column)])


def _kind(column: Column) -> str:
    return "json" if column.is_json else column.type_text


@st.composite
def _edited(draw: st.DrawFn, row: Row, cells: Sequence[Column]) -> Row:
    if not cells or draw(st.booleans()):
        return row
    column = draw(st.sampled_from(cells))
    return {**row, column.name: draw(_values(column))}


@st.composite
def _edited_columns(draw: st.DrawFn, schema: TableSchema, number: int) -> TableSchema:
    """Add a column or drop one; not both, which may be a rename."""
    columns = list(schema.columns)
    match draw(st.integers(0, 5)):
        case 0:
            columns.append(Column(draw(st.sampled_from(["new", f"new{number}"])), pa.int64()))
        case 1 if len(columns) > len(schema.key):
            columns.pop()
    return schema.with_columns(tuple(columns))


def _with_keys(rows: Sequence[Row], schema: TableSchema, *, is_sound: bool) -> list[Row]:
    if not schema.key or not is_sound:
        return list(rows)
    return list({repr([canonical_value(row[name]) for name in schema.key]): row for row in rows}.values())


@dataclass
class Expected:
    """What the oracle says."""

    rows: list[Row] = field(default_factory=list)
    conflicts: Counter[tuple[ConflictKind, str | None]] = field(default_factory=Counter)
    is_refused: bool = False


class Oracle:
    """Merges rows with dictionaries and counters, rule by rule."""

    def __init__(self, inputs: MergeInputs) -> None:
        self.inputs = inputs
        base, ours, theirs = (
            set(side.schema.column_names) for side in (inputs.base, inputs.ours, inputs.theirs)
        )
        self.kept = [c for c in inputs.base.schema.columns if c.name in ours and c.name in theirs]
        self.dropped = {
            c.name: "theirs" if c.name in theirs else "ours"
            for c in inputs.base.schema.columns
            if (c.name in ours) != (c.name in theirs)
        }
        came = [c for side in (inputs.ours, inputs.theirs) for c in side.schema.columns if c.name not in base]
        self.came = list({c.name: c for c in came}.values())
        self.key = inputs.base.schema.key
        self.columns = [*self.kept, *self.came]
        self.has_one_shape = not self.dropped and not self.came

    def merge(self) -> Expected:
        found = Expected()
        if not self.key:
            self._count([list(side.rows) for side in self._sides()], found)
            return found
        by_key = [self._by_key(side.rows) for side in self._sides()]
        repeated = {key for side in by_key for key, rows in side.items() if len(rows) > 1}
        if repeated and not self.has_one_shape:
            found.is_refused = True
            return found
        self._count([[row for key in repeated for row in side[key]] for side in by_key], found)
        for key in {key for side in by_key for key in side} - repeated:
            base, ours, theirs = (side[key][0] if side.get(key) else None for side in by_key)
            self._merge_row(base, ours, theirs, found)
        for name, keeper in self.dropped.items():
            kept = by_key[1 if keeper == "ours" else 2]
            edited = [
                k
                for k, rows in by_key[0].items()
                if rows and kept.get(k) and self._differ(name, rows[0], kept[k][0])
            ]
            if edited:
                found.conflicts[ConflictKind.COLUMN_DROPPED, name] += 1
        return found

    def say(self, row: Row, names: Sequence[str]) -> tuple[object, ...]:
        json = {c.name for side in self._sides() for c in side.schema.columns if c.is_json}
        return tuple(canonical_value(row.get(name), is_json=name in json) for name in names)

    def say_all(self, rows: Sequence[Row]) -> Counter[tuple[object, ...]]:
        return Counter(self.say(row, [c.name for c in self.columns]) for row in rows)

    def _sides(self) -> tuple[Rows, Rows, Rows]:
        return self.inputs.base, self.inputs.ours, self.inputs.theirs

    def _by_key(self, rows: Sequence[Row]) -> dict[tuple[object, ...], list[Row]]:
        found: dict[tuple[object, ...], list[Row]] = defaultdict(list)
        for row in rows:
            found[tuple(canonical_value(row[name]) for name in self.key)].append(dict(row))
        return found

    def _differ(self, name: str, one: Row, other: Row) -> bool:
        return self.say(one, [name]) != self.say(other, [name])

    def _merge_row(self, base: Row | None, ours: Row | None, theirs: Row | None, found: Expected) -> None:
        if ours is not None and theirs is not None:
            found.rows.append(self._merge_cells(base, ours, theirs, found))
        elif base is None and (ours or theirs) is not None:
            found.rows.append(dict(ours or theirs or {}))
        elif base is not None and (ours is not None or theirs is not None):
            left = ours if ours is not None else theirs
            assert left is not None
            shared = [
                c.name
                for c in self.inputs.base.schema.columns
                if c.name in left and c.name not in self.dropped
            ]
            if any(self._differ(name, base, left) for name in shared):
                found.conflicts[ConflictKind.ROW_DELETED, None] += 1

    def _merge_cells(self, base: Row | None, ours: Row, theirs: Row, found: Expected) -> Row:
        merged: Row = {}
        for column in self.columns:
            name = column.name
            if name not in theirs:
                merged[name] = ours[name]
            elif name not in ours:
                merged[name] = theirs[name]
            elif not self._differ(name, ours, theirs):
                merged[name] = ours[name]
            elif base is None:
                found.conflicts[ConflictKind.ROW_ADDED, name] += 1
            else:
                before = {name: base.get(name)}
                if not self._differ(name, before, theirs):
                    merged[name] = ours[name]
                elif not self._differ(name, before, ours):
                    merged[name] = theirs[name]
                else:
                    found.conflicts[ConflictKind.CELL, name] += 1
        return merged

    def _count(self, sides: Sequence[Sequence[Row]], found: Expected) -> None:
        base, ours, theirs = (self.say_all(rows) for rows in sides)
        samples = {self.say(row, [c.name for c in self.columns]): row for rows in sides for row in rows}
        for name, row in samples.items():
            counts = base[name], ours[name], theirs[name]
            if counts[1] == counts[2] or counts[2] == counts[0]:
                found.rows += [row] * counts[1]
            elif counts[1] == counts[0]:
                found.rows += [row] * counts[2]
            else:
                found.conflicts[ConflictKind.ROW_COUNT, None] += 1


def merge(merger: TableMerger, inputs: MergeInputs, resolutions: Resolutions = UNDECIDED) -> MergedTable:
    return merger.merge(inputs.base, inputs.ours, inputs.theirs, resolutions)


def spelled(conflicts: Sequence[Conflict]) -> Counter[tuple[ConflictKind, str | None]]:
    return Counter((conflict.kind, conflict.column) for conflict in conflicts)


@LAW
@given(inputs=merge_inputs())
def test_a_merge_follows_the_rules_row_by_row(merger: TableMerger, inputs: MergeInputs) -> None:
    oracle = Oracle(inputs)
    expected = oracle.merge()
    merged = merge(merger, inputs)
    if canonical(inputs.ours) == canonical(inputs.base) or canonical(inputs.theirs) == canonical(inputs.base):
        return  # one side alone: another law
    if expected.is_refused:
        assert (ConflictKind.KEY_CHANGED, None) in spelled(merged.merge.conflicts) or merged.listing
        return
    assert spelled(merged.merge.conflicts) == expected.conflicts
    assert merged.merge.conflict_count == expected.conflicts.total()
    if merged.listing is not None:
        assert oracle.say_all(merger.read(merged.listing)) == oracle.say_all(expected.rows)


@LAW
@given(inputs=merge_inputs())
def test_a_merged_table_is_cut_as_if_its_rows_had_been_added(
    merger: TableMerger, inputs: MergeInputs
) -> None:
    merged = merge(merger, inputs)
    assume(merged.listing is not None)
    assert merged.listing is not None
    schema = merged.merge.schema
    assert schema is not None
    assert merged.listing == merger.listing(Rows(schema, merger.read(merged.listing)))
    assert merged.size_bytes == merger.size_bytes(merged.listing)


@LAW
@given(inputs=long_merge_inputs())
def test_kept_parts_and_the_rows_between_them_give_the_table_of_the_rules(
    merger: TableMerger, inputs: MergeInputs
) -> None:
    expected = Oracle(inputs).merge()
    merged = merge(merger, inputs)
    assert spelled(merged.merge.conflicts) == expected.conflicts
    if not expected.conflicts:
        assert merged.listing == merger.listing(Rows(inputs.base.schema, expected.rows))
    resolved = merge(merger, inputs, Resolutions(table=Side.THEIRS))
    assert resolved.listing is not None
    assert resolved.listing == merger.listing(Rows(inputs.base.schema, merger.read(resolved.listing)))


@LAW
@given(inputs=merge_inputs())
def test_a_merge_mirrors_its_mirror(merger: TableMerger, inputs: MergeInputs) -> None:
    there, back = merge(merger, inputs), merge(merger, inputs.mirrored)
    assert [conflict.mirrored for conflict in back.merge.conflicts] == list(there.merge.conflicts)
    assert (there.listing is None) == (back.listing is None)
    if there.listing is not None and back.listing is not None:
        oracle = Oracle(inputs)
        assert oracle.say_all(merger.read(there.listing)) == oracle.say_all(merger.read(back.listing))
        if not any(column.is_json for column in inputs.base.schema.columns):
            assert there.listing == back.listing


@LAW
@given(inputs=merge_inputs())
def test_a_one_sided_merge_is_that_side(merger: TableMerger, inputs: MergeInputs) -> None:
    for one in (inputs.ours, inputs.theirs, inputs.base):
        wanted = merger.listing(one)
        assert merge(merger, MergeInputs(inputs.base, one, inputs.base)).listing == wanted
        assert merge(merger, MergeInputs(inputs.base, inputs.base, one)).listing == wanted
        assert merge(merger, MergeInputs(inputs.base, one, one)).listing == wanted


@LAW
@given(inputs=st.one_of(merge_inputs(changes_columns=False), long_merge_inputs()))
def test_without_a_conflict_nothing_that_either_side_did_is_lost(
    merger: TableMerger, inputs: MergeInputs
) -> None:
    oracle = Oracle(inputs)
    by_side = [oracle._by_key(side.rows) for side in (inputs.base, inputs.ours, inputs.theirs)]
    assume(inputs.base.schema.key and all(len(rows) == 1 for side in by_side for rows in side.values()))
    merged = merge(merger, inputs)
    assume(merged.listing is not None)
    assert merged.listing is not None
    there = {key: rows[0] for key, rows in oracle._by_key(merger.read(merged.listing)).items()}
    base, *sides = ({key: rows[0] for key, rows in side.items()} for side in by_side)
    for side in sides:
        for key in base.keys() - side.keys():
            assert key not in there, "a row that one side deleted"
        for key, row in side.items():
            if key not in base:
                assert key in there, "a row that one side added"
            for column in inputs.base.schema.columns:
                name = column.name
                if key not in base or oracle._differ(name, base[key], row):
                    assert oracle.say(there[key], [name]) == oracle.say(row, [name])
    for key in base.keys() & sides[0].keys() & sides[1].keys():
        assert key in there, "a row that nobody deleted"


@LAW
@given(inputs=merge_inputs(), side=st.sampled_from(Side))
def test_choosing_a_side_resolves_everything(merger: TableMerger, inputs: MergeInputs, side: Side) -> None:
    merged = merge(merger, inputs, Resolutions(table=side))
    assert merged.merge.conflict_count == 0
    assert merged.listing is not None or merged.merge.outcome is TableOutcome.REMOVED


@LAW
@given(inputs=merge_inputs(changes_columns=False), data=st.data())
def test_each_conflict_can_be_resolved_separately(
    merger: TableMerger, inputs: MergeInputs, data: st.DataObject
) -> None:
    open_ = merge(merger, inputs).merge
    assume(open_.conflicts and all(c.kind.is_about_rows for c in open_.conflicts))
    rows: dict[tuple[str | None, ...], dict[str | None, Choice]] = defaultdict(dict)
    for done, conflict in enumerate(open_.conflicts, start=1):
        rows[conflict.key][conflict.column] = Choice(data.draw(st.sampled_from(Side)))
        left = merge(merger, inputs, Resolutions(rows=dict(rows)))
        assert left.merge.conflict_count == len(open_.conflicts) - done
    assert left.listing is not None
    names = [c.name for c in inputs.base.schema.columns]
    if open_.key:
        merged = {_texts(row, open_.key): row for row in merger.read(left.listing)}
        sides = {
            side: {_texts(row, open_.key): row for row in rows.rows}
            for side, rows in zip(Side, (inputs.base, inputs.ours, inputs.theirs), strict=True)
        }
        oracle = Oracle(inputs)
        for conflict in open_.conflicts:
            choice = rows[conflict.key][conflict.column].side
            assert choice is not None
            key = tuple(conflict.key)
            wanted = sides[choice].get(key)
            if conflict.kind is ConflictKind.ROW_DELETED:
                assert (key in merged) == (wanted is not None)
                if wanted is not None:
                    assert oracle.say(merged[key], names) == oracle.say(wanted, names)
            elif conflict.column is not None and key in merged:
                before = wanted if wanted is not None else {}
                assert oracle.say(merged[key], [conflict.column]) == oracle.say(before, [conflict.column])


def _texts(row: Row, key: Sequence[str]) -> tuple[str | None, ...]:
    return tuple(None if row[name] is None else str(row[name]) for name in key)


def canonical(side: Rows) -> object:
    return side.schema.column_names, Counter(repr(sorted(row.items(), key=str)) for row in side.rows)
