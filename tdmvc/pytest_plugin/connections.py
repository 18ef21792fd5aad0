"""Opens connections for tests, with the driver that an application would use: plain DB-API 2.0, nothing of tdmvc's."""

from contextlib import suppress
from importlib import import_module
from typing import Any
from urllib.parse import unquote, urlsplit

from tdmvc.errors import DatabaseError

_DRIVERS = {"postgresql": "psycopg", "mysql": "pymysql", "sqlite": "sqlite3", "duckdb": "duckdb"}
"""By scheme."""
_INSTALLED_WITH = {"postgresql": ("PostgreSQL", "postgres"), "mysql": ("MySQL", "mysql")}
"""What people call an engine, and the extra of tdmvc that has its driver; the other drivers are always there."""


def import_driver(url: str) -> None:
    """Import the driver for a URL, if it is installed, so that its statements are recorded from the first test on."""
    with suppress(ImportError):
        import_module(_DRIVERS[urlsplit(url).scheme])


def connect(url: str) -> Any:
    """Return a new connection to the database of a URL, as the driver gives it: what is not committed is lost.

    Raises:
        DatabaseError: the driver is not installed.
        Exception: the driver cannot connect.
    """
    parts = urlsplit(url)
    if parts.scheme in _INSTALLED_WITH:
        try:
            import_module(_DRIVERS[parts.scheme])
        except ImportError as error:
            raise DatabaseError.no_driver(*_INSTALLED_WITH[parts.scheme], error) from error
    match parts.scheme:
        case "postgresql":
            import psycopg

            return psycopg.connect(url)
        case "mysql":
            import pymysql

            return pymysql.connect(
                host=parts.hostname or "",
                port=parts.port or 0,
                user=unquote(parts.username or ""),
                password=unquote(parts.password or ""),
                database=unquote(parts.path[1:]),
                charset="utf8mb4",
            )
        case "sqlite":
            import sqlite3

            return sqlite3.connect(unquote(parts.path[1:]))
        case "duckdb":
            import duckdb

            return duckdb.connect(unquote(parts.path[1:]))
        case scheme:
            raise ValueError(f"no driver is known for {scheme}://")
