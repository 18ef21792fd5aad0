"""Decides which migrations a dataset is recorded as made for, after rows were added."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from tdmvc.checks.drift import DriftSubject, SchemaRevision, check_drift
from tdmvc.errors import MigrationsError, format_names
from tdmvc.migrations.applied import AppliedState, fit_applied
from tdmvc.migrations.migration_tables import find_migration_tables
from tdmvc.model.dataset import DatasetConfig, DatasetState
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.migration import (
    AppliedMigrations,
    DriftStatus,
    MigrationState,
    RecordedState,
)
from tdmvc.model.text import plural
from tdmvc.model.tree import FileTree
from tdmvc.workspace.migrations import read_location, tree_at
from tdmvc.workspace.taken_in import TakenIn, find_misfits, find_missing_columns
from tdmvc.workspace.workspace import Workspace

_MOST_REASONS = 4
_MOST_HEADS = 3


@dataclass(slots=True)
class Recording:
    """Which migrations a dataset is recorded as made for, by location name, and what to say about it."""

    migrations: dict[str, RecordedState]
    notes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def record_migrations(workspace: Workspace, config: DatasetConfig, taken: TakenIn) -> Recording:
    """Return what dataset.yaml is to record.

    If the dataset has the table in which its migration tool keeps what it applied, that
    is recorded, and the work tree is not asked. Otherwise the work tree's state is recorded if
    rows or schema changed and nothing shows that the rows lack a migration, or if a person says so.
    """
    recording = Recording(dict(config.migrations))
    tree = tree_at(workspace, None)
    states: dict[str, MigrationState] = {}
    for location in workspace.config.migrations:
        try:
            states[location.name] = read_location(workspace, tree, location)
        except MigrationsError as error:
            recording.notes.append(f"The migrations '{location.name}' were not recorded: {error.what}")
    found = _own_tables(taken, tree, states, recording)
    for name, state in states.items():
        if name in found:
            _record_table(config, state, *found[name], taken, recording)
        else:
            _record_work_tree(config, tree, state, taken, recording)
    return recording


def check_recorded(
    workspace: Workspace, state: DatasetState, taken: TakenIn, at: str | None = None
) -> list[Finding]:
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
    ignored = Recording({})
    for name, (applied, fit) in _own_tables(taken, tree, states, ignored).items():
        findings += _table_findings(state.name, name, applied, fit)
        recorded = state.config.migrations.get(name)
        heads = recorded.heads if recorded is not None else ()
        if _contradicts(recorded, fit.recorded, states[name]):
            findings.append(
                Finding(
                    "migrations-not-recorded",
                    Severity.ERROR,
                    f"dataset.yaml says that the rows were made for migrations '{name}' at "
                    f"{format_names(heads) or 'none'}, but {applied.table} says "
                    f"{format_names(fit.recorded.heads) or 'none'}.",
                    state.name,
                    applied.table,
                    remedy=f"record what the table says: `tdmvc add {state.name}`.",
                    details={"location": name, "heads": list(fit.recorded.heads)},
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


def _own_tables(
    taken: TakenIn,
    tree: FileTree,
    states: Mapping[str, MigrationState],
    recording: Recording,
) -> dict[str, tuple[AppliedMigrations, AppliedState]]:
    """Return by location what the dataset's own migration tables say; a table belongs to the location it fits best."""
    found: dict[str, tuple[AppliedMigrations, AppliedState]] = {}
    columns = {name: columns for name, (columns, _) in taken.beside.items()}
    columns |= {name: schema.column_names for name, schema in taken.schemas.items()}
    for table, kind in find_migration_tables(columns).items():
        rows = taken.read_rows(table) if table in taken.schemas else taken.beside[table][1]
        if rows is None:
            continue
        applied = kind.read_rows(table, rows)
        fits = []
        for name, state in states.items():
            is_its_tool = state.location.tool in kind.tools
            if is_its_tool or state.location.tool == "sql":
                fit = fit_applied(applied, tree, state)
                if is_its_tool or fit.known:
                    fits.append((fit.known, is_its_tool, name, fit))
        if fits:
            known, _, name, fit = max(fits, key=lambda one: one[:2])
            if name not in found or known > found[name][1].known:
                found[name] = (applied, fit)
        elif table in taken.changed or table in taken.beside:
            recording.notes.append(
                f"{table} says which migrations of {kind.title} the rows have, but tdmvc.yaml names no"
                f" {kind.title} migrations, so they were not recorded."
            )
    return found


def _record_table(
    config: DatasetConfig,
    state: MigrationState,
    applied: AppliedMigrations,
    fit: AppliedState,
    taken: TakenIn,
    recording: Recording,
) -> None:
    """Record what a migration table says, and report what is wrong with it."""
    name = state.location.name
    old, new = config.migrations.get(name), fit.recorded
    if new.heads:
        recording.migrations[name] = new
    else:
        recording.migrations.pop(name, None)
        recording.notes.append(
            f"{applied.table} names no migration of '{name}', so none is recorded: they have not been run on the rows."
        )
    if new.heads and (old is None or old.heads != new.heads):
        before = f" (before: {format_names(old.heads, _MOST_HEADS)})" if old is not None else ""
        recording.notes.append(
            f"{applied.table} says that the rows were made for migrations '{name}' at "
            f"{format_names(new.heads)}{before}."
        )
    if taken.is_migrated and set(new.heads) != set(state.heads):
        recording.notes.append(
            f"--migrated changes nothing for '{name}': the data's own {applied.table} says which migrations were run."
        )
    if fit.removed and applied.table in taken.changed:
        recording.notes.append(
            f"{applied.table} has {plural(len(fit.removed), 'older migration')} that the work tree lacks: "
            f"{format_names(fit.removed)}."
        )
    recording.findings += _table_findings(config.name, name, applied, fit)


def _table_findings(
    dataset: str, location: str, applied: AppliedMigrations, fit: AppliedState
) -> list[Finding]:
    def finding(rule: str, severity: Severity, message: str, remedy: str, ids: tuple[str, ...]) -> Finding:
        details: dict[str, object] = {"location": location, "migrations": list(ids)}
        return Finding(rule, severity, message, dataset, applied.table, remedy=remedy, details=details)

    findings = []
    if applied.failed:
        findings.append(
            finding(
                "migration-failed",
                Severity.ERROR,
                f"{applied.table} marks {plural(len(applied.failed), 'migration')} as failed or unfinished: "
                f"{format_names(applied.failed)}.",
                "repair the database that the rows come from, and add them again.",
                applied.failed,
            )
        )
    if fit.unknown:
        findings.append(
            finding(
                "migration-not-known",
                Severity.WARNING,
                f"{applied.table} has {plural(len(fit.unknown), 'migration')} that the work tree does not know: "
                f"{format_names(fit.unknown)}.",
                "the rows are from a later or another state of the application: check out the commit that has "
                "these migrations, or add rows of this one.",
                fit.unknown,
            )
        )
    if fit.half_applied:
        findings.append(
            finding(
                "migration-half-applied",
                Severity.WARNING,
                f"{applied.table} has only some of the migrations that {format_names(fit.half_applied)} replaces.",
                "run the application's migrations on the database that the rows come from, and add them again.",
                fit.half_applied,
            )
        )
    return findings


def _record_work_tree(
    config: DatasetConfig, tree: FileTree, state: MigrationState, taken: TakenIn, recording: Recording
) -> None:
    """Record the work tree's state, unless nothing changed or the rows show that they lack a migration."""
    name = state.location.name
    ids = tuple(dict.fromkeys(migration.id for migration in state.migrations))
    new = RecordedState(state.location.tool, state.heads, ids=ids)
    old = config.migrations.get(name)
    if old is None or not old.heads:
        if taken.changed or taken.is_migrated:
            recording.migrations[name] = new
            recording.notes += _first_notes(tree, state, taken)
        elif taken.schemas:
            recording.notes.append(
                f"Nothing changed, so no migrations of '{name}' are recorded. If all of them were run on these rows, "
                f"say so: `tdmvc add {config.name} --migrated`."
            )
        return
    if taken.is_migrated:
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
            if taken.changed:
                recording.migrations[name] = new
                recording.notes += _moved_notes(name, old, new)
        case DriftStatus.BEHIND if taken.changed:
            misfits = find_misfits(tree, state, drift.pending, taken)
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
        case _ if taken.changed:
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


def _first_notes(tree: FileTree, state: MigrationState, taken: TakenIn) -> list[str]:
    """Return what the tables of a dataset lack of the migrations that are recorded for it for the first time."""
    missing = find_missing_columns(tree, state, taken)
    if not missing:
        return []
    return [
        f"The rows are recorded as made for migrations '{state.location.name}' at "
        f"{format_names(state.heads, _MOST_HEADS)}, but do not look like it: {_joined(missing)}."
    ]


def _joined(reasons: Sequence[str]) -> str:
    shown = "; ".join(reasons[:_MOST_REASONS])
    return f"{shown}; and {len(reasons) - _MOST_REASONS} more" if len(reasons) > _MOST_REASONS else shown
