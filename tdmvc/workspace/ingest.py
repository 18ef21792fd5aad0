"""Ingesting rows: tables of sources and of the working copy, built into parts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tdmvc.changes.schema import diff_schema
from tdmvc.errors import LocalWorkError, PartError, UsageError
from tdmvc.model.dataset import DatasetState, WorkStatus
from tdmvc.model.diff import SchemaChange, TableStatus
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.location import Location
from tdmvc.model.options import AddOptions
from tdmvc.model.report import AddedTable
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.selection import EVERYTHING
from tdmvc.model.source import Frame, SourceTable
from tdmvc.model.text import plural
from tdmvc.store.build import BuildOptions, PartSink, build_table
from tdmvc.store.built import BuiltTable, KnownPart
from tdmvc.store.cutting import DEFAULT_PART_ROWS
from tdmvc.store.ingest import prepare_ingest
from tdmvc.store.objects import Listing
from tdmvc.workspace.edits import open_edited
from tdmvc.workspace.looks import columns_to_examine, newly_hidden, with_looks
from tdmvc.workspace.opened_sources import TableSources
from tdmvc.workspace.tables import new_folders, work_status
from tdmvc.workspace.workspace import Workspace, timed_as


@dataclass(frozen=True, slots=True)
class IngestedTable:
    """One table, whose parts are built and have no pointer yet."""

    name: str
    schema: TableSchema
    built: BuiltTable
    old: Listing | None
    """What the present pointer names, if it can be read."""
    notes: tuple[str, ...]
    schema_changes: tuple[SchemaChange, ...] = ()
    """How the schema differs from what the contract declared before."""
    hidden: tuple[Column, ...] = ()
    """Columns that no output shows from now on, because they look personal or secret."""

    @property
    def status(self) -> TableStatus:
        if self.old is None:
            return TableStatus.ADDED
        is_same = self.old.content == self.built.listing.content and not self.schema_changes
        return TableStatus.UNCHANGED if is_same else TableStatus.CHANGED


@timed_as("read working copy")
def open_edits(workspace: Workspace, state: DatasetState, only: str | None = None) -> TableSources:
    """Return the tables of the working copy that a person or another tool edited or added.

    Raises:
        LocalWorkError: a folder has rows of another state, which would undo what Git changed.
    """
    by_table: TableSources = {}
    folders: dict[str, Path] = dict(new_folders(workspace, state))
    stale: list[str] = []
    for table in state.pointers:
        status, folder = work_status(workspace, state, table)
        if status is WorkStatus.MODIFIED and folder is not None:
            folders[table] = folder.path
        elif status is WorkStatus.STALE and (only is None or table == only):
            stale.append(table)
    if stale:
        raise LocalWorkError(
            f"The working copy of {state.name} has rows of another state, as after `git switch` or `git merge`.",
            where=f"{state.name}: {', '.join(stale)}",
            remedy=f"write the rows of the present pointers: `tdmvc checkout {state.name} --tables {','.join(stale)}`.",
        )
    for table, path in sorted(folders.items()):
        if only is None or table == only:
            by_table[table] = open_edited(workspace, state, table, path)
    return by_table


def ingest_table(
    workspace: Workspace,
    state: DatasetState,
    table: str,
    sources: Sequence[SourceTable],
    options: AddOptions,
    *,
    sink: PartSink | None = None,
) -> IngestedTable:
    """Build the parts of one table, and reuse the bytes of parts whose rows are the same.

    Args:
        sink: where the parts go, such as a stage's output folder; by default, into the store.
    """
    store = workspace.store
    key = options.keys.of(table)
    owner = f"{state.name}/{table}"
    keeps_rows = options.append or not sources
    old = _old_listing(workspace, state, table, must_exist=keeps_rows)
    known: Mapping[str, KnownPart] = store.known_parts(old) if sink is None else {}
    existing = store.parts(old, owner) if keeps_rows and old is not None else []
    with (
        workspace.timed("build parts"),
        prepare_ingest(
            workspace.engine,
            table,
            sources,
            state.contract.table(table),
            key=key,
            existing=existing,
        ) as ingest,
    ):
        built = build_table(
            workspace.engine,
            ingest.query,
            ingest.schema,
            sink if sink is not None else store,
            options=BuildOptions(
                known,
                state.config.part_rows or DEFAULT_PART_ROWS,
                workspace.on_progress,
                columns_to_examine(ingest.schema),
            ),
        )
        schema = with_looks(ingest.schema, built.looks)
        declared = state.contract.table(table)
        changes = diff_schema(declared, ingest.schema) if declared is not None and old is not None else ()
        needs_key = declared is None and key is None and not ingest.schema.key
        notes = (*ingest.notes, _no_key_note(table, sources)) if needs_key else ingest.notes
        return IngestedTable(table, schema, built, old, notes, changes, newly_hidden(schema, declared))


def _no_key_note(table: str, sources: Sequence[SourceTable]) -> str:
    suggested = next((source.suggested_key for source in sources if source.suggested_key), ())
    remedy = (
        f"--key {table}={','.join(suggested)}, as its pandas index suggests"
        if suggested
        else "--key TABLE=COLUMN"
    )
    return (
        "no key, so a changed row shows as one removed and one added, and branches cannot merge its cells. "
        f"Name the columns that identify a row: {remedy}"
    )


def key_findings(dataset: str, ingested: IngestedTable) -> list[Finding]:
    """Return what is wrong with the keys of an ingested table."""
    findings: list[Finding] = []
    key = ", ".join(ingested.schema.key)
    if ingested.built.repeated_keys:
        findings.append(
            Finding(
                "duplicate-key",
                Severity.ERROR,
                f"{plural(ingested.built.repeated_keys, 'key')} ({key}) of {ingested.name}"
                f" {'appears' if ingested.built.repeated_keys == 1 else 'appear'} more than once.",
                dataset,
                ingested.name,
                ingested.schema.key,
                remedy=f"give each row its own key, or choose other key columns: --key {ingested.name}=COLUMN.",
                details={"keys": ingested.built.repeated_keys},
            )
        )
    if ingested.built.null_keys:
        findings.append(
            Finding(
                "null-key",
                Severity.ERROR,
                f"{plural(ingested.built.null_keys, 'row')} of {ingested.name}"
                f" {'has' if ingested.built.null_keys == 1 else 'have'} a null in the key ({key}).",
                dataset,
                ingested.name,
                ingested.schema.key,
                remedy="give these rows a key.",
                details={"rows": ingested.built.null_keys},
            )
        )
    return findings


def check_options(dataset: str, sources: Sequence[Location | Frame], options: AddOptions) -> None:
    """Refuse options that contradict each other.

    Raises:
        UsageError: they do.
    """
    if options.append and options.replace:
        raise UsageError("--append and --replace contradict each other.", remedy="choose one of them.")
    if options.selection != EVERYTHING and not sources:
        raise UsageError(
            "--exclude, and several --tables, choose from a source, but there is none.",
            remedy=f"name a source, or one table: `tdmvc add {dataset} --table NAME`.",
        )
    if (options.append or options.replace) and not sources:
        raise UsageError(
            "--append and --replace need a source.",
            remedy=f"name one: `tdmvc add {dataset} SOURCE`. Without a source, tdmvc adds what you edited.",
        )


def _old_listing(
    workspace: Workspace, state: DatasetState, table: str, *, must_exist: bool
) -> Listing | None:
    pointer = state.pointers.get(table)
    if pointer is None:
        return None
    try:
        return workspace.store.checked_listing(pointer.object, f"{state.name}/{table}")
    except PartError:
        if must_exist:
            raise
        # The old rows are not here, or their parts hold other rows than they are named for; new ones can be added.
        return None


def added_table(ingested: IngestedTable) -> AddedTable:
    """Return the report on a table that was added."""
    return AddedTable(
        ingested.name,
        ingested.status,
        ingested.built.rows,
        ingested.built.size_bytes,
        ingested.built.written_bytes,
        len(ingested.built.listing.entries),
        ingested.schema.key,
        ingested.built.listing.content,
        ingested.notes,
        ingested.schema_changes,
    )
