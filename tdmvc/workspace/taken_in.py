"""What a dataset holds after rows were added, and whether that shows that migrations were not run on it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tdmvc.arrow.values import python_values
from tdmvc.checks.drift import plain_name
from tdmvc.errors import format_names
from tdmvc.migrations.schema_effects import net_effects
from tdmvc.model.dataset import DatasetState
from tdmvc.model.diff import TableStatus
from tdmvc.model.migration import Migration, MigrationState
from tdmvc.model.schema import TableSchema
from tdmvc.model.tree import FileTree
from tdmvc.store.parquet import read_part
from tdmvc.workspace.ingest import IngestedTable
from tdmvc.workspace.source_migrations import SourceMigrations
from tdmvc.workspace.source_views import SourceViews
from tdmvc.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What a dataset holds after an `add`, and what of it is new."""

    schemas: Mapping[str, TableSchema]
    """All tables that the dataset has now."""
    changed: frozenset[str]
    """Tables whose rows or schema changed, and those that were added or removed."""
    before: Mapping[str, TableSchema]
    """The tables that the dataset had before."""
    read_rows: Callable[[str], Sequence[Mapping[str, object]] | None]
    """Returns the rows of one of the tables; None if they are not here."""
    beside: SourceMigrations = field(default_factory=dict)
    """The sources' migration tables that were not added."""
    is_migrated: bool = False
    """Whether a person says that all migrations of the work tree were run on the rows."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What an `add` has read and decided, before anything is written."""

    ingested: Sequence[IngestedTable]
    removed: Sequence[str]
    """Tables that the dataset loses."""
    beside: SourceMigrations
    """The sources' migration tables that are not added."""
    views: SourceViews | None = None
    """The sources' views; None if no source is a database."""


def take_stock(workspace: Workspace, state: DatasetState, intake: Intake, *, is_migrated: bool) -> TakenIn:
    """Return what the dataset holds now; the parts of ingested tables are in the store."""
    schemas = {name: schema for name, schema in state.contract.tables.items() if name in state.pointers}
    schemas |= {table.name: table.schema for table in intake.ingested}
    changed = {
        table.name
        for table in intake.ingested
        if table.status is not TableStatus.UNCHANGED or state.contract.table(table.name) != table.schema
    }
    listings = {table.name: table.built.listing for table in intake.ingested}
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
            if not all(store.objects.has(entry.md5) for entry in listing.entries):
                return None
        return part_rows(store.parts(listing, owner))

    return TakenIn(
        {name: schema for name, schema in schemas.items() if name not in intake.removed},
        frozenset(changed.union(intake.removed)),
        {name: schema for name, schema in state.contract.tables.items() if name in state.pointers},
        read_rows,
        intake.beside,
        is_migrated=is_migrated,
    )


def part_rows(paths: Iterable[Path]) -> list[dict[str, object]]:
    """Return the rows of a small table's parts."""
    rows: list[dict[str, object]] = []
    for path in paths:
        part = read_part(str(path))
        columns = [python_values(part.column(name)) for name in part.column_names]
        rows += [dict(zip(part.column_names, cells, strict=True)) for cells in zip(*columns, strict=True)]
    return rows


@dataclass(frozen=True, slots=True)
class Misfits:
    """What in a dataset shows that migrations were not run on its rows; a hint, as all of a migration's effects."""

    reasons: tuple[str, ...]
    """In the order of the migrations."""
    empty_tables: tuple[str, ...]
    """Tables that are missing, but of which later migrations show that they exist: a fixture leaves out empty ones."""


def find_misfits(
    tree: FileTree, state: MigrationState, migrations: Sequence[Migration], taken: TakenIn
) -> Misfits:
    """Return what shows that migrations were not run on the rows."""
    net = net_effects(tree, state.location.tool, migrations)
    place = {migration.id: position for position, migration in enumerate(migrations)}
    now, before = _columns(taken.schemas), _columns(taken.before)
    reasons: list[tuple[int, str]] = []
    missing: list[tuple[int, str, str]] = []
    shown = -1
    for migration, effect in net.shapes:
        table, names, position = effect.table, effect.columns, place[migration.id]
        if names and table not in now:
            continue
        is_there = not now[table].isdisjoint(names) if names else table in now
        was_there = not before.get(table, set()).isdisjoint(names) if names else table in before
        what = f"{table}.{names[0]}" if names else table
        if is_there == effect.exists:
            # What was never there shows nothing: the dataset may leave it out.
            shown = max(shown, position if is_there or was_there else -1)
        elif is_there:
            reasons.append((position, f"{migration.id} drops {what}, which the data still has"))
        elif names:
            reasons.append((position, f"{migration.id} adds {what}, which the data lacks"))
        else:
            missing.append((position, table, f"{migration.id} creates {what}, which the data lacks"))
    changed = {plain_name(name) for name in taken.changed}
    for migration, tables in net.filled.values():
        same = sorted(table for table in tables if table in now)
        if same and changed.isdisjoint(same):
            fault = f"{migration.id} changes rows of {format_names(same)}, which did not change"
            reasons.append((place[migration.id], fault))
    reasons += [(position, reason) for position, _, reason in missing if position > shown]
    return Misfits(
        tuple(reason for _, reason in sorted(reasons, key=lambda one: one[0])),
        tuple(sorted(table for position, table, _ in missing if position <= shown)),
    )


def find_missing_columns(tree: FileTree, state: MigrationState, taken: TakenIn) -> list[str]:
    """Return the columns that the migrations give to the dataset's tables, and that these lack."""
    now = _columns(taken.schemas)
    return [
        f"{migration.id} adds {effect.table}.{effect.columns[0]}, which the data lacks"
        for migration, effect in net_effects(tree, state.location.tool, state.migrations).shapes
        if effect.exists and effect.columns and effect.table in now
        if now[effect.table].isdisjoint(effect.columns)
    ]


def _columns(schemas: Mapping[str, TableSchema]) -> dict[str, set[str]]:
    """Return the columns of each table, names as migrations are compared by."""
    return {
        plain_name(name): {column.lower() for column in schema.column_names}
        for name, schema in schemas.items()
    }
