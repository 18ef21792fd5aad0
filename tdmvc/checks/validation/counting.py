"""Counts the rows of each part that break tests of single rows: known counts, footers, then one scan."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

import pyarrow as pa

from tdmvc.arrow.compute import call_function
from tdmvc.arrow.constants import values_array
from tdmvc.checks.validation.footers import count_by_footer, has_facts, read_facts
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.checks.validation.row_tests import RowTest
from tdmvc.checks.validation.rows import PartScan, TableRows
from tdmvc.model.conditions import NotEvaluatedError, RowCondition
from tdmvc.sql.duckdb import DuckDBConnection, duckdb_error
from tdmvc.sql.quoting import quote_name

_BATCH_ROWS = 131_072
_FEW_ROWS = 8_192
"""How many rows of long texts are evaluated at once, if more take too much memory or time."""
_MOST_IN_A_SCAN = 200
"""Conditions in one SELECT; more become several."""

Counts = dict[str, dict[str, int]]
"""How many rows break a test: by the test's name, and by part."""


@dataclass(slots=True)
class CountedRows:
    """What the tests of a table counted."""

    counts: Counts = field(default_factory=lambda: defaultdict(dict))
    fresh: set[str] = field(default_factory=set)
    """The parts for which a test lacked a count."""
    read: set[str] = field(default_factory=set)
    """The parts whose rows were read."""
    by_footer: set[str] = field(default_factory=set)
    """The tests for which footers were enough."""
    failures: dict[str, str] = field(default_factory=dict)
    """Why tests could not be evaluated on some row, by their names."""

    def failing(self, test: RowTest, rows: TableRows) -> int:
        """Return how many rows of the table break a test."""
        return sum(count * rows.times[part] for part, count in self.counts[test.name].items())

    def parts_of(self, test: RowTest, rows: TableRows) -> list[str]:
        """Return the parts with rows that break a test, each as often as the table holds it."""
        counts = self.counts[test.name]
        return [part for part in sorted(rows.side.parts) if counts[part]]


def count_rows(
    con: DuckDBConnection, rows: TableRows, tests: Sequence[RowTest], options: ValidationOptions
) -> CountedRows:
    """Return how many rows of each part break each test; known counts are taken over, and new ones kept.

    Raises:
        PartError: a part is damaged.
    """
    counted = CountedRows()
    named = {test.name: test for test in tests}
    parts = sorted(rows.times)
    for name in named:
        counted.counts[name] = {} if options.is_full else rows.recall(options.cache, name, parts)
    missing = {name: [part for part in parts if part not in counted.counts[name]] for name in named}
    counted.fresh = {part for lacking in missing.values() for part in lacking}
    found: Counts = defaultdict(dict)
    _count_by_footers(rows, named, missing, found, counted)
    for scanned, fresh in _scans(named, missing):
        _scan(con, rows, scanned, fresh, found)
        counted.read.update(fresh)
    _count_by_batches(
        con, rows, [test for test in named.values() if test.open is not None], missing, found, counted
    )
    for name, by_part in found.items():
        counted.counts[name].update(by_part)
    rows.remember(options.cache, {name: found[name] for name in found if name not in counted.failures})
    return counted


def _count_by_footers(
    rows: TableRows,
    tests: Mapping[str, RowTest],
    missing: dict[str, list[str]],
    found: Counts,
    counted: CountedRows,
) -> None:
    """Settle tests for which the footers of all parts that lack a count are enough."""
    told = [test for name, test in tests.items() if missing[name] and has_facts(test.rule, rows.schema)]
    unread = sorted({part for test in told for part in missing[test.name]})
    columns = {test.columns[0].name: test.columns[0] for test in told}
    paths = dict(zip(unread, rows.paths(unread), strict=True))
    by_part: Counts = defaultdict(dict)
    open_tests = {test.name: test for test in told}
    for part, path in paths.items():
        if not open_tests:
            break
        facts = read_facts(rows.schema.name, path, list(columns.values()))
        for name, test in list(open_tests.items()):
            count = count_by_footer(test.rule, test.columns[0], facts.get(test.columns[0].name))
            if count is None:
                del open_tests[name]
            else:
                by_part[name][part] = count
    for name in open_tests:
        wanted = set(missing[name])
        found[name].update({part: count for part, count in by_part[name].items() if part in wanted})
        missing[name] = []
        counted.by_footer.add(name)


def _scans(
    tests: Mapping[str, RowTest], missing: Mapping[str, list[str]]
) -> Iterable[tuple[list[RowTest], list[str]]]:
    """Yield what to count in one SELECT: tests, and the parts for which they all lack a count."""
    lacking: dict[str, list[str]] = defaultdict(list)
    for name, test in tests.items():
        if test.sql is not None or test.plain_sql is not None:
            for part in missing[name]:
                lacking[part].append(name)
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for part, names in lacking.items():
        groups[tuple(names)].append(part)
    for group, parts in groups.items():
        for start in range(0, len(group), _MOST_IN_A_SCAN):
            yield [tests[name] for name in group[start : start + _MOST_IN_A_SCAN]], sorted(parts)


def _scan(
    con: DuckDBConnection, rows: TableRows, tests: Sequence[RowTest], parts: Sequence[str], found: Counts
) -> None:
    """Count in one SELECT; where a row makes a plain condition fail, without these, which are left uncounted."""
    scan = rows.scan(parts)
    try:
        counted = _select_counts(con, scan, tests)
    except duckdb_error():
        tests = [test for test in tests if test.sql is not None]
        counted = _select_counts(con, scan, tests) if tests else []
    for file, *numbers in counted:
        for test, number in zip(tests, numbers, strict=True):
            found[test.name][scan.parts[file]] = int(number or 0)
    for test in tests:
        for part in parts:
            found[test.name].setdefault(part, 0)


def _select_counts(con: DuckDBConnection, scan: PartScan, tests: Sequence[RowTest]) -> list[tuple[int, ...]]:
    counts = ", ".join(f"count_if({test.sql or test.plain_sql})" for test in tests)
    return con.execute(f"SELECT {scan.file}, {counts} FROM {scan.sql} GROUP BY 1").fetchall()


def _count_by_batches(
    con: DuckDBConnection,
    rows: TableRows,
    tests: Sequence[RowTest],
    missing: Mapping[str, list[str]],
    found: Counts,
    counted: CountedRows,
) -> None:
    """Count what SQL does not: all tests that lack the same parts in one pass over the columns that they need."""
    groups: dict[tuple[str, ...], list[RowTest]] = defaultdict(list)
    for test in tests:
        lacking = tuple(part for part in missing[test.name] if part not in found[test.name])
        if lacking:
            groups[lacking].append(test)
    for parts, group in groups.items():
        counted.read.update(parts)
        for test in group:
            found[test.name].update(dict.fromkeys(parts, 0))
        scan = rows.scan(parts)
        needed = {column.name: column for test in group for column in test.columns}
        names = ", ".join([f"CAST({scan.file} AS INTEGER) AS {scan.file}", *map(quote_name, needed)])
        with ExitStack() as stack, con.cursor() as reading:
            conditions = _opened(stack, group, counted)
            reading.execute("SET TimeZone = 'UTC'")
            for batch in reading.sql(f"SELECT {names} FROM {scan.sql}").to_arrow_reader(_BATCH_ROWS):
                for test, condition in list(conditions.items()):
                    try:
                        places = find_broken(
                            condition, batch.select([column.name for column in test.columns])
                        )
                    except NotEvaluatedError as error:
                        counted.failures[test.name] = str(error)
                        del conditions[test]
                        continue
                    if places:
                        files = call_function("take", [batch.column(0), values_array(places, pa.int64())])
                        for entry in call_function("value_counts", [files]).to_pylist():
                            found[test.name][scan.parts[entry["values"]]] += int(entry["counts"])


def _opened(stack: ExitStack, tests: Iterable[RowTest], counted: CountedRows) -> dict[RowTest, RowCondition]:
    conditions: dict[RowTest, RowCondition] = {}
    for test in tests:
        assert test.open is not None
        try:
            conditions[test] = stack.enter_context(test.open())
        except NotEvaluatedError as error:
            counted.failures[test.name] = str(error)
    return conditions


def find_broken(condition: RowCondition, rows: pa.RecordBatch) -> Sequence[int]:
    """Return the places of the rows that break a condition, which may be able to evaluate only some at once.

    Raises:
        NotEvaluatedError: it cannot be evaluated.
    """
    try:
        return condition.find_broken(rows)
    except NotEvaluatedError:
        if rows.num_rows <= _FEW_ROWS:
            raise
    starts = range(0, rows.num_rows, _FEW_ROWS)
    return [
        start + place for start in starts for place in condition.find_broken(rows.slice(start, _FEW_ROWS))
    ]
