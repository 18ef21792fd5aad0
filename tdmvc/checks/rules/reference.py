"""The rule of a reference: the row that a row names in another table exists.

A reference follows SQL's MATCH SIMPLE: if one of its columns is null, the row
names nothing, and nothing is broken.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tdmvc.checks.rules.pairing import as_text, column_of, find_lacking, is_whole, match_sql, pair_forms
from tdmvc.checks.rules.rule import CheckedTable, Tables, format_keys
from tdmvc.checks.table_rows import first_keys, side_sql, sql_command
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.hidden_columns import hidden_columns
from tdmvc.model.rules import Rule
from tdmvc.model.schema import TableSchema
from tdmvc.model.text import plural
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name

_BROKEN_NEW, _BROKEN_OLD = "tdmvc_broken_new", "tdmvc_broken_old"


@dataclass(frozen=True, slots=True)
class ReferenceCheck:
    """Every row of a table that names a row of another one names one that exists."""

    rule: Rule
    reference: ForeignKey

    def is_declared_in(self, tables: Tables) -> bool:
        name = self.rule.table
        return name in tables and tables[name].schema.has_reference(self.reference)

    def check(self, table: CheckedTable) -> Iterator[Finding]:
        """Yield newly broken rows as an error, and those that were broken before as a warning.

        Raises:
            PartError: a part is damaged.
        """
        child, reference = table.tables[table.name], self.reference
        lacking = find_lacking(reference, table.name, table.tables)
        if lacking is not None:
            yield from self._without_target(table, lacking)
            return
        parent = table.tables[reference.table].schema
        if pair_forms(reference, child.schema, parent) is None:
            yield _not_comparable(child.schema, reference, parent)
            return
        if not child.rows:
            return
        try:
            if self._collect(table):
                yield from _BrokenRows(table, self, has_old=self._collect_old(table)).findings()
        finally:
            for broken in (_BROKEN_NEW, _BROKEN_OLD):
                table.con.execute(f"DROP TABLE IF EXISTS temp.{broken}")

    def violations_sql(self, con: DuckDBConnection, tables: Tables) -> str | None:
        """Return a SELECT of the identities as texts (key, reference), and the number of `rows` of each."""
        return self._broken_sql(tables, tables[self.rule.table].schema.key)

    def query(self, table: CheckedTable) -> str:
        parent = table.tables[self.reference.table].schema
        return (
            f"select c.* from {quote_name(table.name)} c"
            f" anti join {quote_name(self.reference.table)} p"
            f" on {match_sql(self.reference, table.schema, parent)} where {is_whole(self.reference)}"
        )

    def _collect(self, table: CheckedTable) -> bool:
        """Fill a temporary table with the broken rows, and return whether there are any."""
        broken = self._broken_sql(table.tables, table.schema.key, with_keys=True)
        table.con.execute(f"CREATE OR REPLACE TEMP TABLE {_BROKEN_NEW} AS {broken}")
        return bool(table.fetch(f"SELECT count(*) FROM {_BROKEN_NEW}")[0])

    def _collect_old(self, table: CheckedTable) -> bool:
        """Collect the rows that were broken before, for each state separately; False if no old state has them."""
        reference, key = self.reference, table.schema.key
        queries = []
        for side in table.old:
            if find_lacking(reference, table.name, side) is not None:
                continue
            child, parent = side[table.name], side[reference.table]
            is_keyed = all(child.schema.column(column) is not None for column in key)
            if is_keyed and child.rows and pair_forms(reference, child.schema, parent.schema) is not None:
                queries.append(self._broken_sql(side, key))
        if queries:
            table.con.execute(f"CREATE OR REPLACE TEMP TABLE {_BROKEN_OLD} AS {' UNION ALL '.join(queries)}")
        return bool(queries)

    def _broken_sql(self, tables: Tables, key: tuple[str, ...], *, with_keys: bool = False) -> str:
        """Return a SELECT of the broken rows: the key as `k0`… if requested, the identity, and how many `rows`."""
        reference = self.reference
        child, parent = tables[self.rule.table], tables[reference.table]
        identity = ", ".join(
            f"{as_text(column_of(child.schema, column), f'c.{quote_name(column)}')} AS i{i}"
            for i, column in enumerate((*key, *reference.columns))
        )
        keys = "".join(f"c.{quote_name(column)} AS k{i}, " for i, column in enumerate(key))
        return (
            f"SELECT {keys if with_keys else ''}{identity}, count(*) AS rows"
            f" FROM {side_sql(child)} c ANTI JOIN {side_sql(parent)} p"
            f" ON {match_sql(reference, child.schema, parent.schema)}"
            f" WHERE {is_whole(reference)} GROUP BY ALL"
        )

    def _without_target(self, table: CheckedTable, lacking: str) -> Iterator[Finding]:
        """Yield a missing target: an error if it was removed, a warning if it may never have existed."""
        schema, reference, rows = table.schema, self.reference, 0
        if all(schema.column(column) is not None for column in reference.columns):
            source = side_sql(table.tables[table.name])
            (rows,) = table.fetch(f"SELECT count(*) FROM {source} c WHERE {is_whole(reference)}")
            if not rows:
                return
        names = (
            f"; {plural(rows, 'row')} of {schema.name} refer{'s' if rows == 1 else ''} to it" if rows else ""
        )
        yield Finding(
            "reference-without-target",
            Severity.ERROR if self._had_target(table) else Severity.WARNING,
            f"{_format(schema, reference)} has no target: {lacking}{names}.",
            table=schema.name,
            columns=reference.columns,
            remedy=f"restore {reference.table} as it was, or remove the relationship from contract.yaml.",
            details={"parent": reference.table, "to": list(reference.to), "rows": rows},
        )

    def _had_target(self, table: CheckedTable) -> bool:
        """Return whether the target existed, and no state had lost it already while it still declared the rule."""
        lacking = [side for side in table.old if find_lacking(self.reference, table.name, side) is not None]
        return len(lacking) < len(table.old) and not any(map(self.is_declared_in, lacking))


def _not_comparable(schema: TableSchema, reference: ForeignKey, parent: TableSchema) -> Finding:
    return Finding(
        "reference-not-comparable",
        Severity.WARNING,
        f"{_format(schema, reference)} cannot be checked: its columns are {_types(schema, reference.columns)},"
        f" those of {parent.name} are {_types(parent, reference.to)}.",
        table=schema.name,
        columns=reference.columns,
        remedy="give both ends one type.",
        details={"parent": parent.name, "to": list(reference.to)},
    )


@dataclass(frozen=True, slots=True)
class _BrokenRows:
    """A reference's broken rows, collected in the connection."""

    table: CheckedTable
    rule: ReferenceCheck
    has_old: bool
    """Whether those of the old states are collected too."""

    def findings(self) -> Iterator[Finding]:
        """Yield what is newly broken, then what was broken before."""
        split = f"SELECT *, 0 AS before FROM {_BROKEN_NEW}"
        if self.has_old:
            width = len(self.table.schema.key) + len(self.rule.reference.columns)
            columns = ", ".join(f"i{i}" for i in range(width))
            same = " AND ".join(f"n.i{i} IS NOT DISTINCT FROM o.i{i}" for i in range(width))
            split = (
                f"SELECT n.*, coalesce(o.rows, 0) AS before FROM {_BROKEN_NEW} n"
                f" LEFT JOIN (SELECT {columns}, max(rows) AS rows FROM {_BROKEN_OLD} GROUP BY ALL) o ON {same}"
            )
        # Rows alike in key and reference differ in number only: so many were broken before.
        new, old = self.table.con.execute(
            f"SELECT sum(greatest(rows - before, 0)), sum(least(rows, before)) FROM ({split})"
        ).fetchall()[0]
        if new:
            yield self._finding("broken-reference", int(new), f"({split}) WHERE rows > before")
        if old:
            yield self._finding("reference-broken-before", int(old), f"({split}) WHERE before > 0")

    def _finding(self, name: str, count: int, source: str) -> Finding:
        table, schema, reference = self.table, self.table.schema, self.rule.reference
        named = ", ".join(f"k{i} AS {quote_name(column)}" for i, column in enumerate(schema.key))
        broken = f"(SELECT {named or '0'} FROM {source}) AS broken"
        is_personal = self._hides_key()
        keys = first_keys(table.con, schema, broken, is_personal=is_personal)
        is_new = name == "broken-reference"
        return Finding(
            name,
            Severity.ERROR if is_new else Severity.WARNING,
            f"{_format(schema, reference)} {'is broken' if is_new else 'was broken before and still is'}:"
            f" {plural(count, 'row')} of {schema.name}{format_keys(schema.key, keys, count)}"
            f" refer{'s' if count == 1 else ''} to a row of {reference.table} that does not exist.",
            table=schema.name,
            columns=reference.columns,
            remedy=f"add the missing rows to {reference.table}, or change these; see them: "
            + sql_command(self.rule.query(table), table.at),
            details={
                "parent": reference.table,
                "to": list(reference.to),
                "count": count,
                "keys": list(keys),
            },
        )

    def _hides_key(self) -> bool:
        schemas = [side[self.table.name].schema for side in self.table.old if self.table.name in side]
        return not hidden_columns((self.table.schema, *schemas)).isdisjoint(self.table.schema.key)


def _format(schema: TableSchema, reference: ForeignKey) -> str:
    return (
        f"The reference {schema.name} ({', '.join(reference.columns)})"
        f" → {reference.table} ({', '.join(reference.to)})"
    )


def _types(schema: TableSchema, names: tuple[str, ...]) -> str:
    return ", ".join(column_of(schema, name).type_text for name in names)
