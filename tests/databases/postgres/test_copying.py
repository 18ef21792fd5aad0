"""Arrow values arrive in PostgreSQL as they are, in the binary form and as texts, or are refused."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal as D
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from tdmvc.databases.postgres.encoding.ahead import LoadingError, RowEncoder
from tdmvc.databases.postgres.encoding.target_columns import read_target_columns
from tdmvc.databases.postgres.writing.copying import copy_rows, plan_copy
from tdmvc.errors import DatabaseError
from tests.servers import DatabaseServer

_TIMESTAMP, _INSTANT, _DATE, _TIME = (
    pa.timestamp("us"),
    pa.timestamp("us", "UTC"),
    pa.date32(),
    pa.time64("us"),
)
_INFINITE = 2**63 - 1
_UUID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"


def _micros(type_: pa.DataType, *values: int | None) -> pa.Array:
    return pa.array(values, pa.int64()).cast(type_)


def _days(*values: int | None) -> pa.Array:
    return pa.array(values, pa.int32()).cast(_DATE)


def _decimals(precision: int, scale: int, *values: str | None) -> pa.Array:
    return pa.array([None if one is None else D(one) for one in values], pa.decimal128(precision, scale))


CASES: list[tuple[str, pa.Array, list[str | None]]] = [
    ("smallint", pa.array([1, -32768, None], pa.int64()), ["1", "-32768", None]),
    ("int", pa.array([1, -(2**31)], pa.int64()), ["1", "-2147483648"]),
    ("int", pa.array([True, False, None]), ["1", "0", None]),
    ("int", _decimals(10, 2, "5.00", None), ["5", None]),
    ("int", pa.array([5.0, None]), ["5", None]),
    ("bigint", pa.array([2**63 - 1, None], pa.uint64()), [str(2**63 - 1), None]),
    ("oid", pa.array([4294967295], pa.int64()), ["4294967295"]),
    ("real", pa.array([1.5, float("nan"), None], pa.float64()), ["1.5", "NaN", None]),
    ("float8", pa.array([0.1, float("-inf"), 5e-324]), ["0.1", "-Infinity", "5e-324"]),
    ("float8", _decimals(10, 2, "0.10", "-2.50"), ["0.1", "-2.5"]),
    ("float8", pa.array([2**53], pa.int64()), ["9.007199254740992e+15"]),
    ("bool", pa.array([True, False, None]), ["true", "false", None]),
    ("bool", pa.array([1, 0, None], pa.int64()), ["true", "false", None]),
    ("numeric(10,2)", _decimals(18, 2, "99999999.99", "-0.01", None), ["99999999.99", "-0.01", None]),
    ("numeric(5,1)", pa.array([True, False, None]), ["1.0", "0.0", None]),
    ("numeric(10,2)", pa.array([5, -7], pa.int64()), ["5.00", "-7.00"]),
    ("numeric(10,2)", _decimals(38, 4, "1.2500", "12.1000"), ["1.25", "12.10"]),
    ("numeric", _decimals(38, 0, "-" + "9" * 38, "1" + "0" * 37), ["-" + "9" * 38, "1" + "0" * 37]),
    ("numeric", _decimals(38, 29, "1.5", "-0." + "0" * 28 + "1"), ["1.5" + "0" * 28, "-0." + "0" * 28 + "1"]),
    ("numeric(38,37)", _decimals(38, 37, "1." + "2" * 37), ["1." + "2" * 37]),
    ("numeric", pa.array([0.1, float("nan")]), ["0.1", "NaN"]),
    ("numeric(30,5)", pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615.00000"]),
    ("money", _decimals(10, 2, "1.50", None), ["$1.50", None]),
    ("text", pa.array(["a\tb\\\n\r", "", "\\N", None]), ["a\tb\\\n\r", "", "\\N", None]),
    ("text", pa.array([1, None], pa.int64()), ["1", None]),
    ("text", _micros(_TIMESTAMP, 0, 1_500_000), ["1970-01-01 00:00:00", "1970-01-01 00:00:01.5"]),
    ("varchar(3)", pa.array(["äöü", "😀😀😀"]), ["äöü", "😀😀😀"]),
    ("char(3)", pa.array(["äö", "abc"]), ["äö", "abc"]),
    ("name", pa.array(["x", ""]), ["x", ""]),
    ('"char"', pa.array(["x", ""]), ["x", ""]),
    ("bytea", pa.array([b"\0\xff\\", b"", None]), ["\\x00ff5c", "\\x", None]),
    ("date", _days(0, -2_440_588, 2_145_042_905), ["1970-01-01", "4714-11-24 BC", "5874897-12-31"]),
    ("date", _days(2**31 - 1, 1 - 2**31, None), ["infinity", "-infinity", None]),
    ("date", _micros(_TIMESTAMP, 86_400_000_000), ["1970-01-02"]),
    ("timestamp", _days(1), ["1970-01-02 00:00:00"]),
    ("timestamp", _micros(_TIMESTAMP, -210_866_803_200_000_000), ["4714-11-24 00:00:00 BC"]),
    ("timestamp", _micros(_TIMESTAMP, _INFINITE, -_INFINITE), ["infinity", "-infinity"]),
    ("timestamp", _micros(_TIMESTAMP, _INFINITE - 1), ["294247-01-10 04:00:54.775806"]),
    ("timestamptz", _micros(_INSTANT, 0, None), ["1970-01-01 00:00:00+00", None]),
    ("timestamptz", _micros(_INSTANT, -62_135_596_800_000_001), ["0001-12-31 23:59:59.999999+00 BC"]),
    ("timestamptz", _micros(_INSTANT, _INFINITE, -_INFINITE), ["infinity", "-infinity"]),
    ("timestamptz", _micros(_TIMESTAMP, 1), ["1970-01-01 00:00:00.000001+00"]),
    (
        "timestamp(3)",
        _micros(_TIMESTAMP, 1000, -1000),
        ["1970-01-01 00:00:00.001", "1969-12-31 23:59:59.999"],
    ),
    ("time", _micros(_TIME, 0, 86_399_999_999), ["00:00:00", "23:59:59.999999"]),
    ("time", _micros(_TIME, 86_400_000_000, None), ["24:00:00", None]),
    ("timetz", pa.array(["10:00:00+02", None]), ["10:00:00+02", None]),
    ("uuid", pa.array([_UUID, _UUID.replace("-", "").upper(), None]), [_UUID, _UUID, None]),
    ("json", pa.array(['{"a": 1.0}', "null", None]), ['{"a": 1.0}', "null", None]),
    ("jsonb", pa.array(['{"a": 1.0}', "null", None]), ['{"a": 1.0}', "null", None]),
    ("interval", pa.array(["1 mon -3 days", "00:00:01.5"]), ["1 mon -3 days", "00:00:01.5"]),
    ("inet", pa.array(["10.0.0.0/8", "::1"]), ["10.0.0.0/8", "::1/128"]),
    ("bit(3)", pa.array(["101"]), ["101"]),
    ("int4range", pa.array(["[1,5)", "empty"]), ["[1,5)", "empty"]),
    ("int[]", pa.array([[1, None], [], None], pa.list_(pa.int32())), ["{1,NULL}", "{}", None]),
    (
        "int[]",
        pa.array([[[1, 2], [3, None]], [[5]]], pa.list_(pa.list_(pa.int64()))),
        ["{{1,2},{3,NULL}}", "{{5}}"],
    ),
    ("int[]", pa.array(["{{1},{2}}", "[0:1]={1,2}"]), ["{{1},{2}}", "[0:1]={1,2}"]),
    ("text[]", pa.array([['a"b\\', None, "NULL", ""], []]), ['{"a\\"b\\\\",NULL,"NULL",""}', "{}"]),
    ("numeric(5,1)[]", pa.array([[D("1.5"), None]], pa.list_(pa.decimal128(18, 1))), ["{1.5,NULL}"]),
    (
        "timestamptz[]",
        pa.array([[0, None]], pa.list_(pa.int64())).cast(pa.list_(_INSTANT)),
        ['{"1970-01-01 00:00:00+00",NULL}'],
    ),
    ("uuid[]", pa.array([[_UUID, None], []]), [f"{{{_UUID},NULL}}", "{}"]),
    ("bytea[]", pa.array([[b"\0\xff", None]]), ['{"\\\\x00ff",NULL}']),
    ("own.mood", pa.array(["sad", "odd, label", None]), ["sad", "odd, label", None]),
    ("own.mood[]", pa.array([["sad", None], []]), ["{sad,NULL}", "{}"]),
    ("own.short", pa.array(["abc", None]), ["abc", None]),
    ("own.short[]", pa.array([["abc", None]]), ["{abc,NULL}"]),
    (
        "own.pair",
        pa.array([{"a": 1, "b": 'x,"y\\'}, {"a": None, "b": ""}, None]),
        ['(1,"x,""y\\\\")', '(,"")', None],
    ),
]
"""The type of the column, the values, and their texts there."""


@pytest.fixture(scope="module")
def connection(postgres_server: DatabaseServer) -> Iterator[Any]:
    with postgres_server.fresh_database() as name, postgres_server.connect(name) as connection:
        connection.execute("SET TimeZone = 'UTC'; SET lc_monetary = 'C'; SET search_path = pg_catalog")
        connection.execute(
            "CREATE SCHEMA own; CREATE TYPE own.mood AS ENUM ('sad', 'odd, label'); "
            "CREATE DOMAIN own.short AS varchar(5) CHECK (value <> 'x'); CREATE TYPE own.pair AS (a int, b text)"
        )
        yield connection


def _copy(connection: Any, type_: str, values: pa.Array, *, as_text: bool) -> list[str | None]:
    connection.execute(f"DROP TABLE IF EXISTS own.t; CREATE TABLE own.t (k int, v {type_})")
    rows = pa.table({"k": pa.array(range(len(values)), pa.int32()), "v": values})
    plan = plan_copy(rows.schema, read_target_columns(connection, "own.t"), table="t", where="here")
    if as_text:
        plan = replace(plan, forms=tuple(replace(form, encoder=None) for form in plan.forms))
    with RowEncoder([(rows.to_reader, plan)]) as encoder:
        assert copy_rows(connection, "own.t", encoder.next_table()) == len(values)
    return [text for (text,) in connection.execute("SELECT v::text FROM own.t ORDER BY k")]


@pytest.mark.parametrize("as_text", [False, True], ids=["binary", "text"])
@pytest.mark.parametrize(
    ("type_", "values", "texts"), CASES, ids=[f"{n}-{case[0]}-{case[1].type}" for n, case in enumerate(CASES)]
)
def test_each_value_arrives_as_it_is(
    connection: Any, type_: str, values: pa.Array, texts: list[str | None], as_text: bool
) -> None:
    assert _copy(connection, type_, values, as_text=as_text) == texts


REFUSED: list[tuple[str, pa.Array]] = [
    ("smallint", pa.array([32768], pa.int64())),
    ("int", pa.array([1.5])),
    ("int", _decimals(10, 2, "1.50")),
    ("bigint", pa.array([2**63], pa.uint64())),
    ("bool", pa.array([2], pa.int64())),
    ("real", pa.array([0.1])),
    ("float8", pa.array([2**53 + 1], pa.int64())),
    ("float8", _decimals(38, 20, "0.12345678901234567891")),
    ("numeric(4,2)", _decimals(18, 2, "100.00")),
    ("numeric(4,2)", _decimals(18, 3, "1.001")),
    ("numeric(4,2)", pa.array([100], pa.int64())),
    ("text", pa.array(["a\0b"])),
    ("varchar(3)", pa.array(["abcd"])),
    ("varchar(3)", pa.array(["abc "])),
    ("date", _micros(_TIMESTAMP, 1)),
    ("timestamp(0)", _micros(_TIMESTAMP, 1)),
    ("timestamptz(3)", _micros(_INSTANT, 999)),
    ("time(3)", _micros(_TIME, 1)),
    ("timestamp", _micros(_TIMESTAMP, -210_866_803_200_000_001)),
    ("date", _days(-2_440_589)),
    ("uuid", pa.array(["a0eebc99"])),
    ("own.short", pa.array(["abcdef"])),
    ("varchar(3)[]", pa.array([["abcd"]])),
    ("numeric(4,2)[]", pa.array([[D("1.001")]], pa.list_(pa.decimal128(18, 3)))),
]
"""Values that the type of the column would round, cut or wrap."""


@pytest.mark.parametrize("as_text", [False, True], ids=["binary", "text"])
@pytest.mark.parametrize(("type_", "values"), REFUSED, ids=[f"{case[0]}-{case[1].type}" for case in REFUSED])
def test_a_value_that_would_change_is_refused(
    connection: Any, type_: str, values: pa.Array, as_text: bool
) -> None:
    with pytest.raises((LoadingError, psycopg.DataError)):
        _copy(connection, type_, values, as_text=as_text)


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        ("bytea", pa.array(["x"])),
        ("text", pa.array([b"x"])),
        ("int", pa.array([b"x"])),
        ("date", pa.array([20240101], pa.int64())),
        ("timestamp", pa.array([True])),
        ("int", pa.array([[1]])),
        ("int", _days(1)),
        ("time", _micros(_TIMESTAMP, 1)),
    ],
)
def test_values_of_another_kind_have_no_form(connection: Any, type_: str, values: pa.Array) -> None:
    with pytest.raises(DatabaseError, match="cannot be loaded"):
        _copy(connection, type_, values, as_text=False)


def test_batches_of_any_size_arrive_whole(connection: Any) -> None:
    values = pa.array([f"{n}" * (n % 50) if n % 7 else None for n in range(100_000)])
    texts = _copy(connection, "text", values, as_text=False)
    assert texts == values.to_pylist()
    assert _copy(connection, "text", values.slice(5, 70_000), as_text=True) == texts[5:70_005]
