"""Dumps of PostgreSQL are split as psql splits them, wherever the bytes that are read at once end."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdmvc.sources.sql_dump import parts
from tdmvc.sources.sql_dump.parts import ClientCommand, CopyBlock, DumpFault
from tdmvc.sources.sql_dump.postgres_scanner import PostgresScanner


class Slowly(io.BytesIO):
    """A file that gives a few bytes at a time, as a pipe may."""

    def __init__(self, text: bytes, most: int) -> None:
        super().__init__(text)
        self.most = most

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(self.most)


def scan(text: str | bytes, most: int = 1 << 20) -> list[object]:
    """Return statements as texts, rows of COPY as (statement, rows), and commands by name."""
    found: list[object] = []
    data = text.encode() if isinstance(text, str) else text
    for part in PostgresScanner(Slowly(data, most)).parts():
        if isinstance(part, CopyBlock):
            found.append((part.statement.text.decode(), b"".join(part.chunks).decode()))
        elif isinstance(part, ClientCommand):
            found.append(f"{part.name} {part.argument}".strip())
        else:
            found.append(part.text.decode("utf-8", "surrogateescape"))
    return found


WHOLE = [
    "SELECT 'a;b', E'it\\'s;', 'back\\', U&'\\0041;', B'1', x'ff'",
    "SELECT 'it''s;', E'a''\\';'",
    "SELECT E'first'\n  '\\';second'",
    'CREATE TABLE "a;b" ("c""d;" int)',
    "CREATE TYPE mood AS ENUM ('sad;', 'o''k', '$$', '--', '/*')",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$SELECT 1;$$",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $a$SELECT $$;$$; $b$;$b$$a$",
    "CREATE FUNCTION public.f(a$1 int) RETURNS int LANGUAGE sql"
    " BEGIN ATOMIC SELECT CASE a$1 WHEN 1 THEN 2 END; SELECT 3; END",
    "CREATE OR REPLACE PROCEDURE p() LANGUAGE sql BEGIN ATOMIC INSERT INTO t VALUES (1); END",
    "CREATE RULE r AS ON INSERT TO t DO INSTEAD (INSERT INTO u VALUES (1); DELETE FROM v;)",
    "SELECT 1 /* a; /* nested; */ still; */ + 2 -- to the end; 'of\n + 3",
    "SELECT a$b FROM t WHERE x = $1 AND y = ''$a$;$a$$a$;$a$",
    "INSERT INTO \u00fcml\u00e4ut VALUES ('\u00e4;')",
    'CREATE VIEW begin_end AS SELECT 1 AS "begin"',
    "ALTER TABLE t ADD CONSTRAINT c CHECK ((a <> ';'::text))",
]


@pytest.mark.parametrize("statement", WHOLE)
@pytest.mark.parametrize("most", [1, 3, 1 << 20])
def test_a_semicolon_inside_does_not_end_a_statement(statement: str, most: int) -> None:
    assert scan(f"{statement};\n{statement} ;SELECT 1", most) == [statement, statement, "SELECT 1"]


@given(
    st.lists(st.sampled_from(WHOLE), max_size=6),
    st.integers(1, 40),
    st.sampled_from(["", "\n", " -- c;\n", "/*;*/ "]),
)
def test_statements_come_out_as_they_went_in(statements: list[str], most: int, between: str) -> None:
    text = "".join(f"{between}{statement};" for statement in statements)
    assert scan(text, most) == statements


ROWS = st.lists(
    st.text(st.sampled_from("ab\\.;'\t$-N"), max_size=6).filter(lambda row: row != r"\."), max_size=8
)


@given(ROWS, st.integers(1, 9), st.sampled_from(["\n", "\r\n"]))
def test_rows_end_at_their_own_line_only(rows: list[str], most: int, end: str) -> None:
    data = "".join(f"{row}{end}" for row in rows)
    text = f"COPY public.t (a, b) FROM stdin;{end}{data}\\.{end}SELECT 1;"
    assert scan(text, most) == [("COPY public.t (a, b) FROM stdin", data), "SELECT 1"]


def test_a_backslash_and_a_dot_as_data_do_not_end_the_rows() -> None:
    data = "\\\\.\nx\\\\.\n\\.y\n"
    for most in (1, 2, 5, 100):
        assert scan(f"COPY t FROM STDIN WITH (FORMAT text);\n{data}\\.\n", most)[0][1] == data  # type: ignore[index]


def test_backslashes_escape_in_every_text_if_the_dump_says_so() -> None:
    setting = "SET standard_conforming_strings = off"
    assert scan(f"{setting};SELECT 'a\\';b';SELECT 1") == [setting, "SELECT 'a\\';b'", "SELECT 1"]
    again = "SET standard_conforming_strings TO on"
    assert scan(f"{setting};{again};SELECT 'a\\';SELECT 1")[2:] == ["SELECT 'a\\'", "SELECT 1"]


def test_commands_of_psql_are_told_apart_from_statements() -> None:
    text = "\\restrict abc\n\\connect shop\nSELECT 1;\n\\! rm -rf /\n\\unrestrict abc\n"
    assert scan(text) == ["\\restrict abc", "\\connect shop", "SELECT 1", "\\! rm -rf /", "\\unrestrict abc"]


@pytest.mark.parametrize("text", ["SELECT 1 \\gexec\n", "SELECT 1\n\\! ls\n;"])
def test_a_command_inside_of_a_statement_is_refused(text: str) -> None:
    with pytest.raises(DumpFault, match="a command of psql"):
        scan(text)


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("SELECT 'a", "a text"),
        ("SELECT E'a\\'", "a text"),
        ('SELECT "a', "a name in quotes"),
        ("SELECT 1 /* a", "a comment"),
        ("/* a", "a comment"),
        ("SELECT $x$a$$", r"a text in \$x\$"),
        ("CREATE RULE r AS ON INSERT TO t DO (SELECT 1;", "a statement"),
        ("COPY t FROM stdin;\n1\n2\n", "the rows of a table"),
        ("COPY t FROM stdin;", "the rows of a table"),
    ],
)
def test_a_dump_that_is_cut_off_is_refused(text: str, inside: str) -> None:
    for most in (1, 100):
        with pytest.raises(DumpFault, match=f"ends inside {inside}"):
            scan(text, most)


def test_a_dump_of_pg_dump_without_its_last_line_is_refused() -> None:
    header = "--\n-- PostgreSQL database dump\n--\nSELECT 1;\n"
    with pytest.raises(DumpFault, match="is not complete"):
        scan(header)
    with pytest.raises(DumpFault, match="ends inside a statement"):
        scan(f"{header}CREATE TABL")
    assert scan(f"{header}--\n-- PostgreSQL database dump complete\n--\n") == ["SELECT 1"]


def test_faults_name_the_line() -> None:
    with pytest.raises(DumpFault) as fault:
        scan("SELECT 1;\n\n-- comment\nSELECT 2;\nSELECT\n 'a", most=3)
    assert fault.value.line == 6


def test_long_rows_are_passed_on_in_pieces() -> None:
    row = b"x" * (1 << 20)
    block = next(PostgresScanner(Slowly(b"COPY t FROM stdin;\n" + row + b"\n\\.\n", 1 << 14)).parts())
    assert isinstance(block, CopyBlock)
    chunks = list(block.chunks)
    assert b"".join(chunks) == row + b"\n"
    assert max(map(len, chunks)) <= 1 << 15


def test_a_row_or_a_statement_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tdmvc.sources.sql_dump.copy_rows.LONGEST_ROW", 1000)
    monkeypatch.setattr("tdmvc.sources.sql_dump.buffer.LONGEST_STATEMENT", 1000)
    assert parts.LONGEST_ROW > 1000
    with pytest.raises(DumpFault, match="A row is longer"):
        scan("COPY t FROM stdin;\n" + "x" * 5000 + "\n\\.\n", most=100)
    with pytest.raises(DumpFault, match="A statement is longer"):
        scan("SELECT '" + "x" * 5000 + "';", most=100)
