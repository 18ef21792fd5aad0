"""How each table gets its rows: not at all, by what differs, or whole."""

from collections.abc import Mapping
from dataclasses import dataclass

from tdmvc.databases.base import DatabaseTarget
from tdmvc.model.schema import TableSchema
from tdmvc.model.seeding import LoadMethod, SeededDataset, SeededTable, SeedMode
from tdmvc.seeding.difference import Difference, find_difference
from tdmvc.seeding.plan import SeedPlan, TablePlan
from tdmvc.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class TableMethod:
    """How one table gets its rows."""

    plan: TablePlan
    method: LoadMethod
    why: str = ""
    """Why, if it is not plain."""
    difference: Difference | None = None
    """Set if only what differs is written."""
    before: SeededTable | None = None
    """What the database remembers of the table."""

    @property
    def writes(self) -> bool:
        return self.method is not LoadMethod.NOTHING


def choose_methods(
    workspace: Workspace, target: DatabaseTarget, plan: SeedPlan, recorded: Mapping[str, SeededDataset]
) -> list[TableMethod]:
    """Return how each table of a plan gets its rows.

    The tables must be locked for what was proven to stay true. Cost: the fingerprint of each table that may
    be left alone or changed in part, and the parts in which it differs.
    """
    remembered = recorded.get(plan.seeded.name)
    return [_choose(workspace, target, plan, table, remembered) for table in plan.tables]


def _choose(
    workspace: Workspace,
    target: DatabaseTarget,
    plan: SeedPlan,
    table: TablePlan,
    remembered: SeededDataset | None,
) -> TableMethod:
    mode = plan.seeded.mode
    before = remembered.table(table.name) if remembered else None
    if table.target is None:
        return TableMethod(table, LoadMethod.CREATED)
    whole = LoadMethod.UPSERTED if mode is SeedMode.UPSERT else LoadMethod.RELOADED
    if mode is SeedMode.APPEND:
        return TableMethod(table, LoadMethod.APPENDED, before=before)
    if remembered is None or before is None:
        has_rows = mode is SeedMode.REPLACE and table.target.rows > 0
        return TableMethod(table, whole, "there were other rows" if has_rows else "")
    if mode is SeedMode.REPLACE and not before.is_exact:
        return TableMethod(table, whole, "there are rows that tdmvc did not load", before=before)
    difference = None
    ref = before.ref or remembered.ref
    if before.content != plan.seeded.content_of(table.name):
        is_unique = _has_unique_key(table, table.target.schema)
        found = find_difference(workspace, before, ref, table.side, is_unique=is_unique)
        if isinstance(found, str):
            return TableMethod(table, whole, found, before=before)
        difference = found
    workspace.on_progress(f"{table.name}: look for changes", 0, table.side.rows, "rows")
    if target.fingerprint(table.target.name) != (before.rows, before.fingerprint):
        why = f"something changed since {ref} was loaded"
        return TableMethod(table, whole, why, before=before)
    if difference is None:
        return TableMethod(table, LoadMethod.NOTHING, before=before)
    return TableMethod(table, LoadMethod.DIFFERENCE, difference=difference, before=before)


def _has_unique_key(table: TablePlan, schema: TableSchema) -> bool:
    """Whether the database keeps the dataset's key unique and without nulls."""
    columns = {table.columns[name] for name in table.side.schema.key if name in table.columns}
    return columns == set(schema.key) and all(
        column.required for column in schema.columns if column.name in columns
    )
