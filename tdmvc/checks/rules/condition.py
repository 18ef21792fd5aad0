"""The rule of a condition (CHECK): no row makes it false. One that is null is met, as in SQL."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tdmvc.checks.rules.collecting import BROKEN, collect_broken
from tdmvc.checks.rules.rule import CheckedTable, Tables, format_keys
from tdmvc.checks.table_rows import identities_sql, side_sql, sql_command
from tdmvc.model.conditions import ConditionEngine, ConditionEngines, NotEvaluatedError
from tdmvc.model.declarations import OWN_DIALECT, Check
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.rules import Rule
from tdmvc.model.schema import Column
from tdmvc.model.text import plural
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.portable import engine_name
from tdmvc.sql.quoting import quote_name

_SHOWN_CHARACTERS = 120
_RUN_DIALECTS = frozenset({"duckdb", "sqlite"})
"""Dialects whose conditions are run as they are; those of servers are translated as far as possible."""


@dataclass(frozen=True, slots=True)
class ConditionCheck:
    """Every row meets a condition, as the database that declares it evaluates it."""

    rule: Rule
    condition: Check
    engines: ConditionEngines

    def is_declared_in(self, tables: Tables) -> bool:
        mine = self.condition
        return any(
            (one.expression, one.dialect) == (mine.expression, mine.dialect)
            for one in tables[self.rule.table].schema.checks
        )

    def check(self, table: CheckedTable) -> Iterator[Finding]:
        """Yield the rows that break the condition; a warning if it cannot be evaluated."""
        try:
            count = self._collect(table.con, table.tables[table.name], table.source, BROKEN)
            if count:
                yield self._finding(table, count)
        except NotEvaluatedError as error:
            yield table.finding(
                "check-not-evaluated",
                f"The check {self._label} of {table.name} was not evaluated: {error}.",
                self.rule.columns,
                remedy=self._remedy_if_not_evaluated,
                details={
                    "check": self.condition.name,
                    "reason": str(error),
                    **({"server": self.condition.dialect} if self._is_of_server else {}),
                },
                severity=Severity.WARNING,
            )
        finally:
            table.con.execute(f"DROP TABLE IF EXISTS temp.{BROKEN}")

    @property
    def _is_of_server(self) -> bool:
        return self.condition.dialect not in (None, *_RUN_DIALECTS)

    @property
    def _remedy_if_not_evaluated(self) -> str:
        if not self._is_of_server:
            return (
                "correct the condition in contract.yaml, or check the rows in the database that declares it."
            )
        name = engine_name(self.condition.dialect)
        return f"load the rows into a {name} database that has the check (`tdmvc seed`): it refuses rows that break it."

    def violations_sql(self, con: DuckDBConnection, tables: Tables) -> str | None:
        side = tables[self.rule.table]
        if any(side.schema.column(name) is None for name in self.rule.columns):
            return None
        name = f"{BROKEN}_{id(tables)}"
        try:
            self._collect(con, side, side_sql(side), name)
        except NotEvaluatedError:
            return None
        return identities_sql(side.schema, f"temp.{name}")

    def query(self, table: CheckedTable) -> str:
        return f"select * from {quote_name(table.name)} where not ({self.condition.expression})"

    @property
    def _label(self) -> str:
        text = " ".join(self.condition.expression.split())
        shown = text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…"
        return f"{self.condition.name} ({shown})" if self.condition.name else f"({shown})"

    def _finding(self, table: CheckedTable, count: int) -> Finding:
        keys = table.first_keys(f"temp.{BROKEN}")
        break_ = "does" if count == 1 else "do"
        return table.finding(
            "broken-check",
            f"{plural(count, 'row')} of {table.name}{format_keys(table.schema.key, keys, count)}"
            f" {break_} not meet the check {self._label}.",
            self.rule.columns,
            remedy=f"change the rows, or the check in contract.yaml; see the rows: {self._command(table)}",
            details={"check": self.condition.name, "count": count, "keys": list(keys)},
        )

    def _command(self, table: CheckedTable) -> str:
        if (self.condition.dialect or OWN_DIALECT) == OWN_DIALECT:
            return sql_command(self.query(table), table.at)
        # In another dialect the condition may mean something else, or nothing.
        return f"run this in a copy of the database: {self.query(table)}"

    def _collect(self, con: DuckDBConnection, side: TableSide, source: str, into: str) -> int:
        """Fill a temporary table with what identifies the rows that break the condition; return how many there are.

        Raises:
            NotEvaluatedError: it cannot be evaluated.
        """
        needed = [column for column in side.schema.columns if column.name in self.rule.columns]
        engine = engine_for(self.condition, needed, self.engines)
        opened = engine.open(self.condition.expression, self.rule.table, needed)
        return collect_broken(con, side.schema, source, opened, needed=needed, into=into)


def engine_for(check: Check, columns: Sequence[Column], engines: ConditionEngines) -> ConditionEngine:
    """Return what evaluates a condition over these columns.

    Raises:
        NotEvaluatedError: nothing does.
    """
    engine = engines.get(check.dialect or OWN_DIALECT)
    if engine is None:
        raise NotEvaluatedError(f"it is written for {engine_name(check.dialect)}")
    if not columns:
        raise NotEvaluatedError("it names no column of the table")
    return engine
