"""An application finds a copy of its database as it left the original: the same statements do the same."""

import datetime as dt
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, assume, event, given, reject, settings
from hypothesis import strategies as st

from tdmvc.errors import SourceError
from tdmvc.sql.time_forms import forms_of, parse_form, shape_of, shorten
from tests.laws.database_copies import contents, copy_of

EXAMPLES = 400 if os.environ.get("TDMVC_LONG_TESTS") else 12
SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NAMES = ["a", "b c", 'd"e', "Order", "ü"]
TYPES = [
    "INTEGER",
    "INT",
    "TEXT",
    "VARCHAR(9)",
    "",
    "REAL",
    "NUMERIC(6,2)",
    "BOOLEAN",
    "DATETIME",
    "BLOB",
    "STRING",
]
DEFAULTS = [
    *(
        "1",
        "-2.50",
        "'x'",
        "'it''s'",
        "'5'",
        "NULL",
        "TRUE",
        "CURRENT_DATE",
        "(1 + 1)",
        "('a' || 'b')",
        "word",
    ),
    *("x'00ff'", "'2020-01-01T00:00:00Z'", "(NULL)", "+3", "1e3", '"quoted"', "'-- no comment'"),
]
CHECKS = [
    "{0} <> 7",
    "typeof({0}) <> 'blob' OR 1",
    "{0} IS NOT 'no)' /* ( */",
    "length({0}) < 12 -- short\n",
    "{0} IN (1, 'x', NULL) OR {0} > -99",
]
VALUES = [
    "NULL",
    "1",
    "7",
    "-3",
    "'x'",
    "'X'",
    "'it''s'",
    "2.5",
    "'007'",
    "'2020-01-01 10:00:00'",
    "'averyveryverylongtext'",
]


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@st.composite
def column(draw: st.DrawFn, name: str, others: Sequence[str]) -> str:
    words = [quoted(name), draw(st.sampled_from(TYPES))]
    if others and draw(st.integers(0, 5)) == 0:
        source = quoted(draw(st.sampled_from(list(others))))
        expression = draw(
            st.sampled_from([f"{source} || '!'", f"coalesce({source}, 0)", f"({source}) IS NULL"])
        )
        return " ".join(
            [*words, f"GENERATED ALWAYS AS ({expression})", draw(st.sampled_from(["STORED", "VIRTUAL", ""]))]
        )
    if draw(st.integers(0, 2)) == 0:
        words.append(f"DEFAULT {draw(st.sampled_from(DEFAULTS))}")
    for clause, odds in (("NOT NULL", 4), ("UNIQUE", 5), ("COLLATE NOCASE", 5), ("COLLATE rtrim", 8)):
        if draw(st.integers(0, odds)) == 0 and not any(
            "COLLATE" in word for word in words if "COLLATE" in clause
        ):
            words.append(clause)
    if draw(st.integers(0, 4)) == 0:
        words.append(f"CONSTRAINT fine CHECK ({draw(st.sampled_from(CHECKS)).format(quoted(name))})")
    return " ".join(words)


@st.composite
def database(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """Statements that make a database, and statements of an application."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=4, unique=True))
    key = draw(
        st.sampled_from(
            [
                "INTEGER PRIMARY KEY",
                "INTEGER PRIMARY KEY AUTOINCREMENT",
                "INT PRIMARY KEY",
                "TEXT PRIMARY KEY",
                "INT",
            ]
        )
    )
    lines = [f"k {key}"]
    for place, name in enumerate(names):
        lines.append(draw(column(name, names[:place])))
    if draw(st.booleans()):
        lines.append(f"CONSTRAINT both UNIQUE ({', '.join(map(quoted, names[:2]))})")
    if draw(st.booleans()):
        lines.append(f"CHECK ({draw(st.sampled_from(CHECKS)).format(quoted(names[0]))})")
    options = (
        " WITHOUT ROWID" if "PRIMARY" in key and "AUTO" not in key and draw(st.integers(0, 3)) == 0 else ""
    )
    made = [f"CREATE TABLE t ({', '.join(lines)}){options}"]
    action = draw(
        st.sampled_from(
            [
                "",
                "ON DELETE CASCADE",
                "ON DELETE SET NULL ON UPDATE CASCADE",
                "DEFERRABLE INITIALLY DEFERRED",
                "ON DELETE RESTRICT",
            ]
        )
    )
    made.append(f"CREATE TABLE child (id INTEGER PRIMARY KEY, t REFERENCES t (k) {action}, n INT DEFAULT 4)")
    made += draw(
        st.lists(
            st.sampled_from(
                [
                    f"CREATE UNIQUE INDEX i1 ON t ({quoted(names[0])}) WHERE {quoted(names[0])} > 0",
                    f"CREATE INDEX i2 ON t (lower({quoted(names[1])}) DESC, k)",
                    f"CREATE UNIQUE INDEX i3 ON t ({quoted(names[1])}, {quoted(names[0])} COLLATE NOCASE)",
                    f"CREATE VIEW v AS SELECT k, {quoted(names[0])} AS first FROM t WHERE k > 0",
                    f"CREATE VIEW w (one, two) AS SELECT count(*), max({quoted(names[1])}) FROM t",
                ]
            ),
            unique=True,
        )
    )
    plain = [name for name, line in zip(names, lines[1:], strict=False) if "GENERATED" not in line]
    assume(plain)
    statements = draw(st.lists(statement(plain), min_size=2, max_size=9))
    return made, statements


@st.composite
def statement(draw: st.DrawFn, names: Sequence[str]) -> str:
    value = st.sampled_from(VALUES)
    name = draw(st.sampled_from(list(names)))
    chosen = draw(st.lists(st.sampled_from(list(names)), unique=True, max_size=3))
    kind = draw(st.integers(0, 6))
    if kind <= 2:
        values = [draw(value) for _ in chosen]
        if draw(st.booleans()):
            chosen, values = ["k", *chosen], [draw(st.sampled_from(["NULL", "1", "2", "9", "'x'"])), *values]
        if not chosen:
            return "INSERT INTO t DEFAULT VALUES"
        return f"INSERT INTO t ({', '.join(map(quoted, chosen))}) VALUES ({', '.join(values)})"
    if kind == 3:
        return f"UPDATE t SET {quoted(name)} = {draw(value)} WHERE k IS NOT 2"
    if kind == 4:
        return f"DELETE FROM t WHERE k = {draw(st.sampled_from(['1', '2', '9']))}"
    return f"INSERT INTO child (t) VALUES ({draw(st.sampled_from(['NULL', '1', '2', '77']))})"


def run(path: Path, statements: Sequence[str]) -> list[object]:
    """Return what each statement does: its error, or all rows of all tables after it."""
    found: list[object] = []
    with closing(sqlite3.connect(path, isolation_level=None)) as con:
        con.execute("PRAGMA foreign_keys = ON")
        views = [
            name for (name,) in con.execute("SELECT name FROM sqlite_master WHERE type = 'view' ORDER BY 1")
        ]
        for one in statements:
            try:
                con.execute(one)
            except sqlite3.Error as error:
                found.append(getattr(error, "sqlite_errorname", ""))
            for name in ("t", "child", *views):
                rows = con.execute(f"SELECT * FROM {name}").fetchall()
                found.append(sorted(rows, key=repr))
    return found


def make(path: Path, creating: Sequence[str], statements: Sequence[str]) -> None:
    """Make a database, and leave out statements that SQLite refuses, except for tables."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for one in creating:
            try:
                database.execute(one)
            except sqlite3.Error:
                assume(not one.startswith("CREATE TABLE"))
        for one in statements:
            try:
                database.execute(one)
            except sqlite3.Error:
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
    source, copy = folder / "source.db", folder / "copy.db"
    make(source, creating, statements[: len(statements) // 2])
    try:
        reports = copy_of(source, copy, con)
    except SourceError as error:
        # Bytes that an expression put into a text: such a source is refused.
        if "is not UTF-8" not in error.what:
            raise
        reject()
    event("reported" if reports else "compared")
    if not reports:
        assert contents(copy, con) == contents(source, con)
        rest = statements[len(statements) // 2 :]
        assert run(copy, rest) == run(source, rest)


TIMES = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["2020-01-01 ", "1969-12-31T", "0001-02-03 ", ""]),
    st.sampled_from(["10:00", "23:59", "00:00"]),
    st.sampled_from([":00", ":59", ""]),
    st.sampled_from(["", ".5", ".000", ".120", ".123456", ".100000", ".000000"]),
    st.sampled_from(["", "Z", "+00:00", "+0200", "-05"]),
)


@settings(max_examples=100)
@given(texts=st.lists(TIMES, min_size=1, max_size=3))
def test_every_form_of_times_writes_them_as_they_were(texts: list[str]) -> None:
    shapes = [shape_of(text) for text in texts]
    assume(all(shapes) and not any(text.startswith("0001") and "+" in text for text in texts))
    for form in forms_of({shorten(shape) for shape in shapes if shape}):
        assert parse_form(form.example) == form
        for text in texts:
            value = dt.datetime.fromisoformat(text) if form.separator else dt.time.fromisoformat(text)
            if isinstance(value, dt.datetime) and value.tzinfo:
                value = value.astimezone(dt.UTC)
            assert form.format(value) == text
