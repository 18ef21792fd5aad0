"""Writes the rows of a state outside the working copy: as folders of parts, a file for each table, or a fixture."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from tdmvc.arrow.row_files import text_columns, write_csv, write_json_lines, write_parquet
from tdmvc.databases.staging import staging_folder
from tdmvc.errors import LocalWorkError, StoreError
from tdmvc.model.diff import TableSide
from tdmvc.model.names import folder_name
from tdmvc.model.text import plural
from tdmvc.sources.django_writing import FixtureTable, write_fixture
from tdmvc.store.atomic_files import open_atomic
from tdmvc.workspace.django_models import read_django_models
from tdmvc.workspace.tables import read_side
from tdmvc.workspace.workspace import Workspace

FIXTURE_SUFFIX = ".json"
_MOST_COLUMNS = 4


def _csv(rows: pa.RecordBatchReader, file: BinaryIO) -> int:
    return write_csv(text_columns(rows), file)


ROW_FILES: Mapping[str, Callable[[pa.RecordBatchReader, BinaryIO], int]] = {
    "csv": _csv,
    "jsonl": write_json_lines,
    "parquet": write_parquet,
}
"""The formats of files with the rows of one table, by their suffix."""


def write_parts(workspace: Workspace, sides: Mapping[str, TableSide], target: Path, *, force: bool) -> int:
    """Write a folder of Parquet parts for each table, and return the number of files."""
    return _write_folder(
        target, lambda new: sum(_copy_parts(workspace, *one, new) for one in sides.items()), force=force
    )


def write_row_files(
    workspace: Workspace, sides: Mapping[str, TableSide], target: Path, row_format: str, *, force: bool
) -> tuple[int, list[str]]:
    """Write a file for each table; return how many there are, and notes on what the format does not hold by itself.

    Args:
        row_format: one of `ROW_FILES`.
    """

    def write(new: Path) -> int:
        for number, (name, side) in enumerate(sides.items(), start=1):
            with (new / f"{folder_name(name)}.{row_format}").open("xb") as file:
                ROW_FILES[row_format](read_side(workspace, side), file)
            workspace.on_progress("files", number, len(sides), "files")
        return len(sides)

    files = _write_folder(target, write, force=force)
    notes = [f"{name}: its file is named {folder_name(name)}" for name in sides if folder_name(name) != name]
    return files, [*_not_held(sides, row_format), *notes]


def write_fixture_file(
    workspace: Workspace, sides: Mapping[str, TableSide], target: Path, *, force: bool
) -> list[str]:
    """Write a Django fixture, and return notes on what is not in it.

    Raises:
        LocalWorkError: the file exists.
        UsageError: no model is known for a table.
    """
    _refuse_existing(target, exists=target.exists(), force=force)
    tables = [_fixture_table(workspace, side) for side in sides.values()]
    with open_atomic(target) as file:
        return write_fixture(tables, read_django_models(workspace), file)


def _fixture_table(workspace: Workspace, side: TableSide) -> FixtureTable:
    return FixtureTable(side.schema, lambda: read_side(workspace, side))


def _refuse_existing(target: Path, *, exists: bool, force: bool) -> None:
    if exists and not force:
        what = (
            "The target already exists and is not empty." if target.is_dir() else "The target already exists."
        )
        raise LocalWorkError(what, where=str(target), remedy="choose another, or replace it with --force.")


def _write_folder(target: Path, write: Callable[[Path], int], *, force: bool) -> int:
    """Write a folder all at once, and return the number of its files."""
    exists = target.exists() and (not target.is_dir() or any(target.iterdir()))
    _refuse_existing(target, exists=exists, force=force)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with staging_folder(target) as staging:
            made = staging / "new"
            made.mkdir()
            files = write(made)
            if target.exists():
                target.replace(staging / "old")
            made.replace(target)
    except OSError as error:
        raise StoreError.disk(target, error) from error
    return files


def _copy_parts(workspace: Workspace, name: str, side: TableSide, into: Path) -> int:
    """Copy a table's parts to a folder of its own; return how many there are."""
    folder = into / folder_name(name)
    folder.mkdir()
    # Parts keep their names, so that the folder is a table folder like any other.
    parts = list(zip(sorted(side.parts), side.locate(side.parts), strict=True))
    for number, (part, path) in enumerate(parts, start=1):
        shutil.copyfile(path, folder / f"{part}.parquet")
        workspace.on_progress(f"{name}: files", number, len(parts), "files")
    return len(parts)


def _not_held(sides: Mapping[str, TableSide], row_format: str) -> list[str]:
    """Return what a format writes in the form of another type, with the columns that it is about."""
    if row_format == "parquet":
        return []
    forms = {
        "nested values are JSON": pa.types.is_nested,
        "binary values are hexadecimal after \\x": pa.types.is_binary,
    }
    if row_format == "jsonl":
        forms = {
            "dates and times are texts": pa.types.is_temporal,
            "binary values are hexadecimal digits": pa.types.is_binary,
            "NaN and infinities are texts, because JSON has no numbers for them": pa.types.is_floating,
        }
    notes = []
    for words, is_meant in forms.items():
        names = [
            f"{table}.{column.name}"
            for table, side in sides.items()
            for column in side.schema.columns
            if is_meant(column.type)
        ]
        if names:
            more = plural(len(names) - _MOST_COLUMNS, "more column") if len(names) > _MOST_COLUMNS else ""
            notes.append(f"{words}: {', '.join([*names[:_MOST_COLUMNS], *([more] if more else [])])}")
    return notes
