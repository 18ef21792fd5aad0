"""What a database of PostgreSQL holds, read without the code under test."""

import subprocess
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from tdmvc.model.location import ServerLocation
from tdmvc.servers import find_postgres

Connection = psycopg.Connection[tuple[Any, ...]]

_TABLES = """
    SELECT space.nspname, class.relname, class.relkind
    FROM pg_class AS class JOIN pg_namespace AS space ON space.oid = class.relnamespace
    WHERE class.relkind IN ('r', 'm', 'S') AND space.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Observed:
    """Equal values: nobody can tell the databases apart by SQL."""

    rows: dict[str, list[str]]
    """The sorted rows of each table as the server writes them."""
    sequences: dict[str, tuple[int, bool]]
    schema: str
    """What pg_dump writes of the schema."""


def connect(location: ServerLocation, **options: Any) -> Connection:
    """Return a connection that commits by itself, unless the options say otherwise."""
    known = {
        "host": location.host,
        "port": location.port,
        "user": location.user,
        "password": location.password,
    }
    return psycopg.connect(dbname=location.database, **{"autocommit": True, **known, **options})


def observe(location: ServerLocation, *, with_schema: bool = True) -> Observed:
    """Read everything that a database holds."""
    rows: dict[str, list[str]] = {}
    sequences: dict[str, tuple[int, bool]] = {}
    with connect(location) as connection:
        for space, name, kind in connection.execute(_TABLES).fetchall():
            found = sql.Identifier(space, name)
            if kind == "S":
                query = sql.SQL("SELECT last_value, is_called FROM {}").format(found)
                ((value, is_called),) = connection.execute(query).fetchall()
                sequences[f"{space}.{name}"] = (value, is_called)
                continue
            query = sql.SQL("SELECT one::text FROM ONLY {} AS one").format(found)
            rows[f"{space}.{name}"] = sorted(text for (text,) in connection.execute(query))
    return Observed(rows, sequences, _schema(location) if with_schema else "")


def _schema(location: ServerLocation) -> str:
    command = [find_postgres().program("pg_dump"), "--schema-only", "--no-password", "--restrict-key=tdmvc"]
    done = subprocess.run(
        [*command, f"--dbname={location.database}"],
        env={
            "PGHOST": location.host,
            "PGPORT": str(location.port),
            "PGUSER": location.user,
            "PGPASSWORD": location.password or "",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
