"""The rules about a number of a whole table: of its rows, of values that repeat, or what a query returns."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tdmvc.checks.predicates import has_type
from tdmvc.checks.rules.pairing import demand_comparable, is_whole, match_sql
from tdmvc.checks.rules.row import allows, is_declared, label, not_evaluated, violation_of_table
from tdmvc.checks.rules.rule import CheckedTable, Tables
from tdmvc.checks.sandbox import QueryJob, QueryTable, run_queries
from tdmvc.checks.table_rows import locate_parts, repeated_sql, side_sql
from tdmvc.model.conditions import NotEvaluatedError
from tdmvc.model.declarations import OWN_DIALECT
from tdmvc.model.finding import Finding
from tdmvc.model.rules import HasType, Query, References, RowCount, Rule, Unique
from tdmvc.model.schema import Column
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.portable import engine_name


@dataclass(frozen=True, slots=True)
class MeasureCheck:
    """A number of a whole table is one that its rule allows."""

    rule: Rule
    known: Decimal | NotEvaluatedError | None = None
    """What was measured in the rows that are checked, if that was done before."""

    def is_declared_in(self, tables: Tables) -> bool:
        return is_declared(self.rule, tables)

    def check(self, table: CheckedTable) -> Iterator[Finding]:
        """Yield that the number is not allowed; a warning if it cannot be measured."""
        try:
            if isinstance(self.known, NotEvaluatedError):
                raise self.known
            number = self._measure(table.con, table.tables) if self.known is None else self.known
        except NotEvaluatedError as error:
            yield not_evaluated(self.rule, table, str(error))
            return
        if not allows(self.rule, number, table.tables[table.name]):
            yield table.finding(
                "broken-rule",
                f"The rows of {table.name} break the rule {label(self.rule)}.",
                self.rule.columns,
                remedy="change the rows, or the rule in contract.yaml; see what it measured: `tdmvc validate`",
                details={"id": self.rule.id},
                severity=self.rule.severity,
            )

    def violations_sql(self, con: DuckDBConnection, tables: Tables) -> str | None:
        try:
            number = self._measure(con, tables)
        except NotEvaluatedError:
            return None
        is_broken = not allows(self.rule, number, tables[self.rule.table])
        return violation_of_table(self.rule, is_broken=is_broken)

    def query(self, table: CheckedTable) -> str:
        assert isinstance(self.rule.test, Query)
        return self.rule.test.sql

    def _measure(self, con: DuckDBConnection, tables: Tables) -> Decimal:
        side = tables[self.rule.table]
        columns = [column for name in self.rule.columns if (column := side.schema.column(name)) is not None]
        if len(columns) < len(self.rule.columns):
            raise NotEvaluatedError("the rows lack a column of it")
        match self.rule.test:
            case RowCount():
                return Decimal(side.rows)
            case Query():
                found = measure_queries([self.rule], tables)[0]
                if isinstance(found, NotEvaluatedError):
                    raise found
                return found
            case Unique(nulls_distinct=nulls_distinct):
                return _count_repeated(con, columns, side_sql(side), nulls_distinct=nulls_distinct)
            case References() as test:
                return self._count_orphans(con, test, tables)
            case HasType(type=name):
                return Decimal(int(not has_type(columns[0], name)))
        raise NotEvaluatedError("nothing here evaluates it")

    def _count_orphans(self, con: DuckDBConnection, test: References, tables: Tables) -> Decimal:
        reference, side = test.reference, tables[self.rule.table]
        demand_comparable(reference, self.rule.table, tables)
        parent = tables[reference.table]
        ((count,),) = con.execute(
            f"SELECT count(*) FROM {side_sql(side)} c ANTI JOIN {side_sql(parent)} p"
            f" ON {match_sql(reference, side.schema, parent.schema)} WHERE {is_whole(reference)}"
        ).fetchall()
        return Decimal(count)


def measure_queries(rules: Sequence[Rule], tables: Tables) -> list[Decimal | NotEvaluatedError]:
    """Return what the queries of rules measure, in one process: for each a number, or why there is none.

    Raises:
        PartError: a part cannot be found.
        StoreError: the process cannot be started.
    """
    jobs: dict[str, QueryJob] = {}
    found: list[Decimal | NotEvaluatedError] = []
    for place, rule in enumerate(rules):
        assert isinstance(rule.test, Query)
        if rule.test.dialect == OWN_DIALECT:
            jobs[str(place)] = QueryJob(rule.test.sql, rule.table)
        found.append(NotEvaluatedError(f"it is written for {engine_name(rule.test.dialect)}"))
    outcomes = run_queries(jobs, named_tables(jobs.values(), tables)) if jobs else {}
    for place_text, outcome in outcomes.items():
        found[int(place_text)] = (
            NotEvaluatedError(outcome.reason or "it returned no number")
            if outcome.number is None
            else outcome.number
        )
    return found


def named_tables(jobs: Iterable[QueryJob], tables: Tables) -> dict[str, QueryTable]:
    """Return the tables that queries name, as the process that runs these opens them.

    Raises:
        PartError: a part cannot be found.
    """
    named = {name for job in jobs for name in Query(job.sql).tables_in(tables)}
    return {
        name: QueryTable(tuple(locate_parts(side)), side.schema.arrow_schema(), side.schema.key)
        for name, side in tables.items()
        if name in named
    }


def _count_repeated(
    con: DuckDBConnection, columns: list[Column], source: str, *, nulls_distinct: bool
) -> Decimal:
    repeated = repeated_sql(columns, source, nulls_distinct=nulls_distinct)
    ((count,),) = con.execute(f"SELECT count(*) FROM ({repeated}) AS repeated").fetchall()
    return Decimal(count)
