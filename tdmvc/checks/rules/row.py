"""The rules about single rows that have no check of their own: ranges, patterns, lists of values."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

from tdmvc.checks.fallback import open_fallback
from tdmvc.checks.predicates import InexactError, checked_predicate_sql, find_columns, predicate_sql, unpruned
from tdmvc.checks.rules.collecting import BROKEN, collect_broken
from tdmvc.checks.rules.condition import engine_for
from tdmvc.checks.rules.rule import CheckedTable, Tables, format_keys
from tdmvc.checks.table_rows import identities_sql, side_sql, sql_command
from tdmvc.model.conditions import ConditionEngines, NotEvaluatedError
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.rule_words import threshold_words
from tdmvc.model.rules import NO_ROWS, Condition, Rule
from tdmvc.model.schema import TableSchema
from tdmvc.model.text import plural
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name, quote_text

NOT_EVALUATED = "rule-not-evaluated"


@dataclass(frozen=True, slots=True)
class RowCheck:
    """Not more rows break a test than the rule allows."""

    rule: Rule
    engines: ConditionEngines

    def is_declared_in(self, tables: Tables) -> bool:
        return is_declared(self.rule, tables)

    def check(self, table: CheckedTable) -> Iterator[Finding]:
        """Yield the rows that break the rule; a warning if it cannot be evaluated."""
        side = table.tables[table.name]
        # A share of all rows, or a number of them, is not that of the rows that are looked at.
        source = table.source if self.rule.threshold == NO_ROWS else side_sql(side)
        if self.rule.threshold == NO_ROWS and table.broken.get(self.rule.demand) == 0:
            return
        try:
            count = self._collect(table.con, side, source, BROKEN)
            if not self._allows(count, side):
                yield self._finding(table, count)
        except NotEvaluatedError as error:
            yield not_evaluated(self.rule, table, str(error))
        finally:
            table.con.execute(f"DROP TABLE IF EXISTS temp.{BROKEN}")

    def violations_sql(self, con: DuckDBConnection, tables: Tables) -> str | None:
        side = tables[self.rule.table]
        name = f"{BROKEN}_{id(tables)}"
        try:
            count = self._collect(con, side, side_sql(side), name)
        except NotEvaluatedError:
            return None
        if self.rule.threshold != NO_ROWS:
            return violation_of_table(self.rule, is_broken=not self._allows(count, side))
        return identities_sql(side.schema, f"temp.{name}")

    def query(self, table: CheckedTable) -> str:
        return f"select * from {quote_name(table.name)} where {predicate_sql(self.rule, table.schema)}"

    def _allows(self, count: int, side: TableSide) -> bool:
        return allows(self.rule, Decimal(count), side)

    def _collect(self, con: DuckDBConnection, side: TableSide, source: str, into: str) -> int:
        try:
            sql = checked_predicate_sql(con, self.rule, side.schema)
        except KeyError as error:
            raise NotEvaluatedError(f"the rows have no column {error.args[0]}") from None
        except InexactError as error:
            return self._collect_in_batches(con, side.schema, source, into, str(error))
        con.execute(f"CREATE OR REPLACE TEMP TABLE {into} AS SELECT * FROM {source} WHERE {unpruned(sql)}")
        return int(con.execute(f"SELECT count(*) FROM temp.{into}").fetchall()[0][0])

    def _collect_in_batches(
        self, con: DuckDBConnection, schema: TableSchema, source: str, into: str, reason: str
    ) -> int:
        needed = find_columns(self.rule, schema)
        if isinstance(self.rule.test, Condition):
            check = self.rule.test.check
            opened = engine_for(check, needed, self.engines).open(check.expression, self.rule.table, needed)
            return collect_broken(con, schema, source, opened, needed=needed, into=into)
        try:
            opened = open_fallback(self.rule, needed)
            return collect_broken(con, schema, source, opened, needed=needed, into=into)
        except NotEvaluatedError as error:
            raise NotEvaluatedError(f"{reason}; {error}") from error

    def _finding(self, table: CheckedTable, count: int) -> Finding:
        keys = table.first_keys(f"temp.{BROKEN}")
        see = "`tdmvc validate`"
        # Rows that a pattern does not match are found by SQL that nobody can read.
        with suppress(InexactError):
            query = self.query(table)
            see = see if "\\" in query else sql_command(query, table.at)
        threshold = self.rule.threshold
        allowed = "" if threshold == NO_ROWS else f", which allows {threshold_words(threshold)}"
        return table.finding(
            "broken-rule",
            f"{plural(count, 'row')} of {table.name}{format_keys(table.schema.key, keys, count)}"
            f" {'breaks' if count == 1 else 'break'} the rule {label(self.rule)}{allowed}.",
            self.rule.columns,
            remedy=f"change the rows, or the rule in contract.yaml; see the rows: {see}",
            details={"id": self.rule.id, "count": count, "keys": list(keys)},
            severity=self.rule.severity,
        )


def allows(rule: Rule, number: Decimal, side: TableSide) -> bool:
    """Return whether a rule allows a number, as it is or as a share of a table's rows."""
    return rule.threshold.allows(rule.threshold.in_unit(number, side.rows))


def violation_of_table(rule: Rule, *, is_broken: bool) -> str:
    """Return a SELECT of one violation, which the table has or has not as a whole."""
    return f"SELECT {quote_text(rule.id)}{'' if is_broken else ' WHERE false'}"


def is_declared(rule: Rule, tables: Tables) -> bool:
    """Return whether a state demands the same of its rows, and allows no more."""
    return any(
        one.demand == rule.demand and one.threshold == rule.threshold
        for one in tables[rule.table].schema.rules
    )


def label(rule: Rule) -> str:
    """Return how a message calls a rule: its id, and where it is declared."""
    return f"{rule.id} ({rule.place})" if rule.place is not None else rule.id


def not_evaluated(rule: Rule, table: CheckedTable, reason: str) -> Finding:
    """Return the finding for a rule that cannot be evaluated."""
    return table.finding(
        NOT_EVALUATED,
        f"The rule {label(rule)} of {table.name} was not evaluated: {reason}.",
        rule.columns,
        remedy="correct the rule in contract.yaml.",
        details={"id": rule.id, "reason": reason},
        severity=Severity.WARNING,
    )
