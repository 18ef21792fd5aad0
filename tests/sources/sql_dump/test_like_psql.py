"""Statements end where psql ends them: both read the same random texts, and the server's log shows what psql sent."""

import os
import re
import subprocess
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdmvc.servers import find_postgres
from tdmvc.sources.sql_dump.parts import ClientCommand, CopyBlock, DumpFault
from tdmvc.sources.sql_dump.postgres_scanner import PostgresScanner
from tests.series import trials
from tests.servers import DatabaseServer
from tests.sources.sql_dump.test_postgres_scanner import Slowly

FRAGMENTS = st.sampled_from(
    [
        *("'", "''", "E'a\\'", "e'", "'b\\'", "U&'", '"', '""', "$$", "$a$", "$a$;$a$", "$1", "a$b", "é$$"),
        *(";", ";", ";", "(", ")", "--", "\n", " ", " ", "/*", "*/", "x", "1", "-", "/", "*", ",", "::"),
        *(
            "BEGIN",
            "begin",
            " END",
            " CASE ",
            "CREATE FUNCTION ",
            "CREATE OR REPLACE PROCEDURE ",
            "CREATE RULE ",
        ),
    ]
)
COMMENTS = re.compile(r"(?:\s+|--[^\n]*(?:\n|\Z))+")


def sent_by_psql(server: DatabaseServer, file: Path) -> list[str]:
    """Return the statements that psql sends, in their order."""
    running, log = server.running, server.running.folder / "server.log"
    before = log.stat().st_size
    subprocess.run(
        [
            find_postgres().program("psql"),
            "-X",
            "-q",
            "-h",
            running.host,
            "-p",
            str(running.port),
            "-f",
            file,
        ],
        env={
            **os.environ,
            "PGUSER": running.user,
            "PGPASSWORD": running.password,
            "PGDATABASE": "postgres",
            "PGOPTIONS": "-c log_statement=all -c log_min_error_statement=error",
        },
        capture_output=True,
        check=False,
    )
    with log.open("rb") as read:
        read.seek(before)
        records = re.split(r"^(?=\d{4}-\d\d-\d\d )", read.read().decode(), flags=re.MULTILINE)
    found: list[str] = []
    parsed = ""
    for record in records:
        text = re.sub(r"^\t", "", record.removesuffix("\n"), flags=re.MULTILINE)
        _, is_logged, statement = text.partition(" LOG:  statement: ")
        if is_logged:
            parsed = statement
            found.append(statement)
            continue
        # What cannot be parsed is logged with its error only.
        _, is_refused, statement = text.partition(" STATEMENT:  ")
        if is_refused and statement != parsed:
            found.append(statement)
        parsed = "" if is_refused else parsed
    return found


def plain(statement: str) -> str:
    """Return a statement without its semicolon, without blanks and comments before it, and without empty lines."""
    text = re.sub(r"\n\n+", "\n", statement.strip().removesuffix(";"))
    while True:
        shorter = COMMENTS.sub("", text, count=1) if COMMENTS.match(text) else text
        if shorter.startswith("/*"):
            depth = end = 0
            for found in re.finditer(r"/\*|\*/", shorter):
                depth += 1 if found[0] == "/*" else -1
                end = found.end()
                if depth == 0:
                    break
            shorter = shorter[end:] if depth == 0 else shorter
        if shorter == text:
            return text.strip()
        text = shorter


@given(st.lists(FRAGMENTS, min_size=3, max_size=30).map("".join), st.integers(1, 50))
@settings(max_examples=trials(600, 8), deadline=None, suppress_health_check=list(HealthCheck))
def test_statements_end_where_psql_ends_them(
    postgres_server: DatabaseServer, tmp_path_factory: object, text: str, most: int
) -> None:
    file = Path(tmp_path_factory.getbasetemp()) / "statements.sql"  # type: ignore[attr-defined]
    file.write_text(text, encoding="utf-8")
    ours: list[str] = []
    is_whole = True
    try:
        for part in PostgresScanner(Slowly(text.encode(), most)).parts():
            assert not isinstance(part, ClientCommand | CopyBlock)
            ours.append(plain(part.text.decode()))
    except DumpFault as fault:
        if "a command of psql" in fault.what:
            return  # psql would run it
        is_whole = False
    theirs = [found for one in sent_by_psql(postgres_server, file) if (found := plain(one))]
    ours = [one for one in ours if one]
    if is_whole:
        assert ours == theirs
    else:
        # At the end of a file, psql sends also what is not finished.
        assert ours == theirs[: len(ours)]
        assert len(theirs) - len(ours) <= 1
