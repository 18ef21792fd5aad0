"""Counts values that repeat: by their order where the key rises, else by grouping what may repeat."""

from collections.abc import Sequence
from dataclasses import dataclass

from tdmvc.arrow.types import format_type
from tdmvc.checks.rules.rule import join_sql
from tdmvc.checks.table_rows import repeated_sql
from tdmvc.checks.validation.cache import cache_name
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.checks.validation.ordering import rises
from tdmvc.checks.validation.row_tests import CHECKER
from tdmvc.checks.validation.rows import TableRows
from tdmvc.checks.validation.states import FoundGroups, StateMemory
from tdmvc.model.rules import Rule, Unique
from tdmvc.model.schema import Column
from tdmvc.sql.duckdb import DuckDBConnection, duckdb_version


@dataclass(frozen=True, slots=True)
class RepeatTest:
    """No two rows of a table have the same values in some columns."""

    rule: Rule
    unique: Unique
    columns: tuple[Column, ...]
    rows: TableRows

    def count(self, con: DuckDBConnection, options: ValidationOptions, *, has_nulls: bool) -> FoundGroups:
        """Return how many values repeat, and in how many rows.

        Args:
            has_nulls: whether one of the columns may hold a null.

        Raises:
            PartError: a part is damaged.
        """
        memory = StateMemory(self._name, options, self.rows.times)
        is_set = all(count == 1 for count in self.rows.times.values())
        known = memory.recall() if is_set else None
        if known is not None:
            return known
        base = memory.base() if is_set else None
        fresh = sorted(set(self.rows.times) - (base.parts if base else frozenset()))
        if not fresh or (
            self.unique.is_key and not has_nulls and rises(self.rows, self.columns, fresh, options)
        ):
            found = FoundGroups(0, 0)
        else:
            found = self._count(con, None if base is None else fresh)
        return memory.remember(found) if is_set else found

    def failing_sql(self) -> str:
        """Return SQL to put behind FROM: the rows with values that repeat."""
        scan = self.rows.scan()
        repeated = repeated_sql(self.columns, scan.sql, nulls_distinct=self.unique.nulls_distinct)
        return f"(SELECT one.* FROM {scan.sql} one SEMI JOIN ({repeated}) repeated ON {self._same('one', 'repeated')})"

    @property
    def _name(self) -> str:
        types = [f"{one.name}\0{format_type(one.type)}\0{one.collation}" for one in self.columns]
        return cache_name(CHECKER, duckdb_version(), "repeats", str(self.unique.nulls_distinct), *types)

    def _same(self, left: str, right: str) -> str:
        return join_sql(self.columns, left, right, nulls_distinct=self.unique.nulls_distinct)

    def _count(self, con: DuckDBConnection, fresh: Sequence[str] | None) -> FoundGroups:
        """Count among all rows, or among those that share a value with fresh parts."""
        source = self.rows.scan().sql
        if fresh is not None:
            some = self.rows.scan(fresh).sql
            source = f"(SELECT every.* FROM {source} every SEMI JOIN {some} fresh ON {self._same('every', 'fresh')})"
        repeated = repeated_sql(self.columns, source, ", count(*)", nulls_distinct=self.unique.nulls_distinct)
        names = ", ".join(f"k{place}" for place in range(len(self.columns)))
        groups, rows = con.execute(
            f"SELECT count(*), coalesce(sum(n), 0) FROM ({repeated}) AS repeated ({names}, n)"
        ).fetchall()[0]
        return FoundGroups(int(groups), int(rows))
