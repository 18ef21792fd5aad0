"""Decides which migrations a dataset is recorded as made for, after rows were added."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tdmvc.checks.drift import DriftSubject, SchemaRevision, check_drift
from tdmvc.errors import MigrationsError, format_names
from tdmvc.model.dataset import DatasetConfig
from tdmvc.model.finding import Finding
from tdmvc.model.migration import (
    DriftStatus,
    MigrationState,
    RecordedState,
)
from tdmvc.model.text import plural
from tdmvc.model.tree import FileTree
from tdmvc.workspace.applied_tables import find_applied_tables
from tdmvc.workspace.dataset_tables import DatasetTables
from tdmvc.workspace.migration_findings import IN_DATASET, table_findings
from tdmvc.workspace.migration_fits import AppliedTable
from tdmvc.workspace.migrations import read_location, tree_at
from tdmvc.workspace.misfits import find_misfits, find_missing_columns
from tdmvc.workspace.workspace import Workspace

_MOST_REASONS = 4
_MOST_HEADS = 3


@dataclass(slots=True)
class Recording:
    """Which migrations a dataset is recorded as made for, by location name, and what to say about it."""

    migrations: dict[str, RecordedState]
    notes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def record_migrations(
    workspace: Workspace, config: DatasetConfig, tables: DatasetTables, *, is_migrated: bool = False
) -> Recording:
    """Return what dataset.yaml is to record.

    If the dataset has the table in which its migration tool keeps what it applied, that
    is recorded, and the work tree is not asked. Otherwise the work tree's state is recorded if
    rows or schema changed and nothing shows that the rows lack a migration, or if a person says so.

    Args:
        is_migrated: whether a person says that all migrations of the work tree were run on the rows.
    """
    recording = Recording(dict(config.migrations))
    tree = tree_at(workspace, None)
    states: dict[str, MigrationState] = {}
    for location in workspace.config.migrations:
        try:
            states[location.name] = read_location(workspace, tree, location)
        except MigrationsError as error:
            recording.notes.append(f"The migrations '{location.name}' were not recorded: {error.what}")
    found, notes = find_applied_tables(tables, states)
    recording.notes += notes
    for name, state in states.items():
        if name in found:
            _record_table(config, state, found[name], tables, recording, is_migrated=is_migrated)
        else:
            _record_work_tree(config, tree, state, tables, recording, is_migrated=is_migrated)
    return recording


def _record_table(
    config: DatasetConfig,
    state: MigrationState,
    table: AppliedTable,
    tables: DatasetTables,
    recording: Recording,
    *,
    is_migrated: bool,
) -> None:
    """Record what a migration table says, and report what is wrong with it."""
    name, fit = state.location.name, table.fit
    old, new = config.migrations.get(name), fit.recorded
    if new.heads:
        recording.migrations[name] = new
    else:
        recording.migrations.pop(name, None)
        recording.notes.append(
            f"{table.name} names no migration of '{name}', so none is recorded: they have not been run on the rows."
        )
    if new.heads and (old is None or old.heads != new.heads):
        before = f" (before: {format_names(old.heads, _MOST_HEADS)})" if old is not None else ""
        recording.notes.append(
            f"{table.name} says that the rows were made for migrations '{name}' at "
            f"{format_names(new.heads)}{before}."
        )
    if is_migrated and set(new.heads) != set(state.heads):
        recording.notes.append(
            f"--migrated changes nothing for '{name}': the data's own {table.name} says which migrations were run."
        )
    if fit.removed and table.name in tables.changed:
        recording.notes.append(
            f"{table.name} has {plural(len(fit.removed), 'older migration')} that the work tree lacks: "
            f"{format_names(fit.removed)}."
        )
    recording.findings += table_findings(IN_DATASET, name, table, config.name)


def _record_work_tree(
    config: DatasetConfig,
    tree: FileTree,
    state: MigrationState,
    tables: DatasetTables,
    recording: Recording,
    *,
    is_migrated: bool,
) -> None:
    """Record the work tree's state, unless nothing changed or the rows show that they lack a migration."""
    name = state.location.name
    ids = tuple(dict.fromkeys(migration.id for migration in state.migrations))
    new = RecordedState(state.location.tool, state.heads, ids=ids)
    old = config.migrations.get(name)
    if old is None or not old.heads:
        if tables.changed or is_migrated:
            recording.migrations[name] = new
            recording.notes += _first_notes(tree, state, tables)
        elif tables.schemas:
            recording.notes.append(
                f"Nothing changed, so no migrations of '{name}' are recorded. If all of them were run on these rows, "
                f"say so: `tdmvc add {config.name} --migrated`."
            )
        return
    if is_migrated:
        recording.migrations[name] = new
        recording.notes += _moved_notes(name, old, new)
        return
    drift = check_drift(DriftSubject(config.name, config.name, old), SchemaRevision(state, tree.label))
    later = [migration.id for migration in drift.pending]
    say_so = (
        f"If {format_names(later)} {'was' if len(later) == 1 else 'were'} run on these rows, say so: "
        f"`tdmvc add {config.name} --migrated`."
    )
    made_for = (
        f"The rows stay recorded as made for migrations '{name}' at {format_names(old.heads, _MOST_HEADS)}"
    )
    match drift.status:
        case DriftStatus.IN_STEP | DriftStatus.EDITED:
            if tables.changed:
                recording.migrations[name] = new
                recording.notes += _moved_notes(name, old, new)
        case DriftStatus.BEHIND if tables.changed:
            misfits = find_misfits(tree, state, drift.pending, tables)
            if misfits.reasons:
                recording.notes.append(f"{made_for}: {_joined(misfits.reasons)}. {say_so}")
            else:
                recording.migrations[name] = new
                recording.notes += _moved_notes(name, old, new)
                if misfits.empty_tables:
                    recording.notes.append(
                        f"The data lacks {format_names(misfits.empty_tables)}; later migrations, whose columns it has, "
                        f"show that {'it is' if len(misfits.empty_tables) == 1 else 'they are'} only empty."
                    )
        case DriftStatus.BEHIND:
            recording.notes.append(f"{made_for}, because no row or column changed. {say_so}")
        case _ if tables.changed:
            recording.notes.append(
                f"{made_for}. {drift.message} If the rows fit the migrations of the work tree, say so: "
                f"`tdmvc add {config.name} --migrated`."
            )


def _moved_notes(name: str, old: RecordedState, new: RecordedState) -> list[str]:
    if (old.tool, old.heads) != (new.tool, new.heads):
        now, before = (
            format_names([head for head in heads if head not in others]) or format_names(heads)
            for heads, others in ((new.heads, old.heads), (old.heads, new.heads))
        )
        return [f"The rows are now recorded as made for migrations '{name}' at {now} (before: {before})."]
    later = [id_ for id_ in new.ids if old.ids and id_ not in old.ids]
    if later:
        return [f"The rows are now recorded as made also for {format_names(later)} of migrations '{name}'."]
    return []


def _first_notes(tree: FileTree, state: MigrationState, tables: DatasetTables) -> list[str]:
    """Return what the tables of a dataset lack of the migrations that are recorded for it for the first time."""
    missing = find_missing_columns(tree, state, tables)
    if not missing:
        return []
    return [
        f"The rows are recorded as made for migrations '{state.location.name}' at "
        f"{format_names(state.heads, _MOST_HEADS)}, but do not look like it: {_joined(missing)}."
    ]


def _joined(reasons: Sequence[str]) -> str:
    shown = "; ".join(reasons[:_MOST_REASONS])
    return f"{shown}; and {len(reasons) - _MOST_REASONS} more" if len(reasons) > _MOST_REASONS else shown
