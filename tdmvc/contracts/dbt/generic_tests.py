"""What the generic tests of dbt and of dbt_utils demand of rows."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from tdmvc.contracts.dbt.data_tests import DataTest, UnreadTestError, sql_of
from tdmvc.contracts.scalars import read_bound, read_value
from tdmvc.contracts.tables import TableBuilder
from tdmvc.errors import ConfigError
from tdmvc.model.declarations import Check, ForeignKey, UniqueKey
from tdmvc.model.finding import Severity
from tdmvc.model.rules import (
    NO_ROWS,
    Condition,
    Query,
    Range,
    References,
    Required,
    RuleTest,
    Threshold,
    Unique,
    Value,
    Values,
    short_hash,
)
from tdmvc.sql.quoting import quote_name, quote_names, quote_text
from tdmvc.yaml.node import YamlNode

_REF = re.compile(
    r"""\s*(?:\{\{)?\s*(?:ref|source)\s*\(\s*(?:['"][^'"]*['"]\s*,\s*)?['"]([^'"]+)['"]\s*(?:,[^)]*)?\)\s*(?:\}\})?\s*"""
)


@dataclass(frozen=True, slots=True)
class Tested:
    """What is tested: a table, or one of its columns."""

    table: TableBuilder
    column: str | None
    test: DataTest
    where: str | None
    severity: Severity
    threshold: Threshold

    @property
    def needs_query(self) -> bool:
        """Whether dbt counts something else than rows, so that only a query counts the same."""
        return self.where is not None or self.threshold != NO_ROWS

    @property
    def is_plain(self) -> bool:
        """Whether the test is what a declaration of the table says."""
        return not self.needs_query and self.severity is Severity.ERROR

    @property
    def rows(self) -> str:
        """SQL for the rows that are tested, to follow FROM."""
        table = quote_name(self.table.name)
        return table if self.where is None else f"(SELECT * FROM {table} WHERE {self.where})"

    def own_column(self) -> str:
        """Return the column that is tested.

        Raises:
            ConfigError: the test is one of a model.
        """
        name = self.column
        if name is None:
            given = self.test.arguments.get("column_name")
            if given is None:
                raise self.test.node.error(
                    f"The test {self.test.kind} is one of a column.", remedy="move it to a column."
                )
            name = given.as_text()
            self.table_column(name)
        return name

    def table_column(self, name: str) -> None:
        """Make sure that the table has a column, which the file need not describe."""
        if name not in self.table.columns:
            self.table.add_open_column(name, self.test.node)

    def add(self, columns: tuple[str, ...], word: str, test: RuleTest) -> None:
        """Add the rule."""
        suffix = "" if self.severity is Severity.ERROR else ".warning"
        self.table.add_rule(
            self.test.node, columns, (self.test.name or word) + suffix, test, self.threshold, self.severity
        )

    def add_condition(self, columns: tuple[str, ...], word: str, expression: str) -> None:
        """Add a condition on the rows that are tested."""
        if self.where is not None:
            expression = f"({self.where}) IS NOT TRUE OR ({expression})"
        self.add(columns, word, Condition(Check(expression)))


def _not_null(tested: Tested) -> None:
    tested.test.only("column_name")
    column = tested.own_column()
    if tested.is_plain:
        tested.table.change(column, tested.test.node, "required", required=True)
    elif tested.where is None:
        tested.add((column,), "not_null", Required())
    else:
        tested.add_condition((column,), "not_null", f"{quote_name(column)} IS NOT NULL")


def _unique(tested: Tested) -> None:
    tested.test.only("column_name")
    column = tested.own_column()
    if tested.is_plain:
        tested.table.change(column, tested.test.node, "unique", unique=True)
    elif not tested.needs_query:
        tested.add((column,), "unique", Unique())
    else:
        name = quote_name(column)
        groups = f"SELECT 1 FROM {tested.rows} WHERE {name} IS NOT NULL GROUP BY {name} HAVING count(*) > 1"
        tested.add((column,), "unique", Query(f"SELECT count(*) FROM ({groups})"))


def _accepted_values(tested: Tested) -> None:
    tested.test.only("column_name", "values", "quote")
    column = tested.own_column()
    nodes = tested.test.argument("values").elements()
    type_ = tested.table.columns[column].type
    values = tuple(read_value(one, type_) for one in nodes)
    if not tested.needs_query:
        tested.add((column,), "accepted_values", Values(values))
        return
    name = quote_name(column)
    listed = ", ".join(_literal(one) for one in values)
    count = f"SELECT count(DISTINCT {name}) FROM {tested.rows} WHERE {name} NOT IN ({listed})"
    tested.add((column,), "accepted_values", Query(count))


def _literal(value: Value) -> str:
    if isinstance(value, str):
        return quote_text(value)
    return "NULL" if value is None else str(value).lower()


def _relationships(tested: Tested) -> None:
    tested.test.only("column_name", "to", "field")
    column = tested.own_column()
    target, field = ref_name(tested.test.argument("to")), tested.test.argument("field").as_text()
    reference = ForeignKey((column,), target, (field,))
    if tested.is_plain:
        tested.table.add_reference(reference, tested.test.node)
    elif not tested.needs_query:
        tested.add((column,), "relationships", References(reference))
    else:
        child, parent = quote_name(column), quote_name(field)
        tested.add(
            (column,),
            "relationships",
            Query(
                f"SELECT count(*) FROM {tested.rows} AS child WHERE child.{child} IS NOT NULL AND NOT EXISTS "
                f"(SELECT 1 FROM {quote_name(target)} AS parent WHERE parent.{parent} = child.{child})"
            ),
        )


def _combination(tested: Tested) -> None:
    tested.test.only("combination_of_columns", "quote_columns")
    columns = tested.test.argument("combination_of_columns").as_texts()
    for name in columns:
        tested.table_column(name)
    if len(set(columns)) < len(columns) or not columns:
        raise tested.test.node.error("The combination needs columns, each once.")
    if tested.is_plain:
        tested.table.add_unique_key(UniqueKey(columns, nulls_distinct=False), tested.test.node)
    elif not tested.needs_query:
        tested.add(columns, "unique_combination_of_columns", Unique(nulls_distinct=False))
    else:
        groups = f"SELECT 1 FROM {tested.rows} GROUP BY {quote_names(columns)} HAVING count(*) > 1"
        query = Query(f"SELECT count(*) FROM ({groups})")
        tested.add(columns, "unique_combination_of_columns", query)


def _expression(tested: Tested) -> None:
    tested.test.only("column_name", "expression")
    expression = sql_of(tested.test.argument("expression"))
    if tested.column is not None:
        expression = f"{quote_name(tested.column)} {expression}"
    names = (tested.column,) if tested.column is not None else ()
    tested.add_condition(names, f"expression-{short_hash(expression)}", expression)


def _accepted_range(tested: Tested) -> None:
    tested.test.only("column_name", "min_value", "max_value", "inclusive")
    column = tested.own_column()
    ends = [tested.test.arguments.get(key) for key in ("min_value", "max_value")]
    if all(end is None for end in ends):
        raise tested.test.node.error("accepted_range needs min_value or max_value.")
    inclusive = tested.test.arguments.get("inclusive")
    is_open = inclusive is not None and not inclusive.as_bool()
    type_ = tested.table.columns[column].type
    if tested.where is None and not pa.types.is_string(type_):
        try:
            low, high = (None if end is None else read_bound(end, type_) for end in ends)
        except ConfigError:
            pass  # a bound is an expression
        else:
            test = Range(low, high, low is not None and is_open, high is not None and is_open)
            tested.add((column,), "accepted_range", test)
            return
    signs = (">", "<") if is_open else (">=", "<=")
    name = quote_name(column)
    sides = [f"{name} {sign} {sql_of(end)}" for sign, end in zip(signs, ends, strict=True) if end is not None]
    tested.add_condition((column,), "accepted_range", " AND ".join(sides))


_READERS: Final[Mapping[str, Callable[[Tested], None]]] = {
    "not_null": _not_null,
    "unique": _unique,
    "accepted_values": _accepted_values,
    "relationships": _relationships,
    "dbt_utils.unique_combination_of_columns": _combination,
    "dbt_utils.expression_is_true": _expression,
    "dbt_utils.accepted_range": _accepted_range,
}


def add_data_test(test: DataTest, table: TableBuilder, column: str | None) -> None:
    """Add what a test demands to its table.

    Raises:
        ConfigError: it is wrong.
        UnreadTestError: it cannot be checked here.
    """
    read = _READERS.get(test.kind)
    if read is None:
        raise UnreadTestError("tdmvc does not know this test")
    if not test.is_enabled:
        raise UnreadTestError("it is not enabled")
    test.check_counted()
    where = test.where
    for severity, threshold in test.thresholds():
        read(Tested(table, column, test, where, severity, threshold))


def ref_name(node: YamlNode) -> str:
    """Return the table that `ref(…)` or `source(…)` names.

    Raises:
        UnreadTestError: it is another expression.
    """
    text = node.as_text()
    found = _REF.fullmatch(text)
    if found is not None:
        return found[1]
    if not re.fullmatch(r"[\w.\"]+", text):
        raise UnreadTestError(f"'{text[:80]}' is neither a ref nor a source")
    return text.rpartition(".")[2].strip('"')
