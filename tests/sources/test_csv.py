"""CSV: what is null, what is refused, and that types never change a value."""

import gzip
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tdmvc.errors import SourceError
from tdmvc.model.source import SourceTable, SqlScan
from tdmvc.sources import open_source

Read = Callable[[SourceTable], pa.Table]
Con = duckdb.DuckDBPyConnection


def open_csv(
    folder: Path, con: Con, data: bytes | str, *, name: str = "t.csv", null_texts: tuple[str, ...] = ()
) -> SourceTable:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    (table,) = open_source(path, con, null_texts=null_texts)
    return table


def texts(con: Con, table: SourceTable) -> list[tuple[str | None, ...]]:
    assert table.text_query is not None
    return con.sql(table.text_query).fetchall()


def types(table: SourceTable) -> list[str]:
    return [column.type_text for column in table.schema.columns]


def type_of(folder: Path, con: Con, *values: str) -> str:
    return types(open_csv(folder, con, "a,b\n" + "".join(f"{value},\n" for value in values)))[0]


def test_only_an_unquoted_empty_field_is_null(tmp_path: Path, con: Con) -> None:
    table = open_csv(tmp_path, con, 'a,b\n,""\nNA,null\n"NA",None\n')
    assert texts(con, table) == [(None, ""), ("NA", "null"), ("NA", "None")]
    assert types(table) == ["string", "string"]


def test_a_null_text_is_null_unless_it_is_quoted(tmp_path: Path, con: Con) -> None:
    table = open_csv(tmp_path, con, 'a,b\nNA,1\n"NA",-\n,""\n', null_texts=("NA", "-"))
    assert texts(con, table) == [(None, "1"), ("NA", None), (None, "")]


def test_a_byte_order_mark_and_crlf_are_not_part_of_the_data(tmp_path: Path, con: Con) -> None:
    table = open_csv(tmp_path, con, b'\xef\xbb\xbfid,name\r\n1,"x\r\ny"\r\n')
    assert table.schema.column_names == ("id", "name")
    assert texts(con, table) == [("1", "x\r\ny")]


def test_quotes_delimiters_and_line_ends_inside_values_are_kept(tmp_path: Path, con: Con) -> None:
    table = open_csv(tmp_path, con, 'a,b\n"x""y","1,2"\n"\n\n","a\rb"\n""""," "\n')
    assert texts(con, table) == [('x"y', "1,2"), ("\n\n", "a\rb"), ('"', " ")]


@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
def test_the_delimiter_is_found(tmp_path: Path, con: Con, delimiter: str) -> None:
    table = open_csv(tmp_path, con, f'a{delimiter}b\n1{delimiter}"x,;|\t"\n')
    assert texts(con, table) == [("1", "x,;|\t")]


def test_commas_in_a_semicolon_file_do_not_mislead(tmp_path: Path, con: Con) -> None:
    table = open_csv(tmp_path, con, "price;name, first\n1,5;x\n2,5;y, z\n")
    assert table.schema.column_names == ("price", "name, first")
    assert texts(con, table) == [("1,5", "x"), ("2,5", "y, z")]


def test_a_tsv_is_split_at_tabs_whatever_else_it_contains(tmp_path: Path, con: Con) -> None:
    table = open_csv(tmp_path, con, "a,b\tc,d\n1,2\t3,4\n", name="t.tsv")
    assert table.schema.column_names == ("a,b", "c,d")


def test_a_compressed_file_is_read_and_named_without_its_suffixes(tmp_path: Path, con: Con) -> None:
    table = open_csv(tmp_path, con, gzip.compress(b"a,b\n1,2\n"), name="orders.csv.gz")
    assert table.schema.name == "orders"
    assert texts(con, table) == [("1", "2")]


def test_a_header_without_rows_is_an_empty_table_of_texts(tmp_path: Path, con: Con, read: Read) -> None:
    table = open_csv(tmp_path, con, "a,b")
    assert types(table) == ["string", "string"]
    assert read(table).num_rows == 0


def test_blank_lines_are_rows_only_if_a_row_is_one_value(tmp_path: Path, con: Con) -> None:
    assert texts(con, open_csv(tmp_path, con, "\n\na,b\n\n1,2\n\n")) == [("1", "2")]
    assert texts(con, open_csv(tmp_path, con, 'a\n1\n\n""\n')) == [("1",), (None,), ("",)]


def test_names_may_be_reserved_words_and_contain_quotes_and_line_ends(tmp_path: Path, con: Con) -> None:
    table = open_csv(tmp_path, con, '"select","it\'s","say ""x""","two\nlines"\n1,2,3,4\n')
    assert table.schema.column_names == ("select", "it's", 'say "x"', "two\nlines")
    assert texts(con, table) == [("1", "2", "3", "4")]


def test_three_hundred_columns_are_read(tmp_path: Path, con: Con, read: Read) -> None:
    header = ",".join(f"c{i}" for i in range(300))
    rows = "".join(",".join(str(i * j) for i in range(300)) + "\n" for j in range(3))
    table = open_csv(tmp_path, con, f"{header}\n{rows}")
    assert read(table).column("c299").to_pylist() == [0, 299, 598]


def test_a_value_longer_than_the_usual_limit_is_read(tmp_path: Path, con: Con) -> None:
    table = open_csv(tmp_path, con, f"a,b\n1,{'x' * 3_000_000}\n2,y\n")
    assert [len(text or "") for _, text in texts(con, table)] == [3_000_000, 1]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"\r\n\n", "empty"),
        (b"a,b\n1\n", "line 2 has 1 values, but the header has 2"),
        (b'a,b\n"x\n\ny",1\n1,2,3\n', "line 5 has 3 values"),
        (b"a,b\n1,secret,3\n", "line 2 has 3 values"),
        (b"a,a\n1,2\n", "'a' appears 2 times"),
        (b"a,A\n1,2\n", "differ only by case"),
        (b"a,\n1,2\n", "column 2 has no name"),
        (b"a,b\n1,2\n1,caf\xe9\n", "line 3 is not UTF-8"),
        (b"a,b\n1,caf\xc3", "line 2 is not UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        (b"a,b\n1,2\n1,x\0y\n", "line 3 contains a NUL byte"),
        (b"a,b\n1,2\r\n3,4\n", "line ends are mixed"),
        (b'a,b\n1,"x"y\n', "quotes are wrong in the row that begins at line 2"),
        (b'a,b\n1,2\n3,"secret\n4,5\n', "quotes are wrong in the row that begins at line 3"),
    ],
)
def test_a_broken_file_is_refused_by_line_and_without_its_values(
    tmp_path: Path, con: Con, data: bytes, message: str
) -> None:
    with pytest.raises(SourceError) as caught:
        open_csv(tmp_path, con, data)
    assert message in caught.value.message
    assert "t.csv" in caught.value.message
    assert "secret" not in caught.value.message
    assert "caf" not in caught.value.message


def test_a_cut_off_compressed_file_is_refused(tmp_path: Path, con: Con) -> None:
    with pytest.raises(SourceError, match="Compressed file ended"):
        open_csv(tmp_path, con, gzip.compress(b"a,b\n1,2\n")[:-6], name="t.csv.gz")


def test_an_unclosed_quote_never_swallows_the_rest_of_a_long_file(tmp_path: Path, con: Con) -> None:
    rows = "".join(f'{i},"a\nb"\n' for i in range(5000))
    with pytest.raises(SourceError, match="quotes are wrong"):
        open_csv(tmp_path, con, f'a,b\n{rows}7,"open\n')


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", "-2", "9223372036854775807"], "int64"),
        (["0"], "int64"),
        (["01", "2"], "string"),
        (["+1"], "string"),
        (["-0", "1"], "string"),
        (["1_000"], "string"),
        (["0x10"], "string"),
        (["9223372036854775808", "1"], "decimal(38,0)"),
        (["1.50", "2.00"], "decimal(18,2)"),
        (["-0.001", "12345678901234567.125"], "decimal(38,3)"),
        (["1.1", "1.10", "1.9"], "string"),
        (["1.50", "2"], "string"),
        (["9.5", "12.25", "3"], "float64"),
        (["9.5", "12.25", "3.0"], "float64"),
        (["3", "3.0"], "string"),
        (["-0.001", "12345678901234567.1"], "string"),
        (["00.5"], "string"),
        ([".5"], "string"),
        (["5."], "string"),
        (["1" * 39], "string"),
        (["0." + "1" * 39], "string"),
        (["1e5", "2"], "string"),
        (["1e+16", "1.5e-10", "2"], "float64"),
        (["1.5E-10"], "string"),
        (["-0.0", "1.5"], "float64"),
        (["inf", "1"], "float64"),
        (["nan", "1.5", "-inf"], "float64"),
        (["NaN", "1.5", "-Infinity"], "string"),
        (["nan"], "string"),
        (["inf"], "string"),
        (["1e999"], "string"),
        (["1e5", "9007199254740993"], "string"),
        (["1e5", "0.1234567890123456789"], "string"),
        (["true", "false"], "bool"),
        (["TRUE"], "bool"),
        (["true", "False"], "string"),
        (["true", "1"], "string"),
        (["yes"], "string"),
        (["2024-02-29"], "date"),
        (["2023-02-29"], "string"),
        (["0000-01-01"], "string"),
        (["2024-1-1"], "string"),
        (["2024-01-01", "2024-01-01 00:00:00"], "string"),
        (["2024-01-01 10:00:00", "2024-01-01 10:00:00.123456"], "timestamp"),
        (["2024-01-01T10:00:00", "2024-01-01T10:00:00.5"], "timestamp"),
        (["2024-01-01 10:00:00", "2024-01-01T10:00:00.123456"], "string"),
        (["2024-01-01 10:00:00.1234567"], "string"),
        (["2024-01-01 24:00:00"], "string"),
        (["2024-01-01T10:00:00Z", "2024-01-01T10:00:00.120Z"], "string"),
        (["2024-01-01T10:00:00.000Z", "2024-01-01T10:00:00.120Z"], "timestamptz"),
        (["2024-01-01 10:00:00-0530"], "timestamptz"),
        (["2024-01-01 10:00:00+01", "2024-07-01 10:00:00+02"], "string"),
        (["2024-01-01T10:00:00Z", "2024-01-01T10:00:00"], "string"),
        (["", ""], "string"),
        (["x", "1"], "string"),
    ],
)
def test_a_type_is_taken_only_if_every_text_allows_it(
    tmp_path: Path, con: Con, values: list[str], expected: str
) -> None:
    assert type_of(tmp_path, con, *values) == expected


def test_a_text_after_thousands_of_numbers_still_makes_a_text_column(tmp_path: Path, con: Con) -> None:
    numbers = [str(i) for i in range(30_000)]
    assert type_of(tmp_path, con, *numbers) == "int64"
    assert type_of(tmp_path, con, *numbers, "007") == "string"


def test_instants_with_offsets_become_utc(tmp_path: Path, con: Con) -> None:
    table = open_csv(tmp_path, con, "a,b\n2024-01-01T10:00:00+02:00,\n2024-01-01T12:00:00+02:00,\n")
    assert isinstance(table.scan, SqlScan)
    found = con.sql(f"SELECT a::VARCHAR FROM ({table.scan.query})").fetchall()
    assert found == [("2024-01-01 08:00:00+00",), ("2024-01-01 10:00:00+00",)]


def test_the_same_nulls_are_in_the_texts_and_in_the_typed_rows(tmp_path: Path, con: Con, read: Read) -> None:
    table = open_csv(tmp_path, con, 'n,t\n1,""\n,\nNA,x\n', null_texts=("NA",))
    assert read(table).to_pydict() == {"n": [1, None, None], "t": ["", None, "x"]}
    assert texts(con, table) == [("1", ""), (None, None), (None, "x")]
    assert not table.is_typed
    assert not table.is_keyed


def test_many_rows_with_line_ends_in_values_are_all_read(tmp_path: Path, con: Con) -> None:
    tricky = ['"a""b\n,"""', '"x\r\ny,z"', "plain", '"q\n1,2\n3,""4""\n"']
    lines = "".join(f"{i},{tricky[i % 4]}\r\n" for i in range(200_000))
    table = open_csv(tmp_path, con, f"i,t\r\n{lines}")
    query = f"SELECT count(*), count(DISTINCT i), sum(i::BIGINT), count(DISTINCT t) FROM ({table.text_query})"
    assert con.sql(query).fetchall() == [(200_000, 200_000, sum(range(200_000)), 4)]
