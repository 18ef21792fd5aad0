"""Rows out of files: one file for each format, in one registry. All yield `SourceTable` values.

A source is checked completely when it is opened, so that types and faults are
known before the first row is used. No guess may change a value: a column that
fits no narrower type exactly is text.
"""

from pathlib import Path

from tdmvc.errors import SourceError
from tdmvc.model.source import SourceTable
from tdmvc.sources.base import Source, SourceOptions
from tdmvc.sources.csv import CsvSource
from tdmvc.sources.django import DjangoSource
from tdmvc.sources.folder import FolderSource
from tdmvc.sources.json import JsonSource
from tdmvc.sources.parquet import ParquetSource
from tdmvc.sql.duckdb import DuckDBConnection

FILE_SOURCES: tuple[Source, ...] = (ParquetSource(), CsvSource(), DjangoSource(), JsonSource())
"""What a single file can be; the first that matches wins."""

_FOLDERS = FolderSource(FILE_SOURCES)

SOURCES: tuple[Source, ...] = (*FILE_SOURCES, _FOLDERS)


def open_source(path: Path, con: DuckDBConnection, options: SourceOptions | None = None) -> list[SourceTable]:
    """Describe the tables of a file or folder; this reads every row once.

    Args:
        path: a file, or a folder of files.
        con: a DuckDB connection in UTC; it must be the one that later runs the scans.

    Raises:
        SourceError: there is no such file, its format is unknown, or its rows cannot be read without loss.
    """
    if not path.exists():
        raise SourceError.unreadable(path, "there is no such file or folder.", remedy="check the path.")
    for source in SOURCES:
        if source.matches(path):
            return source.open(path, con, options or SourceOptions())
    raise SourceError.unknown_kind(path, (source.name for source in SOURCES))


def files_left_out(path: Path, options: SourceOptions) -> list[str]:
    """Return the files of a folder that hold no rows to read, relative to it; none for a file."""
    return _FOLDERS.left_out(path, options) if path.is_dir() else []
