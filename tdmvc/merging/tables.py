"""Merges three states of a dataset into stored tables that no pointer names yet."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from tdmvc.changes.merge.plan import TableMergePlan
from tdmvc.changes.merge.table import plan_table_merge
from tdmvc.errors import PartError
from tdmvc.merging.parts import write_merged
from tdmvc.model.dataset import DatasetState, Pointer
from tdmvc.model.diff import TableSide
from tdmvc.model.merge import UNDECIDED, Resolutions, Side, TableMerge, TableOutcome
from tdmvc.model.schema import Column, TableSchema
from tdmvc.store.objects import Listing, PartEntry
from tdmvc.store.parquet import read_order, read_schema
from tdmvc.workspace.workspace import Workspace, timed_as

_OUTCOMES = {
    TableOutcome.UNCHANGED: Side.OURS,
    TableOutcome.OURS: Side.OURS,
    TableOutcome.THEIRS: Side.THEIRS,
    TableOutcome.BASE: Side.BASE,
}


@dataclass(frozen=True, slots=True)
class MergedTable:
    """The result of merging one table, and its rows."""

    merge: TableMerge
    listing: Listing | None = None
    """The merged table's listing, in the store; None if the table is removed or in conflict."""
    size_bytes: int = 0
    """Of its parts."""
    rows: int | None = None
    """None if some parts were never counted."""


@timed_as("merge tables")
def merge_states(
    workspace: Workspace,
    base: DatasetState | None,
    ours: DatasetState,
    theirs: DatasetState,
    *,
    tables: Collection[str] | None = None,
    resolutions: Mapping[str, Resolutions] | None = None,
) -> dict[str, MergedTable]:
    """Merge the tables that the states' pointers name; only parts and listings are written.

    Rows are identified by the columns by which their parts are sorted: the key at the time when
    they were added. Cost: nothing for a table that only one side changed.

    Args:
        resolutions: a person's decisions, by table.

    Raises:
        PartError: an object is needed that is nowhere; no pointer was changed.
        StoreError: the disk is full.
    """
    states = {Side.BASE: base, Side.OURS: ours, Side.THEIRS: theirs}
    names = {name for state in states.values() if state is not None for name in state.pointers}
    wanted = sorted(names if tables is None else names & set(tables))
    merged = {
        name: _merge_table(workspace, name, states, (resolutions or {}).get(name, UNDECIDED))
        for name in wanted
    }
    workspace.store.index.save()
    return merged


@dataclass(frozen=True, slots=True)
class _Opened:
    """One side of one table."""

    pointer: Pointer
    table: TableSide
    listing: Listing
    entries: dict[str, PartEntry] = field(default_factory=dict)
    """By content hash."""


def _merge_table(
    workspace: Workspace, name: str, states: Mapping[Side, DatasetState | None], resolutions: Resolutions
) -> MergedTable:
    pointers = {
        side: state.pointers.get(name) if state is not None else None for side, state in states.items()
    }
    opened = _open_sides(workspace, name, states, pointers)
    tables = {side: one.table if one is not None else None for side, one in opened.items()}
    plan = plan_table_merge(
        lambda: workspace.engine,
        tables,
        resolutions=resolutions,
        on_progress=workspace.on_progress,
    )
    try:
        side = _OUTCOMES.get(plan.merge.outcome)
        if side is not None:
            chosen = opened[side]
            assert chosen is not None
            return _as_listed(workspace, plan.merge, chosen.listing, {side: chosen})
        if plan.merge.outcome is not TableOutcome.MERGED:
            return MergedTable(plan.merge)
        present = {side: one for side, one in opened.items() if one is not None}
        return _write(workspace, plan, present, _part_rows(states))
    finally:
        plan.close()


def _part_rows(states: Mapping[Side, DatasetState | None]) -> int | None:
    ours = states[Side.OURS]
    return ours.config.part_rows if ours is not None else None


def _open_sides(
    workspace: Workspace,
    name: str,
    states: Mapping[Side, DatasetState | None],
    pointers: Mapping[Side, Pointer | None],
) -> dict[Side, _Opened | None]:
    opened: dict[Side, _Opened | None] = {}
    for side, pointer in pointers.items():
        state = states[side]
        opened[side] = _open(workspace, state, pointer) if state is not None and pointer is not None else None
    return opened


def _open(workspace: Workspace, state: DatasetState, pointer: Pointer) -> _Opened:
    owner = f"{state.ref}/{pointer.table}"
    store = workspace.store
    listing = store.listing(pointer.object, owner)
    declared = state.contract.table(pointer.table)
    if listing.entries:
        local = next((e.content for e in listing.entries if store.objects.has(e.md5)), None)
        path = str(store.parts(listing, owner, {local or listing.entries[0].content})[0])
        schema = _schema_of_parts(pointer.table, path, declared)
    elif declared is None:
        raise PartError.empty(owner)
    else:
        schema = declared
    rows = [store.index.rows(entry.md5) for entry in listing.entries]
    return _Opened(
        pointer,
        TableSide(
            schema=schema,
            parts=tuple(entry.content for entry in listing.entries),
            rows=sum(count or 0 for count in rows),
            locate=store.locate(listing, owner),
        ),
        listing,
        {entry.content: entry for entry in listing.entries},
    )


def _schema_of_parts(table: str, path: str, declared: TableSchema | None) -> TableSchema:
    """Return columns and key from the parts, with what else the contract declares about the columns."""
    by_name = {column.name: column for column in declared.columns} if declared else {}
    columns = tuple(
        replace(by_name[field.name], type=field.type)
        if field.name in by_name
        else Column(field.name, field.type)
        for field in read_schema(path)
    )
    order = read_order(path)
    key = declared.key if declared is not None else ()
    if order and order != key:
        # The contract may have another key now, but the parts are split and sorted by the old one.
        key = order if len(order) < len(columns) else ()
    kept = declared if declared is not None else TableSchema(table, ())
    return replace(kept, key=key).restricted(columns)


def _as_listed(
    workspace: Workspace, merge: TableMerge, listing: Listing, opened: Mapping[Side, _Opened]
) -> MergedTable:
    counted = [workspace.store.index.rows(entry.md5) for entry in listing.entries]
    rows = None if None in counted else sum(count or 0 for count in counted)
    return MergedTable(merge, listing, _size_bytes(workspace, listing, opened), rows)


def _size_bytes(workspace: Workspace, listing: Listing, opened: Mapping[Side, _Opened]) -> int:
    """Compute the size of a table from a side and the parts that differ, because others may be missing here."""
    new = set(listing.entries)
    near = max(opened.values(), key=lambda one: len(new & set(one.listing.entries)))
    if near.pointer.size_bytes is None:
        return workspace.store.size_bytes(listing)
    old = set(near.listing.entries)
    size = workspace.store.objects.size_bytes
    return near.pointer.size_bytes + sum(size(e.md5) for e in new - old) - sum(size(e.md5) for e in old - new)


def _write(
    workspace: Workspace, plan: TableMergePlan, opened: Mapping[Side, _Opened], part_rows: int | None
) -> MergedTable:
    contents = plan.contents
    assert contents is not None
    whole = contents.whole_parts()
    if whole is not None:
        entries = [opened[side].entries[content] for side, content in whole]
        listing = Listing(tuple(sorted(entries, key=lambda entry: entry.name)))
    else:
        listing = write_merged(
            workspace, plan, {side: one.listing for side, one in opened.items()}, part_rows
        )
    workspace.store.objects.put_listing(listing)
    return _as_listed(workspace, plan.merge, listing, opened)
