"""What a validation says about each rule: the verdict, the exact count, the first rows, and why it cannot tell."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tdmvc.checks.validation.cache import CountCache
from tdmvc.checks.validation.failing_rows import write_failing_rows
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.checks.validation.validate import validate_tables
from tdmvc.databases import condition_engines
from tdmvc.model.conditions import NotEvaluatedError
from tdmvc.model.declarations import Check, ForeignKey, UniqueKey
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Severity
from tdmvc.model.rules import (
    Condition,
    Format,
    HasType,
    Length,
    MultipleOf,
    Operator,
    Pattern,
    PatternSyntax,
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
from tdmvc.model.validation import Evaluation, RuleResult, RuleVerdict
from tests.laws.strategies_tables import Row, write_parts

INT, TEXT = pa.int64(), pa.string()
ID, CUSTOMER, CODE, PRICE = (
    Column("id", INT),
    Column("customer", INT),
    Column("code", TEXT),
    Column("price", pa.float64()),
)
ORDERS = TableSchema("orders", (ID, CUSTOMER, CODE, PRICE), ("id",))
CUSTOMERS = TableSchema("customers", (ID, Column("email", TEXT, classification="personal")), ("id",))
Cells = tuple[object, ...]


def rows_of(schema: TableSchema, rows: Sequence[Cells]) -> list[Row]:
    return [dict(zip(schema.column_names, row, strict=True)) for row in rows]


def side(folder: Path, schema: TableSchema, *parts: Sequence[Cells]) -> TableSide:
    return write_parts(folder, schema, [rows_of(schema, rows) for rows in parts])


def with_rules(schema: TableSchema, *tests: tuple[tuple[str, ...], RuleTest]) -> TableSchema:
    rules = [
        Rule(f"{schema.name}.r{number}", schema.name, columns, test)
        for number, (columns, test) in enumerate(tests)
    ]
    return replace(schema, further_rules=tuple(rules))


def validate(
    con: duckdb.DuckDBPyConnection,
    tables: dict[str, TableSide],
    *schemas: TableSchema,
    options: ValidationOptions | None = None,
) -> dict[str, RuleResult]:
    contract = Contract({schema.name: schema for schema in schemas})
    found = validate_tables(con, tables, contract, options)
    assert con.execute("SELECT table_name FROM duckdb_tables()").fetchall() == []
    return {result.rule.id: result for table in found for result in table.results}


@pytest.fixture
def options() -> Iterator[ValidationOptions]:
    with ExitStack() as stack:
        yield ValidationOptions(conditions=condition_engines(stack))


ORDER_ROWS: list[list[Cells]] = [
    [(1, 1, "a", 1.5), (2, 1, "", float("nan"))],
    [(3, None, "abc", -1.0), (4, 9, None, None), (5, 2, "a", 0.3)],
]


def test_a_condition_that_a_row_makes_fail_stops_no_other_rule(
    tmp_path: Path, con: duckdb.DuckDBPyConnection, options: ValidationOptions
) -> None:
    large = 9_000_000_000_000_000_000
    tables = {"orders": side(tmp_path, ORDERS, [(1, 2, "a", 1.5)], [(2, large, "b", 1.5), (3, 9, None, 1.5)])}
    declared = with_rules(
        ORDERS,
        (("id", "customer"), Condition(Check("id * customer < 20", "ck"))),
        (("id",), Range(1, 2)),
        (("id", "customer"), Condition(Check("id < customer - 1", "ck"))),
    )
    found = validate(con, tables, declared, options=options)
    overflow, too_large, compared = (found[f"orders.r{number}"] for number in range(3))
    assert (overflow.verdict, overflow.failing) == (RuleVerdict.NOT_EVALUATED, None)
    assert overflow.reason == "DuckDB cannot do it (OutOfRangeException)"
    assert (too_large.failing, compared.failing) == (1, 1)
    without = {"orders": side(tmp_path, ORDERS, [(1, 2, "a", 1.5)], [(3, 9, None, 1.5)])}
    assert validate(con, without, declared, options=options)["orders.r0"].failing == 1


@pytest.mark.parametrize(
    ("columns", "test", "failing", "evaluation"),
    [
        (("code",), Required(), ["4"], Evaluation.FOOTER),
        (("id",), Range(1, 4), ["5"], Evaluation.SCAN),
        (("id",), Range(1, 5), [], Evaluation.FOOTER),
        (("price",), Range(minimum=0), ["2", "3"], Evaluation.SCAN),
        (("price",), MultipleOf(Decimal("0.1")), ["2"], Evaluation.FALLBACK),
        (("price",), MultipleOf(Decimal(1)), ["1", "2", "5"], Evaluation.SCAN),
        (("code",), Length(1, 2), ["2", "3"], Evaluation.SCAN),
        (("code",), Values(("a", "abc")), ["2"], Evaluation.SCAN),
        (("code",), Present((None, "")), ["2", "4"], Evaluation.SCAN),
        (("code",), Pattern("b", PatternSyntax.RE2), ["1", "2", "5"], Evaluation.SCAN),
        (("code",), Unique(), ["1", "5"], Evaluation.HASH),
        (("customer",), Unique(nulls_distinct=False), ["1", "2"], Evaluation.HASH),
    ],
)
def test_each_test_counts_the_rows_that_break_it_and_shows_them(
    con: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    columns: tuple[str, ...],
    test: RuleTest,
    failing: list[str],
    evaluation: Evaluation,
) -> None:
    tables = {"orders": side(tmp_path, ORDERS, *ORDER_ROWS)}
    result = validate(con, tables, with_rules(ORDERS, (columns, test)))["orders.r0"]
    assert (result.verdict, result.failing, result.evaluation, result.rows) == (
        RuleVerdict.FAILED if failing else RuleVerdict.PASSED,
        len(failing),
        evaluation,
        5,
    )
    assert [row.key for row in result.examples] == [{"id": key} for key in failing]
    assert all(tuple(row.values) == columns for row in result.examples)


def test_a_null_in_a_key_breaks_it_like_a_key_that_repeats(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    tables = {"orders": side(tmp_path, ORDERS, [(1, 1, "a", 1.0), (None, 1, "b", 1.0)], [(1, 1, "c", 1.0)])}
    found = validate(con, tables, ORDERS)["orders.pk"]
    assert (found.verdict, found.measured, found.failing) == (RuleVerdict.FAILED, 2, 3)
    assert [row.key["id"] for row in found.examples] == ["NULL", "1", "1"]


def test_a_reference_that_is_partly_null_names_nothing(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    reference = ForeignKey(("customer", "code"), "customers", ("id", "email"))
    schema = replace(ORDERS, references=(reference,))
    tables = {
        "orders": side(
            tmp_path, ORDERS, [(1, 1, "a", 1.0), (2, 1, None, 1.0), (3, 1, "b", 1.0), (4, 7, "a", 1.0)]
        ),
        "customers": side(tmp_path, CUSTOMERS, [(1, "a"), (2, "b")]),
    }
    found = validate(con, tables, schema, CUSTOMERS)["orders.customer,code.references"]
    assert (found.verdict, found.failing, found.evaluation) == (RuleVerdict.FAILED, 2, Evaluation.HASH)
    assert [row.key["id"] for row in found.examples] == ["3", "4"]


@pytest.mark.parametrize(
    ("check", "failing", "reason"),
    [
        (Check("price > 0 OR code = 'a'", "ck"), 1, None),
        (Check("price > 0", "ck", "sqlite"), 1, "it is evaluated as SQLite does"),
        (Check("id <> 2", "ck", "postgresql"), 1, "it is evaluated as PostgreSQL does"),
        (Check("price > 0", "ck", "oracle"), None, "it is written for oracle"),
        (Check("1 = 1", "ck"), None, "it names no column of the table"),
        (Check("CAST(code AS INTEGER) > 0", "ck"), None, "DuckDB cannot do it (ConversionException)"),
    ],
)
def test_conditions_are_evaluated_as_their_engine_does(
    con: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    options: ValidationOptions,
    check: Check,
    failing: int | None,
    reason: str | None,
) -> None:
    tables = {"orders": side(tmp_path, ORDERS, [(1, 1, "a", 1.0), (2, 1, "b", -1.0), (3, 1, "c", None)])}
    found = validate(con, tables, replace(ORDERS, checks=(check,)), options=options)["orders.ck"]
    assert (found.failing, found.reason) == (failing, reason)
    assert found.verdict is (RuleVerdict.NOT_EVALUATED if failing is None else RuleVerdict.FAILED)
    assert [row.key["id"] for row in found.examples] == ["2"] * (failing or 0)


def test_a_query_is_compared_with_its_threshold(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    tables = {
        "orders": side(tmp_path, ORDERS, *ORDER_ROWS),
        "customers": side(tmp_path, CUSTOMERS, [(1, "a@b.c"), (2, "d@e.f")]),
    }
    none = Threshold()
    schema = replace(
        ORDERS,
        further_rules=(
            Rule("orders.count", "orders", (), Query("SELECT count(*) FROM orders WHERE customer = 1"), none),
            Rule("orders.read", "orders", (), Query("SELECT count(*) FROM read_csv('/etc/passwd')"), none),
            Rule(
                "orders.hidden",
                "orders",
                (),
                Query("SELECT max(length(email)) FROM customers"),
                Threshold(Operator.GREATER, (Decimal(3),)),
            ),
        ),
    )
    found = validate(con, tables, schema, CUSTOMERS)
    assert (found["orders.count"].verdict, found["orders.count"].failing) == (RuleVerdict.FAILED, 2)
    assert [row.key for row in found["orders.count"].examples] == [{"id": "1"}, {"id": "2"}]
    assert found["orders.read"].verdict is RuleVerdict.NOT_EVALUATED
    assert (found["orders.hidden"].verdict, found["orders.hidden"].measured) == (RuleVerdict.PASSED, None)


@pytest.mark.parametrize(
    ("threshold", "rows", "verdict", "measured"),
    [
        (Threshold(Operator.LESS, (Decimal(40),), is_percent=True), 5, RuleVerdict.PASSED, Decimal(20)),
        (Threshold(Operator.LESS, (Decimal(20),), is_percent=True), 5, RuleVerdict.FAILED, Decimal(20)),
        (Threshold(Operator.EQUAL, (Decimal(0),), is_percent=True), 0, RuleVerdict.PASSED, Decimal(0)),
        (Threshold(Operator.GREATER, (Decimal(0),), is_percent=True), 0, RuleVerdict.FAILED, Decimal(0)),
        (Threshold(Operator.EQUAL, (Decimal(1),)), 5, RuleVerdict.PASSED, Decimal(1)),
        (Threshold(Operator.NOT_BETWEEN, (Decimal(1), Decimal(3))), 5, RuleVerdict.FAILED, Decimal(1)),
    ],
)
def test_a_threshold_is_compared_with_a_number_or_with_the_share_of_all_rows(
    con: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    threshold: Threshold,
    rows: int,
    verdict: RuleVerdict,
    measured: Decimal,
) -> None:
    parts = ORDER_ROWS if rows else []
    rule = Rule("orders.nulls", "orders", ("code",), Required(), threshold, Severity.WARNING)
    schema = replace(ORDERS, further_rules=(rule,))
    found = validate(con, {"orders": side(tmp_path, ORDERS, *parts)}, schema)["orders.nulls"]
    assert (found.verdict, found.measured, found.rows) == (verdict, measured, rows)
    assert found.severity == (None if verdict is RuleVerdict.PASSED else Severity.WARNING)
    assert len(found.examples) == (1 if verdict is RuleVerdict.FAILED and rows else 0)


def test_repeated_values_are_measured_and_rows_are_shown(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rule = Rule("orders.d", "orders", ("code",), Unique(), Threshold(Operator.LESS, (Decimal(2),)))
    schema = replace(ORDERS, further_rules=(rule,))
    once: list[Cells] = [(1, 1, "a", 1.0), (2, 1, "a", 1.0), (3, 1, "a", 1.0)]
    twice: list[Cells] = [*once, (4, 1, "b", 1.0), (5, 1, "b", 1.0), (6, 1, None, 1.0), (7, 1, None, 1.0)]
    passed = validate(con, {"orders": side(tmp_path, ORDERS, once)}, schema)["orders.d"]
    assert (passed.verdict, passed.measured, passed.failing) == (RuleVerdict.PASSED, 1, 3)
    failed = validate(con, {"orders": side(tmp_path, ORDERS, twice)}, schema)["orders.d"]
    assert (failed.verdict, failed.measured, failed.failing, len(failed.examples)) == (
        RuleVerdict.FAILED,
        2,
        5,
        5,
    )


@pytest.mark.parametrize("rows", [0, 5])
def test_the_number_of_rows_is_a_rule_of_its_own(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, rows: int
) -> None:
    rule = Rule(
        "orders.rows", "orders", (), RowCount(), Threshold(Operator.BETWEEN, (Decimal(1), Decimal(5)))
    )
    schema = replace(ORDERS, further_rules=(rule,))
    found = validate(con, {"orders": side(tmp_path, ORDERS, *(ORDER_ROWS if rows else []))}, schema)[
        "orders.rows"
    ]
    assert (found.verdict is RuleVerdict.PASSED, found.measured, found.failing) == (bool(rows), rows, None)


def test_nothing_that_cannot_be_evaluated_passes(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    schema = with_rules(
        replace(
            ORDERS,
            columns=(*ORDERS.columns, Column("gone", TEXT), Column("cod", TEXT)),
            references=(ForeignKey(("customer",), "x", ("y",)),),
        ),
        (("gone",), Required()),
        (("id",), Range(minimum="a")),
        (("code",), Format("no-such-format")),
        (("code",), Pattern("(", PatternSyntax.RE2)),
        (("gone", "id"), Unique()),
        (("id",), HasType("int64")),
        (("id",), HasType("string")),
    )
    tables = {"orders": side(tmp_path, ORDERS, *ORDER_ROWS)}
    found = validate(con, tables, schema, CUSTOMERS)
    reasons = {name: one.reason for name, one in found.items() if one.verdict is RuleVerdict.NOT_EVALUATED}
    assert reasons == {
        "orders.r0": "the rows have no column gone",
        "orders.r1": "a is a text that does not compare with the column's type int64; nothing else evaluates it",
        "orders.r2": "SQL has no exact test for the format no-such-format; nothing else evaluates it",
        "orders.r3": "DuckDB cannot evaluate it; nothing else evaluates it",
        "orders.r4": "the rows have no column gone",
        "orders.customer.references": "there is no table x",
        "customers.pk": "there is no table customers",
    }
    assert all(
        one.severity is Severity.ERROR for one in found.values() if one.verdict is RuleVerdict.NOT_EVALUATED
    )
    failed = {name: one.reason for name, one in found.items() if one.verdict is RuleVerdict.FAILED}
    assert failed == {
        "orders.gone.type": "the rows have no column gone",
        "orders.cod.type": "the rows have no column cod; did you mean code?",
        "orders.r6": "its type in the rows is int64",
    }
    assert next(iter(found)) == "orders.gone.type"


def test_values_that_are_or_look_personal_are_masked(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    rows: list[Cells] = [(1, 1, "ann@example.com", 1.0), (2, 1, "x", 1.0)]
    long = with_rules(ORDERS, (("code", "customer"), Present((1,))), (("code",), Length(3)))
    found = validate(con, {"orders": side(tmp_path, ORDERS, rows)}, long)
    assert found["orders.r0"].examples[0].values == {"code": "•••", "customer": "1"}
    personal = replace(long, columns=(replace(ID, classification="personal"), *ORDERS.columns[1:]))
    found = validate(con, {"orders": side(tmp_path, ORDERS, rows)}, personal)
    assert found["orders.r1"].examples[0].key == {"id": "•••"}


def test_a_personal_value_under_another_name_is_masked(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    tables = {"customers": side(tmp_path, CUSTOMERS, [(1, "secret")])}
    texts = (
        "SELECT count(*) FROM (SELECT email AS x FROM customers)",
        "SELECT count(*) FROM customers AS c(email, x)",
        "SELECT count(*) FROM range((SELECT max(length(email)) FROM customers))",
        "SELECT max(length(c.x)) FROM customers AS c(id, x)",
    )
    declared = with_rules(CUSTOMERS, *(((), Query(text)) for text in texts))
    found = list(validate(con, tables, declared).values())
    assert [one.failing for one in found[-4:]] == [1, 1, None, None]
    assert [one.measured for one in found[-4:]] == [1, 1, None, None]
    assert "secret" not in repr(found)


def test_long_values_are_shown_shortened_and_looked_at_whole(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows: list[Cells] = [(1, 1, "x" * 500, 1.0), (2, 1, "y" * 250 + " sk_live_abcdefgh12345678", 1.0)]
    schema = with_rules(ORDERS, (("code",), Length(maximum=9)))
    (shown,) = validate(con, {"orders": side(tmp_path, ORDERS, rows[:1])}, schema)["orders.r0"].examples
    assert shown.values == {"code": "x" * 199 + "…"}
    (hidden,) = validate(con, {"orders": side(tmp_path, ORDERS, rows[1:])}, schema)["orders.r0"].examples
    assert hidden.values == {"code": "•••"}


def test_rows_without_a_key_are_numbered_through_all_parts(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    schema = with_rules(replace(ORDERS, key=()), (("customer",), Range(maximum=1)))
    good: list[Cells] = [(1, 1, "a", 1.0), (2, 1, "b", 1.0)]
    bad: list[Cells] = [(3, 1, "a", 1.0), (4, 5, "b", 1.0)]
    table = side(tmp_path, replace(ORDERS, key=()), good, bad)
    twice = replace(table, parts=(*table.parts, table.parts[1]), rows=6)
    found = validate(con, {"orders": twice}, schema)["orders.r0"]
    assert found.failing == 2
    numbers = {int(row.key["row"]) for row in found.examples}
    assert numbers <= set(range(1, 7))


@pytest.mark.parametrize("names", [("filename", "File_Index"), ("file_row_number", "tdmvc file")])
def test_columns_may_have_any_name(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, names: tuple[str, str]
) -> None:
    schema = TableSchema("t", (Column("id", INT), Column(names[0], INT), Column(names[1], TEXT)), ("id",))
    rules = with_rules(schema, ((names[0],), Range(maximum=1)), ((names[1],), Unique()))
    table = side(tmp_path, schema, [(1, 1, "a"), (2, 2, "b")], [(3, 3, "a")])
    found = validate(con, {"t": table}, rules)
    assert [row.key["id"] for row in found["t.r0"].examples] == ["2", "3"]
    assert [row.key["id"] for row in found["t.r1"].examples] == ["1", "3"]


def test_all_failing_rows_are_written_with_the_rules_that_they_break(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, options: ValidationOptions
) -> None:
    schema = with_rules(
        replace(
            ORDERS,
            columns=(ID, CUSTOMER, replace(CODE, classification="personal", unique=True), PRICE),
            checks=(Check("price > 0", "ck", "sqlite"),),
        ),
        (("price",), MultipleOf(Decimal("0.1"))),
        (("customer",), Required()),
    )
    tables = {"orders": side(tmp_path, ORDERS, *ORDER_ROWS)}
    contract = Contract({"orders": schema})
    options = replace(options, examples=0)
    found = validate_tables(con, tables, contract, options)
    assert all(not result.examples for table in found for result in table.results)
    (tmp_path / "rows").mkdir()
    (tmp_path / "other").write_text("not to be overwritten")
    (tmp_path / "rows" / ".orders.parquet.new").symlink_to(tmp_path / "other")
    (path,) = write_failing_rows(con, tables, contract, found, tmp_path / "rows", options)
    assert (tmp_path / "other").read_text() == "not to be overwritten"
    assert path == tmp_path / "rows" / "orders.parquet"
    written = pq.read_table(path).to_pylist()
    assert [(row["id"], row["code"], row["_rules"]) for row in written] == [
        (1, "•••", ["orders.code.unique"]),
        (2, "•••", ["orders.r0"]),
        (3, "•••", ["orders.ck", "orders.r1"]),
        (5, "•••", ["orders.code.unique"]),
    ]
    assert list((tmp_path / "rows").iterdir()) == [path]
    assert write_failing_rows(con, tables, Contract({}), (), tmp_path / "none", options) == ()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / ".orders.parquet.new").mkdir()
    with pytest.raises(OSError, match=r"orders\.parquet\.new"):
        write_failing_rows(con, tables, contract, found, tmp_path / "full", options)


def test_both_zeros_are_one_number_for_a_unique_key(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    nan = float("nan")
    rows: list[list[Cells]] = [[(1, 1, "a", 0.0), (2, 1, "b", nan)], [(3, 1, "c", -0.0), (4, 1, "d", nan)]]
    schema = with_rules(ORDERS, (("price",), Unique()))
    found = validate(con, {"orders": side(tmp_path, ORDERS, *rows)}, schema)
    assert found["orders.r0"].failing == 4


def test_composite_keys_and_unique_keys(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    schema = replace(ORDERS, key=("customer", "id"), unique_keys=(UniqueKey(("customer", "code")),))
    rows: list[list[Cells]] = [[(1, 1, "a", 1.0), (2, 1, "b", 1.0)], [(3, 1, "a", 1.0), (1, 2, "a", 1.0)]]
    found = validate(con, {"orders": side(tmp_path, schema, *rows)}, schema)
    assert found["orders.pk"].verdict is RuleVerdict.PASSED
    assert (found["orders.customer,code.unique"].failing, found["orders.customer,code.unique"].measured) == (
        2,
        1,
    )


def test_parts_are_counted_by_what_was_read_of_them(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    schema = with_rules(ORDERS, (("code",), Required()), (("price",), Range(minimum=0)))
    options = ValidationOptions(cache=CountCache(tmp_path / "counts.sqlite"))
    first, other = (
        side(tmp_path, ORDERS, *ORDER_ROWS),
        side(tmp_path, ORDERS, ORDER_ROWS[0], [(9, 1, "z", 0.0)]),
    )

    def counts(table: TableSide, of: TableSchema, options: ValidationOptions) -> tuple[int, int]:
        (found,) = validate_tables(con, {"orders": table}, Contract({"orders": of}), options)
        return found.checked_parts, found.known_parts

    footers = with_rules(ORDERS, (("code",), Required()))
    assert counts(first, footers, options) == (0, 0)
    assert counts(first, footers, options) == (0, 2)
    assert counts(first, schema, options) == (2, 0)
    assert counts(first, schema, options) == (0, 2)
    assert counts(other, schema, options) == (1, 1)
    assert counts(other, schema, replace(options, is_full=True)) == (2, 0)
    options.cache.close()


class FewRows:
    """A condition that only few rows at once can be tested for, as those of servers with long texts."""

    def find_plain_sql(self, expression: str, table: str, columns: Sequence[Column]) -> str | None:
        return None

    @contextmanager
    def open(self, expression: str, table: str, columns: Sequence[Column]) -> Iterator["FewRows"]:
        yield self

    def find_broken(self, rows: pa.RecordBatch) -> Sequence[int]:
        if rows.num_rows > 8_192:
            raise NotEvaluatedError("it took too much memory")
        return [place for place, number in enumerate(rows.column(0).to_pylist()) if number == 9_000]


def test_rows_that_are_counted_a_few_at_once_are_shown_too(
    tmp_path: Path, con: duckdb.DuckDBPyConnection
) -> None:
    tables = {"orders": side(tmp_path, ORDERS, [(number, 1, "a", 1.0) for number in range(10_000)])}
    declared = with_rules(ORDERS, (("id",), Condition(Check("id <> 9000", "ck", "mysql"))))
    options = ValidationOptions(conditions={"mysql": FewRows()})
    found = validate(con, tables, declared, options=options)["orders.r0"]
    assert (found.failing, [row.key for row in found.examples]) == (1, [{"id": "9000"}])
