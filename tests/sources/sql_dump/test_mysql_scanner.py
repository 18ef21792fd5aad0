"""Dumps of MySQL are split as the program mysql splits them, wherever the bytes that are read at once end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdmvc.sources.sql_dump.mysql_scanner import MysqlScanner
from tdmvc.sources.sql_dump.parts import ClientCommand, DumpFault
from tests.sources.sql_dump.test_postgres_scanner import Slowly


def scan(text: str, most: int = 1 << 20) -> list[str]:
    """Return statements as texts, and commands by name."""
    found = []
    for part in MysqlScanner(Slowly(text.encode(), most)).parts():
        if isinstance(part, ClientCommand):
            found.append(f"<{part.name} {part.argument}>")
        else:
            assert not hasattr(part, "chunks")
            found.append(part.text.decode())
    return found


WHOLE = [
    "INSERT INTO `t` VALUES (1,'it\\'s;'),(2,'it''s;'),(3,\"a\\\";\"),(4,'\\\\')",
    "CREATE TABLE `a;b` (`c``d;` int COMMENT 'x;') -- comment; 'with quotes\n ENGINE=InnoDB",
    "SELECT 1 # comment; 'with quotes\n + 2",
    "SELECT 5--1, 'a' /* in; between' */ , 'b'",
    "/*!40101 SET NAMES utf8mb4 */",
    "/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/"
    " /*!50003 TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @a=1 */",
    "/*M!100301 SET @a = ';' */",
]


@pytest.mark.parametrize("statement", WHOLE)
@pytest.mark.parametrize("most", [1, 3, 1 << 20])
def test_a_semicolon_inside_does_not_end_a_statement(statement: str, most: int) -> None:
    assert scan(f"{statement};\n{statement} ;SELECT 1", most) == [statement, statement, "SELECT 1"]


@given(
    st.lists(st.sampled_from(WHOLE), max_size=6),
    st.integers(1, 40),
    st.sampled_from(["", "\n", " -- c;\n", "/*;*/ ", "# it's\n"]),
)
def test_statements_come_out_as_they_went_in(statements: list[str], most: int, between: str) -> None:
    assert scan("".join(f"{between}{one};" for one in statements), most) == statements


@pytest.mark.parametrize("most", [1, 4, 1 << 20])
def test_another_delimiter_ends_statements(most: int) -> None:
    body = "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW BEGIN SET @a = 1; SET @b = ';;'; END"
    text = f"SELECT 1;\nDELIMITER ;;\n{body} ;;\ndelimiter $$\nSELECT ';;'; $$\nDELIMITER ;\nSELECT 2;"
    assert scan(text, most) == ["SELECT 1", body, "SELECT ';;';", "SELECT 2"]


def test_the_sandbox_line_of_mariadb_is_a_comment() -> None:
    assert scan("/*M!999999\\- enable the sandbox mode */ \nSELECT 1;", most=3) == ["SELECT 1"]


def test_without_backslash_escapes_a_backslash_is_data() -> None:
    mode = "SET SQL_MODE='NO_BACKSLASH_ESCAPES'"
    assert scan(f"{mode};SELECT '\\';SELECT 1") == [mode, "SELECT '\\'", "SELECT 1"]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("USE `shop`;", "<use shop>"),
        ("source /etc/passwd", "<source /etc/passwd>"),
        ("system rm -rf /", "<system rm -rf />"),
        ("tee /tmp/log;", "<tee /tmp/log>"),
    ],
)
def test_commands_of_mysql_are_told_apart_from_statements(line: str, found: str) -> None:
    for most in (1, 100):
        assert scan(f"SELECT 1;\n{line}\nSELECT 2;", most) == ["SELECT 1", found, "SELECT 2"]


@pytest.mark.parametrize("text", ["\\! ls\n", "SELECT 1 \\G\n", "\\. /etc/passwd\n"])
def test_commands_with_a_backslash_are_refused(text: str) -> None:
    with pytest.raises(DumpFault, match="a command of mysql"):
        scan(text)


@pytest.mark.parametrize(
    ("text", "inside"),
    [("SELECT 'a", "a text"), ("SELECT `a", "a name in quotes"), ("SELECT 1 /* a", "a comment")],
)
def test_a_dump_that_is_cut_off_is_refused(text: str, inside: str) -> None:
    for most in (1, 100):
        with pytest.raises(DumpFault, match=f"ends inside {inside}"):
            scan(text, most)


def test_a_dump_of_mysqldump_without_its_last_line_is_refused() -> None:
    header = "-- MySQL dump 10.13\nSELECT 1;\n"
    with pytest.raises(DumpFault, match="is not complete"):
        scan(header)
    with pytest.raises(DumpFault, match="ends inside a statement"):
        scan(f"{header}CREATE TABL")
    assert scan(f"{header}-- Dump completed on 2026-01-01\n") == ["SELECT 1"]
