"""The rules about nulls: a required column holds none, and neither does a column of the key."""

from collections.abc import Iterator
from dataclasses import dataclass

from tdmvc.checks.rules.rule import CheckedTable, Tables, format_keys
from tdmvc.checks.table_rows import key_texts, list_keys, side_sql, sql_command
from tdmvc.model.finding import Finding
from tdmvc.model.rules import Rule
from tdmvc.model.text import plural
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name


@dataclass(frozen=True, slots=True)
class _NullCheck:
    """No row has a null in one of the columns."""

    rule: Rule

    def violations_sql(self, con: DuckDBConnection, tables: Tables) -> str | None:
        side = tables[self.rule.table]
        if not side.schema.key or any(side.schema.column(name) is None for name in self.rule.columns):
            return None
        return f"SELECT DISTINCT {key_texts(side.schema)} FROM {side_sql(side)} WHERE {self._is_null}"

    def query(self, table: CheckedTable) -> str:
        return f"select * from {quote_name(table.name)} where {self._is_null}"

    @property
    def _is_null(self) -> str:
        return " OR ".join(f"{quote_name(name)} IS NULL" for name in self.rule.columns)


@dataclass(frozen=True, slots=True)
class RequiredCheck(_NullCheck):
    """No row has a null in a required column."""

    def is_declared_in(self, tables: Tables) -> bool:
        column = tables[self.rule.table].schema.column(self.rule.columns[0])
        return column is not None and column.required

    def check(self, table: CheckedTable) -> Iterator[Finding]:
        column = self.rule.columns[0]
        count = table.nulls[column]
        if not count:
            return
        keys = table.first_keys(f"{table.source} WHERE {self._is_null}")
        yield table.finding(
            "null-in-required",
            f"{table.name}.{column} is required, but it is null in {plural(count, 'row')}"
            f"{format_keys(table.schema.key, keys, count)}.",
            self.rule.columns,
            remedy="fill the column, or remove `required` from contract.yaml; see the rows: "
            + sql_command(self.query(table), table.at),
            details={"count": count, "keys": list(keys)},
        )


@dataclass(frozen=True, slots=True)
class NullKeyCheck(_NullCheck):
    """No row has a null in its key. A diff reports the same finding: of two for one table, keep one."""

    def is_declared_in(self, tables: Tables) -> bool:
        return tables[self.rule.table].schema.key == self.rule.columns

    def check(self, table: CheckedTable) -> Iterator[Finding]:
        if not any(table.nulls[name] for name in self.rule.columns):
            return
        rows = f"{table.source} WHERE {self._is_null}"
        (count,) = table.fetch(f"SELECT count(*) FROM {rows}")
        keys = table.first_keys(rows)
        yield table.finding(
            "null-key",
            f"The key ({', '.join(self.rule.columns)}) of {table.name} is null in"
            f" {plural(count, 'row')}: {list_keys(keys, count)}.",
            self.rule.columns,
            remedy="fill the key columns, or choose other key columns with --key; see the rows: "
            + sql_command(self.query(table), table.at),
            details={"count": count, "keys": list(keys)},
        )
