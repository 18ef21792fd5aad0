"""The rule `unique`: no value of a column is repeated. Nulls never repeat."""

from collections.abc import Iterator
from dataclasses import dataclass

from tdmvc.checks.rules.rule import CheckedTable, Tables, format_keys
from tdmvc.checks.table_rows import counted, repeated_sql, repeated_texts, sql_command
from tdmvc.model.finding import Finding
from tdmvc.model.schema import DeclaredRule
from tdmvc.sql.quoting import quote_name


@dataclass(frozen=True, slots=True)
class UniqueRule:
    """No two rows have the same value in a column."""

    declared: DeclaredRule

    @property
    def column(self) -> str:
        return self.declared.columns[0]

    def is_declared_in(self, tables: Tables) -> bool:
        column = tables[self.declared.table].schema.column(self.column)
        return column is not None and column.unique

    def check(self, table: CheckedTable) -> Iterator[Finding]:
        source = table.source_with_values_of(self.column)
        values, rows = table.fetch(
            "SELECT count(*), coalesce(sum(n), 0)"
            f" FROM ({repeated_sql([self.column], source, ', count(*)')}) AS repeated (v, n)"
        )
        if not values:
            return
        keys = table.first_keys(
            f"{source} WHERE {quote_name(self.column)} IN ({repeated_sql([self.column], source)})"
        )
        appear = "appears" if values == 1 else "appear"
        yield table.finding(
            "repeated-unique",
            f"{table.name}.{self.column} is unique, but {counted(values, 'value')} {appear} in"
            f" {counted(rows, 'row')}{format_keys(table.schema.key, keys, rows)}.",
            (self.column,),
            remedy="change or remove the surplus rows, or remove `unique` from contract.yaml; see the values: "
            + sql_command(self.query(table), table.at),
            details={"count": values, "rows": rows, "keys": list(keys)},
        )

    def violations_sql(self, tables: Tables) -> str | None:
        return repeated_texts(tables[self.declared.table], self.declared.columns)

    def query(self, table: CheckedTable) -> str:
        return repeated_sql([self.column], quote_name(table.name), ", count(*)")
