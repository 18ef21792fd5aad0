"""What in a dataset shows that migrations were not run on its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tdmvc.checks.drift import plain_name
from tdmvc.errors import format_names
from tdmvc.migrations.schema_effects import net_effects
from tdmvc.model.migration import Migration, MigrationState
from tdmvc.model.schema import TableSchema
from tdmvc.model.tree import FileTree
from tdmvc.workspace.dataset_tables import DatasetTables


@dataclass(frozen=True, slots=True)
class Misfits:
    """What in a dataset shows that migrations were not run on its rows; a hint, as all of a migration's effects."""

    reasons: tuple[str, ...]
    """In the order of the migrations."""
    empty_tables: tuple[str, ...]
    """Tables that are missing, but of which later migrations show that they exist: a fixture leaves out empty ones."""


def find_misfits(
    tree: FileTree, state: MigrationState, migrations: Sequence[Migration], tables: DatasetTables
) -> Misfits:
    """Return what shows that migrations were not run on the rows."""
    net = net_effects(tree, state.location.tool, migrations)
    place = {migration.id: position for position, migration in enumerate(migrations)}
    now, before = _columns(tables.schemas), _columns(tables.before)
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
    changed = {plain_name(name) for name in tables.changed}
    for migration, filled in net.filled.values():
        same = sorted(table for table in filled if table in now)
        if same and changed.isdisjoint(same):
            fault = f"{migration.id} changes rows of {format_names(same)}, which did not change"
            reasons.append((place[migration.id], fault))
    reasons += [(position, reason) for position, _, reason in missing if position > shown]
    return Misfits(
        tuple(reason for _, reason in sorted(reasons, key=lambda one: one[0])),
        tuple(sorted(table for position, table, _ in missing if position <= shown)),
    )


def find_missing_columns(tree: FileTree, state: MigrationState, tables: DatasetTables) -> list[str]:
    """Return the columns that the migrations give to the dataset's tables, and that these lack."""
    now = _columns(tables.schemas)
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
