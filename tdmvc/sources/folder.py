"""Folders of files: each file is a table, or several; files that hold no rows are listed, not read."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

from tdmvc.errors import SourceError, format_names
from tdmvc.model.location import check_path
from tdmvc.model.source import SourceTable
from tdmvc.sources.base import Source, SourceOptions, choose_table, stem
from tdmvc.sources.parquet import folder_table, holds_only_parquet, looks_like_parts, open_parquet_folder
from tdmvc.sources.partitions import Partition, partition_types, with_partition
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.signatures import is_duckdb, is_sqlite

_NOT_DATA = re.compile(
    r"(?i)\..*|_success|_(common_)?metadata|(readme|license|licence|copying)(\..*)?|.*\.md|__pycache__"
)
_PARTITION = re.compile(r"([^=]+)=(.*)", re.DOTALL)
_NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file, or a folder of Parquet files, that holds rows."""

    path: Path
    source: Source | None
    """None for a folder of Parquet files."""
    table: str | None
    """None where the file names its tables itself."""
    unit: Path
    """What holds all rows of the table: the file, or the folder whose subfolders are partitions."""
    partition: Partition = ()


class FolderSource:
    """A folder whose files are tables, or whose Parquet files are the parts of one table."""

    name = "a folder of such files"
    names_tables = True

    def __init__(self, file_sources: Sequence[Source]) -> None:
        self._file_sources = file_sources

    def matches(self, path: Path) -> bool:
        return path.is_dir()

    def open(self, path: Path, con: DuckDBConnection, options: SourceOptions) -> list[SourceTable]:
        if _is_one_table(path, options):
            return open_parquet_folder(path, con, options)
        found = list(self._find(path, options))
        entries = [entry for entry in found if isinstance(entry, _Entry)]
        types = partition_types(entry.partition for entry in entries)
        opened = [
            (entry, with_partition(table, entry.partition, types))
            for entry in entries
            for table in self._open_entry(entry, path, con, options)
            if options.table is not None or options.selection.takes_table(table.schema.name)
        ]
        if not opened:
            raise _nothing_to_read(path, found, self._file_sources)
        _check_unique(opened, path)
        tables = [table for _, table in opened]
        if options.table is not None and len({table.schema.name for table in tables}) == 1:
            return [replace(table, schema=replace(table.schema, name=options.table)) for table in tables]
        return choose_table(options, tables, path)

    def left_out(self, path: Path, options: SourceOptions) -> list[str]:
        """Return what a folder holds besides rows, relative to it; what a person excluded is not in it."""
        if _is_one_table(path, options):
            return []
        return [entry for entry in self._find(path, options) if isinstance(entry, str)]

    def _find(self, root: Path, options: SourceOptions) -> Iterator[_Entry | str]:
        """Yield what holds rows, and the names of files that do not."""
        if _is_partitioned(root):
            return self._partitions(root, root, options, options.table or root.name, root)
        return self._files(root, root, options)

    def _files(self, folder: Path, root: Path, options: SourceOptions) -> Iterator[_Entry | str]:
        for entry in _entries(folder, root, options):
            if not entry.is_dir():
                yield self._file(entry, root)
            elif holds_only_parquet(entry):
                yield _Entry(entry, None, folder_table(entry), entry)
            elif _is_partitioned(entry):
                yield from self._partitions(entry, root, options, entry.name, entry)
            elif entry.is_symlink():
                # It may lead back to this folder.
                yield f"{entry.relative_to(root).as_posix()} (a link)"
            else:
                yield from self._files(entry, root, options)

    def _partitions(
        self,
        folder: Path,
        root: Path,
        options: SourceOptions,
        table: str,
        unit: Path,
        partition: Partition = (),
    ) -> Iterator[_Entry | str]:
        if holds_only_parquet(folder):
            yield _Entry(folder, None, table, unit, partition)
            return
        for entry in _entries(folder, root, options):
            match = _PARTITION.fullmatch(entry.name)
            if not entry.is_dir():
                found = self._file(entry, root)
                if isinstance(found, _Entry) and found.table is not None:
                    found = replace(found, table=table, unit=unit, partition=partition)
                yield found
            elif match:
                value = None if match[2] == _NULL_PARTITION else unquote(match[2])
                own = (*partition, (unquote(match[1]), value))
                yield from self._partitions(entry, root, options, table, unit, own)
            else:
                yield f"{entry.relative_to(root).as_posix()}/"

    def _file(self, path: Path, root: Path) -> _Entry | str:
        for source in self._file_sources:
            if source.matches(path):
                return _Entry(path, source, None if source.names_tables else stem(path), path)
        name = path.relative_to(root).as_posix()
        return f"{name} (a database: add it by itself)" if _is_database(path) else name

    def _open_entry(
        self, entry: _Entry, root: Path, con: DuckDBConnection, options: SourceOptions
    ) -> list[SourceTable]:
        own = replace(options, table=entry.table)
        if (
            entry.table is not None
            and options.table is None
            and not options.selection.takes_table(entry.table)
        ):
            return []
        try:
            if entry.source is None:
                return open_parquet_folder(entry.path, con, own)
            return entry.source.open(entry.path, con, own)
        except SourceError as error:
            name = entry.path.relative_to(root).as_posix()
            remedy = error.remedy if error.remedy.endswith(".") else f"{error.remedy}."
            raise SourceError(
                error.what, where=error.where, remedy=f"{remedy} Or leave it out: --exclude '{name}'."
            ) from error


def _is_one_table(folder: Path, options: SourceOptions) -> bool:
    return holds_only_parquet(folder) and (options.table is not None or looks_like_parts(folder))


def _entries(folder: Path, root: Path, options: SourceOptions) -> list[Path]:
    found = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        is_data = not _NOT_DATA.fullmatch(entry.name)
        if is_data and options.selection.takes_path(entry.relative_to(root).as_posix()):
            check_path(entry)
            found.append(entry)
    return found


def _is_partitioned(folder: Path) -> bool:
    entries = [entry for entry in folder.iterdir() if not _NOT_DATA.fullmatch(entry.name)]
    return bool(entries) and all(entry.is_dir() and _PARTITION.fullmatch(entry.name) for entry in entries)


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(16)
    return is_sqlite(head) or is_duckdb(head)


def _nothing_to_read(path: Path, found: Sequence[_Entry | str], sources: Sequence[Source]) -> SourceError:
    tables = sorted({entry.table or entry.path.name for entry in found if isinstance(entry, _Entry)})
    if tables:
        return SourceError.unreadable(
            path, "none of its tables is chosen.", remedy=f"use one or more of: {format_names(tables)}."
        )
    others = [entry for entry in found if isinstance(entry, str)]
    what = f"the folder has no data, only {format_names(others)}." if others else "the folder has no data."
    names = ", ".join(source.name for source in sources)
    check = "" if others else "check the path, and what --exclude leaves out. Data is "
    return SourceError.unreadable(path, what, remedy=f"{check or 'use one of: '}{names}.")


def _check_unique(opened: Sequence[tuple[_Entry, SourceTable]], path: Path) -> None:
    """Refuse two files of one name. Files that name their tables themselves, as fixtures do, may share them."""
    first: dict[str, tuple[_Entry, SourceTable]] = {}
    for entry, table in opened:
        name = table.schema.name
        other, other_table = first.setdefault(name, (entry, table))
        if entry.unit != other.unit and not (entry.table is None and other.table is None):
            raise SourceError.unreadable(
                path,
                f"the table '{name}' comes from two files: {other_table.origin} and {table.origin}.",
                remedy="rename one of them, or leave it out: --exclude PATTERN.",
            )
