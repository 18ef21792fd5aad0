"""The rule about the length of texts, in code points.

A limit that the contract states is an error. One that only follows from the declared type
(`varchar(40)`) is a warning: SQLite and DuckDB accept longer texts, so a source may validly hold them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from tdmvc.checks.rules.rule import CheckedTable, Tables, format_keys, is_too_long
from tdmvc.checks.table_rows import identities_sql, side_sql, sql_command
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.rules import Rule
from tdmvc.model.text import plural
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name

TOO_LONG = "text-too-long"


@dataclass(frozen=True, slots=True)
class LengthCheck:
    """No text of a column is longer than the column allows."""

    rule: Rule
    limit: int

    def is_declared_in(self, tables: Tables) -> bool:
        """Return whether a state allows no longer texts than this rule."""
        column = tables[self.rule.table].schema.column(self.rule.columns[0])
        known = column.length_limit if column is not None else None
        return known is not None and known <= self.limit

    def check(self, table: CheckedTable) -> Iterator[Finding]:
        name = self.rule.columns[0]
        column = table.schema.column(name)
        assert column is not None
        if not pa.types.is_string(column.type):
            yield table.finding(
                "length-not-checked",
                f"{table.name}.{name} has a `maxLength`, but its type is {column.type_text}, which has no length.",
                self.rule.columns,
                remedy="remove `maxLength` from contract.yaml, or make the column text.",
                details={"limit": self.limit},
                severity=Severity.WARNING,
            )
            return
        count = table.too_long[name, self.limit]
        if not count:
            return
        keys = table.first_keys(f"{table.source} WHERE {is_too_long(name, self.limit)}")
        is_stated = self.rule.severity is Severity.ERROR
        limit = f"may have {plural(self.limit, 'character')}" if is_stated else f"is {column.declared_type}"
        texts = plural(count, "text is", many="texts are")
        yield table.finding(
            TOO_LONG,
            f"{table.name}.{name} {limit}, but {texts} longer{format_keys(table.schema.key, keys, count)}.",
            self.rule.columns,
            remedy="shorten the texts, or "
            + ("change `maxLength` in contract.yaml" if is_stated else "declare a longer type at the source")
            + "; see the rows: "
            + sql_command(self.query(table), table.at),
            details={"count": count, "limit": self.limit, "keys": list(keys)},
            severity=Severity.ERROR if is_stated else Severity.WARNING,
        )

    def violations_sql(self, con: DuckDBConnection, tables: Tables) -> str | None:
        side, name = tables[self.rule.table], self.rule.columns[0]
        column = side.schema.column(name)
        if column is None or not pa.types.is_string(column.type):
            return None
        return identities_sql(side.schema, f"{side_sql(side)} WHERE {is_too_long(name, self.limit)}")

    def query(self, table: CheckedTable) -> str:
        column = quote_name(self.rule.columns[0])
        return f"select * from {quote_name(table.name)} where length({column}) > {self.limit}"
