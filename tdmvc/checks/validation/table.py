"""Validates one table: plans its rules, counts what breaks them, and judges the counts."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property, partial

from tdmvc.arrow.types import is_widening, parse_type
from tdmvc.checks.table_rows import Tables
from tdmvc.checks.validation.counting import CountedRows, count_rows
from tdmvc.checks.validation.examples import first_failing_rows
from tdmvc.checks.validation.failing import FailingFinder, FailingSource
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.checks.validation.pairing import demand_comparable
from tdmvc.checks.validation.references import ReferenceTest
from tdmvc.checks.validation.repeats import RepeatTest
from tdmvc.checks.validation.row_tests import RowTest, plan_row_test
from tdmvc.checks.validation.rows import TableRows
from tdmvc.errors import near_name
from tdmvc.model.conditions import NotEvaluatedError
from tdmvc.model.hidden_columns import hidden_columns
from tdmvc.model.rules import HasType, Query, References, Required, RowCount, Rule, Unique, rule_id
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.sensitive_values import Look
from tdmvc.model.validation import Evaluation, RuleResult, RuleVerdict, TableValidation
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name


@dataclass(frozen=True, slots=True)
class _Repeats:
    """A unique key; of a primary key, with the test that it holds no null."""

    test: RepeatTest
    nulls: RowTest | None


@dataclass(frozen=True, slots=True)
class _Found:
    """What breaks a rule."""

    number: int
    """What is compared with the threshold: values that repeat, rows."""
    failing: int | None
    evaluation: Evaluation
    reason: str | None = None
    nulls: int = 0


_SAMPLE_ROWS = 200
_Plan = RowTest | _Repeats | ReferenceTest | NotEvaluatedError | None
"""How a rule is evaluated, or why it cannot be; None for one that needs no rows."""


class TableValidator:
    """Validates the rows of one table against rules, other than queries."""

    def __init__(
        self,
        con: DuckDBConnection,
        tables: Tables,
        declared: TableSchema,
        rules: Sequence[Rule],
        options: ValidationOptions,
    ) -> None:
        self._con, self._tables, self.declared, self._options = con, tables, declared, options
        self.rows = TableRows(tables[declared.name])
        self._rules = rules
        self._plans: dict[str, _Plan] = {rule.id: self._plan(rule) for rule in self._rules}

    def validate(self) -> TableValidation:
        """Return the results of all rules but queries, each with its first failing rows.

        Raises:
            PartError: a part is damaged.
        """
        results = [self._result(rule) for rule in self._rules if not isinstance(rule.test, Query)]
        counted = self._counted
        known = set(self.rows.times) - counted.fresh if self._tests else set()
        return TableValidation(
            self.declared.name,
            self.rows.side.rows,
            (*self._wrong_columns(), *results),
            checked_parts=len(counted.read),
            known_parts=len(known),
        )

    def failing(self, rule: Rule, stack: ExitStack, *, is_whole: bool = False) -> FailingSource | None:
        """Return the rows that break a rule; None for one that does not speak of rows.

        Args:
            is_whole: look for them in a scan of all parts, so that rows of several rules have comparable places.
        """
        finder = FailingFinder(self._con, self.rows, stack)
        match self._plans.get(rule.id):
            case RowTest() as test:
                return finder.of_test(test, None if is_whole else self._counted.parts_of(test, self.rows))
            case _Repeats(test, nulls):
                return finder.of_repeats(test, nulls)
            case ReferenceTest() as test:
                return finder.of_reference(test)
        return None

    def _plan(self, rule: Rule) -> _Plan:
        if isinstance(rule.test, HasType):
            return None
        missing = [name for name in rule.columns if self.rows.schema.column(name) is None]
        if missing:
            near = near_name(missing[0], self.rows.schema.column_names) if len(missing) == 1 else ""
            return NotEvaluatedError(f"the rows have no column {' or '.join(missing)}{near}")
        try:
            match rule.test:
                case RowCount() | Query():
                    return None
                case Unique() as unique:
                    return self._plan_repeats(rule, unique)
                case References():
                    return self._plan_reference(rule, rule.test)
            return plan_row_test(self._con, rule, self.rows.schema, self._options.conditions)
        except NotEvaluatedError as error:
            return error

    def _plan_repeats(self, rule: Rule, unique: Unique) -> _Repeats:
        columns = tuple(column for name in rule.columns if (column := self.rows.schema.column(name)))
        nulls = replace(rule, test=Required()) if unique.is_key else None
        return _Repeats(
            RepeatTest(rule, unique, columns, self.rows, partial(self._may_keep_hashes, columns)),
            None if nulls is None else plan_row_test(self._con, nulls, self.rows.schema, {}),
        )

    def _may_keep_hashes(self, columns: Sequence[Column]) -> bool:
        """Whether all may see the values of columns, by both contracts and, if these say nothing, a sample of rows."""
        names = [column.name for column in columns]
        if not hidden_columns((self.rows.schema, self.declared)).isdisjoint(names) or not self.rows.times:
            return False
        declared = [self.declared.column(name) for name in names]
        open_ = [
            name
            for name, column in zip(names, declared, strict=True)
            if not (column and column.is_classified)
        ]
        for name in open_:
            first = self.rows.scan(sorted(self.rows.times)[:1]).sql
            query = f"SELECT {quote_name(name)} FROM {first} LIMIT {_SAMPLE_ROWS}"
            look = Look()
            look.see(value for (value,) in self._con.execute(query).fetchall())
            if look.kind is not None:
                return False
        return True

    def _plan_reference(self, rule: Rule, test: References) -> ReferenceTest:
        reference = test.reference
        demand_comparable(reference, rule.table, self._tables)
        return ReferenceTest(rule, reference, self.rows, TableRows(self._tables[reference.table]))

    @property
    def _tests(self) -> list[RowTest]:
        tests = [plan for plan in self._plans.values() if isinstance(plan, RowTest)]
        nulls = [plan.nulls for plan in self._plans.values() if isinstance(plan, _Repeats)]
        return [*tests, *(test for test in nulls if test is not None)]

    @cached_property
    def _counted(self) -> CountedRows:
        return count_rows(self._con, self.rows, self._tests, self._options)

    def _result(self, rule: Rule) -> RuleResult:
        try:
            return self._judge(rule, self._find(rule))
        except NotEvaluatedError as error:
            return not_evaluated(rule, self.rows.side.rows, str(error))

    def _find(self, rule: Rule) -> _Found:
        """Return what breaks a rule.

        Raises:
            NotEvaluatedError: it cannot be evaluated.
        """
        counted = self._counted
        match self._plans[rule.id]:
            case NotEvaluatedError() as error:
                raise error
            case RowTest() as test:
                if test.name in counted.failures:
                    raise NotEvaluatedError(counted.failures[test.name])
                count = counted.failing(test, self.rows)
                return _Found(count, count, _evaluation(test, counted), test.reason)
            case _Repeats(test, nulls):
                missing = counted.failing(nulls, self.rows) if nulls is not None else 0
                found = test.count(self._con, self._options, has_nulls=missing > 0)
                return _Found(missing + found.groups, missing + found.rows, Evaluation.HASH, nulls=missing)
            case ReferenceTest() as test:
                count = test.count(self._con, self._options).rows
                return _Found(count, count, Evaluation.HASH)
        if isinstance(rule.test, HasType):
            wrong = self._wrong_type(rule.columns[0], rule.test.type)
            return _Found(int(wrong is not None), None, Evaluation.FOOTER, wrong)
        return _Found(self.rows.side.rows, None, Evaluation.FOOTER)

    def _judge(self, rule: Rule, found: _Found) -> RuleResult:
        rows = self.rows.side.rows
        result = judge(rule, Decimal(found.number), rows, evaluation=found.evaluation, reason=found.reason)
        result = replace(result, failing=found.failing, nulls=found.nulls)
        if result.verdict is not RuleVerdict.FAILED or not found.failing:
            return result
        with ExitStack() as stack:
            source = self.failing(rule, stack)
            if source is None:
                return result
            examples = first_failing_rows(
                self._con,
                self.rows,
                source,
                schemas=(self.rows.schema, self.declared),
                columns=rule.columns,
                count=self._options.examples,
            )
        return replace(result, examples=examples)

    def _wrong_columns(self) -> Iterator[RuleResult]:
        """Yield a failed result for each declared column that the rows lack, or have in a type of other values."""
        known = {rule.columns for rule in self.declared.rules if isinstance(rule.test, HasType)}
        for column in self.declared.columns:
            wrong = self._wrong_type(column.name, column.type_text)
            if wrong is not None and (column.name,) not in known:
                name = rule_id(self.declared.name, (column.name,), "type")
                place = self.declared.places.get(name)
                rule = Rule(name, self.declared.name, (column.name,), HasType(column.type_text), place=place)
                yield judge(rule, Decimal(1), self.rows.side.rows, evaluation=Evaluation.FOOTER, reason=wrong)

    def _wrong_type(self, name: str, declared: str) -> str | None:
        column = self.rows.schema.column(name)
        if column is None:
            return f"the rows have no column {name}{near_name(name, self.rows.schema.column_names)}"
        return None if _has_type(column, declared) else f"its type in the rows is {column.type_text}"


def judge(
    rule: Rule, number: Decimal, rows: int, *, evaluation: Evaluation, reason: str | None = None
) -> RuleResult:
    """Return the result of a rule by what was measured: a number, or a share of all rows if its threshold is one."""
    measured = rule.threshold.in_unit(number, rows)
    verdict = RuleVerdict.PASSED if rule.threshold.allows(measured) else RuleVerdict.FAILED
    return RuleResult(rule, verdict, evaluation, rows, measured, reason=reason)


def not_evaluated(rule: Rule, rows: int, reason: str, evaluation: Evaluation = Evaluation.SCAN) -> RuleResult:
    """Return the result of a rule that could not be evaluated."""
    return RuleResult(rule, RuleVerdict.NOT_EVALUATED, evaluation, rows, reason=reason)


def _has_type(column: Column, declared: str) -> bool:
    """Return whether all values of a column's type are values of a declared one; a column of nulls has any type.

    Args:
        declared: the canonical name of a type.
    """
    wanted = parse_type(declared)
    return wanted is None or column.is_untyped or is_widening(column.type, wanted)


def _evaluation(test: RowTest, counted: CountedRows) -> Evaluation:
    if test.open is not None:
        return Evaluation.FALLBACK if test.is_fallback else Evaluation.SCAN
    return Evaluation.FOOTER if test.name in counted.by_footer else Evaluation.SCAN
