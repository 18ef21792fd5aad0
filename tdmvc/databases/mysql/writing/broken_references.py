"""References that rows break, which the server does not check for rows loaded without checks."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from tdmvc.databases.findings import broken_reference
from tdmvc.databases.mysql.catalog.relations import MysqlTable
from tdmvc.databases.mysql.connection import MysqlConnection
from tdmvc.databases.mysql.names import alias, quoted, quoted_names, table_sql
from tdmvc.databases.mysql.writing.changed_rows import MysqlChanges
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.finding import Finding

CHILD, PARENT = "child", "parent"
"""The purposes of the aliases under which tables are compared."""


@dataclass(frozen=True, slots=True)
class MysqlReferences:
    """The references of a database, and what is known of them without looking at rows."""

    connection: MysqlConnection
    tables: Mapping[str, MysqlTable]
    """All tables of the database by name."""
    held: Mapping[str, Collection[str]]
    """By the tables that refer, those to which their references held before `changed`."""
    changed: Mapping[str, MysqlChanges | None]
    """What was changed since, by table; None if this was not kept."""

    def find_broken(self, names: Iterable[str]) -> Iterator[Finding]:
        """Yield the references from and to some tables that rows break.

        Cost: both tables of each reference; of one that held before, the rows that were changed.
        """
        chosen = set(names)
        for name, table in self.tables.items():
            for reference in table.references:
                if name not in chosen and reference.table not in chosen:
                    continue
                pair = _Pair(table, reference, self.tables[reference.table])
                count = sum(self._count(query, name) for query in self._queries(name, pair))
                if count:
                    yield broken_reference(name, reference.columns, reference.table, count)

    def _queries(self, name: str, pair: "_Pair") -> list[str]:
        to = pair.reference.table
        own, other = self.changed.get(name), self.changed.get(to)
        is_kept = (name not in self.changed or own) and (to not in self.changed or other)
        if is_kept and to in self.held.get(name, ()):
            return pair.count_newly_broken(own, other)
        return [f"SELECT COUNT(*) FROM {pair.broken}"]

    def _count(self, query: str, name: str) -> int:
        (row,) = self.connection.query(query, f"Checking the references of {name}")
        return int(row[0])


@dataclass(frozen=True, slots=True)
class _Pair:
    """A reference, and the tables that it connects."""

    child: MysqlTable
    reference: ForeignKey
    parent: MysqlTable

    @property
    def _own(self) -> str:
        return alias(CHILD, self.child.schema, self.child.name)

    @property
    def _table(self) -> str:
        return f"{table_sql(self.child.schema, self.child.name)} AS {self._own}"

    @property
    def broken(self) -> str:
        """What follows FROM to select the rows that break it."""
        return f"{self._table} {self._without_parent}"

    @property
    def _without_parent(self) -> str:
        """What follows the table in FROM to select the rows that break it."""
        own, other = self._own, alias(PARENT, self.parent.schema, self.parent.name)
        pairs = list(zip(self.reference.columns, self.reference.to, strict=True))
        matches = " AND ".join(f"{own}.{quoted(column)} = {other}.{quoted(to)}" for column, to in pairs)
        is_set = " AND ".join(f"{own}.{quoted(column)} IS NOT NULL" for column, _ in pairs)
        return (
            f"LEFT JOIN {table_sql(self.parent.schema, self.parent.name)} AS {other} ON {matches} "
            f"WHERE {is_set} AND {other}.{quoted(pairs[0][1])} IS NULL"
        )

    def count_newly_broken(self, own: MysqlChanges | None, other: MysqlChanges | None) -> list[str]:
        """Return queries for the numbers of rows that break it, if none did before some changes.

        Args:
            own: what was changed in the table; None if nothing.
            other: what was changed in the table that it refers to; None if nothing.
        """
        queries = []
        written = own if own and own.has_written else None
        if written:
            same = " AND ".join(f"s.{quoted(name)} = {self._own}.{quoted(name)}" for name in written.key)
            queries.append(f"SELECT COUNT(*) FROM {written.written} AS s STRAIGHT_JOIN {self._joined(same)}")
        if other and other.left:
            left = f"(SELECT DISTINCT {quoted_names(self.reference.to)} FROM {other.left}) AS l"
            same = " AND ".join(
                f"l.{quoted(to)} = {self._own}.{quoted(name)}"
                for name, to in zip(self.reference.columns, self.reference.to, strict=True)
            )
            rows = f"{left} STRAIGHT_JOIN {self._joined(same)}"
            if written:
                keys = ", ".join(f"{self._own}.{quoted(name)}" for name in written.key)
                same = " AND ".join(f"s.{quoted(name)} = b.{quoted(name)}" for name in written.key)
                rows = (
                    f"(SELECT DISTINCT {keys} FROM {rows}) AS b "
                    f"WHERE NOT EXISTS (SELECT 1 FROM {written.written} AS s WHERE {same})"
                )
            queries.append(f"SELECT COUNT(*) FROM {rows}")
        return queries

    def _joined(self, condition: str) -> str:
        """Return `broken` as it follows another table, joined to it by a condition."""
        return f"{self._table} ON {condition} {self._without_parent}"
