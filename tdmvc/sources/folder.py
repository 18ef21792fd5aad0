"""Folders of source files: each file a table (or more), named by its stem."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tdmvc.errors import SourceError
from tdmvc.model.source import SourceTable
from tdmvc.sources.base import SourceKind, SourceRequest, check_single
from tdmvc.sources.parquet import holds_only_parquet, looks_like_parts, open_parquet_folder

_DATABASE_MARKS = (b"SQLite format 3\0", b"DUCK")
_BESIDE_DATA = re.compile(
    r"(?i)\..*|_success|_(common_)?metadata|(readme|license|licence|copying)(\..*)?|.*\.md"
)


class FolderKind:
    """A folder whose files are tables, or whose Parquet files are the parts of one table."""

    name = "a folder of such files"

    def __init__(self, file_kinds: Sequence[SourceKind]) -> None:
        self._file_kinds = file_kinds

    def matches(self, path: Path) -> bool:
        return path.is_dir()

    def open(self, path: Path, request: SourceRequest) -> list[SourceTable]:
        if holds_only_parquet(path) and (request.table is not None or looks_like_parts(path)):
            return open_parquet_folder(path, request)
        tables: list[SourceTable] = []
        for entry in sorted(path.iterdir(), key=lambda entry: entry.name):
            if not _BESIDE_DATA.fullmatch(entry.name):
                tables += self._open_entry(entry, replace(request, table=None))
        if not tables:
            raise SourceError.unreadable(path, "the folder holds no data.", remedy="check the path.")
        if request.table is not None and len(tables) == 1:
            return [replace(tables[0], schema=replace(tables[0].schema, name=request.table))]
        check_single(request, tables, path)
        _check_apart(tables, path)
        return tables

    def _open_entry(self, entry: Path, request: SourceRequest) -> list[SourceTable]:
        if entry.is_dir():
            if holds_only_parquet(entry):
                return open_parquet_folder(entry, request)
            raise SourceError.unknown_kind(entry, ["a subfolder that holds only Parquet files"])
        for kind in self._file_kinds:
            if kind.matches(entry):
                return kind.open(entry, request)
        with entry.open("rb") as file:
            head = file.read(16)
        if head.startswith(_DATABASE_MARKS[0]) or head[8:12] == _DATABASE_MARKS[1]:
            raise SourceError.unreadable(
                entry, "this is a database inside of a folder.", remedy="add databases one by one."
            )
        raise SourceError.unknown_kind(entry, [kind.name for kind in self._file_kinds])


def _check_apart(tables: Sequence[SourceTable], path: Path) -> None:
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
