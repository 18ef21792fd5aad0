"""A value that a server has is read as the value that its text means, whichever way the rows come."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdmvc.arrow.far_times import time_texts
from tdmvc.databases.base import ReadOptions
from tdmvc.databases.postgres.catalog.relations import find_schemas
from tdmvc.databases.postgres.connection import Session, connected
from tdmvc.databases.postgres.reading.rows import TextRows
from tdmvc.databases.postgres.reading.snapshot import PostgresSnapshot, open_snapshot
from tdmvc.errors import SourceError
from tdmvc.model.progress import ignore_progress
from tdmvc.model.source import ArrowScan, SourceTable
from tests.databases.conformance.engines.parsing import parse
from tests.series import trials
from tests.servers import DatabaseServer

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
_YEARS = st.integers(1, 294_000) | st.integers(1900, 2100)
_DAYS = st.builds(
    lambda year, month, day, is_bc: (
        f"{min(year, 4700) if is_bc else year:04}-{month:02}-{day:02}{' BC' if is_bc else ''}"
    ),
    _YEARS,
    st.integers(1, 12),
    st.integers(1, 28),
    st.booleans(),
)
_CLOCKS = st.builds(
    lambda h, m, s, f: f"{h:02}:{m:02}:{s:02}.{f:06}",
    st.integers(0, 23),
    st.integers(0, 59),
    st.integers(0, 59),
    st.integers(0, 999_999),
)
_INFINITE = st.sampled_from(["infinity", "-infinity"])
_TIMESTAMPS = (
    st.builds(
        lambda day, clock: f"{day.removesuffix(' BC')} {clock}{' BC' if day.endswith('BC') else ''}",
        _DAYS,
        _CLOCKS,
    )
    | _INFINITE
)
_FLOATS = st.floats(width=32).map(str) | st.floats().map(str)
_NUMERICS = st.decimals(
    allow_nan=False, allow_infinity=False, places=2, min_value=-99_999_999, max_value=99_999_999
)
_INTERVALS = st.builds(
    lambda months, days, micros: f"{months} months {days} days {micros} microseconds",
    st.integers(-1000, 1000),
    st.integers(-9999, 9999),
    st.integers(-(10**15), 10**15),
)


def _array(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def quoted(text: str | None) -> str:
        if text is None:
            return "NULL"
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    return st.lists(st.none() | texts, max_size=4).map(lambda items: "{" + ",".join(map(quoted, items)) + "}")


def _ints(bits: int) -> st.SearchStrategy[str]:
    return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1).map(str)


TYPES: dict[str, st.SearchStrategy[str]] = {
    "boolean": st.sampled_from(["t", "f"]),
    "smallint": _ints(16),
    "integer": _ints(32),
    "bigint": _ints(64),
    "oid": st.integers(0, 2**32 - 1).map(str),
    "real": st.floats(width=32).map(str),
    "double precision": st.floats().map(str),
    "numeric(10,2)": _NUMERICS.map(str),
    "numeric": st.decimals(allow_nan=False, allow_infinity=False)
    .map(str)
    .filter(lambda text: len(text) < 60),
    "text": _TEXT,
    "character varying(12)": _TEXT,
    "character(12)": _TEXT,
    "bpchar": _TEXT,
    "bytea": st.binary(max_size=20).map(lambda data: "\\x" + data.hex()),
    "date": _DAYS | _INFINITE,
    "time": _CLOCKS | st.just("24:00:00"),
    "time with time zone": _CLOCKS.map(lambda clock: f"{clock}+05:30"),
    "timestamp": _TIMESTAMPS,
    "timestamp with time zone": _TIMESTAMPS,
    "interval": _INTERVALS,
    "text[]": _array(_TEXT),
    "integer[]": _array(_ints(32)),
    "real[]": _array(st.floats(width=32).map(str)),
    "numeric(10,2)[]": _array(_NUMERICS.map(str)),
    "date[]": _array(_DAYS | _INFINITE),
    "timestamp with time zone[]": _array(_TIMESTAMPS),
    "bytea[]": _array(st.binary(max_size=9).map(lambda data: "\\x" + data.hex())),
    "boolean[]": _array(st.sampled_from(["t", "f"])),
}
_AS_TEXT = {"bpchar": "pg_catalog.textin(pg_catalog.bpcharout(c))"}


@contextmanager
def _both_ways(server: DatabaseServer, database: str) -> Iterator[list[SourceTable]]:
    """Yield the table `t` as it comes over Arrow connections, and as it comes as texts over the transaction's own."""
    location = server.location(database)
    with (
        open_snapshot(location, ReadOptions()) as snapshot,
        connected(location, Session()) as connection,
    ):
        rows = TextRows(connection, "here")
        over_texts = PostgresSnapshot(connection, rows, "here", find_schemas(connection, ()), ignore_progress)
        yield [*snapshot.read_tables(["t"]), *over_texts.read_tables(["t"])]


def _values(array: pa.Array) -> list[object]:
    """Return values that compare as they are: numbers of times, texts of floats."""
    if pa.types.is_list(array.type):
        return [None if item is None else _values(item) for item in (one.values for one in array)]
    if pa.types.is_timestamp(array.type) or pa.types.is_date(array.type):
        local = array.cast(pa.timestamp("us")) if pa.types.is_timestamp(array.type) else array
        return list(time_texts(local))
    if pa.types.is_time(array.type):
        return array.cast(pa.int64()).to_pylist()
    return [_comparable(value) for value in array.to_pylist()]


def _comparable(value: object) -> object:
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else repr(value)
    return value


def _expected(text: str | None, type_: pa.DataType) -> object:
    value = parse(text, type_)
    if isinstance(value, list):
        return [_expected_one(item, type_.value_type) for item in value]
    return _expected_one(value, type_)


def _expected_one(value: object, type_: pa.DataType) -> object:
    if value is None or isinstance(value, str):
        return value
    if pa.types.is_timestamp(type_) or pa.types.is_date(type_):
        naive = value.replace(tzinfo=None) if pa.types.is_timestamp(type_) else value  # type: ignore[attr-defined]
        local = pa.timestamp("us") if pa.types.is_timestamp(type_) else type_
        return time_texts(pa.array([naive], local))[0]
    return _comparable(value)


@given(
    st.lists(
        st.sampled_from(sorted(TYPES)).flatmap(
            lambda type_: st.tuples(
                st.just(type_), st.lists(st.none() | TYPES[type_], min_size=1, max_size=5)
            )
        ),
        min_size=1,
        max_size=6,
    )
)
@settings(
    max_examples=trials(400, 12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@pytest.mark.timeout(900)
def test_values_are_what_their_texts_mean(
    postgres_server: DatabaseServer, law_database: str, columns: list[tuple[str, list[str | None]]]
) -> None:
    with postgres_server.connect(law_database) as connection:
        connection.execute("DROP TABLE IF EXISTS t")
        connection.execute("SET timezone = 'UTC'")
        declared = ", ".join(f"c{place} {type_}" for place, (type_, _) in enumerate(columns))
        connection.execute(f"CREATE TABLE t (row int PRIMARY KEY, {declared})")
        for row in range(5):
            marks = ", ".join("%s" for _ in columns)
            values = [values[row] if row < len(values) else None for _, values in columns]
            connection.execute(f"INSERT INTO t VALUES ({row}, {marks})", values)
        texts = [
            [text for (text,) in connection.execute(f"SELECT {_as_text(type_, place)} FROM t ORDER BY row")]
            for place, (type_, _) in enumerate(columns)
        ]
    with _both_ways(postgres_server, law_database) as tables:
        for table in tables:
            assert isinstance(table.scan, ArrowScan)
            rows = table.scan.open().read_all().sort_by("row")
            assert rows.schema == table.schema.arrow_schema()
            for place, expected in enumerate(texts):
                array = rows[f"c{place}"].combine_chunks()
                assert _values(array) == [_expected(text, array.type) for text in expected]


def _as_text(type_: str, place: int) -> str:
    return _AS_TEXT.get(type_, "c::text").replace("c::", f"c{place}::").replace("(c)", f"(c{place})")


@pytest.fixture(scope="module")
def law_database(postgres_server: DatabaseServer) -> Iterator[str]:
    """One database for all examples: the law makes its table each time."""
    with postgres_server.fresh_database() as name:
        yield name


def test_a_timestamp_that_no_table_can_hold_is_refused_by_name(
    postgres_server: DatabaseServer, law_database: str
) -> None:
    postgres_server.execute(
        law_database,
        "DROP TABLE IF EXISTS t",
        "CREATE TABLE t (a timestamp)",
        "INSERT INTO t VALUES ('294276-12-31'), ('infinity')",
    )
    with _both_ways(postgres_server, law_database) as tables:
        for table in tables:
            assert isinstance(table.scan, ArrowScan)
            with pytest.raises(SourceError, match="later than 10 January 294247") as caught:
                table.scan.open().read_all()
            assert "table t, column a" in caught.value.where
            assert table.find_fault is not None
            assert table.find_fault() is caught.value


def test_times_at_the_ends_of_what_a_table_can_hold(
    postgres_server: DatabaseServer, law_database: str
) -> None:
    values = ["4714-11-24 00:00:00 BC", "294247-01-10 04:00:54.775806", "infinity", "-infinity", "1970-01-01"]
    with postgres_server.connect(law_database) as connection:
        connection.execute("DROP TABLE IF EXISTS t")
        connection.execute("CREATE TABLE t (row serial, a timestamp, b date)")
        for value in values:
            connection.execute("INSERT INTO t (a, b) VALUES (%s, %s)", [value, value])
        connection.execute("INSERT INTO t (b) VALUES ('5874897-12-31')")
    with _both_ways(postgres_server, law_database) as tables:
        for table in tables:
            assert isinstance(table.scan, ArrowScan)
            rows = table.scan.open().read_all().sort_by("row")
            numbers = rows["a"].combine_chunks().view(pa.int64()).to_pylist()
            assert numbers == [-210866803200000000, 2**63 - 2, 2**63 - 1, -(2**63 - 1), 0, None]
            days = rows["b"].combine_chunks().view(pa.int32()).to_pylist()
            assert days == [-2440588, 106751991, 2**31 - 1, -(2**31 - 1), 0, 2145042905]


def test_a_cast_that_somebody_made_runs_for_no_value(
    postgres_server: DatabaseServer, law_database: str
) -> None:
    postgres_server.execute(
        law_database,
        "DROP TABLE IF EXISTS t",
        "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE pair AS (a int, b text); CREATE DOMAIN state AS mood",
        "CREATE TABLE t (row serial, a mood, b pair, c mood[], d state, e mood[])",
        "INSERT INTO t VALUES (1, 'sad', '(1,x)', '{sad,ok,NULL}', 'ok', '[0:1]={sad,ok}')",
        "INSERT INTO t (row) VALUES (2)",
        "INSERT INTO t (row, a, b) VALUES (3, 'ok', '(,)')",
    )
    casts = (("mood", "text"), ("pair", "text"), ("mood[]", "text[]"), ("mood[]", "text"))
    for number, (source, target) in enumerate(casts):
        name = f"evil{number}"
        postgres_server.execute(
            law_database,
            f"CREATE FUNCTION {name}({source}) RETURNS {target} LANGUAGE plpgsql"
            " AS $$ BEGIN RAISE EXCEPTION 'ran'; END $$",
            f"CREATE CAST ({source} AS {target}) WITH FUNCTION {name}({source})",
        )
    with _both_ways(postgres_server, law_database) as tables:
        for table in tables:
            assert isinstance(table.scan, ArrowScan)
            assert table.scan.open().read_all().sort_by("row").drop_columns("row").to_pylist() == [
                {"a": "sad", "b": "(1,x)", "c": ["sad", "ok", None], "d": "ok", "e": "[0:1]={sad,ok}"},
                dict.fromkeys("abcde"),
                {"a": "ok", "b": "(,)", "c": None, "d": None, "e": None},
            ]


def test_rows_that_are_not_committed_are_read_over_their_own_connection(
    postgres_server: DatabaseServer, law_database: str
) -> None:
    postgres_server.execute(law_database, "DROP TABLE IF EXISTS t", "CREATE TABLE t (a int, b text)")
    with connected(postgres_server.location(law_database), Session(is_read_only=False)) as connection:
        connection.execute("INSERT INTO public.t VALUES (1, ''), (2, NULL), (NULL, E'a\\n\"b\",\\\\.')")
        snapshot = PostgresSnapshot(
            connection, TextRows(connection, "here"), "here", find_schemas(connection, ()), ignore_progress
        )
        (table,) = snapshot.read_tables(["t"])
        assert isinstance(table.scan, ArrowScan)
        assert table.scan.open().read_all().to_pydict() == {"a": [1, 2, None], "b": ["", None, 'a\n"b",\\.']}
    with psycopg.connect(postgres_server.url(law_database)) as other:
        assert other.execute("SELECT count(*) FROM t").fetchone() == (0,)
