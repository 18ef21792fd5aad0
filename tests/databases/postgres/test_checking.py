"""What the columns of a table cannot hold is found before anything is written, and no value is shown."""

import pyarrow as pa
import pytest

from tdmvc.databases.base import TableToWrite
from tdmvc.model.finding import Finding
from tdmvc.model.schema import Column, TableSchema
from tests.databases.postgres.conftest import Target, table

_CASES: list[tuple[str, pa.Array, str | None]] = [
    (
        "int",
        pa.array([1, 2**31, -(2**31) - 1, None]),
        "2 values of a.v are not whole numbers within the range of integer",
    ),
    ("int", pa.array([1, 2]), None),
    ("real", pa.array([0.5, 0.1, float("nan")]), "1 value of a.v is not exact in real"),
    ("numeric(4,2)", pa.array([1.25, 0.125, 99.99]), "1 value of a.v is not exact in numeric(4,2)"),
    ("numeric(4,2)", pa.array([100, 5]), "1 value of a.v is not exact in numeric(4,2)"),
    ("boolean", pa.array([0, 1, 7]), "1 value of a.v is neither 0 nor 1"),
    (
        "varchar(3)",
        pa.array(["äöü", "äöüß", "abc  "]),
        "2 values of a.v are too long for character varying(3)",
    ),
    (
        "varchar",
        pa.array(["fine", "a\0b"]),
        "1 value of a.v is not possible in PostgreSQL, because of a NUL character",
    ),
    ("mood", pa.array(["sad", "glad", "glad"]), "2 values of a.v are not among the labels of SCHEMA.mood"),
    ("mood[]", pa.array([["sad", "glad"], None]), "1 value of a.v is not among the labels of SCHEMA.mood"),
    ("code", pa.array(["12", "x", "y"]), "2 values of a.v are not possible in SCHEMA.code"),
    ("age", pa.array([5, -1, 200]), "2 values of a.v are not possible in SCHEMA.age"),
    (
        "bytea",
        pa.array(["text"]),
        "a.v has the type string, which the column of the database (bytea) cannot hold",
    ),
    (
        "text",
        pa.array([b"bytes"]),
        "a.v has the type binary, which the column of the database (text) cannot hold",
    ),
    ("jsonb", pa.array(['{"secret":1}', '{"secret', "{}"]), "1 value of a.v is not possible in jsonb"),
    ("json", pa.array(['{"secret": 1}', '{"secret']), "1 value of a.v is not possible in json"),
    ("inet", pa.array(["10.0.0.1", "secret"]), "1 value of a.v is not possible in inet"),
    ("interval(0)", pa.array(["00:00:01", "00:00:01.5"]), "1 value of a.v is not exact in interval(0)"),
    ("bit(3)", pa.array(["101", "10", "1010"]), "2 values of a.v are not possible in bit(3)"),
    (
        "timestamp(0)",
        pa.array([0, 1], pa.int64()).cast(pa.timestamp("us")),
        "1 value of a.v is finer than timestamp(0)",
    ),
    (
        "timestamptz",
        pa.array([-(2**63) + 5], pa.int64()).cast(pa.timestamp("us")),
        "1 value of a.v is earlier than 4713 BC",
    ),
    ("timestamp", pa.array([2**31 - 5], pa.int32()).cast(pa.date32()), "1 value of a.v is beyond the dates"),
    ("uuid", pa.array(["secret", None]), "1 value of a.v is not UUIDs"),
    ("int[]", pa.array(["{1,2}", "{1"]), "1 value of a.v is not possible in integer[]"),
    ("int", pa.array(["1", "secret"]), "1 value of a.v is not possible in integer"),
]
_FORMS: list[tuple[str, pa.Array]] = [
    ("jsonb", pa.array(['{"b": 1, "a": 1}', "{}"])),
    ("uuid", pa.array(["A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"])),
    ("inet", pa.array(["10.0.0.1", "10.0.0.0/8"])),
    ("numeric(10,2)", pa.array(["1.5", "2.00"])),
    ("timestamptz", pa.array([0], pa.int64()).cast(pa.timestamp("us"))),
    ("char(5)", pa.array(["ab ", "ab"])),
]


def _check(target: Target, type_: str, rows: TableToWrite) -> list[Finding]:
    target.run(
        "CREATE TYPE mood AS ENUM ('sad')",
        "CREATE DOMAIN code AS varchar(5) CHECK (value ~ '^[0-9]+$')",
        "CREATE DOMAIN age AS int CHECK (value BETWEEN 0 AND 150)",
        f"CREATE TABLE a (v {type_})",
    )
    with target.open() as opened:
        return opened.check_columns(rows, opened.read_catalog()["a"].schema)


def test_what_columns_cannot_hold_is_counted(target: Target) -> None:
    for type_, values, expected in _CASES:
        findings = _check(target, type_, table("a", {"v": values}))
        found = [finding for finding in findings if finding.severity == "error"]
        assert len(found) == (expected is not None), (type_, found)
        for finding in found:
            assert finding.message.startswith(str(expected).replace("SCHEMA", target.schema)), (
                type_,
                finding,
            )
            assert "secret" not in str(finding)
            assert finding.columns == ("v",)
        target.run("DROP TABLE a", "DROP TYPE mood", "DROP DOMAIN code", "DROP DOMAIN age")


@pytest.mark.parametrize(("type_", "values"), _FORMS, ids=[case[0] for case in _FORMS])
def test_what_reads_back_in_another_form_is_a_warning(target: Target, type_: str, values: pa.Array) -> None:
    findings = _check(target, type_, table("a", {"v": values}))
    assert [(finding.rule, finding.severity, finding.details["values"]) for finding in findings] == [
        ("value-in-other-form", "warning", 1)
    ]


def test_all_that_is_wrong_with_a_column_is_said_at_once(target: Target) -> None:
    findings = _check(target, "code", table("a", {"v": ["12", "x", "123456", "a\0b", "y" * 9]}))
    assert {finding.message for finding in findings} == {
        "1 value of a.v is not possible in PostgreSQL, because of a NUL character.",
        "2 values of a.v are too long for character varying(5).",
        f"1 value of a.v is not possible in {target.schema}.code.",
    }


def test_old_servers_are_asked_by_halves(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tdmvc.databases.postgres.encoding.checking._SOFT_ERRORS", 10**9)
    texts = [str(n) if n % 10 else f"x{n}" for n in range(200)]
    (finding,) = _check(target, "code", table("a", {"v": pa.array(texts)}))
    assert finding.details["values"] == 20


def test_rows_are_read_only_if_the_types_leave_a_doubt(target: Target) -> None:
    def fail() -> pa.RecordBatchReader:
        raise AssertionError("no row is needed")

    columns = (
        Column("a", pa.int32()),
        Column("b", pa.decimal128(10, 2)),
        Column("c", pa.string(), "character varying(9)"),
        Column("d", pa.string(), "jsonb"),
        Column("e", pa.timestamp("us", "UTC")),
        Column("f", pa.string()),
        Column("g", pa.int64()),
        Column("h", pa.list_(pa.int32())),
    )
    rows = TableToWrite(TableSchema("a", columns), fail)
    target.run(
        "CREATE TABLE a (a int, b numeric(10,2), c varchar(9), d jsonb, e timestamptz, f text, g numeric, h int[])"
    )
    with target.open() as opened:
        assert opened.check_columns(rows, opened.read_catalog()["a"].schema) == []
