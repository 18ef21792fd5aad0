"""The schemas of Chinook and Pagila: dumps of them declare what the catalogs of the live databases declare."""

import re
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tdmvc.model.location import PathLocation
from tests.contracts.ddl.catalogs import differences, live_tables, read_script
from tests.servers import DatabaseServer

pytestmark = pytest.mark.real


def test_the_schema_of_chinook_in_sqlite(shared: Path, tmp_path: Path) -> None:
    with sqlite3.connect(shared / "chinook" / "Chinook_Sqlite.sqlite") as connection:
        rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    script = "".join(f"{sql};\n" for (sql,) in rows)
    # Rows may give columns other types than the declared ones: an empty copy has none.
    path = tmp_path / "empty.sqlite"
    with sqlite3.connect(path) as copy:
        copy.executescript(script)
    assert differences(live_tables(PathLocation(path)), read_script(script, "sqlite").contract.tables) == []


@pytest.mark.parametrize(
    ("file", "tables"), [("chinook/Chinook_PostgreSql.sql", 11), ("pagila/pagila-schema.sql", 15)]
)
def test_a_dump_of_postgresql(system_postgres: DatabaseServer, shared: Path, file: str, tables: int) -> None:
    psql, pg_dump = shutil.which("psql"), shutil.which("pg_dump")
    if psql is None or pg_dump is None:
        pytest.skip("there is no psql or no pg_dump")
    text = (shared / file).read_text(encoding="utf-8-sig")
    text = re.sub(r"(?m)^(?:DROP DATABASE|CREATE DATABASE|\\c)[^;\n]*(?:;|$)", "", text)
    text = text.partition("\nINSERT INTO")[0]
    with system_postgres.fresh_database() as database:
        url = system_postgres.url(database)
        subprocess.run([psql, url, "-q", "-f", "-"], input=text, text=True, capture_output=True, check=True)
        dumped = subprocess.run([pg_dump, "--schema-only", url], check=True, capture_output=True, text=True)
        live = live_tables(system_postgres.location(database))
    assert len(live) == tables
    assert differences(live, read_script(dumped.stdout).contract.tables) == []
