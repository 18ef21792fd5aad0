"""The rows that break a rule, as SQL."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count

import pyarrow as pa

from tdmvc.arrow.constants import values_array
from tdmvc.checks.predicates import unpruned
from tdmvc.checks.validation.counting import find_broken
from tdmvc.checks.validation.references import ReferenceTest
from tdmvc.checks.validation.repeats import RepeatTest
from tdmvc.checks.validation.row_tests import RowTest
from tdmvc.checks.validation.rows import PartScan, TableRows
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name

_BATCH_ROWS = 32_768
_PLACES = "tdmvc_failing_places"
_numbers = count()


@dataclass(frozen=True, slots=True)
class FailingSource:
    """The rows that break a rule."""

    sql: str
    """What to put behind FROM: the columns of the scan."""
    scan: PartScan
    """Where they were looked for."""


class FailingFinder:
    """Finds the rows of a table that break rules; what it needs for that lasts until the stack closes."""

    def __init__(self, con: DuckDBConnection, rows: TableRows, stack: ExitStack) -> None:
        self._con, self._rows, self._stack = con, rows, stack

    def of_test(self, test: RowTest, parts: Sequence[str] | None = None) -> FailingSource:
        """Return the rows that break a test of single rows.

        Args:
            parts: those that have such rows, if that is known.
        """
        scan = self._rows.scan(parts)
        if test.sql is not None:
            return FailingSource(f"(SELECT * FROM {scan.sql} WHERE {unpruned(test.sql)})", scan)
        places = self._collect(test, scan)
        same = " AND ".join(f"s.{name} = b.{name}" for name in (scan.file, scan.row))
        return FailingSource(f"(SELECT s.* FROM {scan.sql} s SEMI JOIN {places} b ON {same})", scan)

    def of_repeats(self, test: RepeatTest, nulls: RowTest | None) -> FailingSource:
        """Return the rows whose values repeat, and those with a null where `nulls` allows none."""
        scan = self._rows.scan()
        repeats = test.failing_sql(self._con, self._stack)
        if nulls is None:
            return FailingSource(repeats, scan)
        assert nulls.sql is not None
        missing = f"SELECT * FROM {scan.sql} WHERE {unpruned(nulls.sql)}"
        return FailingSource(f"({missing} UNION ALL SELECT * FROM {repeats} AS repeats)", scan)

    def of_reference(self, test: ReferenceTest) -> FailingSource:
        """Return the rows without a parent."""
        return FailingSource(test.failing_sql(), self._rows.scan())

    def _collect(self, test: RowTest, scan: PartScan) -> str:
        """Fill a temporary table with the places of the rows that break a test, and return its name."""
        assert test.open is not None
        name = f"temp.{_PLACES}_{next(_numbers)}"
        self._con.execute(f"CREATE OR REPLACE TEMP TABLE {name[5:]} ({scan.file} BIGINT, {scan.row} BIGINT)")
        self._stack.callback(self._con.execute, f"DROP TABLE IF EXISTS {name}")
        needed = [column.name for column in test.columns]
        places = f"CAST({scan.file} AS BIGINT) AS {scan.file}, CAST({scan.row} AS BIGINT) AS {scan.row}"
        names = ", ".join([places, *map(quote_name, needed)])
        with test.open() as condition, self._con.cursor() as reading:
            reading.execute("SET TimeZone = 'UTC'")
            for batch in reading.sql(f"SELECT {names} FROM {scan.sql}").to_arrow_reader(_BATCH_ROWS):
                found = find_broken(condition, batch.select(needed))
                if found:
                    broken = batch.select([0, 1]).take(values_array(found, pa.int64()))
                    self._con.register(_PLACES, pa.Table.from_batches([broken]))
                    self._con.execute(f"INSERT INTO {name} SELECT * FROM {_PLACES}")
                    self._con.unregister(_PLACES)
        return name
