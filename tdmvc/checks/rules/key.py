"""The two rules of a key: no column of it is null, and no two rows share it.

A diff reports the same findings: of two that agree in rule and table, keep one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tdmvc.checks.rules.rule import CheckedTable, Tables
from tdmvc.checks.table_rows import (
    counted,
    key_texts,
    list_keys,
    repeated_sql,
    repeated_texts,
    side_sql,
    sql_command,
)
from tdmvc.model.finding import Finding
from tdmvc.model.schema import DeclaredRule
from tdmvc.sql.quoting import quote_name


@dataclass(frozen=True, slots=True)
class NullKeyRule:
    """No row has a null in its key."""

    declared: DeclaredRule

    def is_declared_in(self, tables: Tables) -> bool:
        return tables[self.declared.table].schema.key == self.declared.columns

    def check(self, table: CheckedTable) -> Iterator[Finding]:
        if not any(table.nulls[name] for name in self.declared.columns):
            return
        rows = f"{table.source} WHERE {self._is_null}"
        (count,) = table.fetch(f"SELECT count(*) FROM {rows}")
        keys = table.first_keys(rows)
        yield table.finding(
            "null-key",
            f"The key ({', '.join(self.declared.columns)}) of {table.name} is null in"
            f" {counted(count, 'row')}: {list_keys(keys, count)}.",
            self.declared.columns,
            remedy="fill the key columns, or choose other key columns with --key; see the rows: "
            + sql_command(self.query(table), table.at),
            details={"count": count, "keys": list(keys)},
        )

    def violations_sql(self, tables: Tables) -> str | None:
        side = tables[self.declared.table]
        return f"SELECT DISTINCT {key_texts(side.schema)} FROM {side_sql(side)} WHERE {self._is_null}"

    def query(self, table: CheckedTable) -> str:
        return f"select * from {quote_name(table.name)} where {self._is_null}"

    @property
    def _is_null(self) -> str:
        return " OR ".join(f"{quote_name(name)} IS NULL" for name in self.declared.columns)


@dataclass(frozen=True, slots=True)
class DuplicateKeyRule:
    """No two rows have the same key; keys with a null in them are left to the other rule."""

    declared: DeclaredRule

    def is_declared_in(self, tables: Tables) -> bool:
        return tables[self.declared.table].schema.key == self.declared.columns

    def check(self, table: CheckedTable) -> Iterator[Finding]:
        key = self.declared.columns
        aliases = ", ".join(f"k{i}" for i in range(len(key)))
        count, rows = table.fetch(
            "SELECT count(*), coalesce(sum(n), 0)"
            f" FROM ({repeated_sql(key, table.source, ', count(*)')}) AS repeated ({aliases}, n)"
        )
        if not count:
            return
        keys = table.first_keys(f"({repeated_sql(key, table.source)})")
        appear = "appears" if count == 1 else "appear"
        yield table.finding(
            "duplicate-key",
            f"{counted(count, 'key')} ({', '.join(key)}) of {table.name} {appear} more than once:"
            f" {list_keys(keys, count)}.",
            key,
            remedy="give each row its own key, or choose other key columns with --key; see the keys: "
            + sql_command(self.query(table), table.at),
            details={"count": count, "rows": rows, "keys": list(keys)},
        )

    def violations_sql(self, tables: Tables) -> str | None:
        return repeated_texts(tables[self.declared.table], self.declared.columns)

    def query(self, table: CheckedTable) -> str:
        return repeated_sql(self.declared.columns, quote_name(table.name), ", count(*)")
