"""The SQL of a rule says of every value what plain Python says, at the edges of every type."""

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tdmvc.arrow.types import parse_type
from tdmvc.checks.predicates import InexactError, predicate_sql
from tdmvc.model.rules import (
    Format,
    Length,
    MultipleOf,
    Pattern,
    PatternSyntax,
    Present,
    Range,
    Required,
    Rule,
    RuleTest,
    Value,
    Values,
)
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.duckdb import connect
from tests.checks.row_oracle import breaks
from tests.series import trials


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """One connection for all examples of the laws."""
    with connect() as con:
        yield con


NUMBERS = st.sampled_from(
    [
        *(
            0,
            1,
            -1,
            2,
            3,
            127,
            128,
            -128,
            -129,
            255,
            256,
            2**31,
            2**53,
            2**53 + 1,
            2**63 - 1,
            2**63,
            -(2**63),
        ),
        *(-(2**63) - 1, 2**64 - 1, 2**64, 10**38 - 1, 10**38),
        *map(
            Decimal,
            ("0.5", "-0.5", "1e30", "-1e30", "1e400", "-1e400", "1e-400", "0.1", "1.005", "3.0", "16777217"),
        ),
        *map(Decimal, ("0.30000000000000001", "16777216.5", "3.4028235e38", "3.5e38", "99999.995")),
    ]
)
MOMENTS = st.sampled_from(
    [
        *("1969-12-31", "2024-02-29", "2024-02-29T00:00:00", "2024-02-29T00:00:00.000001Z", "0001-01-01"),
        *("2024-02-29 12:00:00+02:00", "2024-02-29T00:00:00.0000005Z", "9999-12-31T23:59:59.999999"),
    ]
)
CLOCKS = st.sampled_from(["00:00:00", "00:00", "23:59:59.999999", "12:30:00.5", "12:30:00.0000001"])
TEXTS = st.sampled_from(
    ["", "a", "A", "é", "e\u0301", "\U0001f600", "\uffff", "a\x00b", "it's", "abc", "1", "true"]
)

INT_VALUES = {
    "int8": [0, 1, -1, 127, -128, 6],
    "uint8": [0, 1, 255, 128],
    "int32": [0, 3, -3, 2**31 - 1, -(2**31)],
    "int64": [0, 3, 2**53 + 1, 2**63 - 1, -(2**63)],
    "uint64": [0, 3, 2**64 - 1, 2**63],
}
FLOATS = [0.0, -0.0, 0.5, 0.1, 3.0, -2.0, math.nan, math.inf, -math.inf, 2.0**53, 2.0**63, 16777216.0, 1e30]
DECIMALS = [Decimal(text) for text in ("0.00", "0.50", "0.10", "-3.00", "1.01", "99999.99", "3.00")]
NUMERIC: dict[str, list[object]] = {
    **{name: list(values) for name, values in INT_VALUES.items()},
    "float64": [*FLOATS, 1e300, 0.30000000000000004, 5e-324],
    "float32": [float(pa.scalar(value, pa.float32()).as_py()) for value in (*FLOATS, 3.4028234663852886e38)],
    "decimal(18,2)": list(DECIMALS),
    "decimal(38,2)": [*DECIMALS, Decimal(10**36 - 1), Decimal(-(10**36) + 1)],
    "decimal(38,0)": [Decimal(0), Decimal(10**38 - 1), Decimal(3), Decimal(-128)],
}
TIMES: dict[str, list[object]] = {
    "date": [date(1969, 12, 31), date(2024, 2, 29), date(2024, 3, 1), date(1, 1, 1), date(9999, 12, 31)],
    "timestamp": [
        datetime(2024, 2, 29),
        datetime(2024, 2, 29, 0, 0, 0, 1),
        datetime(2024, 2, 29, 10),
        datetime.max,
    ],
    "timestamptz": [datetime(2024, 2, 29, 10, tzinfo=UTC), datetime(2024, 2, 29, 0, 0, 0, 1, tzinfo=UTC)],
    "time": [time(0), time(23, 59, 59, 999999), time(12, 30, 0, 500000), time(12, 30)],
}
TEXT_VALUES: dict[str, list[object]] = {
    "string": ["", "a", "A", "é", "e\u0301", "\U0001f600", "\uffff", "a\x00b", "it's", "abc", "1", "true"]
}
LISTS: dict[str, list[object]] = {"list<int32>": [[], [None], [1, 2, 3]]}
BOOLS: dict[str, list[object]] = {"bool": [True, False]}


def column(kind: str, physical: str | None = None) -> Column:
    type_ = parse_type(kind)
    assert type_ is not None
    return Column("c", type_, physical)


def broken(con: duckdb.DuckDBPyConnection, test: RuleTest, one: Column, values: list[object]) -> list[object]:
    """Return the values that the SQL of a rule finds, in their order."""
    schema = TableSchema("t", (one,))
    condition = predicate_sql(Rule("t.c", "t", ("c",), test), schema)
    rows = pa.table({"c": pa.array(values, one.type), "place": pa.array(range(len(values)))})
    con.register("rows_of_test", rows)
    found = con.execute(f"SELECT place FROM rows_of_test WHERE {condition} ORDER BY place").fetchall()
    return [place for (place,) in found]


def check(con: duckdb.DuckDBPyConnection, test: RuleTest, kind: str, values: list[object]) -> None:
    one = column(kind)
    cells = [*values, None]
    expected = [place for place, value in enumerate(cells) if breaks(test, value, one.type)]
    assert broken(con, test, one, cells) == expected, [cells[place] for place in expected]


def bounds(of: st.SearchStrategy[Value]) -> st.SearchStrategy[Range]:
    return st.builds(Range, st.none() | of, st.none() | of, st.booleans(), st.booleans())


@given(st.sampled_from(sorted(NUMERIC)), bounds(NUMBERS))
@example("int64", Range(maximum=Decimal("1e30")))
@example("uint8", Range(minimum=256))
@example("float32", Range(maximum=Decimal("0.1")))
@example("decimal(38,0)", Range(10**38 - 1, 10**38 - 1))
@example("decimal(38,2)", Range(minimum=Decimal("999999999999999999999999999999999999.98")))
@example("decimal(38,2)", Range(maximum=Decimal("-0.01")))
@settings(max_examples=trials(1500, sample=150))
def test_ranges_of_numbers(engine: duckdb.DuckDBPyConnection, kind: str, test: Range) -> None:
    check(engine, test, kind, NUMERIC[kind])


@given(st.sampled_from(["date", "timestamp", "timestamptz"]), bounds(MOMENTS))
@settings(max_examples=trials(600, sample=60))
def test_ranges_of_dates_and_times_that_a_contract_writes_as_texts(
    engine: duckdb.DuckDBPyConnection, kind: str, test: Range
) -> None:
    check(engine, test, kind, TIMES[kind])


@given(bounds(CLOCKS), bounds(TEXTS))
@settings(max_examples=trials(400, sample=40))
def test_ranges_of_clocks_and_of_texts(engine: duckdb.DuckDBPyConnection, clock: Range, text: Range) -> None:
    check(engine, clock, "time", TIMES["time"])
    check(engine, text, "string", TEXT_VALUES["string"])


ANY: st.SearchStrategy[Value] = st.one_of(
    NUMBERS, MOMENTS, CLOCKS, TEXTS, st.booleans(), st.none(), st.just("lone \ud800")
)
ALL_KINDS = {**NUMERIC, **TIMES, **TEXT_VALUES, **BOOLS}


@given(st.sampled_from(sorted(ALL_KINDS)), st.lists(ANY, max_size=6).map(tuple))
@example("bool", (1, 0))
@example("int8", (True, "1", Decimal("1.0")))
@example("float64", (Decimal("0.1"), 2**53 + 1))
@settings(max_examples=trials(1500, sample=150))
def test_values_are_compared_without_conversion(
    engine: duckdb.DuckDBPyConnection, kind: str, named: tuple[Value, ...]
) -> None:
    check(engine, Values(named), kind, ALL_KINDS[kind])
    check(engine, Present(named), kind, ALL_KINDS[kind])
    check(engine, Required(), kind, ALL_KINDS[kind])


STEPS = st.sampled_from(
    list(
        map(Decimal, ("1", "2", "3", "7", "0.5", "0.01", "0.03", "1.5", "128", "1e30", "9223372036854775808"))
    )
)


@given(st.sampled_from(sorted(NUMERIC)), STEPS)
@settings(max_examples=trials(1000, sample=100))
def test_multiples(engine: duckdb.DuckDBPyConnection, kind: str, step: Decimal) -> None:
    try:
        check(engine, MultipleOf(step), kind, NUMERIC[kind])
    except InexactError:
        assert kind.startswith("float")
        assert step > 2**53 or step % 1


@given(st.none() | st.integers(0, 4), st.none() | st.integers(0, 4))
@settings(max_examples=trials(200, sample=20))
def test_lengths_are_counted_in_code_points_and_elements(
    engine: duckdb.DuckDBPyConnection, least: int | None, most: int | None
) -> None:
    check(engine, Length(least, most), "string", TEXT_VALUES["string"])
    check(engine, Length(least, most), "list<int32>", LISTS["list<int32>"])


@pytest.mark.parametrize(
    ("kind", "test", "reason"),
    [
        ("int64", Range(minimum="5"), "5 is a text that does not compare with the column's type int64"),
        (
            "int64",
            Range(minimum=True),
            "True is a Boolean that does not compare with the column's type int64",
        ),
        ("date", Range(minimum=5), "5 is a number that does not compare with the column's type date"),
        (
            "date",
            Range(minimum="yesterday"),
            "yesterday is a text that does not compare with the column's type date",
        ),
        ("date", Range(minimum="2024-02-30"), "2024-02-30 is a text that does not compare"),
        ("time", Range(minimum="24:00:01"), "24:00:01 is a text"),
        ("string", Range(minimum=5), "5 is no text, and the column holds texts"),
        ("bool", Range(minimum=0), "its type is bool, which has no range"),
        ("list<int32>", Range(minimum=0), "its type is list<int32>, which has no range"),
        ("int64", Length(1), "its type is int64, which has no length"),
        ("binary", Values(("a",)), "its type is binary, whose values a rule cannot name"),
        ("string", MultipleOf(Decimal(2)), "its type is string, which is no number"),
        ("int64", MultipleOf(Decimal(0)), "0 is no step, which is a number above 0"),
        (
            "int64",
            Range(minimum=Decimal("1e1000000000")),
            "1E+1000000000 is not a number that can be compared",
        ),
        ("int64", Range(minimum=Decimal("NaN")), "NaN is not a number that can be compared"),
        (
            "float64",
            MultipleOf(Decimal("0.1")),
            "SQL has no exact remainder of a floating-point number by this step",
        ),
        ("int64", Pattern("a"), "its type is int64, and a pattern is for texts"),
        ("string", Format("no-such-format"), "SQL has no exact test for the format no-such-format"),
    ],
)
def test_what_sql_cannot_say_is_named_and_never_passes(kind: str, test: RuleTest, reason: str) -> None:
    schema = TableSchema("t", (column(kind),))
    with pytest.raises(InexactError) as found:
        predicate_sql(Rule("t.c", "t", ("c",), test), schema)
    assert reason in str(found.value)


@pytest.mark.parametrize("test", [Range(maximum=1), Length(maximum=1), Values(("1",)), Pattern("1")])
def test_the_text_of_a_json_value_is_not_the_value(test: RuleTest) -> None:
    schema = TableSchema("t", (column("string", "jsonb"),))
    with pytest.raises(InexactError):
        predicate_sql(Rule("t.c", "t", ("c",), test), schema)


@pytest.mark.parametrize(("is_whole", "expected"), [(False, [1, 3]), (True, [1, 2, 3])])
def test_a_pattern_matches_a_part_of_a_text_or_the_whole(
    con: duckdb.DuckDBPyConnection, is_whole: bool, expected: list[object]
) -> None:
    test = Pattern("[0-9]+", PatternSyntax.RE2, is_whole)
    assert broken(con, test, column("string"), ["12", "", "a1", "it's", None]) == expected


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (Range(maximum=1), 1),
        (Values((0,)), 1),
        (Present((0,)), 1),
        (MultipleOf(Decimal(2)), 1),
        (Range(minimum=-1), 1),
    ],
)
def test_nan_is_found_in_files_whose_statistics_leave_it_out(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, test: RuleTest, expected: int
) -> None:
    rows = pa.table({"c": pa.array([0.0, math.nan], pa.float64())})
    pq.write_table(rows, tmp_path / "rows.parquet")
    condition = predicate_sql(Rule("t.c", "t", ("c",), test), TableSchema("t", (column("float64"),)))
    (found,) = con.execute(f"SELECT count_if({condition}) FROM '{tmp_path}/rows.parquet'").fetchall()
    assert found == (expected,)


def test_a_rule_of_several_columns_is_broken_by_any_of_them() -> None:
    schema = TableSchema("t", (Column("a", pa.int64()), Column("b", pa.int64())))
    rule = Rule("t.a,b", "t", ("a", "b"), Required())
    assert predicate_sql(rule, schema) == '("a" IS NULL) OR ("b" IS NULL)'
    with pytest.raises(KeyError):
        predicate_sql(Rule("t.z", "t", ("z",), Required()), schema)
