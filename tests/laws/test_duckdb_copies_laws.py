"""An application finds a copy of its DuckDB database as it left the original: the same statements do the same."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from tests.laws.database_copies import contents, copy_of
from tests.series import trials

SETTINGS = settings(
    max_examples=trials(400, 6),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NAMES = ["a", "b c", 'd"e', "Order", "ü"]
TYPES = {
    "INTEGER": ["1", "7", "-3"],
    "UTINYINT": ["1", "7", "255"],
    "HUGEINT": ["1", "99999999999999999999999999999999999999"],
    "BIGINT": ["7", "9007199254740993"],
    "VARCHAR": ["'x'", "'it''s'", "'007'", "''"],
    "DOUBLE": ["2.5", "1e300", "'nan'", "'inf'"],
    "FLOAT": ["0.1", "2.5"],
    "DECIMAL(6,2)": ["2.50", "-1", "7"],
    "BOOLEAN": ["true", "false"],
    "DATE": ["DATE '2020-01-01'", "DATE '0001-02-03'"],
    "TIME": ["TIME '10:00:00.5'"],
    "TIMESTAMP": ["TIMESTAMP '2020-01-01 10:00:00.123456'"],
    "TIMESTAMP_S": ["TIMESTAMP '2020-01-01 10:00:00'"],
    "TIMESTAMPTZ": ["TIMESTAMPTZ '2020-01-01 10:00:00+02'"],
    "UUID": ["'7d444840-9dc0-11d1-b245-5ffdce74fad2'::UUID"],
    "BLOB": [r"'\x00\xff'::BLOB"],
    "JSON": ["""'{"a": 1}'::JSON""", "'[1,  2]'::JSON"],
    "ENUM('sad', 'it''s ok')": ["'sad'", "'it''s ok'"],
    "mood": ["'high'", "'low'"],
    "INTEGER[]": ["[1, NULL]", "[]"],
    "VARCHAR[][]": ["[['x'], [], NULL]"],
    "INTEGER[2]": ["[1, 2]"],
    "STRUCT(a INTEGER, \"b c\" VARCHAR[])": ["{'a': 1, 'b c': ['x']}", "{'a': NULL, 'b c': NULL}"],
    "INTERVAL": ["INTERVAL 1 DAY"],
    "BIT": ["'0101'::BIT"],
}  # fmt: skip
NUMBERS = {"INTEGER", "UTINYINT", "HUGEINT", "BIGINT", "DOUBLE", "FLOAT", "DECIMAL(6,2)"}
KEYS = [
    "INTEGER PRIMARY KEY",
    "BIGINT DEFAULT nextval('numbers') PRIMARY KEY",
    "INTEGER DEFAULT nextval('own.numbers') PRIMARY KEY",
    "VARCHAR PRIMARY KEY",
    "INTEGER",
]


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@st.composite
def column(draw: st.DrawFn, name: str, type_: str, others: Sequence[str]) -> str:
    words = [quoted(name), type_]
    if others and draw(st.integers(0, 5)) == 0:
        source = quoted(draw(st.sampled_from(list(others))))
        expression = draw(
            st.sampled_from(
                [f"{source}::VARCHAR || '!'", f"coalesce({source}::VARCHAR, ')')", f"{source} IS NULL"]
            )
        )
        return f"{quoted(name)} GENERATED ALWAYS AS ({expression})"
    if draw(st.integers(0, 2)) == 0:
        literals = [*TYPES[type_], "NULL"]
        literals += ["(1 + 1)", "+3", "abs(-2)", "nextval('numbers')"] if type_ in NUMBERS else []
        literals += ["'a' || 'b'", "upper('x')", "'--'"] if type_ == "VARCHAR" else []
        literals += ["current_date"] if type_ == "DATE" else []
        words.append(f"DEFAULT {draw(st.sampled_from(literals))}")
    if draw(st.integers(0, 4)) == 0:
        words.append("NOT NULL")
    if draw(st.integers(0, 6)) == 0:
        words.append("UNIQUE")
    if type_ == "VARCHAR" and draw(st.integers(0, 3)) == 0:
        words.append(f"COLLATE {draw(st.sampled_from(['NOCASE', 'NOCASE.NOACCENT', 'de']))}")
    if draw(st.integers(0, 4)) == 0:
        checks = ["{0} IS NOT NULL", "{0}::VARCHAR <> 'no)' /* ( */", "length({0}::VARCHAR) < 40 -- short\n"]
        checks += ["{0} <> 7", "{0} IN (1, 2.5, NULL) OR {0} > -99"] if type_ in NUMBERS else []
        words.append(f"CHECK ({draw(st.sampled_from(checks)).format(quoted(name))})")
    return " ".join(words)


@st.composite
def database(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """Statements that make a database, and statements of an application."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=4, unique=True))
    types = [draw(st.sampled_from(sorted(TYPES))) for _ in names]
    key = draw(st.sampled_from(KEYS))
    lines = [f"k {key}"]
    for place, (name, type_) in enumerate(zip(names, types, strict=True)):
        plain = [one for one, line in zip(names[:place], lines[1:], strict=True) if "GENERATED" not in line]
        lines.append(draw(column(name, type_, plain)))
    plain = [name for name, line in zip(names, lines[1:], strict=True) if "GENERATED" not in line]
    if len(plain) > 1 and draw(st.booleans()):
        lines.append(f"UNIQUE ({', '.join(map(quoted, plain[:2]))})")
    if draw(st.booleans()):
        lines.append(f"CHECK (k::VARCHAR <> {quoted(plain[0])}::VARCHAR)")
    made = ["CREATE SCHEMA own", "CREATE TYPE mood AS ENUM ('low', 'high')"]
    start, step = draw(st.sampled_from([(1, 1), (5, 1), (10, 5), (100, -1)]))
    made += [f"CREATE SEQUENCE numbers START {start} INCREMENT {step} MINVALUE -1000"]
    made += ["CREATE SEQUENCE own.numbers"]
    made.append(f"CREATE TABLE t ({', '.join(lines)})")
    refers = "REFERENCES t (k)" if "PRIMARY" in key else ""
    kind = "VARCHAR" if key.startswith("VARCHAR") else key.split()[0]
    made.append(f"CREATE TABLE child (id INTEGER PRIMARY KEY, t {kind} {refers}, n INT DEFAULT 4)")
    made.append("CREATE TABLE own.t (k INTEGER PRIMARY KEY DEFAULT nextval('numbers'), n INTEGER)")
    first, second = quoted(plain[0]), quoted(plain[-1])
    made += draw(
        st.lists(
            st.sampled_from(
                [
                    f"CREATE UNIQUE INDEX i1 ON t ({first})",
                    f"CREATE INDEX i2 ON t ((lower({second}::VARCHAR)), k)",
                    f"CREATE UNIQUE INDEX i3 ON t ({second}, k)",
                    f"CREATE VIEW v AS SELECT k, {first} AS first FROM t WHERE k IS NOT NULL",
                    f"CREATE VIEW w (one, two) AS SELECT count(*), max({second}) FROM t",
                    "CREATE VIEW own.x AS SELECT n FROM own.t",
                    "COMMENT ON TABLE t IS 'it''s a table'",
                    f"COMMENT ON COLUMN t.{first} IS 'a column'",
                ]
            ),
            unique=True,
        )
    )
    values = dict(zip(names, types, strict=True))
    statements = draw(
        st.lists(statement({name: TYPES[values[name]] for name in plain}, kind), min_size=2, max_size=9)
    )
    return made, statements


@st.composite
def statement(draw: st.DrawFn, columns: dict[str, list[str]], kind: str) -> str:
    keys = ["'x'", "'y'", "NULL"] if kind == "VARCHAR" else ["1", "2", "9", "NULL"]
    chosen = draw(st.lists(st.sampled_from(sorted(columns)), unique=True, max_size=3))
    which = draw(st.integers(0, 7))
    if which <= 3:
        values = [draw(st.sampled_from([*columns[name], "NULL"])) for name in chosen]
        if draw(st.booleans()):
            chosen, values = ["k", *chosen], [draw(st.sampled_from(keys)), *values]
        if not chosen:
            return "INSERT INTO t DEFAULT VALUES"
        return f"INSERT INTO t ({', '.join(map(quoted, chosen))}) VALUES ({', '.join(values)})"
    if which == 4:
        name = draw(st.sampled_from(sorted(columns)))
        return f"UPDATE t SET {quoted(name)} = {draw(st.sampled_from(columns[name]))} WHERE k IS NOT NULL"
    if which == 5:
        return f"DELETE FROM t WHERE k = {draw(st.sampled_from(keys))}"
    if which == 6:
        return "INSERT INTO own.t (n) VALUES (1)"
    return f"INSERT INTO child (id, t) VALUES ({draw(st.integers(1, 4))}, {draw(st.sampled_from(keys))})"


def run(path: Path, statements: Sequence[str]) -> list[object]:
    """Return what each statement does: its error, or all rows of all tables and views after it."""
    found: list[object] = []
    with closing(duckdb.connect(str(path))) as con:
        con.execute("SET TimeZone = 'UTC'")
        names = con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() UNION ALL "
            "SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL"
        ).fetchall()
        for one in statements:
            try:
                con.execute(one)
            except duckdb.Error as error:
                found.append(type(error).__name__)
            for schema, name in names:
                rows = con.execute(f'SELECT COLUMNS(*)::VARCHAR FROM "{schema}"."{name}"').fetchall()
                found.append(sorted(map(repr, rows)))
    return found


def make(path: Path, creating: Sequence[str], statements: Sequence[str]) -> None:
    """Make a database, and leave out statements that DuckDB refuses, except for tables."""
    with closing(duckdb.connect(str(path))) as database:
        for one in creating:
            try:
                database.execute(one)
            except duckdb.Error:
                assume(not one.startswith("CREATE TABLE"))
        for one in statements:
            try:
                database.execute(one)
            except duckdb.Error:
                continue


@SETTINGS
@given(made=database())
def test_the_same_statements_do_the_same_in_a_copy(
    tmp_path_factory: pytest.TempPathFactory,
    con: duckdb.DuckDBPyConnection,
    made: tuple[list[str], list[str]],
) -> None:
    folder = tmp_path_factory.mktemp("copies")
    creating, statements = made
    source, copy = folder / "source.duckdb", folder / "copy.duckdb"
    make(source, creating, statements[: len(statements) // 2])
    reports = copy_of(source, copy, con)
    # Only the name of the type is not kept.
    reports = [report for report in reports if "the name of the type" not in report]
    event("reported" if reports else "compared")
    for report in reports:
        event(report)
    if not reports:
        assert contents(copy, con) == contents(source, con)
        rest = statements[len(statements) // 2 :]
        assert run(copy, rest) == run(source, rest)
