"""What a dataset's own migration tables say was applied, and whether dataset.yaml says the same."""

from collections.abc import Mapping
from contextlib import suppress

from tdmvc.errors import MigrationsError, format_names
from tdmvc.migrations.migration_tables import find_migration_tables
from tdmvc.model.dataset import DatasetState
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.migration import MigrationState, RecordedState
from tdmvc.workspace.dataset_tables import DatasetTables, present_tables
from tdmvc.workspace.migration_findings import IN_DATASET, table_findings
from tdmvc.workspace.migration_fits import AppliedTable, MigrationRows, fit_tables
from tdmvc.workspace.migrations import read_location, tree_at
from tdmvc.workspace.workspace import Workspace

NOT_RECORDED = "migrations-not-recorded"
"""The rule of a finding: dataset.yaml records other migrations than the rows do."""


def find_applied_tables(
    tables: DatasetTables, states: Mapping[str, MigrationState]
) -> tuple[Mapping[str, AppliedTable], list[str]]:
    """Return a dataset's migration tables, by the location that each fits best, and notes on those that fit none."""
    columns = {name: schema.column_names for name, schema in tables.schemas.items()}
    own = (
        MigrationRows(name, kind, rows)
        for name, kind in find_migration_tables(columns).items()
        if (rows := tables.read_rows(name)) is not None
    )
    fitted = fit_tables([*own, *tables.not_added], states)
    new = tables.changed.union(table.name for table in tables.not_added)
    notes = [
        f"{applied.table} says which migrations of {applied.title} the rows have, but tdmvc.yaml names no"
        f" {applied.title} migrations, so they were not recorded."
        for applied in fitted.others
        if applied.table in new
    ]
    return fitted.by_location, list(dict.fromkeys(notes))


def check_recorded(workspace: Workspace, state: DatasetState, at: str | None = None) -> list[Finding]:
    """Compare what dataset.yaml records with the dataset's own migration tables.

    Args:
        at: the revision whose migrations give the order; None is the work tree.
    """
    tree = tree_at(workspace, at)
    states: dict[str, MigrationState] = {}
    for location in workspace.config.migrations:
        with suppress(MigrationsError):
            states[location.name] = read_location(workspace, tree, location)
    findings: list[Finding] = []
    found, _ = find_applied_tables(present_tables(workspace, state), states)
    for name, table in found.items():
        findings += table_findings(IN_DATASET, name, table, state.name)
        recorded = state.config.migrations.get(name)
        heads = recorded.heads if recorded is not None else ()
        actual = table.fit.recorded
        if _contradicts(recorded, actual, states[name]):
            findings.append(
                Finding(
                    NOT_RECORDED,
                    Severity.ERROR,
                    f"dataset.yaml says that the rows were made for migrations '{name}' at "
                    f"{format_names(heads) or 'none'}, but {table.name} says "
                    f"{format_names(actual.heads) or 'none'}.",
                    state.name,
                    table.name,
                    remedy=f"record what the table says: `tdmvc add {state.name}`.",
                    details={"location": name, "heads": list(actual.heads)},
                )
            )
    return findings


def _contradicts(recorded: RecordedState | None, actual: RecordedState, state: MigrationState) -> bool:
    """Return whether a record says something else than the data; a squash and what it replaces are the same."""
    if recorded is None:
        return bool(actual.heads)
    known = {*recorded.ids, *recorded.heads}
    known |= {m.id for m in state.migrations if m.replaces and known.issuperset(m.replaces)}
    if not recorded.ids:
        return set(recorded.heads) != set(actual.heads)
    return not set(actual.ids).issuperset(recorded.heads) or not known.issuperset(actual.heads)
