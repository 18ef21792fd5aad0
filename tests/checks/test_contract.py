"""What rows may not do, whatever they say: miss a required value, repeat a unique one, share a key."""

import shlex
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tdmvc.errors import PartError
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import Column, TableSchema
from tests.checks.rule_checks import check_rules
from tests.laws.strategies_tables import Row, write_parts

INT, TEXT = pa.int64(), pa.string()
ID = Column("id", INT)


def check(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    columns: tuple[Column, ...],
    parts: list[list[Row]],
    key: tuple[str, ...] = ("id",),
) -> list[Finding]:
    side = write_parts(folder, TableSchema("people", columns, key), parts)
    return list(check_rules(con, {"people": side}, at="golden@1.0.0"))


def without_id(finding: Finding) -> dict[str, object]:
    """Return the details of a finding but the rule."""
    return {name: value for name, value in finding.details.items() if name != "id"}


def test_valid_rows_have_no_finding(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    columns = (ID, Column("name", TEXT, required=True, unique=True))
    rows: list[list[Row]] = [[{"id": 1, "name": ""}, {"id": 2, "name": "a"}], [{"id": 3, "name": "A"}]]
    assert check(con, tmp_path, columns, rows) == []


def test_a_null_in_a_required_column_is_reported_with_its_keys(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows: list[list[Row]] = [[{"id": 1, "name": None}, {"id": 2, "name": ""}], [{"id": 3, "name": None}]]
    (found,) = check(con, tmp_path, (ID, Column("name", TEXT, required=True)), rows)
    assert (found.rule, found.severity, found.table, found.columns) == (
        "null-in-required",
        Severity.ERROR,
        "people",
        ("name",),
    )
    assert found.message == "people.name is required, but it is null in 2 rows (id: 1, 3)."
    assert without_id(found) == {"count": 2, "keys": ["1", "3"]}


@pytest.mark.parametrize(
    "column",
    [
        Column("a.b", TEXT, required=True),
        Column("filename", TEXT, required=True),
        Column('say "n"', TEXT, required=True),
        Column("tags", pa.list_(TEXT), required=True),
        Column("a", pa.struct([("b", TEXT)]), required=True),
    ],
)
def test_nulls_are_counted_for_any_column_name_and_type(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, column: Column
) -> None:
    value: object = "x"
    if pa.types.is_list(column.type):
        value = [None]
    if pa.types.is_struct(column.type):
        value = {"b": None}
    rows: list[list[Row]] = [[{"id": 1, column.name: None}, {"id": 2, column.name: value}]]
    (found,) = check(con, tmp_path, (ID, column), rows)
    assert without_id(found) == {"count": 1, "keys": ["1"]}


def test_nulls_are_counted_if_the_footer_has_no_count(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    schema = TableSchema("people", (ID, Column("name", TEXT, required=True)), ("id",))
    table = pa.table({"id": [1, 2, 3], "name": [None, "a", None]}, schema.arrow_schema())
    typed, silent = tmp_path / "typed.parquet", tmp_path / "silent.parquet"
    pq.write_table(table.slice(0, 1), typed)
    pq.write_table(table.slice(1), silent, write_statistics=False)
    side = TableSide(schema, ("a", "b"), 3, lambda names: [{"a": typed, "b": silent}[name] for name in names])
    (found,) = check_rules(con, {"people": side})
    assert found.details["count"] == 2


def test_a_unique_value_may_not_repeat_but_nulls_may(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    rows: list[list[Row]] = [
        [{"id": 1, "n": "x"}, {"id": 2, "n": None}, {"id": 3, "n": "y"}],
        [{"id": 4, "n": "x"}, {"id": 5, "n": None}, {"id": 6, "n": "x"}],
    ]
    (found,) = check(con, tmp_path, (ID, Column("n", TEXT, unique=True)), rows)
    assert found.rule == "repeated-unique"
    assert found.message == "people.n is unique, but 1 value appears in 3 rows (id: 1, 4, 6)."
    assert without_id(found) == {"count": 1, "rows": 3, "keys": ["1", "4", "6"]}


def test_a_repeated_key_and_a_null_in_a_key_are_two_findings(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    columns = (Column("a", INT, required=True), Column("b", TEXT))
    rows: list[list[Row]] = [
        [{"a": 1, "b": "x"}, {"a": 1, "b": "x"}, {"a": 1, "b": "y"}],
        [{"a": 2, "b": None}, {"a": 2, "b": None}],
    ]
    null, duplicate = check(con, tmp_path, columns, rows, key=("a", "b"))
    assert null.message == "The key (a, b) of people is null in 2 rows: (2, NULL), (2, NULL)."
    assert duplicate.message == "1 key (a, b) of people appears more than once: (1, x)."
    assert (null.rule, duplicate.rule) == ("null-key", "duplicate-key")
    assert without_id(duplicate) == {"count": 1, "rows": 2, "keys": ["(1, x)"]}


def test_a_unique_key_column_repeats_once_not_twice(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    rows: list[list[Row]] = [[{"id": 1}, {"id": 1}]]
    (found,) = check(con, tmp_path, (Column("id", INT, required=True, unique=True),), rows)
    assert found.rule == "duplicate-key"


def test_a_part_that_a_keyless_table_holds_twice_counts_twice(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    columns = (Column("n", TEXT, unique=True), Column("m", TEXT, required=True))
    part: list[Row] = [{"n": "x", "m": None}]
    repeated, null = sorted(
        check(con, tmp_path, columns, [part, part], key=()), key=lambda f: f.rule, reverse=True
    )
    assert without_id(repeated) == {"count": 1, "rows": 2, "keys": []}
    assert without_id(null) == {"count": 2, "keys": []}


def test_no_value_of_a_personal_column_is_shown(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    columns = (
        Column("email", TEXT, classification="personal"),
        Column("phone", TEXT, unique=True, classification="pii"),
        Column("age", INT, required=True),
    )
    row: Row = {"email": "ada@example.test", "phone": "555-1234", "age": None}
    other: Row = {"email": None, "phone": "555-1234", "age": 1}
    findings = check(con, tmp_path, columns, [[row, row, other]], key=("email",))
    assert {f.rule for f in findings} == {"null-in-required", "repeated-unique", "null-key", "duplicate-key"}
    assert "ada" not in repr(findings)
    assert "555" not in repr(findings)
    assert "•••" in repr(findings)


def test_only_the_first_keys_are_shown_and_long_ones_are_cut(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows: list[Row] = [{"id": f"{i:03}" + "x" * 90, "n": None} for i in range(300)]
    columns = (Column("id", TEXT), Column("n", INT, required=True))
    (found,) = check(con, tmp_path, columns, [rows])
    assert found.message.startswith("people.n is required, but it is null in 300 rows")
    assert found.message.endswith("x…, …).")
    assert len(found.message) < 320


def test_times_in_keys_are_shown_in_utc(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    at = Column("at", pa.timestamp("us", tz="UTC"))
    row: Row = {"at": datetime(2024, 1, 1, tzinfo=UTC), "n": None}
    (found,) = check(con, tmp_path, (at, Column("n", INT, required=True)), [[row]], key=("at",))
    assert found.details["keys"] == ["2024-01-01 00:00:00+00"]


def test_the_remedy_names_the_command_that_shows_the_rows(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    columns = (Column("it's", INT), Column("n", INT, unique=True), Column('a"b', INT, required=True))
    row: Row = {"it's": 1, "n": 1, 'a"b': None}
    findings = check(con, tmp_path, columns, [[row, row, {**row, "it's": None}]], key=("it's",))
    assert len(findings) == 4
    command = ["tdmvc", "validate", "golden@1.0.0", "--tables", "people"]
    for found in findings:
        assert shlex.split(found.remedy.split("`")[-2]) == command


def test_a_table_without_rules_is_not_opened(con: duckdb.DuckDBPyConnection) -> None:
    def refuse(names: object) -> list[Path]:
        raise AssertionError(names)

    silent = TableSide(TableSchema("quiet", (Column("n", INT),)), ("x",), 5, refuse)
    assert check_rules(con, {"quiet": silent}) == ()


def test_a_damaged_part_is_an_error_of_the_store(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    schema = TableSchema("people", (ID, Column("n", INT, required=True)), ("id",))
    side = write_parts(tmp_path, schema, [[{"id": 1, "n": 1}]])
    path = tmp_path / f"{side.parts[0]}.parquet"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(PartError, match="people"):
        check_rules(con, {"people": side})
    unread = write_parts(tmp_path, TableSchema("people", (Column("n", INT, unique=True),)), [[{"n": 1}]])
    (tmp_path / f"{unread.parts[0]}.parquet").write_bytes(b"PAR1 no PAR1")
    with pytest.raises(PartError, match="people"):
        check_rules(con, {"people": unread})
