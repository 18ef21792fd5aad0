"""The rule `required`: a column holds no null."""

from collections.abc import Iterator
from dataclasses import dataclass

from tdmvc.checks.rules.rule import CheckedTable, Tables, format_keys
from tdmvc.checks.table_rows import counted, key_texts, side_sql, sql_command
from tdmvc.model.finding import Finding
from tdmvc.model.schema import DeclaredRule
from tdmvc.sql.quoting import quote_name


@dataclass(frozen=True, slots=True)
class RequiredRule:
    """No row has a null in a column."""

    declared: DeclaredRule

    @property
    def column(self) -> str:
        return self.declared.columns[0]

    def is_declared_in(self, tables: Tables) -> bool:
        column = tables[self.declared.table].schema.column(self.column)
        return column is not None and column.required

    def check(self, table: CheckedTable) -> Iterator[Finding]:
        count = table.nulls[self.column]
        if not count:
            return
        keys = table.first_keys(f"{table.source} WHERE {self._is_null}")
        yield table.finding(
            "null-in-required",
            f"{table.name}.{self.column} is required, but it is null in {counted(count, 'row')}"
            f"{format_keys(table.schema.key, keys, count)}.",
            (self.column,),
            remedy="fill the column, or remove `required` from contract.yaml; see the rows: "
            + sql_command(self.query(table), table.at),
            details={"count": count, "keys": list(keys)},
        )

    def violations_sql(self, tables: Tables) -> str | None:
        side = tables[self.declared.table]
        if not side.schema.key or side.schema.column(self.column) is None:
            return None
        return f"SELECT DISTINCT {key_texts(side.schema)} FROM {side_sql(side)} WHERE {self._is_null}"

    def query(self, table: CheckedTable) -> str:
        return f"select * from {quote_name(table.name)} where {self._is_null}"

    @property
    def _is_null(self) -> str:
        return f"{quote_name(self.column)} IS NULL"
