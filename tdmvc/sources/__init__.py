"""Rows out of files: one module per kind of file, each yielding `SourceTable` values.

A source is looked over completely when it is opened, so that types and faults
are known before the first row is handed out. Nothing is guessed that could
change a value: what fits no narrower type exactly is text.
"""

from pathlib import Path

from tdmvc.errors import SourceError
from tdmvc.model.source import SourceTable
from tdmvc.sources.base import SourceKind, SourceRequest
from tdmvc.sources.csv import CsvKind
from tdmvc.sources.django import DjangoKind
from tdmvc.sources.folder import FolderKind
from tdmvc.sources.json import JsonKind
from tdmvc.sources.parquet import ParquetKind
from tdmvc.sql.duckdb import DuckDBConnection

FILE_KINDS: tuple[SourceKind, ...] = (ParquetKind(), CsvKind(), DjangoKind(), JsonKind())
"""The kinds a single file can be; the first that matches wins."""

KINDS: tuple[SourceKind, ...] = (*FILE_KINDS, FolderKind(FILE_KINDS))


def open_source(
    path: Path, con: DuckDBConnection, *, table: str | None = None, null_texts: tuple[str, ...] = ()
) -> list[SourceTable]:
    """Describe the tables of a file or folder; every row is read once for it.

    Args:
        path: a file, or a folder of files.
        con: a DuckDB connection in UTC; it must be the one that later runs the scans.
        table: the name of the table of a single file, instead of the file's own.
        null_texts: unquoted texts that mean null in CSV, besides the empty one.

    Raises:
        SourceError: there is no such file, no kind fits, or the rows cannot be read without loss.
    """
    if not path.exists():
        raise SourceError.unreadable(path, "there is no such file or folder.", remedy="check the path.")
    for kind in KINDS:
        if kind.matches(path):
            return kind.open(path, SourceRequest(con, table, null_texts))
    raise SourceError.unknown_kind(path, (kind.name for kind in KINDS))
