"""JSON lists and JSON lines: every row is checked, and nothing is rounded."""

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tdmvc.errors import SourceError
from tdmvc.model.source import ArrowScan, SourceTable
from tdmvc.sources import open_source

Read = Callable[[SourceTable], pa.Table]
Con = duckdb.DuckDBPyConnection


def open_json(folder: Path, con: Con, data: object, *, name: str = "t.json") -> SourceTable:
    path = folder / name
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    (table,) = open_source(path, con)
    return table


def type_of(folder: Path, con: Con, *values: object) -> str:
    return open_json(folder, con, [{"a": value} for value in values]).schema.columns[0].type_text


def test_a_list_of_objects_is_a_table(tmp_path: Path, con: Con, read: Read) -> None:
    table = open_json(tmp_path, con, [{"id": 1, "name": "x"}, {"id": 2, "born": "2020-01-01"}])
    assert read(table).to_pylist() == [
        {"id": 1, "name": "x", "born": None},
        {"id": 2, "name": None, "born": "2020-01-01"},
    ]
    assert [column.type_text for column in table.schema.columns] == ["int64", "string", "string"]


@pytest.mark.parametrize("name", ["t.jsonl", "t.ndjson", "t.json"])
def test_json_lines_are_a_table(tmp_path: Path, con: Con, read: Read, name: str) -> None:
    table = open_json(tmp_path, con, '\ufeff{"a": 1}\r\n\n{"a": 2}', name=name)
    assert read(table).column("a").to_pylist() == [1, 2]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, None], "int64"),
        ([2**63], "decimal(38,0)"),
        ([10**40], "string"),
        ([1.5, 2], "float64"),
        ([1.5, 2**53 + 1], "string"),
        ([True], "bool"),
        ([True, 1], "string"),
        (["1", 1], "string"),
        ([None], "string"),
        ([[1, 2], []], "list<int64>"),
        ([[]], "list<string>"),
        ([[1, "a"]], "string"),
        ([[["a"], ["b", None]]], "list<list<string>>"),
        ([{"x": 1, "y": ["a"]}, {"y": [], "x": None}], "struct<x: int64, y: list<string>>"),
        ([{"x": 1}, {"x": 1, "y": 2}], "string"),
        ([{"x": 1, "X": 2}], "string"),
        ([{}], "string"),
    ],
)
def test_a_type_is_taken_only_if_every_value_has_it(
    tmp_path: Path, con: Con, values: list[object], expected: str
) -> None:
    assert type_of(tmp_path, con, *values) == expected


def test_a_value_of_another_kind_after_thousands_makes_json_text(
    tmp_path: Path, con: Con, read: Read
) -> None:
    rows: list[dict[str, object]] = [{"a": i} for i in range(30_000)]
    table = open_json(tmp_path, con, [*rows, {"a": "x"}, {"a": {"k": 1.0}}])
    assert table.schema.columns[0].is_json
    assert "kept as JSON text" in table.notes[0]
    assert read(table).column("a").to_pylist()[-3:] == ["29999", '"x"', '{"k":1.0}']


def test_large_integers_keep_every_digit(tmp_path: Path, con: Con, read: Read) -> None:
    table = open_json(tmp_path, con, [{"a": 12345678901234567890123, "b": [2**64]}])
    (row,) = read(table).to_pylist()
    assert int(row["a"]) == 12345678901234567890123
    assert [int(item) for item in row["b"]] == [2**64]


@pytest.mark.parametrize(
    ("raw", "expected", "values"),
    [
        (["12345678901234567.89"], "decimal(38,2)", ["12345678901234567.89"]),
        (["12345678901234567.89", "1.5", "2", "null"], "decimal(38,2)",
         ["12345678901234567.89", "1.50", "2.00", None]),
        (["0.1234567890123456789"], "decimal(38,19)", ["0.1234567890123456789"]),
        (["0.10000000000000001", "1.2345678901234567"], "float64", ["0.1", "1.2345678901234567"]),
        (["1e400", "1.5"], "string", ["1E+400", "1.5"]),
        (["1e-400"], "string", ["1E-400"]),
        (["12345678901234567.89", "1e300"], "string", ["12345678901234567.89", "1e+300"]),
        (["0.1234567890123456789", "123456789012345678901"], "string",
         ["0.1234567890123456789", "123456789012345678901"]),
        (["12345678901234567.89", "NaN"], "string", ["12345678901234567.89", "NaN"]),
        (["[1.5, 12345678901234567.89]"], "list<decimal(38,2)>", ["[1.50, 12345678901234567.89]"]),
        (["12345678901234567.89", '"é"'], "string", ["12345678901234567.89", '"é"']),
        (['{"x": [12345678901234567.89, "é"]}', "{}"], "string", ['{"x":[12345678901234567.89,"é"]}', "{}"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_fixture", [True, False])
def test_numbers_keep_all_digits_that_a_float_cannot_tell(
    tmp_path: Path, con: Con, raw: list[str], expected: str, values: list[str | None], is_fixture: bool
) -> None:
    row = '{"model": "a.b", "pk": 1, "fields": {"a": %s}}' if is_fixture else '{"a": %s}'
    table = open_json(tmp_path, con, "[" + ",".join(row % value for value in raw) + "]")
    column = table.schema.column("a")
    assert column is not None
    assert column.type_text == expected
    assert isinstance(table.scan, ArrowScan)
    con.register("rows", table.scan.open())
    assert [value for (value,) in con.sql("SELECT a::VARCHAR FROM rows").fetchall()] == values


def test_an_object_longer_than_the_window_is_read(tmp_path: Path, con: Con, read: Read) -> None:
    table = open_json(tmp_path, con, [{"a": "é" * 3_000_000}, {"a": "y"}])
    assert [len(text) for text in read(table).column("a").to_pylist()] == [3_000_000, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "no object has a key"),
        ("", "no object has a key"),
        ('{"a": 1}', "a single object"),
        ('[{"a": 1},\n 2]', "line 2: a row must be an object"),
        ('[{"a": 1}\n{"a": 2}]', "line 2: a ',' or the closing ']'"),
        ('[{"a": 1}] x', "something after the list"),
        ('[{"a": 1},\n{"a": "secret', "line 2: this is not JSON"),
        ('[{"a": 1},\n\n{"a": secret}]', "line 3: this is not JSON"),
        ('[{"a": 1, "a": 2}]', "line 1: an object has a key twice"),
        ('[{"a": "\\ud800"}]', "line 1: a text contains half of a surrogate pair"),
        ('[{"": 1}]', "column 1 has no name"),
        ('[{"a": 1, "A": 2}]', "differ only by case"),
        ("[" * 100_000, "line 1"),
    ],
)
def test_a_broken_file_is_refused_by_line_and_without_its_values(
    tmp_path: Path, con: Con, text: str, message: str
) -> None:
    with pytest.raises(SourceError) as caught:
        open_json(tmp_path, con, text)
    assert message in caught.value.message
    assert "secret" not in caught.value.message


def test_bytes_that_are_not_utf8_are_refused(tmp_path: Path, con: Con) -> None:
    path = tmp_path / "t.json"
    path.write_bytes(b'[{"a": 1},\n{"a": "caf\xe9"}]')
    with pytest.raises(SourceError, match="not UTF-8"):
        open_source(path, con)


def test_a_single_object_in_a_lines_file_is_a_row(tmp_path: Path, con: Con, read: Read) -> None:
    assert read(open_json(tmp_path, con, '{"a": 1}', name="t.jsonl")).num_rows == 1
