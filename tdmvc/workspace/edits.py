"""Builds tables from files that any tool wrote into their folders, so that they can be compared."""

from dataclasses import replace
from pathlib import Path

from tdmvc.errors import SourceError, format_names
from tdmvc.model.dataset import DatasetState
from tdmvc.model.diff import TableSide
from tdmvc.model.schema import TableSchema
from tdmvc.model.source import SourceTable
from tdmvc.sources import files_left_out, open_source
from tdmvc.sources.base import SourceOptions
from tdmvc.store.build import BuildOptions, build_table
from tdmvc.store.built import BuiltTable
from tdmvc.store.cutting import DEFAULT_PART_ROWS
from tdmvc.store.index import md5_of_file
from tdmvc.store.ingest import prepare_ingest
from tdmvc.store.worktree import Folder
from tdmvc.workspace.workspace import Workspace


class FolderSink:
    """Writes parts into a plain folder (see `store.build.PartSink`)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, name: str, data: bytes) -> str:
        path = self._folder / name
        path.write_bytes(data)
        return md5_of_file(path)


def edited_side(workspace: Workspace, state: DatasetState, table: str, folder: Folder) -> TableSide:
    """Build the table into a temporary folder."""
    target = workspace.temporary_folder()
    built, schema = build_from_folder(workspace, state, table, folder, FolderSink(target))
    by_content = {entry.content: target / entry.name for entry in built.listing.entries}
    return TableSide(
        schema=schema,
        parts=tuple(by_content),
        rows=built.rows,
        locate=lambda names: [by_content[name] for name in names],
        digests={entry.content: entry.md5 for entry in built.listing.entries},
    )


def open_edited(workspace: Workspace, state: DatasetState, table: str, path: Path) -> list[SourceTable]:
    """Open the files that any tool wrote into a table's folder, with the columns that the contract declares.

    Raises:
        SourceError: they cannot be read without loss.
    """
    declared = state.contract.table(table)
    options = SourceOptions(table)
    foreign = files_left_out(path, options)
    if foreign:
        # A person put it there: nobody must think that it was added.
        raise SourceError.unreadable(
            path, f"it holds files without rows: {format_names(foreign)}.", remedy="move them elsewhere."
        )
    try:
        sources = open_source(path, workspace.engine, options)
    except SourceError:
        if declared is None or not path.is_dir():
            raise
        # Files that disagree on a type are separate sources: the contract's type decides.
        files = sorted(file for file in path.iterdir() if not file.name.startswith((".", "_")))
        sources = [source for file in files for source in open_source(file, workspace.engine, options)]
    if declared is None:
        return sources
    # The tool knows how it wrote a column, but not the column's type at the original source.
    names = set(declared.column_names)
    return [
        replace(
            source,
            schema=source.schema.with_columns(
                tuple(replace(c, physical_type=None) if c.name in names else c for c in source.schema.columns)
            ),
        )
        for source in sources
    ]


def build_from_folder(
    workspace: Workspace, state: DatasetState, table: str, folder: Folder, sink: FolderSink
) -> tuple[BuiltTable, TableSchema]:
    """Build the parts of a table from the files that any tool wrote into its folder."""
    con = workspace.engine
    sources = open_edited(workspace, state, table, folder.path)
    with (
        workspace.timed("build parts"),
        prepare_ingest(con, table, sources, state.contract.table(table)) as ingest,
    ):
        built = build_table(
            con,
            ingest.query,
            ingest.schema,
            sink,
            options=BuildOptions(
                part_rows=state.config.part_rows or DEFAULT_PART_ROWS, on_progress=workspace.on_progress
            ),
        )
        return built, ingest.schema
