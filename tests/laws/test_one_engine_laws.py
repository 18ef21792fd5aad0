"""All commands find the same rules broken, in the same rows; what is new in a review is what the old version lacked."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from tdmvc.checks.new_violations import CheckedState, age_of
from tdmvc.checks.rule_findings import findings_of
from tdmvc.checks.validation.failing_rows import write_failing_rows
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.checks.validation.validate import validate_tables
from tdmvc.model.declarations import Check, ForeignKey, UniqueKey
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Severity
from tdmvc.model.rules import (
    NO_ROWS,
    Format,
    Length,
    MultipleOf,
    Operator,
    Pattern,
    Present,
    Query,
    Range,
    Required,
    RowCount,
    Rule,
    RuleTest,
    Threshold,
    Unique,
    Values,
)
from tdmvc.model.schema import Column, Contract, TableSchema
from tdmvc.model.validation import RuleResult, RuleVerdict
from tests.checks.rule_checks import check_change
from tests.duckdb_sessions import open_session_and_folder
from tests.laws.strategies_tables import Row, write_parts
from tests.series import trials

INT, TEXT = pa.int64(), pa.string()
CUSTOMERS = TableSchema("customers", (Column("id", INT), Column("name", TEXT)), ("id",))
TESTS: dict[str, tuple[tuple[str, ...], RuleTest]] = {
    "range": (("price",), Range(minimum=Decimal(0), maximum=Decimal(2))),
    "step": (("price",), MultipleOf(Decimal("0.5"))),
    "values": (("code",), Values(("a", "b"))),
    "present": (("code",), Present((None, ""))),
    "short": (("code",), Length(2, None)),
    "pattern": (("code",), Pattern("^[a-c]+$")),
    "format": (("code",), Format("uuid")),
    "unknown": (("code",), Format("no-such-format")),
    "lacking": (("gone",), Required()),
    "count": ((), RowCount()),
    "query": ((), Query("SELECT count(*) FROM orders WHERE price > 1")),
}
THRESHOLDS = st.sampled_from(
    [
        NO_ROWS,
        NO_ROWS,
        Threshold(Operator.LESS_OR_EQUAL, (Decimal(1),)),
        Threshold(Operator.LESS, (Decimal(50),), is_percent=True),
    ]
)
SEVERITIES = st.sampled_from(list(Severity))


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    """A contract with some of all kinds of rules."""
    further = [
        Rule(f"orders.{word}", "orders", *TESTS[word], draw(THRESHOLDS), draw(SEVERITIES))
        for word in draw(st.lists(st.sampled_from([word for word in TESTS if word != "query"]), unique=True))
    ]
    columns = (
        Column("id", INT),
        Column("customer", INT, required=draw(st.booleans())),
        Column("code", TEXT, unique=draw(st.booleans()), max_length=draw(st.none() | st.just(2))),
        Column("price", pa.float64()),
        *((Column("gone", TEXT),) if any("gone" in rule.columns for rule in further) else ()),
    )
    orders = TableSchema(
        "orders",
        columns,
        ("id",) if draw(st.booleans()) else (),
        tuple(draw(st.lists(st.sampled_from(REFERENCES), unique=True))),
        (UniqueKey(("customer", "price"), nulls_distinct=draw(st.booleans())),)
        if draw(st.booleans())
        else (),
        (Check("price < 5", "cheap"), Check("own(code)", "own", "postgresql"))[: draw(st.integers(0, 2))],
        further_rules=tuple(further),
    )
    return Contract({"orders": orders, "customers": CUSTOMERS})


REFERENCES = [
    ForeignKey(("customer",), "customers", ("id",)),
    ForeignKey(("customer", "code"), "customers", ("id", "name")),
    ForeignKey(("code",), "nowhere", ("id",)),
]
ORDER = st.fixed_dictionaries(
    {
        "id": st.one_of(st.none(), st.integers(0, 5), st.integers(0, 5)),
        "customer": st.sampled_from([1, 2, 3, None]),
        "code": st.sampled_from(["a", "b", "cc", "xyz", "", None]),
        "price": st.sampled_from([0.0, 0.5, 1.25, 7.0, -0.0, float("nan"), None]),
    }
)
CUSTOMER = st.fixed_dictionaries({"id": st.integers(0, 3), "name": st.sampled_from(["a", "b", None])})
Tables = dict[str, list[list[Row]]]
TABLES = st.fixed_dictionaries(
    {
        "orders": st.lists(st.lists(ORDER, max_size=4), max_size=2),
        "customers": st.lists(st.lists(CUSTOMER, max_size=3), max_size=1),
    }
)


def written(folder: Path, rows: Tables, contract: Contract) -> dict[str, TableSide]:
    """Write tables with the columns that their rows have."""
    sides = {}
    for name, parts in rows.items():
        declared = contract.tables[name]
        columns = tuple(column for column in declared.columns if column.name != "gone")
        sides[name] = write_parts(folder, declared.restricted(columns), [part for part in parts if part])
    return sides


def results_of(
    con: duckdb.DuckDBPyConnection, tables: Mapping[str, TableSide], contract: Contract
) -> list[RuleResult]:
    options = ValidationOptions(examples=100)
    return [one for table in validate_tables(con, tables, contract, options) for one in table.results]


@settings(max_examples=trials(300, 8), deadline=None)
@given(TABLES, contracts())
def test_findings_name_the_rules_that_a_validation_finds_broken_with_its_counts_and_rows(
    rows: Tables, contract: Contract
) -> None:
    with open_session_and_folder() as (con, folder):
        tables = written(folder, rows, contract)
        for result in results_of(con, tables, contract):
            found = list(findings_of(result, tables[result.rule.table].schema))
            assert {one.severity for one in found} == ({result.severity} - {None})
            assert all(one.details["id"] == result.rule.id for one in found)
            if result.verdict is RuleVerdict.NOT_EVALUATED:
                assert [one.severity for one in found] == [
                    Severity.WARNING if result.rule.is_of_database else Severity.ERROR
                ]
            if result.verdict is RuleVerdict.FAILED and result.failing is not None:
                counted = [int(str(one.details.get("rows", one.details["count"]))) for one in found]
                assert sum(counted) == result.failing
                keys = [key for one in found for key in one.details["keys"]]  # type: ignore[attr-defined]
                assert len(keys) <= result.failing
                assert bool(keys) == bool(tables[result.rule.table].schema.key)
        assert con.execute("SELECT table_name FROM duckdb_tables()").fetchall() == []


Identity = tuple[object, ...]


def failing(
    con: duckdb.DuckDBPyConnection, tables: Mapping[str, TableSide], contract: Contract, folder: Path
) -> dict[str, Counter[Identity]]:
    """Return the rows that break each rule by their keys and their values in its columns, from the written rows."""
    options = ValidationOptions()
    validations = validate_tables(con, tables, contract, options)
    rules = {rule.id: rule for rule in contract.rules}
    found: dict[str, Counter[Identity]] = {}
    for path in write_failing_rows(con, tables, contract, validations, folder, options):
        for row in pq.read_table(path).to_pylist():
            for name in row["_rules"]:
                schema = tables[rules[name].table].schema
                identity = tuple(str(row[one]) for one in (*schema.key, *rules[name].columns))
                found.setdefault(name, Counter())[identity] += 1
    return found


def new_in(rule: Rule, now: Counter[Identity], old: Counter[Identity]) -> int:
    """Return how many rows are new; all rows of a value that repeats are, if one is."""
    new = now - old
    if not isinstance(rule.test, Unique):
        return new.total()
    width = len(rule.columns)
    values = {one[-width:] for one in new}
    return sum(
        number
        for one, number in now.items()
        if one[-width:] in values and (not rule.test.is_key or "None" not in one)
    ) + sum(number for one, number in new.items() if rule.test.is_key and "None" in one)


@settings(max_examples=trials(300, 8), deadline=None)
@given(TABLES, TABLES, contracts())
def test_new_violations_are_those_of_the_new_version_without_those_of_the_old_one(
    old_rows: Tables, new_rows: Tables, contract: Contract
) -> None:
    with open_session_and_folder() as (con, folder):
        old, new = written(folder, old_rows, contract), written(folder, new_rows, contract)
        before = failing(con, old, contract, folder / "old")
        now = failing(con, new, contract, folder / "new")
        was = {one.rule.id: one for one in results_of(con, old, contract)}
        states = [CheckedState(tables, contract.tables) for tables in (new, old)]
        for result in results_of(con, new, contract):
            if result.severity is None:
                continue
            rule = result.rule
            aged = age_of(con, result, states[0], states[1:], ValidationOptions())
            parts = [one for one in (aged.new, aged.old) if one is not None]
            assert sum(one.failing or 0 for one in parts) == (result.failing or 0)
            if rule.id in now and rule.threshold == NO_ROWS:
                assert sum(one.measured or 0 for one in parts) == result.measured
                expected = new_in(rule, now[rule.id], before.get(rule.id, Counter()))
                assert (aged.new.failing if aged.new else 0) == expected, rule.id
            else:
                was_so = was[rule.id].verdict is result.verdict
                assert (aged.new is None) == was_so, rule.id
        assert con.execute("SELECT table_name FROM duckdb_tables()").fetchall() == []


@settings(max_examples=trials(100, 3), deadline=None)
@given(TABLES, contracts())
def test_nothing_is_new_in_the_same_version_and_everything_is_without_an_old_contract(
    rows: Tables, contract: Contract
) -> None:
    with open_session_and_folder() as (con, folder):
        tables = written(folder, rows, contract)
        lax = {
            name: replace(side, schema=TableSchema(name, side.schema.columns))
            for name, side in tables.items()
        }
        same = check_change(con, tables, [tables])
        assert all(one.severity is not Severity.ERROR for one in same)
        without = Contract({name: TableSchema(name, ()) for name in contract.tables})
        states = CheckedState(tables, contract.tables), CheckedState(lax, without.tables)
        for result in results_of(con, tables, contract):
            if result.severity is not None:
                aged = age_of(con, result, states[0], states[1:], ValidationOptions())
                assert (aged.new, aged.old) == (result, None)
