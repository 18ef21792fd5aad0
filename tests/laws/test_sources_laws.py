"""Laws of rows on their way in and out: what any writer wrote is read back equal."""

import csv
import datetime as dt
import io
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tdmvc.arrow.types import parse_type
from tdmvc.changes.schema import diff_schema
from tdmvc.databases import TableToWrite, find_file_engine
from tdmvc.model.csv_options import CsvOptions, QuotedEmpty
from tdmvc.model.location import PathLocation
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.source import ArrowScan, SourceTable, SqlScan
from tdmvc.sources import open_source
from tdmvc.sources.base import SourceOptions
from tdmvc.sql.quoting import quote_text
from tdmvc.store.build import build_table
from tdmvc.store.ingest import prepare_ingest
from tdmvc.store.parquet import encode_part
from tdmvc.workspace.edits import FolderSink
from tests.series import trials
from tests.snapshots import read_database

Con = duckdb.DuckDBPyConnection

# What CSV can hold: any text but NUL, and no half of a surrogate pair.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
TRICKY = st.text(alphabet="\",;\t|\r\n 'a1-.eE:TZ+#\\é", max_size=10)
NUMBERS = st.one_of(
    st.integers(-(2**65), 2**65).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=3, max_value=10**20, min_value=-(10**20)).map(
        str
    ),
    st.floats().map(repr),
    st.floats(allow_nan=False).map(lambda value: f"{value:.17e}"),
    st.from_regex(r"[+-]?0{0,2}[0-9]{0,3}\.?[0-9]{0,3}([eE][+-]?[0-9]{1,3})?", fullmatch=True),
)
MOMENTS = st.one_of(
    st.dates().map(str),
    st.datetimes().map(str),
    st.datetimes().map(dt.datetime.isoformat),
    st.datetimes(timezones=st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=-5, minutes=-30))])).map(str),
    st.from_regex(r"[0-9]{4}-[0-1][0-9]-[0-3][0-9]", fullmatch=True),
)  # fmt: skip
WORDS = st.sampled_from(
    ["true", "false", "True", "TRUE", "NA", "null", "nan", "inf", "-inf", "NaN", "", "0", "1"]
)
COLUMN = st.sampled_from([TEXTS, TRICKY, NUMBERS, MOMENTS, WORDS])


# A header that spans lines is refused where DuckDB miscounts it, and so is left to the tests of examples.
NAMES = TEXTS.filter(lambda name: name and not set(name) & set("\r\n"))


@st.composite
def tables_of_texts(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique_by=lambda name: name.lower()))
    kinds = [draw(COLUMN) for _ in names]
    return names, draw(st.lists(st.tuples(*kinds).map(list), max_size=8))


@pytest.fixture(scope="module")
def con() -> Iterator[Con]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def read(table: SourceTable, con: Con) -> pa.Table:
    if isinstance(table.scan, ArrowScan):
        return table.scan.open().read_all()
    return con.sql(table.scan.query).to_arrow_table()


@settings(max_examples=trials(80, 12), deadline=None)
@given(
    data=tables_of_texts(),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_every_text_that_a_csv_writer_quoted_is_read_back_equal(
    folder: Path, con: Con, data: tuple[list[str], list[list[str]]], delimiter: str, line_end: str
) -> None:
    names, rows = data
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerows([names, *rows])
    path = folder / "t.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    (table,) = open_source(path, con, SourceOptions(csv=CsvOptions(quoted_empty=QuotedEmpty.TEXT)))
    assert table.text_query is not None
    assert list(table.schema.column_names) == names
    assert con.sql(table.text_query).fetchall() == [tuple(row) for row in rows]


@settings(max_examples=trials(80, 12), deadline=None)
@given(data=tables_of_texts())
def test_an_inferred_type_never_changes_a_value(
    folder: Path, con: Con, data: tuple[list[str], list[list[str]]]
) -> None:
    _, rows = data
    names = [f"c{i}" for i in range(len(data[0]))]
    path = folder / "t.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        # With this line end the writer quotes every value that holds a part of it.
        csv.writer(file, lineterminator="\r\n").writerows([names, *rows])
    (table,) = open_source(path, con)
    assert isinstance(table.scan, SqlScan)
    typed = read(table, con)
    for column, texts in zip(
        table.schema.columns, zip(*rows, strict=True) if rows else [], strict=bool(rows)
    ):
        for text, value in zip(texts, typed.column(column.name).to_pylist(), strict=True):
            assert is_same(text, value), (column.type_text, text, value)


def is_same(text: str, value: object) -> bool:
    """Tell, by Python's own reading of the text, whether it says the value."""
    if value is None or isinstance(value, str):
        return text == (value or "")
    if isinstance(value, bool):
        return text.lower() == str(value).lower()
    if isinstance(value, int):
        return text == str(value)
    if isinstance(value, Decimal):
        return Decimal(text) == value
    if isinstance(value, float):
        is_special = value != value or value in (float("inf"), float("-inf"))
        return repr(float(text)) == repr(value) and (is_special or Decimal(text) == Decimal(repr(value)))
    if isinstance(value, dt.datetime):
        return dt.datetime.fromisoformat(text) == value
    return isinstance(value, dt.date) and text == value.isoformat()


JSON_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)
JSON_COLUMN = st.sampled_from(
    [
        JSON_VALUES,
        st.integers(-(2**70), 2**70),
        st.one_of(st.integers(), st.floats(allow_nan=False)),
        st.lists(st.one_of(st.none(), st.lists(TEXTS, max_size=2)), max_size=3),
        st.fixed_dictionaries({"a": st.integers(), "b": st.lists(TEXTS, max_size=2)}),
        st.one_of(st.none(), TEXTS),
    ]
)


@st.composite
def json_rows(draw: st.DrawFn) -> list[dict[str, object]]:
    names = draw(st.lists(TEXTS.filter(bool), min_size=1, max_size=3, unique_by=lambda name: name.lower()))
    kinds = {name: draw(JSON_COLUMN) for name in names}
    return draw(st.lists(st.fixed_dictionaries(kinds), min_size=1, max_size=6))


@settings(max_examples=trials(80, 12), deadline=None)
@given(rows=json_rows(), is_lines=st.booleans())
def test_json_is_read_back_equal(
    folder: Path, con: Con, rows: list[dict[str, object]], is_lines: bool
) -> None:
    path = folder / ("t.jsonl" if is_lines else "t.json")
    text = "\n".join(map(json.dumps, rows)) if is_lines else json.dumps(rows, indent=1)
    path.write_text(text, encoding="utf-8")
    (table,) = open_source(path, con)
    found = read(table, con).to_pylist()
    for column in table.schema.columns:
        undo: Callable[[object], object] = json.loads if column.is_json else plain  # type: ignore[assignment]
        values = [None if row[column.name] is None else undo(row[column.name]) for row in found]
        assert values == [row.get(column.name) for row in rows]


def plain(value: object) -> object:
    """Return a value with decimals, which stand for large integers, as integers again."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return int(value) if isinstance(value, Decimal) else value


SQLITE_VALUES = st.one_of(
    st.none(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), TEXTS, NUMBERS, MOMENTS
)
SQLITE_COLUMN = st.sampled_from(
    [
        SQLITE_VALUES,
        st.integers(-100, 100),
        st.floats(allow_nan=False),
        TEXTS,
        NUMBERS,
        MOMENTS,
        st.binary(max_size=4),
    ]
)
DECLARED = st.sampled_from(
    [
        "INTEGER",
        "TEXT",
        "NUMERIC(10,2)",
        "DECIMAL",
        "REAL",
        "DATETIME",
        "DATE",
        "BOOLEAN",
        "BLOB",
        "",
        "uuid",
        "JSON",
    ]
)


@settings(max_examples=trials(120, 15), deadline=None)
@given(declared=DECLARED, values=SQLITE_COLUMN.flatmap(lambda kind: st.lists(kind, min_size=1, max_size=6)))
@example(declared="INTEGER", values=[9007199254740994.0, 2.604169078475126e-255])
def test_sqlite_rows_written_back_are_read_equal(
    folder: Path, con: Con, declared: str, values: list[object]
) -> None:
    path, copy = folder / "t.db", folder / "copy.db"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, c {declared})")
        database.executemany("INSERT INTO t (c) VALUES (?)", [(value,) for value in values])
        database.commit()
        stored = database.execute("SELECT c FROM t").fetchall()
    (table,) = read_database(PathLocation(path), con)
    rows = read(table, con)
    for (raw,), value in zip(stored, rows.column("c").to_pylist(), strict=True):
        assert is_kept(raw, value), (raw, value)
    engine = find_file_engine(PathLocation(copy))
    assert engine is not None
    assert not [
        f
        for f in engine.write_tables(PathLocation(copy), [TableToWrite(table.schema, rows.to_reader)])
        if f.columns == ("id",)
    ]
    (again,) = read_database(PathLocation(copy), con)
    assert again.schema.key == ("id",)
    # Zero has one form in parts.
    before, after = (
        [value + 0.0 if isinstance(value, float) else value for value in part.column("c").to_pylist()]
        for part in (rows, read(again, con))
    )
    assert [None if v is None else str(v) for v in after] == [None if v is None else str(v) for v in before]


def is_kept(raw: object, value: object) -> bool:
    """Tell whether what was read of a SQLite value says the same."""
    if isinstance(raw, str) and isinstance(value, dt.datetime):
        return dt.datetime.fromisoformat(raw) == value
    if isinstance(raw, str) and isinstance(value, dt.date):
        return value.isoformat() == raw
    if isinstance(raw, float) and isinstance(value, Decimal):
        return Decimal(repr(raw)) == value
    if isinstance(raw, int | float) and isinstance(value, str):
        return repr(raw) == value
    return raw == value


STORED = st.sampled_from(
    [
        "bool", "int8", "int32", "int64", "uint8", "uint64", "float32", "float64", "decimal(9,2)", "decimal(18,1)",
        "decimal(38,10)", "string", "binary", "date", "time", "timestamp", "timestamptz", "list<int64>",
    ]
)  # fmt: skip
TEXT_COLUMNS = st.sampled_from(
    [TRICKY, NUMBERS, MOMENTS, WORDS, st.sampled_from(["1.1", "1.10", "9", "9.0", "09"])]
)


def csv_of(path: Path, values: list[str | None]) -> Path:
    rows = [f'{i},"{value}"' if value is not None else f"{i}," for i, value in enumerate(values)]
    path.with_suffix(".csv").write_text("i,c\n" + "\n".join(rows) + "\n", encoding="utf-8", newline="")
    return path.with_suffix(".csv")


def json_of(path: Path, values: list[str | None]) -> Path:
    rows = [{"i": i, "c": value} for i, value in enumerate(values)]
    path.with_suffix(".json").write_text(json.dumps(rows), encoding="utf-8")
    return path.with_suffix(".json")


def parquet_of(path: Path, values: list[str | None]) -> Path:
    table = pa.table({"i": range(len(values)), "c": pa.array(values, pa.string())})
    pq.write_table(table, path.with_suffix(".parquet"))
    return path.with_suffix(".parquet")


def sqlite_of(path: Path, values: list[str | None]) -> Path:
    path.with_suffix(".sqlite").unlink(missing_ok=True)
    with closing(sqlite3.connect(path.with_suffix(".sqlite"))) as database:
        database.execute("CREATE TABLE t (i INTEGER, c TEXT)")
        database.executemany("INSERT INTO t VALUES (?, ?)", enumerate(values))
        database.commit()
    return path.with_suffix(".sqlite")


def duckdb_of(path: Path, values: list[str | None]) -> Path:
    path.with_suffix(".duckdb").unlink(missing_ok=True)
    with duckdb.connect(str(path.with_suffix(".duckdb"))) as database:
        database.execute("CREATE TABLE t (i INTEGER, c VARCHAR)")
        database.executemany("INSERT INTO t VALUES (?, ?)", [list(row) for row in enumerate(values)])
    return path.with_suffix(".duckdb")


SOURCES = st.sampled_from([csv_of, json_of, parquet_of, sqlite_of, duckdb_of])
QUOTABLE_TEXTS = TEXT_COLUMNS.flatmap(
    lambda kind: st.lists(
        st.one_of(st.none(), kind.filter(lambda text: '"' not in text)), min_size=1, max_size=4
    )
)
"""The texts of a column that the CSV writer above can quote."""


def open_any(path: Path, con: Con) -> list[SourceTable]:
    is_database = path.suffix in (".sqlite", ".duckdb")
    return read_database(PathLocation(path), con) if is_database else open_source(path, con)


@settings(max_examples=trials(400, 15), deadline=None)
@given(
    write=SOURCES,
    stored=st.one_of(st.none(), STORED),
    values=QUOTABLE_TEXTS,
    appends=st.booleans(),
)
@example(write=csv_of, stored="int64", values=["01067"], appends=False)
@example(write=csv_of, stored="decimal(9,2)", values=["1.1", "1.10", "1.9"], appends=True)
@example(write=csv_of, stored=None, values=["1.1", "1.10", "1.9"], appends=False)
def test_every_text_comes_out_as_it_came_in_or_a_note_names_its_column(
    folder: Path,
    write: Callable[[Path, list[str | None]], Path],
    stored: str | None,
    values: list[str | None],
    appends: bool,
) -> None:
    path = write(folder / "t", values)
    current, existing = None, []
    if stored is not None:
        type_ = parse_type(stored)
        assert type_ is not None
        current = TableSchema("t", (Column("i", pa.int64()), Column("c", type_)))
        if appends:
            old = pa.table({"i": [-1], "c": pa.array([None], type_)})
            (folder / "old.parquet").write_bytes(encode_part(old, ()))
            existing = [folder / "old.parquet"]
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        with prepare_ingest(con, "t", open_any(path, con), current, existing=existing) as ingest:
            parts = folder / "parts"
            shutil.rmtree(parts, ignore_errors=True)
            build_table(con, ingest.query, ingest.schema, FolderSink(parts))
            scan = f"read_parquet({quote_text(str(parts / '*.parquet'))})"
            found = con.sql(f"SELECT c::VARCHAR FROM {scan} WHERE i >= 0 ORDER BY i").fetchall()
    column = ingest.schema.column("c")
    assert column is not None
    notes = [note for note in ingest.notes if note.startswith("column c: ")]
    if [text for (text,) in found] != values:
        # One of the usual forms, from which no two texts become one value.
        assert any("its texts are written as" in note for note in notes), (found, values)
        assert len({text for (text,) in found}) == len(set(values))
    if current is not None and column.type_text != stored:
        # A type that a database declares is a change of the schema, and not one that the values force.
        note = f"column c: {stored} became {column.type_text}, because {stored} would change some values"
        assert note in notes or (path.suffix == ".duckdb" and not appends)
        assert "c" in [change.column for change in diff_schema(current, ingest.schema)]


def texts_from(copy: Path, schema: TableSchema, rows: pa.Table, con: Con) -> list[tuple[str | None]]:
    """Write rows into a database as `checkout --into` does, and read them into the same table again.

    Nothing changes but the form of a column's texts, which a note names.
    """
    copy.unlink(missing_ok=True)
    engine = find_file_engine(PathLocation(copy))
    assert engine is not None
    engine.write_tables(PathLocation(copy), [TableToWrite(schema, rows.to_reader)])
    with prepare_ingest(con, "t", read_database(PathLocation(copy), con), schema) as again:
        assert again.schema.arrow_schema() == schema.arrow_schema()
        assert all(note.startswith("column c: its texts are now written as") for note in again.notes)
        return con.sql(f"SELECT c::VARCHAR FROM ({again.query}) WHERE i >= 0 ORDER BY i").fetchall()


@settings(max_examples=trials(400, 12), deadline=None)
@given(
    write=SOURCES,
    suffix=st.sampled_from(["sqlite", "duckdb"]),
    stored=st.one_of(st.none(), STORED),
    values=QUOTABLE_TEXTS,
)
@example(write=csv_of, suffix="sqlite", stored=None, values=["01067", "1.10", None])
@example(write=sqlite_of, suffix="duckdb", stored="int64", values=["01067", "7"])
@example(write=json_of, suffix="sqlite", stored="timestamptz", values=["2020-01-01T10:00:00.000Z"])
def test_texts_of_every_source_that_went_through_a_database_come_out_as_before(
    folder: Path,
    write: Callable[[Path, list[str | None]], Path],
    suffix: str,
    stored: str | None,
    values: list[str | None],
) -> None:
    path = write(folder / "t", values)
    current = None
    if stored is not None and (type_ := parse_type(stored)) is not None:
        current = TableSchema("t", (Column("i", pa.int64()), Column("c", type_)))
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        with prepare_ingest(con, "t", open_any(path, con), current) as ingest:
            rows = con.sql(f"SELECT * FROM ({ingest.query}) ORDER BY i").to_arrow_table()
        con.register("before", rows)
        before = con.sql("SELECT c::VARCHAR FROM before ORDER BY i").fetchall()
        # SQLite has no NaN, and the writer reports each.
        if suffix == "duckdb" or ("nan",) not in before:
            assert texts_from(folder / f"copy.{suffix}", ingest.schema, rows, con) == before


NESTED = {
    "list<int32>": st.lists(st.one_of(st.none(), st.integers(-(2**31), 2**31 - 1)), max_size=3),
    "list<float64>": st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=3),
    "list<decimal(9,2)>": st.lists(st.decimals(-(10**6), 10**6, places=2), max_size=3),
    "list<list<string>>": st.lists(st.one_of(st.none(), st.lists(TEXTS, max_size=2)), max_size=2),
    "list<timestamptz>": st.lists(st.datetimes(timezones=st.just(dt.UTC)), max_size=2),
    "struct<a: date, b: list<bool>>": st.fixed_dictionaries(
        {"a": st.dates(), "b": st.lists(st.booleans(), max_size=2)}
    ),
}


@settings(max_examples=trials(60, 6), deadline=None)
@given(data=st.data(), spelling=st.sampled_from(sorted(NESTED)))
def test_lists_and_structs_that_went_through_sqlite_come_back_as_they_were(
    folder: Path, data: st.DataObject, spelling: str
) -> None:
    type_ = parse_type(spelling)
    assert type_ is not None
    values = data.draw(st.lists(st.one_of(st.none(), NESTED[spelling]), min_size=1, max_size=3))
    rows = pa.table({"i": range(len(values)), "c": pa.array(values, type_)})
    schema = TableSchema("t", (Column("i", pa.int64()), Column("c", type_)), ("i",))
    copy = folder / "nested.sqlite"
    copy.unlink(missing_ok=True)
    engine = find_file_engine(PathLocation(copy))
    assert engine is not None
    engine.write_tables(PathLocation(copy), [TableToWrite(schema, rows.to_reader)])
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        with prepare_ingest(con, "t", read_database(PathLocation(copy), con), schema) as again:
            assert again.notes == ()
            found = con.sql(f"SELECT * FROM ({again.query}) ORDER BY i").to_arrow_table()
    assert found.cast(rows.schema).equals(rows)
