"""Counts rows that name a row of another table which does not exist."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tdmvc.arrow.types import format_type
from tdmvc.checks.validation.bitmap import count_orphans
from tdmvc.checks.validation.cache import cache_name
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.checks.validation.pairing import is_whole, match_sql
from tdmvc.checks.validation.rows import TableRows
from tdmvc.checks.validation.states import BaseState, FoundGroups, StateMemory
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.rules import Rule
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name, scan_parquet

_GONE = "tdmvc_gone_parents"


@dataclass(frozen=True, slots=True)
class ReferenceTest:
    """Every row of a table that names a row of another one names one that exists."""

    rule: Rule
    reference: ForeignKey
    children: TableRows
    parents: TableRows

    def count(self, con: DuckDBConnection, options: ValidationOptions) -> FoundGroups:
        """Return how many rows lack a parent; partly null references name none.

        Raises:
            PartError: a part is damaged.
        """
        memory = StateMemory(self._name, options, self.children, self.parents)
        known = memory.recall()
        if known is not None:
            return known
        base = memory.base()
        broken = self._count(con, None) if base is None else self._count_changed(con, base, options)
        return memory.remember(FoundGroups(broken, broken))

    def failing_sql(self) -> str:
        """Return SQL to put behind FROM: the rows without a parent."""
        return f"({self._orphans(self.children.scan().sql)})"

    @property
    def _name(self) -> str:
        ends = ((self.children, self.reference.columns), (self.parents, self.reference.to))
        types = []
        for rows, names in ends:
            for name in names:
                column = rows.schema.column(name)
                assert column is not None
                types.append(f"{name}\0{format_type(column.type)}")
        return cache_name("references", self.children.schema.name, self.parents.schema.name, *types)

    def _orphans(self, source: str) -> str:
        return (
            f"SELECT c.* FROM {source} c ANTI JOIN {self.parents.scan().sql} p"
            f" ON {self._match} WHERE {is_whole(self.reference)}"
        )

    @property
    def _match(self) -> str:
        return match_sql(self.reference, self.children.schema, self.parents.schema)

    def _count(self, con: DuckDBConnection, parts: Collection[str] | None) -> int:
        some = sorted(self.children.times if parts is None else parts)
        known = count_orphans(self.reference, self.children, self.parents, some)
        if known is not None:
            return known
        source = self.children.scan(None if parts is None else some).sql
        ((count,),) = con.execute(f"SELECT count(*) FROM ({self._orphans(source)})").fetchall()
        return int(count)

    def _count_changed(self, con: DuckDBConnection, base: BaseState, options: ValidationOptions) -> int:
        """Count what an edit of a state without orphans broke: fresh children, and children of removed parents."""
        fresh = set(self.children.times) - base.kept
        removed, kept = sorted(base.removed_parents), sorted(base.kept)
        broken = self._count(con, fresh) if fresh else 0
        if not removed or not kept:
            return broken
        files = options.find_parts(removed)
        if files is None:
            return broken + self._count(con, kept)
        # Most of the keys of a changed part are still there: few are gone, and few children named them.
        columns = ", ".join(f"p.{quote_name(name)}" for name in self.reference.to)
        same = " AND ".join(f"p.{quote_name(name)} = q.{quote_name(name)}" for name in self.reference.to)
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE {_GONE} AS SELECT DISTINCT {columns} FROM {scan_parquet(files)} p"
            f" ANTI JOIN {self.parents.scan().sql} q ON {same}"
        )
        try:
            return broken + self._count_without(con, kept)
        finally:
            con.execute(f"DROP TABLE temp.{_GONE}")

    def _count_without(self, con: DuckDBConnection, kept: Sequence[str]) -> int:
        """Count the rows of parts that name one of the parents that are gone, unless others have its key."""
        if not con.execute(f"SELECT 1 FROM temp.{_GONE} LIMIT 1").fetchall():
            return 0
        known = count_orphans(self.reference, self.children, self.parents, kept)
        if known is not None:
            return known
        children = self.children.scan(kept).sql
        query = (
            f"SELECT count(*) FROM (SELECT c.* FROM {children} c SEMI JOIN temp.{_GONE} p ON {self._match}"
            f" WHERE {is_whole(self.reference)}) c ANTI JOIN {self.parents.scan().sql} p ON {self._match}"
        )
        ((count,),) = con.execute(query).fetchall()
        return int(count)
