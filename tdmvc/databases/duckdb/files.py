"""Opens DuckDB files for writing."""

from pathlib import Path

from tdmvc.sql.duckdb import DuckDBConnection, connect

LOG_SUFFIXES = (".wal",)
"""Suffixes of files in which DuckDB keeps unfinished work."""


def connect_file(path: Path | str) -> DuckDBConnection:
    """Open a database file in an engine of its own, which loads nothing else."""
    return connect(
        str(path),
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        },
    )
