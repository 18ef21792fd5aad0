"""Connections to databases in memory that stay open, because opening one takes longer than most examples of a law."""

import atexit
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb


@cache
def _database(threads: int) -> duckdb.DuckDBPyConnection:
    opened = duckdb.connect(config={"threads": threads})
    atexit.register(opened.close)
    return opened


@contextmanager
def open_session(time_zone: str = "UTC", *, threads: int = 1) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection with a time zone and temporary tables of its own; what it attaches, all of them have."""
    with _database(threads).cursor() as con:
        con.execute(f"SET TimeZone = '{time_zone}'")
        yield con


@contextmanager
def open_session_and_folder(time_zone: str = "UTC") -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """Open a connection and an empty folder for one example of a law; all examples share a fixture."""
    with open_session(time_zone) as con, tempfile.TemporaryDirectory() as folder:
        yield con, Path(folder)
