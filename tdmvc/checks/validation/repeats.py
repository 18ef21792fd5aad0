"""Counts values that repeat: by their order where the key rises, else by grouping what may repeat."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count

import numpy as np

from tdmvc.arrow.types import format_type
from tdmvc.checks.table_rows import compared_sql, join_sql, repeated_sql
from tdmvc.checks.validation.cache import cache_name
from tdmvc.checks.validation.hashes import MOST_ROWS, collect_repeated, fill_with_repeated, read_hashes
from tdmvc.checks.validation.kept_hashes import Hashes, holds_any
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.checks.validation.ordering import rises
from tdmvc.checks.validation.rows import TableRows
from tdmvc.checks.validation.states import BaseState, FoundGroups, StateMemory
from tdmvc.model.rules import Rule, Unique
from tdmvc.model.schema import Column
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name, scan_parquet

_HASHES = "tdmvc_repeated_hashes"
_numbers = count()
_FRESH = "tdmvc_fresh_values"
_MOST_LOOKED_UP = 100_000
"""More values than these are looked up by reading the column, not in the hashes of each part."""
_PARTS_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class RepeatTest:
    """No two rows of a table have the same values in some columns."""

    rule: Rule
    unique: Unique
    columns: tuple[Column, ...]
    rows: TableRows
    may_keep_hashes: Callable[[], bool] = bool
    """Return whether hashes of the values may be kept: only of values that anybody may see."""

    def count(self, con: DuckDBConnection, options: ValidationOptions, *, has_nulls: bool) -> FoundGroups:
        """Return how many values repeat, and in how many rows.

        Args:
            has_nulls: whether one of the columns may hold a null.

        Raises:
            PartError: a part is damaged.
        """
        memory = StateMemory(self._name, options, self.rows)
        known = memory.recall()
        if known is not None:
            return known
        base = memory.base()
        fresh = sorted(set(self.rows.times) - (base.kept if base else frozenset()))
        if not fresh or (not has_nulls and rises(self.rows, self.columns, fresh, options)):
            found = FoundGroups(0, 0)
        elif base is None:
            found = self._count_all(con, options)
        elif self._has_only_known(con, fresh, base, options):
            found = FoundGroups(0, 0)
        else:
            found = self._count_fresh(con, fresh)
        return memory.remember(found)

    def failing_sql(self, con: DuckDBConnection, stack: ExitStack) -> str:
        """Return SQL to put behind FROM: the rows with values that repeat. It is valid until the stack closes."""
        source = self._suspects(con, stack, None) or self.rows.scan([]).sql
        repeated = repeated_sql(self.columns, source, nulls_distinct=self.unique.nulls_distinct)
        return f"(SELECT one.* FROM {source} one SEMI JOIN ({repeated}) repeated ON {self._same('one', 'repeated')})"

    @property
    def _name(self) -> str:
        types = [f"{one.name}\0{format_type(one.type)}\0{one.collation}" for one in self.columns]
        return cache_name("repeats", self.rows.schema.name, str(self.unique.nulls_distinct), *types)

    def _same(self, left: str, right: str) -> str:
        return join_sql(self.columns, left, right, nulls_distinct=self.unique.nulls_distinct)

    @property
    def _forms(self) -> list[str]:
        return [compared_sql(column, quote_name(column.name)) for column in self.columns]

    def _whole(self, source: str, before: str = "") -> str:
        """Return a SELECT of the values that count, as `k0`, `k1`, …, behind other columns."""
        names = ", ".join(f"{form} AS k{place}" for place, form in enumerate(self._forms))
        is_whole = " AND ".join(f"{quote_name(column.name)} IS NOT NULL" for column in self.columns)
        return f"SELECT {before}{names} FROM {source}" + (
            f" WHERE {is_whole}" if self.unique.nulls_distinct else ""
        )

    def _count_all(self, con: DuckDBConnection, options: ValidationOptions) -> FoundGroups:
        with ExitStack() as stack:
            source = self._suspects(con, stack, options)
            return FoundGroups(0, 0) if source is None else self._count(con, source)

    def _suspects(
        self, con: DuckDBConnection, stack: ExitStack, options: ValidationOptions | None
    ) -> str | None:
        """Return SQL to put behind FROM: rows among which are all that repeat; None if there is none.

        These are the rows with a hash that repeats, or all rows if many do.

        Args:
            options: to keep the hashes by; None keeps none.
        """
        scan = self.rows.scan().sql
        names = ", ".join(f"k{place}" for place in range(len(self.columns)))
        hashed = f"SELECT hash({names}) AS h FROM ({self._whole(scan)}) AS whole"
        table = f"{_HASHES}_{next(_numbers)}"
        stack.callback(con.execute, f"DROP TABLE IF EXISTS temp.{table}")
        if options is not None and self._can_keep_hashes:
            repeated = fill_with_repeated(con, self._all_hashes(con, options), table)
        else:
            repeated = collect_repeated(con, hashed, table, self._most_rows)
        if repeated is None:
            return scan
        hash_ = f"hash({', '.join(self._forms)})"
        return f"(SELECT * FROM {scan} WHERE {hash_} IN (SELECT h FROM temp.{table}))" if repeated else None

    @property
    def _most_rows(self) -> int:
        """At least as many as the table has: parts may be listed twice."""
        return self.rows.side.rows * max(self.rows.times.values(), default=1)

    def _has_only_known(
        self, con: DuckDBConnection, fresh: Sequence[str], base: BaseState, options: ValidationOptions
    ) -> bool:
        """Return whether fresh parts repeat no value, neither among themselves nor of parts that were kept.

        What removed parts held is in no part that was kept, so only other values are looked up in these.
        """
        removed = sorted(base.removed)
        # Without them, all values of fresh parts are looked up.
        files = (options.find_parts(removed) if removed else None) or ()
        same = self._same_keys("a", "b")
        con.execute(f"CREATE OR REPLACE TEMP TABLE {_FRESH} AS {self._whole(self.rows.scan(fresh).sql)}")
        try:
            ((all_, distinct),) = con.execute(
                f"SELECT count(*), (SELECT count(*) FROM (SELECT DISTINCT * FROM temp.{_FRESH})) FROM temp.{_FRESH}"
            ).fetchall()
            if all_ != distinct:
                return False
            before = f"ANTI JOIN ({self._whole(scan_parquet(files))}) b ON {same}" if files else ""
            con.execute(f"CREATE OR REPLACE TEMP TABLE {_FRESH} AS SELECT a.* FROM temp.{_FRESH} a {before}")
            if not con.execute(f"SELECT 1 FROM temp.{_FRESH} LIMIT 1").fetchall():
                return True
            parts = self._parts_to_read(con, sorted(base.kept), fresh, options)
            if not parts:
                return True
            kept = self.rows.scan(parts).sql
            query = f"SELECT 1 FROM ({self._whole(kept)}) a SEMI JOIN temp.{_FRESH} b ON {same} LIMIT 1"
            return not con.execute(query).fetchall()
        finally:
            con.execute(f"DROP TABLE IF EXISTS temp.{_FRESH}")

    @property
    def _can_keep_hashes(self) -> bool:
        return self.rows.digests() is not None and self._most_rows <= MOST_ROWS and self.may_keep_hashes()

    def _parts_to_read(
        self, con: DuckDBConnection, kept: list[str], fresh: Sequence[str], options: ValidationOptions
    ) -> list[str]:
        """Return those of some parts that may hold a value of the table of fresh values, by their hashes."""
        if not self._can_keep_hashes:
            return kept
        names = ", ".join(f"k{place}" for place in range(len(self.columns)))
        query = (
            f"SELECT DISTINCT hash({names}) AS h FROM temp.{_FRESH} ORDER BY h LIMIT {_MOST_LOOKED_UP + 1}"
        )
        wanted = np.array([hash_ for (hash_,) in con.execute(query).fetchall()], dtype=np.uint64)
        if len(wanted) > _MOST_LOOKED_UP:
            return kept
        found = [part for part, hashes in self._hashes(con, kept, options) if holds_any(hashes, wanted)]
        for _ in self._hashes(con, fresh, options):
            pass  # For the next edit.
        known = {part for state in options.cache.states(self._name) for part in state.parts}
        options.hashes.clean(self._name, known | set(self.rows.side.digests.values()))
        return found

    def _all_hashes(self, con: DuckDBConnection, options: ValidationOptions) -> Hashes:
        found, count = np.empty(self._most_rows, dtype=np.uint64), 0
        for _, hashes in self._hashes(con, sorted(self.rows.times), options):
            found[count : count + len(hashes)] = hashes
            count += len(hashes)
        return found[:count]

    def _hashes(
        self, con: DuckDBConnection, parts: Sequence[str], options: ValidationOptions
    ) -> Iterator[tuple[str, Hashes]]:
        """Yield the sorted hashes of parts: those that are kept, then those of the others, which are kept from now."""
        missing = []
        for part in parts:
            kept = (
                options.hashes.read(self._name, self.rows.side.digests[part]) if not options.is_full else None
            )
            if kept is None:
                missing.append(part)
            else:
                yield part, kept
        for some in (
            missing[start : start + _PARTS_AT_ONCE] for start in range(0, len(missing), _PARTS_AT_ONCE)
        ):
            scan = self.rows.scan(some)
            names = ", ".join(f"k{place}" for place in range(len(self.columns)))
            whole = self._whole(scan.sql, f"CAST({scan.file} AS INTEGER) AS f, ")
            hashed = f"SELECT f, hash({names}) AS h FROM ({whole}) AS whole"
            for part, hashes in read_hashes(con, hashed, some).items():
                options.hashes.write(self._name, self.rows.side.digests[part], hashes)
                yield part, hashes

    def _same_keys(self, left: str, right: str) -> str:
        equals = "=" if self.unique.nulls_distinct else "IS NOT DISTINCT FROM"
        return " AND ".join(
            f"{left}.k{place} {equals} {right}.k{place}" for place in range(len(self.columns))
        )

    def _count_fresh(self, con: DuckDBConnection, fresh: Sequence[str]) -> FoundGroups:
        """Count among the rows that share a value with fresh parts."""
        every, some = self.rows.scan().sql, self.rows.scan(fresh).sql
        source = (
            f"(SELECT every.* FROM {every} every SEMI JOIN {some} fresh ON {self._same('every', 'fresh')})"
        )
        return self._count(con, source)

    def _count(self, con: DuckDBConnection, source: str) -> FoundGroups:
        repeated = repeated_sql(self.columns, source, ", count(*)", nulls_distinct=self.unique.nulls_distinct)
        names = ", ".join(f"k{place}" for place in range(len(self.columns)))
        groups, rows = con.execute(
            f"SELECT count(*), coalesce(sum(n), 0) FROM ({repeated}) AS repeated ({names}, n)"
        ).fetchall()[0]
        return FoundGroups(int(groups), int(rows))
