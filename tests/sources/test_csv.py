"""CSV: what is null, what is refused, and that types never change a value."""

import gzip
import re
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tdmvc.errors import SourceError
from tdmvc.model.csv_options import AS_CSV_SAYS, CsvOptions, QuotedEmpty
from tdmvc.model.source import SourceTable, SqlScan
from tdmvc.sources import open_source
from tdmvc.sources.base import SourceOptions

Read = Callable[[SourceTable], pa.Table]
Con = duckdb.DuckDBPyConnection


def open_csv(
    folder: Path, con: Con, data: bytes | str, *, name: str = "t.csv", csv: CsvOptions = AS_CSV_SAYS
) -> SourceTable:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    (table,) = open_source(path, con, SourceOptions(csv=csv, temporary_folder=lambda: folder))
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
    table = open_csv(tmp_path, con, 'a,b\nNA,1\n"NA",-\n,""\n', csv=CsvOptions(("NA", "-")))
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
        (b"a,b\n1\n", "line 2 has 1 value, but the first line has 2"),
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
        (["-0.0", "1.5"], "string"),
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
    table = open_csv(tmp_path, con, 'n,t\n1,""\n,\nNA,x\n', csv=CsvOptions(("NA",)))
    assert read(table).to_pydict() == {"n": [1, None, None], "t": ["", None, "x"]}
    assert texts(con, table) == [("1", ""), (None, None), (None, "x")]
    assert not table.is_keyed


def test_many_rows_with_line_ends_in_values_are_all_read(tmp_path: Path, con: Con) -> None:
    tricky = ['"a""b\n,"""', '"x\r\ny,z"', "plain", '"q\n1,2\n3,""4""\n"']
    lines = "".join(f"{i},{tricky[i % 4]}\r\n" for i in range(200_000))
    table = open_csv(tmp_path, con, f"i,t\r\n{lines}")
    query = f"SELECT count(*), count(DISTINCT i), sum(i::BIGINT), count(DISTINCT t) FROM ({table.text_query})"
    assert con.sql(query).fetchall() == [(200_000, 200_000, sum(range(200_000)), 4)]


QUOTED = '"id","price"\n"1","9.50"\n"2",""\n'


def test_a_quoted_empty_value_is_null_where_every_value_is_quoted_and_a_note_says_so(
    tmp_path: Path, con: Con, read: Read
) -> None:
    table = open_csv(tmp_path, con, QUOTED)
    assert types(table) == ["int64", "decimal(18,2)"]
    assert read(table)["price"].to_pylist() == [Decimal("9.50"), None]
    (note,) = table.notes
    assert note.startswith('1 quoted empty value ("") is read as null, because the file quotes every value')
    assert "--quoted-empty text" in note


@pytest.mark.parametrize("data", [QUOTED, 'id,price\n1,9.50\n2,""\n'])
def test_a_person_says_what_a_quoted_empty_value_means(tmp_path: Path, con: Con, data: str) -> None:
    for meaning, value in ((QuotedEmpty.NULL, None), (QuotedEmpty.TEXT, "")):
        table = open_csv(tmp_path, con, data, csv=CsvOptions(quoted_empty=meaning))
        assert texts(con, table) == [("1", "9.50"), ("2", value)]
        assert table.notes == ()


@pytest.mark.parametrize(
    "data",
    ['"a","b"\n"1",""\n2,"x"\n', '"a","b"\n"1",""\n"2",\n', 'a,b\n"1",""\n', '"a","b"\n"1","x,"",y"\n'],
)
def test_a_quoted_empty_value_is_a_text_where_not_every_value_is_quoted(
    tmp_path: Path, con: Con, data: str
) -> None:
    table = open_csv(tmp_path, con, data)
    assert texts(con, table)[0] == ("1", "" if ',""' in data.split("\n")[1][-3:] else 'x,",y')
    assert table.notes == ()


def test_quotes_in_a_long_file_are_looked_at_to_the_end_of_what_is_sniffed(tmp_path: Path, con: Con) -> None:
    rows = "".join(f'"{i}","a ""quoted""\n text"\n' for i in range(20_000))
    table = open_csv(tmp_path, con, f'"i","t"\n{rows}"","x"\n')
    assert texts(con, table)[-1] == (None, "x")
    assert "1 quoted empty value " in table.notes[0]


def test_without_a_header_the_columns_are_numbered(tmp_path: Path, con: Con) -> None:
    table = open_csv(tmp_path, con, "1,2020-01-01\n2,2021-01-01\n", csv=CsvOptions(has_header=False))
    assert table.schema.column_names == ("column_1", "column_2")
    assert texts(con, table) == [("1", "2020-01-01"), ("2", "2021-01-01")]
    assert table.notes == ()
    table = open_csv(tmp_path, con, '1\n\n"x\ny"\n', csv=CsvOptions(has_header=False))
    assert texts(con, table) == [("1",), (None,), ("x\ny",)]


@pytest.mark.parametrize(
    ("header", "is_doubtful"),
    [
        ("1,Ada,2020-01-01", True),
        ("7", True),
        ("true,x", True),
        ("id,name", False),
        ("country,y,z,2020", False),
    ],
)
def test_a_header_that_looks_like_a_row_is_noted(
    tmp_path: Path, con: Con, header: str, is_doubtful: bool
) -> None:
    table = open_csv(tmp_path, con, f"{header}\n{header}\n")
    assert any("--no-header" in note and "missing" in note for note in table.notes) == is_doubtful


def test_a_header_that_cannot_be_one_advises_no_header(tmp_path: Path, con: Con) -> None:
    for data in ("1,1\n2,3\n", "a,\n1,2\n"):
        with pytest.raises(SourceError, match="--no-header"):
            open_csv(tmp_path, con, data)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_excels_line_with_the_delimiter_is_no_header(tmp_path: Path, con: Con, end: str) -> None:
    data = end.join(["sep=;", "a;b", "1,5;x", '2,5;"y', 'z"', ""])
    table = open_csv(tmp_path, con, "\ufeff" + data)
    assert table.schema.column_names == ("a", "b")
    assert texts(con, table) == [("1,5", "x"), ("2,5", f"y{end}z")]
    with pytest.raises(SourceError, match="line 5 has 3 values"):
        open_csv(tmp_path, con, end.join(["sep=;", "a;b", '"1', '";2', "3;4;5", ""]))


def test_a_person_names_the_delimiter(tmp_path: Path, con: Con) -> None:
    table = open_csv(tmp_path, con, "a:b,c\n1:2,3\n", csv=CsvOptions(delimiter=":"))
    assert table.schema.column_names == ("a", "b,c")
    assert texts(con, table) == [("1", "2,3")]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-16-le", "shift_jis", "UTF8"])
def test_another_encoding_is_read_as_the_same_texts(tmp_path: Path, con: Con, encoding: str) -> None:
    value = {"shift_jis": "日本", "cp1252": "10 €"}.get(encoding, "é")
    data = f'a,b\n1,"{value}\n"\n'.encode(encoding)
    for name, content in (("t.csv", data), ("t.csv.gz", gzip.compress(data))):
        table = open_csv(tmp_path, con, content, name=name, csv=CsvOptions(encoding=encoding))
        assert table.schema.name == "t"
        assert texts(con, table) == [("1", f"{value}\n")]
        assert table.origin.endswith(name)


@pytest.mark.parametrize(
    ("data", "encoding", "message"),
    [
        (b"a\n1\n", "klingon", "there is no encoding 'klingon'"),
        (b"a\n\x81\n", "cp1252", "is not cp1252"),
        (b"a\n1\n", "utf-16", "is not utf-16"),
        (b"a\n\xff\n", "ascii", "is not ascii"),
        (b"a,b\n1,2,3\n", "latin-1", r"line 2 has 3 values[^\n]*\nWhere: .*/t\.csv\n"),
    ],
)
def test_a_wrong_encoding_is_an_error_that_names_the_file(
    tmp_path: Path, con: Con, data: bytes, encoding: str, message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        open_csv(tmp_path, con, data, csv=CsvOptions(encoding=encoding))


def test_the_command_that_makes_line_ends_the_same_names_the_file_where_it_is(
    tmp_path: Path, con: Con
) -> None:
    path = tmp_path / "a b" / "it's.csv"
    path.parent.mkdir()
    path.write_bytes(b"a,b\n1,2\r\n3,4\n")
    with pytest.raises(SourceError) as caught:
        open_source(path, con)
    [command] = re.findall(r"`(.*)`", caught.value.remedy)
    subprocess.run(command, shell=True, check=True)
    assert open_source(path, con)
