"""The tables of a dataset, now or after an `add`, and what of them is new."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tdmvc.arrow.values import python_rows
from tdmvc.model.dataset import DatasetState
from tdmvc.model.diff import TableStatus
from tdmvc.model.schema import TableSchema
from tdmvc.store.parquet import read_part
from tdmvc.workspace.ingest import IngestedTable
from tdmvc.workspace.migration_fits import MigrationRows
from tdmvc.workspace.source_views import SourceViews
from tdmvc.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class DatasetTables:
    """The tables that a dataset has, and what an `add` changed."""

    schemas: Mapping[str, TableSchema]
    """All tables that the dataset has now."""
    changed: frozenset[str]
    """Tables whose rows or schema changed, and those that were added or removed."""
    before: Mapping[str, TableSchema]
    """The tables that the dataset had before."""
    read_rows: Callable[[str], Sequence[Mapping[str, object]] | None]
    """Returns the rows of one of the tables; None if they are not here."""
    not_added: Sequence[MigrationRows] = ()
    """The sources' migration tables that were not added."""


@dataclass(frozen=True, slots=True)
class AddPlan:
    """What an `add` has read and decided, before anything is written."""

    ingested: Sequence[IngestedTable]
    removed: Sequence[str]
    """Tables that the dataset loses."""
    not_added: Sequence[MigrationRows]
    """The sources' migration tables that are not added."""
    views: SourceViews | None = None
    """The sources' views; None if no source is a database."""


def present_tables(workspace: Workspace, state: DatasetState) -> DatasetTables:
    """Return the tables that a dataset has now."""
    return tables_after(workspace, state, AddPlan((), (), ()))


def tables_after(workspace: Workspace, state: DatasetState, plan: AddPlan) -> DatasetTables:
    """Return the tables that a dataset has after an `add`; the parts of ingested tables are in the store."""
    schemas = {name: schema for name, schema in state.contract.tables.items() if name in state.pointers}
    schemas |= {table.name: table.schema for table in plan.ingested}
    changed = {
        table.name
        for table in plan.ingested
        if table.status is not TableStatus.UNCHANGED or state.contract.table(table.name) != table.schema
    }
    listings = {table.name: table.built.listing for table in plan.ingested}
    store = workspace.store

    def read_rows(table: str) -> list[dict[str, object]] | None:
        owner = f"{state.name}/{table}"
        listing = listings.get(table)
        if listing is None:
            # Rows that are not here were read when they were added.
            pointer = state.pointers[table]
            if not store.objects.has(pointer.object):
                return None
            listing = store.listing(pointer.object, owner)
            if not store.is_here(listing):
                return None
        return part_rows(store.parts(listing, owner))

    return DatasetTables(
        {name: schema for name, schema in schemas.items() if name not in plan.removed},
        frozenset(changed.union(plan.removed)),
        {name: schema for name, schema in state.contract.tables.items() if name in state.pointers},
        read_rows,
        plan.not_added,
    )


def part_rows(paths: Iterable[Path]) -> list[dict[str, object]]:
    """Return the rows of a small table's parts."""
    return [row for path in paths for row in python_rows(read_part(str(path)))]
