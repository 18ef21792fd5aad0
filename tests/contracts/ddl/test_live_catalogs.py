"""The law of scripts: what a dump of a database declares is what its catalog declares."""

import shutil
import sqlite3
import subprocess
from pathlib import Path

import duckdb
import pytest

from tdmvc.model.location import PathLocation
from tests.contracts.ddl.catalogs import CASES, differences, live_tables, read_script
from tests.servers import DatabaseServer


def _pg_dump(server: DatabaseServer, database: str) -> str:
    program = shutil.which("pg_dump") or pytest.skip("there is no pg_dump")
    done = subprocess.run(
        [program, "--schema-only", server.url(database)], check=True, capture_output=True, text=True
    )
    return done.stdout


def test_a_dump_of_postgresql_declares_what_its_catalog_declares(system_postgres: DatabaseServer) -> None:
    with system_postgres.fresh_database() as database:
        system_postgres.execute(database, (CASES / "postgresql.sql").read_text(encoding="utf-8"))
        found = read_script(_pg_dump(system_postgres, database))
        assert differences(live_tables(system_postgres.location(database)), found.contract.tables) == []


def test_a_dump_of_mariadb_declares_what_its_catalog_declares(mariadb_server: DatabaseServer) -> None:
    with mariadb_server.fresh_database() as database:
        script = (CASES / "mysql.sql").read_text(encoding="utf-8")
        mariadb_server.execute(database, *(one for one in script.split(";\n") if one.strip()))
        shown = [
            mariadb_server.rows(database, f"SHOW CREATE TABLE `{table}`")[0][1] + ";\n"
            for table in ("customers", "order_lines")
        ]
        found = read_script("".join(shown))
        assert differences(live_tables(mariadb_server.location(database)), found.contract.tables) == []


def test_the_schema_of_a_sqlite_file_declares_what_its_catalog_declares(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript((CASES / "sqlite.sql").read_text(encoding="utf-8"))
        rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    connection.close()
    found = read_script("".join(f"{sql};\n" for (sql,) in rows), "sqlite")
    assert differences(live_tables(PathLocation(path)), found.contract.tables) == []


def test_the_schema_of_a_duckdb_file_declares_what_its_catalog_declares(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    with duckdb.connect(str(path)) as con:
        script = (CASES / "duckdb.sql").read_text(encoding="utf-8")
        con.execute(script)
        con.execute(f"EXPORT DATABASE '{tmp_path / 'out'}'")
    exported = (tmp_path / "out" / "schema.sql").read_text(encoding="utf-8")
    # An export leaves the comments out.
    found = read_script(exported + script[script.index("COMMENT ON") :], "duckdb")
    assert differences(live_tables(PathLocation(path)), found.contract.tables) == []
