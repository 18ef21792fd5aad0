"""Folders of files: each file is a table, or several."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tdmvc.errors import SourceError
from tdmvc.model.location import check_path
from tdmvc.model.source import SourceTable
from tdmvc.sources.base import Source, SourceOptions, check_no_table_name
from tdmvc.sources.parquet import holds_only_parquet, looks_like_parts, open_parquet_folder
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.signatures import is_duckdb, is_sqlite

_NOT_DATA = re.compile(
    r"(?i)\..*|_success|_(common_)?metadata|(readme|license|licence|copying)(\..*)?|.*\.md"
)


class FolderSource:
    """A folder whose files are tables, or whose Parquet files are the parts of one table."""

    name = "a folder of such files"

    def __init__(self, file_sources: Sequence[Source]) -> None:
        self._file_sources = file_sources

    def matches(self, path: Path) -> bool:
        return path.is_dir()

    def open(self, path: Path, con: DuckDBConnection, options: SourceOptions) -> list[SourceTable]:
        if holds_only_parquet(path) and (options.table is not None or looks_like_parts(path)):
            return open_parquet_folder(path, con, options)
        tables: list[SourceTable] = []
        for entry in sorted(path.iterdir(), key=lambda entry: entry.name):
            if not _NOT_DATA.fullmatch(entry.name):
                check_path(entry)
                tables += self._open_entry(entry, con, replace(options, table=None))
        if not tables:
            raise SourceError.unreadable(path, "the folder has no data.", remedy="check the path.")
        if options.table is not None and len(tables) == 1:
            return [replace(tables[0], schema=replace(tables[0].schema, name=options.table))]
        check_no_table_name(options, tables, path)
        _check_unique(tables, path)
        return tables

    def _open_entry(self, entry: Path, con: DuckDBConnection, options: SourceOptions) -> list[SourceTable]:
        if entry.is_dir():
            if holds_only_parquet(entry):
                return open_parquet_folder(entry, con, options)
            raise SourceError.unreadable(
                entry, "a subfolder may contain only Parquet files.", remedy="add this folder by itself."
            )
        for source in self._file_sources:
            if source.matches(entry):
                return source.open(entry, con, options)
        with entry.open("rb") as file:
            head = file.read(16)
        if is_sqlite(head) or is_duckdb(head):
            raise SourceError.unreadable(
                entry, "it is a database in a folder.", remedy="add each database by itself."
            )
        raise SourceError.unknown_kind(entry, [source.name for source in self._file_sources])


def _check_unique(tables: Sequence[SourceTable], path: Path) -> None:
    origins: dict[str, str] = {}
    for table in tables:
        name = table.schema.name
        if name in origins:
            raise SourceError.unreadable(
                path,
                f"the table '{name}' comes from two files: {origins[name]} and {table.origin}.",
                remedy="rename or remove one of them.",
            )
        origins[name] = table.origin
