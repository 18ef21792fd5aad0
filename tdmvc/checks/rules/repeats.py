"""The rules about repeated values: those of unique columns, and those of the key."""

from collections.abc import Iterator
from dataclasses import dataclass

from tdmvc.checks.rules.rule import CheckedTable, Tables, format_keys, join_sql
from tdmvc.checks.table_rows import list_keys, repeated_sql, repeated_texts, sql_command
from tdmvc.model.finding import Finding
from tdmvc.model.rules import NO_ROWS, Rule, Unique
from tdmvc.model.schema import Column
from tdmvc.model.text import plural
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name


@dataclass(frozen=True, slots=True)
class _RepeatCheck:
    """No two rows have the same values in the columns."""

    rule: Rule
    unique: Unique

    def violations_sql(self, con: DuckDBConnection, tables: Tables) -> str | None:
        side = tables[self.rule.table]
        return repeated_texts(side, self.rule.columns, nulls_distinct=self.unique.nulls_distinct)

    def query(self, table: CheckedTable) -> str:
        return self._repeated(table, quote_name(table.name), ", count(*)")

    def _columns(self, table: CheckedTable) -> list[Column]:
        found = (table.schema.column(name) for name in self.rule.columns)
        return [column for column in found if column is not None]

    def _repeated(self, table: CheckedTable, source: str, more: str = "") -> str:
        nulls_distinct = self.unique.nulls_distinct
        return repeated_sql(self._columns(table), source, more, nulls_distinct=nulls_distinct)

    def _count(self, table: CheckedTable, source: str) -> tuple[int, ...]:
        """Return how many values are repeated, and in how many rows."""
        aliases = ", ".join(f"k{i}" for i in range(len(self.rule.columns)))
        repeated = self._repeated(table, source, ", count(*)")
        return table.fetch(
            f"SELECT count(*), coalesce(sum(n), 0) FROM ({repeated}) AS repeated ({aliases}, n)"
        )


@dataclass(frozen=True, slots=True)
class UniqueCheck(_RepeatCheck):
    """No two rows have the same values in unique columns; a null never repeats unless nulls are not distinct."""

    def is_declared_in(self, tables: Tables) -> bool:
        """Return whether a unique key of the state allows none of the repetitions that this one forbids."""
        return any(
            isinstance(rule.test, Unique)
            and rule.threshold == NO_ROWS
            and set(rule.columns) <= set(self.rule.columns)
            and (self.unique.nulls_distinct or not rule.test.nulls_distinct)
            for rule in tables[self.rule.table].schema.rules
        )

    def check(self, table: CheckedTable) -> Iterator[Finding]:
        names, nulls_distinct = self.rule.columns, self.unique.nulls_distinct
        columns = self._columns(table)
        source = table.source_with_values_of(columns, nulls_distinct=nulls_distinct)
        values, rows = self._count(table, source)
        if not values:
            return
        same = join_sql(columns, "one", "repeated", nulls_distinct=nulls_distinct)
        keys = table.first_keys(
            f"(SELECT one.* FROM {source} one SEMI JOIN ({self._repeated(table, source)}) repeated ON {same})"
        )
        appear = "appears" if values == 1 else "appear"
        is_one = len(names) == 1
        what = f"{table.name}.{names[0]}" if is_one else f"({', '.join(names)}) of {table.name}"
        yield table.finding(
            "repeated-unique",
            f"{what} is unique, but {plural(values, 'value')} {appear} in"
            f" {plural(rows, 'row')}{format_keys(table.schema.key, keys, rows)}.",
            names,
            remedy="change or remove the surplus rows, or remove "
            + ("`unique`" if is_one else "the rule `duplicateValues` of these columns")
            + " from contract.yaml; see the values: "
            + sql_command(self.query(table), table.at),
            details={"count": values, "rows": rows, "keys": list(keys)},
        )


@dataclass(frozen=True, slots=True)
class DuplicateKeyCheck(_RepeatCheck):
    """No two rows have the same key. A diff reports the same finding: of two for one table, keep one."""

    def is_declared_in(self, tables: Tables) -> bool:
        return tables[self.rule.table].schema.key == self.rule.columns

    def check(self, table: CheckedTable) -> Iterator[Finding]:
        key = self.rule.columns
        count, rows = self._count(table, table.source)
        if not count:
            return
        keys = table.first_keys(f"({self._repeated(table, table.source)})")
        appear = "appears" if count == 1 else "appear"
        yield table.finding(
            "duplicate-key",
            f"{plural(count, 'key')} ({', '.join(key)}) of {table.name} {appear} more than once:"
            f" {list_keys(keys, count)}.",
            key,
            remedy="give each row its own key, or choose other key columns with --key; see the keys: "
            + sql_command(self.query(table), table.at),
            details={"count": count, "rows": rows, "keys": list(keys)},
        )
