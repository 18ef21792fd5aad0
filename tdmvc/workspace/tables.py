"""Opens the tables of a state for reading and comparing, including edits in the working copy."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from tdmvc.arrow.batches import cast_batches
from tdmvc.errors import NotFoundError, PartError
from tdmvc.model.dataset import DatasetState, Pointer, WorkStatus
from tdmvc.model.diff import TableSide
from tdmvc.model.names import RESERVED, folder_name, new_folder_name, table_name
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.quoting import quote_name, quote_names, scan_parquet
from tdmvc.sql.types import no_rows
from tdmvc.store.objects import Listing
from tdmvc.store.parquet import read_schema
from tdmvc.store.worktree import Folder, read_folder
from tdmvc.workspace.workspace import Workspace


def open_tables(
    workspace: Workspace,
    state: DatasetState,
    *,
    only: Collection[str] | None = None,
    with_edits: bool = False,
) -> dict[str, TableSide]:
    """Return the tables of a state, ready to be compared or read.

    Args:
        only: open only these tables; None means all.
        with_edits: read tables of the working copy from their folders, including
            new ones that were not added yet. Edited tables are first built in a
            temporary folder, so that they can be compared like any other.

    Raises:
        PartError: no good copy of a listing can be found.
    """
    sides: dict[str, TableSide] = {}
    edits = edited_tables(workspace, state) if with_edits else {}
    for table, pointer in state.pointers.items():
        if (only is None or table in only) and table not in edits:
            sides[table] = pointer_side(workspace, state, pointer)
    wanted = [table for table in edits if only is None or table in only]
    if wanted:
        # What reads files of any format takes long to import.
        from tdmvc.workspace.edits import edited_side

        for table in wanted:
            folder = edits[table]
            if folder is not None:
                sides[table] = edited_side(workspace, state, table, folder)
    if only is not None and state.pointers:
        for name in only:
            if name not in sides and name not in edits and name not in state.contract.tables:
                raise NotFoundError.named("table", name, sorted(state.pointers), where=state.ref)
    return dict(sorted(sides.items()))


def is_working_copy(state: DatasetState) -> bool:
    """Return whether a state is that of the work tree."""
    return state.ref == state.name


def pointer_side(workspace: Workspace, state: DatasetState, pointer: Pointer) -> TableSide:
    """Return the table that a pointer names."""
    owner = f"{state.ref}/{pointer.table}"
    listing = workspace.store.listing(pointer.object, owner)
    return TableSide(
        schema=table_schema(workspace, state, pointer.table, listing),
        parts=tuple(entry.content for entry in listing.entries),
        rows=_rows(workspace, state, pointer, listing, owner),
        locate=workspace.store.locate(listing, owner),
        digests={entry.content: entry.md5 for entry in listing.entries},
    )


def with_counted_rows(
    workspace: Workspace, state: DatasetState, sides: Mapping[str, TableSide]
) -> dict[str, TableSide]:
    """Return opened tables of a state with as many rows as their parts have, whatever the file of a version says.

    Raises:
        PartError: a part is missing or damaged everywhere.
    """
    if state.version is None:
        return dict(sides)
    counted = {}
    for name, side in sides.items():
        owner = f"{state.ref}/{name}"
        listing = workspace.store.listing(state.pointers[name].object, owner)
        counted[name] = replace(side, rows=workspace.store.rows(listing, owner))
    return counted


def table_schema(workspace: Workspace, state: DatasetState, table: str, listing: Listing) -> TableSchema:
    """Return the schema of a table: columns from its parts, the rest from the contract."""
    declared = state.contract.table(table)
    local = next((e.content for e in listing.entries if workspace.store.objects.has(e.md5)), None)
    if declared is not None and (local is None or not listing.entries):
        return declared
    if not listing.entries:
        raise PartError.empty(f"{state.ref}/{table}")
    wanted = {local or listing.entries[0].content}
    path = workspace.store.parts(listing, f"{state.ref}/{table}", wanted)[0]
    return _as_kept(table, read_schema(str(path)), declared)


def table_folder(state: DatasetState | None, table: str) -> str:
    """Return the name of a table's folder: the existing one, or else a new one that clashes with no other."""
    pointers = state.pointers if state else {}
    if table in pointers:
        return pointers[table].folder or folder_name(table)
    return new_folder_name(table, (p.folder or folder_name(name) for name, p in pointers.items()))


def work_status(workspace: Workspace, state: DatasetState, table: str) -> tuple[WorkStatus, Folder | None]:
    """Return the status of a table in the working copy, and its folder."""
    pointer = state.pointers.get(table)
    path = workspace.working_copy(state.name) / table_folder(state, table)
    folder = read_folder(path, workspace.store.index)
    if pointer is None:
        return WorkStatus.NEW, folder
    if folder is None:
        return WorkStatus.MISSING, None
    if folder.listing is not None and folder.listing.object == pointer.object:
        return WorkStatus.CLEAN, folder
    return (WorkStatus.STALE if _is_kept(workspace, folder) else WorkStatus.MODIFIED), folder


def was_written(workspace: Workspace, state: DatasetState, table: str) -> bool:
    """Return whether this clone wrote the pointer's rows to the folder, so that missing ones were deleted."""
    path = f"{workspace.dataset_path(state.name)}/{table_folder(state, table)}"
    return workspace.store.index.written(path) == state.pointers[table].object


def new_folders(workspace: Workspace, state: DatasetState) -> dict[str, Path]:
    """Return the dataset's new folders, which have no pointer yet, by table name."""
    return {
        table: folder.path
        for table, folder in _folders_without_pointer(workspace, state).items()
        if not _is_kept(workspace, folder)
    }


def leftover_folders(workspace: Workspace, state: DatasetState) -> dict[str, Folder]:
    """Return folders without a pointer that contain a stored table of another state, so no new rows."""
    return {
        table: folder
        for table, folder in _folders_without_pointer(workspace, state).items()
        if _is_kept(workspace, folder)
    }


def _folders_without_pointer(workspace: Workspace, state: DatasetState) -> dict[str, Folder]:
    root = workspace.working_copy(state.name)
    taken = {(p.folder or folder_name(name)) for name, p in state.pointers.items()} | RESERVED
    found: dict[str, Folder] = {}
    for path in sorted(root.iterdir()) if root.is_dir() else []:
        if path.name.startswith(".") or path.name in taken or not path.is_dir() or path.is_symlink():
            continue
        folder = read_folder(path, workspace.store.index)
        if folder and any(name.endswith(".parquet") for name in folder.files):
            found[table_name(path.name)] = folder
    return found


def edited_tables(workspace: Workspace, state: DatasetState) -> dict[str, Folder | None]:
    """Return the tables of the working copy whose folders differ from their pointers."""
    edits: dict[str, Folder | None] = {}
    for table in state.pointers:
        status, folder = work_status(workspace, state, table)
        if status is WorkStatus.MODIFIED:
            edits[table] = folder
    for table, path in new_folders(workspace, state).items():
        edits[table] = read_folder(path, workspace.store.index)
    return edits


def _rows(workspace: Workspace, state: DatasetState, pointer: Pointer, listing: Listing, owner: str) -> int:
    if state.version is not None and pointer.table in state.version.tables:
        return state.version.tables[pointer.table].rows
    return workspace.store.rows(listing, owner)


def _as_kept(table: str, schema: pa.Schema, declared: TableSchema | None) -> TableSchema:
    by_name: Mapping[str, Column] = {c.name: c for c in declared.columns} if declared else {}
    columns = tuple(
        replace(by_name[field.name], type=field.type)
        if field.name in by_name
        else Column(field.name, field.type)
        for field in schema
    )
    if declared is None:
        return TableSchema(table, columns)
    return declared.restricted(columns)


def _is_kept(workspace: Workspace, folder: Folder) -> bool:
    """Return whether the folder equals a listing in the cache, so that it contains no unsaved work."""
    return folder.listing is not None and workspace.store.objects.has(folder.listing.object)


def read_side(workspace: Workspace, side: TableSide) -> pa.RecordBatchReader:
    """Return a table's rows in key order, in batches."""
    con = workspace.engine.cursor()
    order = side.schema.key or side.schema.column_names
    keys = ", ".join(f"{quote_name(name)} ASC NULLS FIRST" for name in order)
    names = quote_names(side.schema.column_names)
    reader = con.sql(f"SELECT {names} FROM {side_relation(side)} ORDER BY {keys}").to_arrow_reader(10_000)
    schema = side.schema.arrow_schema()
    return pa.RecordBatchReader.from_batches(schema, cast_batches(reader, schema))


def side_relation(side: TableSide) -> str:
    """Return SQL to put behind FROM that gives the rows of a table."""
    return scan_parquet(side.locate(side.parts)) if side.parts else no_rows(side.schema.arrow_schema())
