"""Gathering rows: what sources and the working copy offer, built into parts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tdmvc.databases import find_reader, open_database
from tdmvc.errors import LocalWorkError, NotFoundError, PartError, UsageError
from tdmvc.model.dataset import DatasetKind, DatasetState, WorkStatus
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.location import FileLocation, Location
from tdmvc.model.report import AddedTable
from tdmvc.model.schema import TableSchema
from tdmvc.model.source import SourceTable
from tdmvc.sources import open_source
from tdmvc.store.build import BuildOptions, BuiltTable, KnownPart, PartSink, build_table
from tdmvc.store.cutting import DEFAULT_PART_ROWS
from tdmvc.store.ingest import prepare_ingest
from tdmvc.store.objects import Listing
from tdmvc.workspace.edits import open_edited
from tdmvc.workspace.tables import new_folders, work_status
from tdmvc.workspace.workspace import Workspace, timed_as

Offered = dict[str, list[SourceTable]]
"""What there is to take in, by table name."""


@dataclass(frozen=True, slots=True)
class AddOptions:
    """How rows are taken in."""

    table: str | None = None
    """The name of the table of a single file."""
    keys: Mapping[str, tuple[str, ...]] | None = None
    """Key columns by table, where a person says them."""
    null_texts: tuple[str, ...] = ()
    """Texts of a CSV that mean null, besides the unquoted empty field."""
    append: bool = False
    """Keep the rows that are there."""
    replace: bool = False
    """Drop the tables that the sources do not hold."""
    kind: DatasetKind | None = None


@dataclass(frozen=True, slots=True)
class TakenTable:
    """One table, built but not yet pointed at."""

    name: str
    schema: TableSchema
    built: BuiltTable
    old: Listing | None
    """What the pointer named before, where it can be read."""
    notes: tuple[str, ...]
    is_rekeyed: bool = False
    """The key is not the one that the contract names."""

    @property
    def status(self) -> str:
        if self.old is None:
            return "added"
        is_same = self.old.content == self.built.listing.content and not self.is_rekeyed
        return "unchanged" if is_same else "changed"


@timed_as("read sources")
def read_offers(workspace: Workspace, sources: Sequence[Location], options: AddOptions) -> Offered:
    """Return the tables of sources. A table that is in several sources gets the rows of all.

    Raises:
        NotFoundError: a key is given for a table that no source has.
        SourceError: a source cannot be read.
        UsageError: a source is a URL that cannot be read.
    """
    offered: Offered = {}
    for location in sources:
        # Only a path has no reader: one that is no database file.
        if find_reader(location) is None and isinstance(location, FileLocation):
            tables = open_source(
                location.path, workspace.engine, table=options.table, null_texts=options.null_texts
            )
        else:
            only = (options.table,) if options.table else None
            tables = open_database(location, workspace.engine, tables=only)
        for source in tables:
            offered.setdefault(source.schema.name, []).append(source)
    for name in options.keys or {}:
        if name not in offered:
            raise NotFoundError.named("table", name, sorted(offered), where="--key")
    return offered


@timed_as("read working copy")
def read_edits(workspace: Workspace, state: DatasetState, only: str | None = None) -> Offered:
    """Look at the working copy for tables that were edited or put there by another tool.

    Raises:
        LocalWorkError: a folder holds another state's rows; taking them in would undo what Git brought.
    """
    offered: Offered = {}
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
            f"The working copy of {state.name} holds rows of another state, as `git switch` or `git merge` leave them.",
            where=f"{state.name}: {', '.join(stale)}",
            remedy=f"bring the rows of the present pointers: `tdmvc checkout {state.name} --tables {','.join(stale)}`.",
        )
    for table, path in sorted(folders.items()):
        if only is None or table == only:
            offered[table] = open_edited(workspace, state, table, path)
    return offered


def take_table(
    workspace: Workspace,
    state: DatasetState,
    table: str,
    sources: Sequence[SourceTable],
    options: AddOptions,
    *,
    sink: PartSink | None = None,
) -> TakenTable:
    """Build the parts of one table, using old bytes again where rows are the same.

    Args:
        sink: where the parts go, such as a stage's output folder; by default, into the store.
    """
    store = workspace.store
    owner = f"{state.name}/{table}"
    old = _old_listing(workspace, state, table)
    known: Mapping[str, KnownPart] = store.known_parts(old) if sink is None else {}
    keeps_rows = options.append or not sources
    if keeps_rows and table in state.pointers and old is None:
        raise PartError.missing(state.pointers[table].object, owner, store.looked_in())
    existing = store.parts(old, owner) if keeps_rows and old is not None else []
    with (
        workspace.timed("build parts"),
        prepare_ingest(
            workspace.engine,
            table,
            sources,
            state.contract.table(table),
            key=(options.keys or {}).get(table),
            existing=existing,
        ) as ingest,
    ):
        built = build_table(
            workspace.engine,
            ingest.query,
            ingest.schema,
            sink if sink is not None else store,
            options=BuildOptions(known, state.config.part_rows or DEFAULT_PART_ROWS, workspace.report),
        )
        declared = state.contract.table(table)
        is_rekeyed = declared is not None and old is not None and declared.key != ingest.schema.key
        return TakenTable(table, ingest.schema, built, old, ingest.notes, is_rekeyed=is_rekeyed)


def key_findings(dataset: str, taken: TakenTable) -> list[Finding]:
    """Say what is wrong with the keys of a table that was taken in."""
    findings: list[Finding] = []
    key = ", ".join(taken.schema.key)
    if taken.built.repeated_keys:
        findings.append(
            Finding(
                "duplicate-key",
                Severity.ERROR,
                f"{taken.built.repeated_keys} key(s) of {taken.name} ({key}) appear in more than one row.",
                dataset,
                taken.name,
                taken.schema.key,
                remedy=f"fix the rows, or name the columns that identify one: --key {taken.name}=…",
                details={"keys": taken.built.repeated_keys},
            )
        )
    if taken.built.null_keys:
        findings.append(
            Finding(
                "null-key",
                Severity.ERROR,
                f"{taken.built.null_keys} row(s) of {taken.name} have a null in their key ({key}).",
                dataset,
                taken.name,
                taken.schema.key,
                remedy="give these rows a key.",
                details={"rows": taken.built.null_keys},
            )
        )
    return findings


def check_options(dataset: str, sources: Sequence[Location], options: AddOptions) -> None:
    """Refuse words that contradict each other.

    Raises:
        UsageError: they do.
    """
    if options.append and options.replace:
        raise UsageError("--append and --replace contradict each other.", remedy="choose one of them.")
    if (options.append or options.replace) and not sources:
        raise UsageError(
            "--append and --replace need a source.",
            remedy=f"name it: tdmvc add {dataset} SOURCE. Without a source, the edited working copy is taken in.",
        )


def _old_listing(workspace: Workspace, state: DatasetState, table: str) -> Listing | None:
    pointer = state.pointers.get(table)
    if pointer is None:
        return None
    try:
        return workspace.store.listing(pointer.object, f"{state.name}/{table}")
    except PartError:
        # The old rows are elsewhere; new ones can be taken in all the same.
        return None


def added_table(taken: TakenTable) -> AddedTable:
    """Return the report on a table that was added."""
    return AddedTable(
        taken.name,
        taken.status,
        taken.built.rows,
        taken.built.size_bytes,
        taken.built.written_bytes,
        len(taken.built.listing.entries),
        taken.schema.key,
        taken.built.listing.content,
        taken.notes,
    )
