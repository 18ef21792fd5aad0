"""`build`: makes a dataset's tables as the outputs of a stage in dvc.yaml."""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tdmvc.errors import StoreError, UsageError
from tdmvc.formats.dataset import DATASET_FILE
from tdmvc.formats.dataset_edit import update_dataset
from tdmvc.model.finding import Finding
from tdmvc.model.location import Location
from tdmvc.model.options import AddOptions
from tdmvc.model.report import AddedTable, AddReport
from tdmvc.model.schema import Column, TableSchema
from tdmvc.store.atomic_files import write_atomic
from tdmvc.workspace.dataset_tables import DatasetTables, part_rows
from tdmvc.workspace.edits import FolderSink
from tdmvc.workspace.ingest import added_table, ingest_table, key_findings
from tdmvc.workspace.live_migrations import read_migration_tables
from tdmvc.workspace.looks import hidden_note
from tdmvc.workspace.migration_fits import MigrationRows
from tdmvc.workspace.opened_sources import open_sources
from tdmvc.workspace.recording import record_migrations
from tdmvc.workspace.states import current_state
from tdmvc.workspace.tables import table_folder
from tdmvc.workspace.workspace import Workspace


def build(
    workspace: Workspace, dataset: str, sources: Sequence[Location], options: AddOptions | None = None
) -> AddReport:
    """Write tables as canonical parts into the dataset's folder, without pointers.

    DVC stores what a stage makes and writes the pointers to dvc.lock. Keys and
    types come from contract.yaml, which should be a dependency of the stage.

    Raises:
        SourceError: a source cannot be read without loss.
        UsageError: no source is named.
    """
    options = options or AddOptions()
    if not sources:
        raise UsageError("`build` needs a source.", remedy="name the files or folders that contain the rows.")
    workspace.check_name(dataset)
    workspace.refuse_links(dataset)
    state = current_state(workspace, dataset)
    added: list[AddedTable] = []
    schemas: dict[str, TableSchema] = {}
    findings: list[Finding] = []
    hidden: list[tuple[str, Column]] = []
    not_added: list[MigrationRows] = []
    with open_sources(workspace, sources, options, kept=state.contract.tables) as opened:
        notes = opened.notes
        for snapshot in opened.snapshots:
            not_added += read_migration_tables(snapshot, left_out=opened.tables).applied
        for table, tables in opened.tables.items():
            target = workspace.working_copy(dataset) / table_folder(state, table)
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                made = Path(tempfile.mkdtemp(prefix=".tdmvc-build-", dir=target.parent))
            except OSError as error:
                raise StoreError.disk(target, error) from error
            try:
                ingested = ingest_table(workspace, state, table, tables, options, sink=FolderSink(made))
                shutil.rmtree(target, ignore_errors=True)
                made.chmod(0o755)
                made.replace(target)
            finally:
                shutil.rmtree(made, ignore_errors=True)
            added.append(added_table(ingested))
            schemas[table] = ingested.schema
            hidden += [(table, column) for column in ingested.hidden]
            findings += key_findings(dataset, ingested)
    manifest = workspace.working_copy(dataset) / DATASET_FILE
    if not manifest.exists():

        def read_rows(table: str) -> list[dict[str, object]]:
            return part_rows((workspace.working_copy(dataset) / table_folder(state, table)).glob("*.parquet"))

        made_tables = DatasetTables(schemas, frozenset(schemas), {}, read_rows, not_added)
        recording = record_migrations(workspace, state.config, made_tables)
        findings += recording.findings
        notes += recording.notes
        config = replace(state.config, migrations=recording.migrations)
        write_atomic(manifest, update_dataset(None, config).encode(), writer="build")
    return AddReport(dataset, tuple(added), tuple(findings), (*notes, *hidden_note(hidden)))
