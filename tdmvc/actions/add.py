"""`add`: ingest rows from any source, or from the edited working copy, and write their pointers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

from tdmvc.changes.views import diff_views
from tdmvc.contracts.odcs.editing import update_contract
from tdmvc.contracts.odcs.reading import CONTRACT_FILE
from tdmvc.errors import NotFoundError, UsageError
from tdmvc.formats import datasets
from tdmvc.formats.dataset import DATASET_FILE
from tdmvc.formats.dataset_edit import update_dataset
from tdmvc.formats.pointers import stage_owners
from tdmvc.model.dataset import DatasetConfig, DatasetState, Pointer
from tdmvc.model.declarations import View
from tdmvc.model.diff import TableStatus
from tdmvc.model.location import Location
from tdmvc.model.options import AddOptions
from tdmvc.model.report import AddedTable, AddReport
from tdmvc.model.schema import TableSchema
from tdmvc.model.source import Frame
from tdmvc.store.cutting import DEFAULT_PART_ROWS
from tdmvc.workspace.broken_rules import find_broken_rules
from tdmvc.workspace.dataset_tables import AddPlan, tables_after
from tdmvc.workspace.ingest import (
    IngestedTable,
    added_table,
    check_options,
    ingest_table,
    key_findings,
    open_edits,
)
from tdmvc.workspace.kept_tables import deleted_notes, dropped_notes
from tdmvc.workspace.keys import read_keys
from tdmvc.workspace.known_sources import describe_sources, remember_sources
from tdmvc.workspace.live_migrations import read_migration_tables
from tdmvc.workspace.looks import hidden_note
from tdmvc.workspace.migration_fits import MigrationRows
from tdmvc.workspace.opened_sources import TableSources, open_sources
from tdmvc.workspace.recording import record_migrations
from tdmvc.workspace.source_views import SourceViews
from tdmvc.workspace.states import current_state
from tdmvc.workspace.tables import table_folder, work_status
from tdmvc.workspace.transaction import GITIGNORE, Transaction, open_transaction
from tdmvc.workspace.workspace import Workspace, require_dvc

_FILE_SUFFIXES = (
    ".csv",
    ".tsv",
    ".json",
    ".jsonl",
    ".parquet",
    ".db",
    ".sqlite",
    ".sqlite3",
    ".duckdb",
    ".sql",
    ".dump",
    ".gz",
)
_NOTES_APART = 3
"""A note that more tables share than this is shown once."""


def add(
    workspace: Workspace,
    dataset: str,
    sources: Sequence[Location | Frame] = (),
    options: AddOptions | None = None,
) -> AddReport:
    """Add tables to a dataset and write their pointers; a new dataset is made.

    Parts and objects are written first, pointers last and all at once, so that
    a process that is killed leaves either the old state or the new one. Memory is
    bounded at any size.

    Args:
        sources: files, folders, databases and frames; none means the edited tables of the working copy.

    Raises:
        SourceError: a source cannot be read without loss.
        UsageError: a stage owns a table, a key does not exist, or options contradict each other.
        StoreError: the disk is full or cannot be written; nothing was changed.
    """
    options = options or AddOptions()
    if options.keys_file is not None:
        options = replace(options, keys=replace(options.keys, listed=read_keys(options.keys_file)))
    check_options(dataset, sources, options)
    workspace.check_name(dataset)
    require_dvc(workspace.root)
    with workspace.writing(dataset) as journal:
        state = current_state(workspace, dataset)
        not_added: list[MigrationRows] = []
        source_views: SourceViews | None = None
        # Before their rows are read, so that a later change is not missed.
        known = describe_sources(workspace, sources)
        if sources:
            with open_sources(workspace, sources, options, kept=state.pointers) as opened:
                by_table, notes, source_views = opened.tables, opened.notes, opened.views
                for snapshot in opened.snapshots:
                    not_added += read_migration_tables(snapshot, left_out=by_table).applied
                ingested = _ingest(workspace, state, by_table, options)
        else:
            if dataset not in workspace.datasets() and not workspace.working_copy(dataset).is_dir():
                raise NotFoundError.named(
                    "dataset",
                    dataset,
                    workspace.datasets(),
                    remedy=_remedy_for_new(workspace, dataset),
                )
            by_table, notes = open_edits(workspace, state, options.table), []
            _check_tables(state, by_table, options)
            for table, schema in state.contract.tables.items():
                # Rows that stay, under another key.
                if table in state.pointers and options.keys.of(table) not in (None, schema.key):
                    by_table.setdefault(table, [])
            ingested = _ingest(workspace, state, by_table, options)
        removed = _removed(state, by_table, options, has_sources=bool(sources))
        if not sources and options.table is None:
            notes = [*notes, *deleted_notes(workspace, state, removed)]
        with open_transaction(workspace, dataset, journal) as transaction:
            report = _plan(
                workspace, transaction, state, AddPlan(ingested, removed, not_added, source_views), options
            )
        workspace.store.index.save()
        origins = {table: [one.origin for one in tables] for table, tables in by_table.items()}
        remember_sources(workspace, dataset, known, origins, keeps_earlier=options.append)
        broken = find_broken_rules(workspace, current_state(workspace, dataset))
        return replace(report, findings=(*report.findings, *broken), notes=(*notes, *report.notes))


def _ingest(
    workspace: Workspace, state: DatasetState, by_table: TableSources, options: AddOptions
) -> list[IngestedTable]:
    """Build the parts of all tables."""
    _refuse_stages(workspace, state.name, by_table)
    _refuse_other_part_rows(workspace, state)
    return [ingest_table(workspace, state, table, tables, options) for table, tables in by_table.items()]


def _remedy_for_new(workspace: Workspace, dataset: str) -> str:
    """Return what to write instead of a dataset that does not exist, and may be a forgotten dataset's source."""
    known = workspace.datasets()
    if dataset.endswith(_FILE_SUFFIXES):
        return f"name the dataset first: `tdmvc add {known[0] if len(known) == 1 else 'NAME'} {dataset}`."
    create = f"create it from a source: `tdmvc add {dataset} SOURCE`."
    near = get_close_matches(dataset, known, n=1)
    return f"did you mean '{near[0]}'? Or {create}" if near else create


def _check_tables(state: DatasetState, edits: TableSources, options: AddOptions) -> None:
    """Refuse tables in the options that neither the pointers nor the working copy have."""
    known = sorted({*edits, *state.pointers})
    if options.table is not None and options.table not in known:
        raise NotFoundError.named("table", options.table, known, where=f"{state.name}, --table")
    options.keys.check_tables(known, where=f"{state.name}, --key")


def _refuse_stages(workspace: Workspace, dataset: str, by_table: TableSources) -> None:
    owners = stage_owners(workspace.tree, workspace.dataset_path(dataset))
    owned = sorted(set(by_table) & set(owners))
    if owned:
        stage = owners[owned[0]]
        raise UsageError(
            f"A stage makes {', '.join(owned)}: its next run would overwrite what you add.",
            where=stage,
            remedy=f"change the stage's inputs, then run `dvc repro {stage}`.",
        )


def _refuse_other_part_rows(workspace: Workspace, state: DatasetState) -> None:
    """Refuse another length of parts, with which all parts would differ from the old ones."""
    head = workspace.git.head()
    tree = workspace.git.tree(head) if head else None
    if tree is None or state.name not in datasets.list_datasets(tree, workspace.config):
        return
    old = datasets.read_state(tree, workspace.config, state.name)
    if old.pointers and old.config.part_rows != state.config.part_rows:
        raise UsageError(
            f"part_rows of {state.name} cannot change: its tables are already split into parts.",
            where=f"{workspace.dataset_path(state.name)}/{DATASET_FILE}, key 'part_rows'",
            remedy=f"set part_rows: {old.config.part_rows or DEFAULT_PART_ROWS} again, or create a new dataset.",
        )


def _removed(
    state: DatasetState, by_table: TableSources, options: AddOptions, *, has_sources: bool
) -> list[str]:
    """Return the tables to remove: those that a person names, and those that --replace leaves out.

    Raises:
        NotFoundError: there is no such table.
        UsageError: a stage makes it, or it is added, too.
    """
    known = sorted({*state.pointers, *state.contract.tables})
    for name in options.removed:
        if name not in known:
            raise NotFoundError.named("table", name, known, where=f"{state.name}, --remove")
        if name in by_table:
            raise UsageError(
                f"{name} would be added and removed at once.",
                where="--remove",
                remedy="leave it out of one of the two; `tdmvc status` shows what was edited.",
            )
        pointer = state.pointers.get(name)
        if pointer is not None and pointer.stage is not None:
            raise UsageError(
                f"A stage makes {name}.",
                where=pointer.stage,
                remedy="remove it from the stage's outputs instead.",
            )
    left_out: set[str] = set()
    if has_sources and options.replace:
        owned = {table for table, pointer in state.pointers.items() if pointer.stage is None}
        left_out = owned - set(by_table)
    return sorted(left_out.union(options.removed))


def _plan(
    workspace: Workspace,
    transaction: Transaction,
    state: DatasetState,
    plan: AddPlan,
    options: AddOptions,
) -> AddReport:
    added: list[AddedTable] = []
    folders = state
    for table in plan.ingested:
        folder = table_folder(folders, table.name)
        folders = _with_folder(folders, table, folder)
        _, present = work_status(workspace, folders, table.name)
        workspace.store.keep(table.built)
        if table.status is not TableStatus.UNCHANGED:
            transaction.point(table.name, folder, table.built.listing, table.built.size_bytes)
        transaction.write_working_copy(table.name, folder, table.built.listing, present)
        added.append(added_table(table))
    for name in plan.removed:
        folder = table_folder(state, name)
        transaction.clear(folder, work_status(workspace, state, name)[1])
        transaction.remove_pointer(folder)
        added.append(AddedTable(name, TableStatus.REMOVED, 0, 0, 0, 0, (), ""))
    tables = tables_after(workspace, state, plan)
    recording = record_migrations(workspace, state.config, tables, is_migrated=options.is_migrated)
    kind = options.kind or state.config.kind
    config = replace(state.config, migrations=recording.migrations, kind=kind)
    views, more_notes = state.contract.views, list[str]()
    if plan.views is not None:
        views, more_notes = plan.views.merged(state.contract.views, tables.schemas)
        more_notes += dropped_notes(state, plan.views, [table.name for table in added])
    _write_manifest(workspace, transaction, state, plan, config, views)
    hidden = hidden_note((table.name, column) for table in plan.ingested for column in table.hidden)
    added, common = _fold_notes(added)
    findings = [finding for table in plan.ingested for finding in key_findings(state.name, table)]
    return AddReport(
        state.name,
        tuple(added),
        (*findings, *recording.findings),
        (*recording.notes, *more_notes, *hidden, *common),
        folder=workspace.dataset_path(state.name),
        views=diff_views(state.contract.views, views),
    )


def _fold_notes(tables: Sequence[AddedTable]) -> tuple[list[AddedTable], list[str]]:
    """Show a note that many tables share only once."""
    counts = Counter(note for table in tables for note in table.notes)
    common = {note for note, count in counts.items() if count > _NOTES_APART}
    kept = [replace(t, notes=tuple(n for n in t.notes if n not in common)) for t in tables]
    return kept, [f"{counts[note]} tables: {note}" for note in sorted(common)]


def _with_folder(state: DatasetState, table: IngestedTable, folder: str) -> DatasetState:
    """Return the state with the table's folder in it, so that a later table's folder cannot clash with it."""
    pointer = state.pointers.get(table.name) or Pointer(table.name, table.built.listing.object, folder=folder)
    return replace(state, pointers={**state.pointers, table.name: pointer})


def _write_manifest(
    workspace: Workspace,
    transaction: Transaction,
    state: DatasetState,
    plan: AddPlan,
    config: DatasetConfig,
    views: Sequence[View],
) -> None:
    tree, folder = workspace.tree, workspace.dataset_path(state.name)
    transaction.write(DATASET_FILE, update_dataset(tree.read_text(f"{folder}/{DATASET_FILE}"), config))
    # An unchanged contract is not written again: that costs more than the rows of a small table.
    tables: dict[str, TableSchema | None] = {
        table.name: table.schema
        for table in plan.ingested
        if state.contract.table(table.name) != table.schema
    }
    tables.update(dict.fromkeys(plan.removed))
    if tables or tuple(views) != state.contract.views:
        text = tree.read_text(f"{folder}/{CONTRACT_FILE}")
        transaction.write(CONTRACT_FILE, update_contract(text, state.name, tables, views))
    if tree.read_text(f"{folder}/.gitignore") is None:
        transaction.write(".gitignore", GITIGNORE)
