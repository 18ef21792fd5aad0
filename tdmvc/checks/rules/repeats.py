"""The rules about repeated values: those of a unique column, and those of the key. Nulls never repeat."""

from collections.abc import Iterator
from dataclasses import dataclass

from tdmvc.checks.rules.rule import CheckedTable, Tables, format_keys
from tdmvc.checks.table_rows import list_keys, repeated_sql, repeated_texts, sql_command
from tdmvc.model.finding import Finding
from tdmvc.model.schema import DeclaredRule
from tdmvc.model.text import plural
from tdmvc.sql.quoting import quote_name


@dataclass(frozen=True, slots=True)
class _RepeatRule:
    """No two rows have the same values in the columns."""

    declared: DeclaredRule

    def violations_sql(self, tables: Tables) -> str | None:
        return repeated_texts(tables[self.declared.table], self.declared.columns)

    def query(self, table: CheckedTable) -> str:
        return repeated_sql(self.declared.columns, quote_name(table.name), ", count(*)")

    def _count(self, table: CheckedTable, source: str) -> tuple[int, ...]:
        """Return how many values are repeated, and in how many rows."""
        aliases = ", ".join(f"k{i}" for i in range(len(self.declared.columns)))
        repeated = repeated_sql(self.declared.columns, source, ", count(*)")
        return table.fetch(
            f"SELECT count(*), coalesce(sum(n), 0) FROM ({repeated}) AS repeated ({aliases}, n)"
        )


@dataclass(frozen=True, slots=True)
class UniqueRule(_RepeatRule):
    """No two rows have the same value in a unique column."""

    def is_declared_in(self, tables: Tables) -> bool:
        column = tables[self.declared.table].schema.column(self.declared.columns[0])
        return column is not None and column.unique

    def check(self, table: CheckedTable) -> Iterator[Finding]:
        column = self.declared.columns[0]
        source = table.source_with_values_of(column)
        values, rows = self._count(table, source)
        if not values:
            return
        keys = table.first_keys(f"{source} WHERE {quote_name(column)} IN ({repeated_sql([column], source)})")
        appear = "appears" if values == 1 else "appear"
        yield table.finding(
            "repeated-unique",
            f"{table.name}.{column} is unique, but {plural(values, 'value')} {appear} in"
            f" {plural(rows, 'row')}{format_keys(table.schema.key, keys, rows)}.",
            self.declared.columns,
            remedy="change or remove the surplus rows, or remove `unique` from contract.yaml; see the values: "
            + sql_command(self.query(table), table.at),
            details={"count": values, "rows": rows, "keys": list(keys)},
        )


@dataclass(frozen=True, slots=True)
class DuplicateKeyRule(_RepeatRule):
    """No two rows have the same key. A diff reports the same finding: of two for one table, keep one."""

    def is_declared_in(self, tables: Tables) -> bool:
        return tables[self.declared.table].schema.key == self.declared.columns

    def check(self, table: CheckedTable) -> Iterator[Finding]:
        key = self.declared.columns
        count, rows = self._count(table, table.source)
        if not count:
            return
        keys = table.first_keys(f"({repeated_sql(key, table.source)})")
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
