"""The laws of diff, against an oracle in plain Python."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from hypothesis import HealthCheck, given, settings

from tdmvc.changes.diff import diff_table
from tdmvc.model.diff import TableDiff, TableSide, TableStatus
from tdmvc.model.options import DiffOptions
from tdmvc.model.schema import TableSchema
from tests.duckdb_sessions import open_session_and_folder
from tests.laws.strategies_tables import Row, TablePair, canonical_value, table_pairs, write_side
from tests.series import trials

ALL = 1_000


@dataclass
class Expected:
    """What the oracle says."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    cells: Counter[str] = field(default_factory=Counter)
    rules: set[str] = field(default_factory=set)


class Oracle:
    """Diffs rows with dictionaries and counters."""

    def __init__(self, pair: TablePair) -> None:
        self.old_schema, self.new_schema = pair.old_schema, pair.new_schema
        old_names = set(pair.old_schema.column_names)
        self.common = [name for name in pair.new_schema.column_names if name in old_names]
        self.key = pair.new_schema.key

    def say(self, row: Row, names: list[str] | tuple[str, ...]) -> tuple[object, ...]:
        return tuple(canonical_value(row[name], is_json=self.is_json(name)) for name in names)

    def is_json(self, name: str) -> bool:
        sides = (self.old_schema.column(name), self.new_schema.column(name))
        return any(side is not None and side.is_json for side in sides)

    def count(self, rows: list[Row]) -> Counter[tuple[object, ...]]:
        return Counter(self.say(row, self.common) for row in rows)

    def diff(self, old: list[Row], new: list[Row]) -> Expected:
        expected = Expected()
        if self.key:
            old, new = self.take_out_faulty(old, new, expected)
        surplus = self.count(new)
        surplus.subtract(self.count(old))
        expected.added += sum(count for count in surplus.values() if count > 0)
        expected.removed -= sum(count for count in surplus.values() if count < 0)
        return expected

    def take_out_faulty(
        self, old: list[Row], new: list[Row], expected: Expected
    ) -> tuple[list[Row], list[Row]]:
        """Compare what can be paired; return the rest."""
        before, after = self.by_key(old), self.by_key(new)
        faulty = set()
        for side in (before, after):
            for key, rows in side.items():
                if None in key:
                    expected.rules.add("null-key")
                    faulty.add(key)
                elif len(rows) > 1:
                    expected.rules.add("duplicate-key")
                    faulty.add(key)
        for key in (before.keys() | after.keys()) - faulty:
            if key not in before:
                expected.added += 1
            elif key not in after:
                expected.removed += 1
            else:
                (one,), (other,) = before[key], after[key]
                cells = [name for name in self.common if self.say(one, [name]) != self.say(other, [name])]
                expected.cells.update(cells)
                expected.changed += bool(cells)
        rest_old = [row for key in faulty for row in before.get(key, [])]
        return rest_old, [row for key in faulty for row in after.get(key, [])]

    def by_key(self, rows: list[Row]) -> dict[tuple[object, ...], list[Row]]:
        found: dict[tuple[object, ...], list[Row]] = defaultdict(list)
        for row in rows:
            found[self.say(row, self.key)].append(row)
        return found

    def apply(self, old: list[Row], diff: TableDiff) -> Counter[tuple[object, ...]]:
        """Return what `old` becomes, over the common columns."""
        rows = [{name: row[name] for name in self.common} for row in old]
        for changed in diff.samples.changed:
            key = self.say(changed.key, self.key)
            (row,) = [row for row in rows if self.say(row, self.key) == key]
            for cell in changed.cells:
                assert self.say({cell.column: cell.old}, [cell.column]) == self.say(row, [cell.column])
                row[cell.column] = cell.new
        counted = self.count(rows)
        counted.update(self.count([sample.values for sample in diff.samples.added]))
        counted.subtract(self.count([sample.values for sample in diff.samples.removed]))
        return counted


def _write(pair: TablePair, folder: Path) -> tuple[TableSide, TableSide]:
    old = write_side(folder, pair.old_schema, pair.old, cuts=pair.old_cuts)
    return old, write_side(folder, pair.new_schema, pair.new, cuts=pair.new_cuts)


def _diff(
    con: duckdb.DuckDBPyConnection, pair: TablePair, folder: Path, *, is_inverse: bool = False
) -> TableDiff:
    old, new = _write(pair, folder)
    return (
        diff_table(lambda: con, new, old, options=DiffOptions(sample_rows=ALL))
        if is_inverse
        else diff_table(lambda: con, old, new, options=DiffOptions(sample_rows=ALL))
    )


def _is_touched(diff: TableDiff) -> bool:
    return bool(diff.rows.added or diff.rows.removed or diff.rows.changed)


relaxed = settings(max_examples=trials(100, 15), deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(pair=table_pairs())
@relaxed
def test_counts_equal_the_oracles_and_the_rows_of_a_diff_turn_old_into_new(pair: TablePair) -> None:
    with open_session_and_folder("Asia/Kolkata") as (con, folder):
        old, new = _write(pair, folder)
        diff = diff_table(lambda: con, old, new, options=DiffOptions(sample_rows=ALL))
    oracle = Oracle(pair)
    expected = oracle.diff(pair.old, pair.new)
    assert (diff.rows.added, diff.rows.removed, diff.rows.changed) == (
        expected.added,
        expected.removed,
        expected.changed,
    )
    assert diff.columns == dict(expected.cells)
    assert (diff.rows.old, diff.rows.new) == (len(pair.old), len(pair.new))
    rules = {finding.rule for finding in diff.findings}
    if set(old.parts) & set(new.parts):
        # A faulty key in an equal part is not looked at.
        assert rules <= expected.rules
    else:
        assert rules == expected.rules
    assert (diff.status is TableStatus.CHANGED) == (bool(diff.schema) or _is_touched(diff))
    applied = oracle.apply(pair.old, diff)
    applied.subtract(oracle.count(pair.new))
    assert not any(applied.values())


@given(pair=table_pairs())
@settings(parent=relaxed, max_examples=trials(60, 10))
def test_the_diff_of_the_swapped_sides_is_the_inverse(pair: TablePair) -> None:
    with open_session_and_folder("Asia/Kolkata") as (con, folder):
        diff = _diff(con, pair, folder)
        inverse = _diff(con, pair, folder, is_inverse=True)
    assert (inverse.rows.added, inverse.rows.removed) == (diff.rows.removed, diff.rows.added)
    assert inverse.rows.changed == diff.rows.changed
    assert inverse.columns == diff.columns
    there = [
        (cell.column, repr(cell.old), repr(cell.new)) for row in diff.samples.changed for cell in row.cells
    ]
    back = [
        (cell.column, repr(cell.new), repr(cell.old)) for row in inverse.samples.changed for cell in row.cells
    ]
    assert Counter(there) == Counter(back)
    assert [finding.rule for finding in inverse.findings] == [finding.rule for finding in diff.findings]


@given(pair=table_pairs())
@settings(parent=relaxed, max_examples=trials(40, 8))
def test_the_same_rows_in_any_order_and_any_parts_are_no_change(pair: TablePair) -> None:
    schema = TableSchema("t", tuple(reversed(pair.old_schema.columns)), pair.old_schema.key)
    same = TablePair(pair.old_schema, schema, pair.old, pair.old[::-1], pair.old_cuts, pair.new_cuts)
    with open_session_and_folder("Asia/Kolkata") as (con, folder):
        diff = _diff(con, same, folder)
    assert diff.status is TableStatus.UNCHANGED
    assert not _is_touched(diff)
    assert diff.columns == {}
    assert diff.schema == ()
