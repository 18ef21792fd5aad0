"""`checkout`: bring a state of a dataset into the working copy, or elsewhere."""

import os
import shutil
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from tdmvc.actions.add import current_state
from tdmvc.databases import TableToWrite, engine_for_target
from tdmvc.errors import LocalWorkError, NotFoundError, StoreError, UsageError
from tdmvc.formats.contract import CONTRACT_FILE
from tdmvc.formats.dataset import DATASET_FILE
from tdmvc.formats.dataset_edit import update_dataset
from tdmvc.gitrepo.commits import keep_snapshot
from tdmvc.model.dataset import DatasetState, WorkStatus
from tdmvc.model.diff import TableSide
from tdmvc.model.names import folder_name
from tdmvc.model.report import CheckedOut, CheckoutReport, Inference, WithoutVersion
from tdmvc.sql.quoting import quote_name, quote_names, scan_parquet
from tdmvc.store.build import cast_batches
from tdmvc.store.content import dataset_content, table_content
from tdmvc.store.worktree import Folder
from tdmvc.workspace.release_states import ReleaseResolver
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.tables import leftover_folders, open_tables, table_folder, work_status
from tdmvc.workspace.transaction import GITIGNORE, Transaction
from tdmvc.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class CheckoutOptions:
    """What is checked out, and whereto."""

    release: str | None = None
    """Instead of a reference: whatever fits this release of the application."""
    datasets: tuple[str, ...] = ()
    """With a release: only these datasets."""
    into: Path | None = None
    """A folder, or a `.duckdb`, `.sqlite`, `.sqlite3` or `.db` file; None is the working copy."""
    tables: tuple[str, ...] = ()
    """Only these tables."""
    force: bool = False
    """Overwrite local work, or a target that exists."""
    strict: bool = False
    """A release must be declared by a version; nothing is inferred."""


def checkout(
    workspace: Workspace, ref: str | None = None, options: CheckoutOptions | None = None
) -> CheckoutReport:
    """Bring a state, fetching only what is missing. Git's HEAD does not move.

    Into the working copy the whole state comes: rows, pointers, contract and recorded
    migrations; tables that the state does not have go. Elsewhere, only rows are written.

    Raises:
        LocalWorkError: rows that no object holds would be overwritten.
        NotFoundError: no such state or table, or a release that no dataset has a version for.
        PartError: a part is nowhere.
        PolicyError: a policy forbids one of the states; nothing was written.
    """
    options = options or CheckoutOptions()
    chosen, without = _choose(workspace, ref, options)
    for state, _ in chosen:
        workspace.allow("checkout", state)
    done: list[CheckedOut] = []
    for state, how in chosen:
        _check_tables(state, options.tables)
        if options.into is None:
            done.append(_into_work_tree(workspace, state, how, options))
        else:
            target = options.into / state.name if len(chosen) > 1 else options.into
            done.append(_into_target(workspace, state, how, target, options))
    workspace.store.index.save()
    return CheckoutReport(tuple(done), options.release, tuple(without))


def checkout_pointers(workspace: Workspace, state: DatasetState, *, force: bool = False) -> CheckedOut:
    """Lay the rows of the working copy's own pointers into its folders."""
    return _into_work_tree(workspace, state, None, CheckoutOptions(force=force))


def _choose(
    workspace: Workspace, ref: str | None, options: CheckoutOptions
) -> tuple[list[tuple[DatasetState, Inference | None]], list[WithoutVersion]]:
    if (ref is None) == (options.release is None):
        raise UsageError(
            "checkout needs a reference or a release, one of them.",
            remedy="write `tdmvc checkout golden@1.0.0`, or `tdmvc checkout --release 2.14.0`.",
        )
    if ref is not None:
        return [(resolve_state(workspace, ref), None)], []
    names = workspace.chosen(list(options.datasets))
    if not names:
        raise NotFoundError("There is no dataset here yet.", remedy="make one: tdmvc add NAME SOURCE.")
    resolver = ReleaseResolver(workspace, str(options.release), strict=options.strict)
    found: list[tuple[DatasetState, Inference | None]] = []
    errors: dict[str, NotFoundError] = {}
    for name in names:
        try:
            found.append(resolver.resolve(name))
        except NotFoundError as error:
            errors[name] = error
    if not found:
        raise _none_fits(list(errors.values()))
    return found, [WithoutVersion(name, error.what, error.remedy) for name, error in errors.items()]


def _none_fits(errors: list[NotFoundError]) -> NotFoundError:
    """Return one error for all datasets."""
    if len(errors) == 1:
        return errors[0]
    return NotFoundError(
        "\n".join(error.what for error in errors),
        where=", ".join(error.where for error in errors),
        remedy=" ".join(f"{error.where}: {error.remedy}" for error in errors),
    )


def _check_tables(state: DatasetState, tables: Sequence[str]) -> None:
    for table in tables:
        if table not in state.pointers:
            raise NotFoundError.named("table", table, sorted(state.pointers), where=state.ref)


def _into_work_tree(
    workspace: Workspace, target: DatasetState, how: Inference | None, options: CheckoutOptions
) -> CheckedOut:
    with workspace.writing(target.name) as journal:
        current = current_state(workspace, target.name)
        folders = {t: work_status(workspace, current, t) for t in {*current.pointers, *target.pointers}}
        wanted = [t for t in target.pointers if not options.tables or t in options.tables]
        gone = [] if options.tables else sorted(set(current.pointers) - set(target.pointers))
        if not options.force:
            _refuse_loss(workspace, current, target, [*wanted, *gone], folders)
        change = Transaction(workspace, target.name)
        try:
            notes = _lay_out(workspace, change, current, target, wanted, gone, folders)
            if not options.tables:
                for table, folder in leftover_folders(workspace, current).items():
                    if table not in target.pointers:
                        change.clear(folder.path.name, folder)
                _write_manifest(workspace, change, current, target)
            changed = change.changed_files
            if change.rewrites_text:
                notes += keep_uncommitted(workspace, target.name)
            change.commit(journal)
        except BaseException:
            if not journal.is_open:
                change.abandon()
            raise
    sides = open_tables(workspace, target, only=set(wanted))
    return _report(target, how, sides, changed, notes=tuple(notes))


def keep_uncommitted(workspace: Workspace, dataset: str) -> list[str]:
    """Keep pointers that were added but not committed: nothing else would name their rows any more."""
    path = workspace.dataset_path(dataset)
    if not workspace.git.is_dirty([path]):
        return []
    ref = f"tdmvc/replaced/{dataset}"
    keep_snapshot(workspace.git, path, f"refs/{ref}", f"{dataset} before a checkout")
    return [f"What was not committed is kept; `tdmvc checkout {dataset}@{ref}` brings it back."]


def _refuse_loss(
    workspace: Workspace,
    current: DatasetState,
    target: DatasetState,
    tables: Collection[str],
    folders: dict[str, tuple[WorkStatus, Folder | None]],
) -> None:
    """Raise where a folder holds bytes that are in no object, and that the checkout would overwrite."""
    lost: list[str] = []
    for table in tables:
        status, folder = folders[table]
        if folder is None or status is WorkStatus.CLEAN:
            continue
        held = all(workspace.store.objects.has(md5) for md5 in folder.files.values())
        if not held:
            lost.append(table)
    if lost:
        raise LocalWorkError.would_be_lost(target.name, sorted(lost))


def _lay_out(
    workspace: Workspace,
    change: Transaction,
    current: DatasetState,
    target: DatasetState,
    wanted: Sequence[str],
    gone: Sequence[str],
    folders: dict[str, tuple[WorkStatus, Folder | None]],
) -> list[str]:
    notes: list[str] = []
    for table in wanted:
        pointer = target.pointers[table]
        listing = workspace.store.listing(pointer.object, f"{target.ref}/{table}")
        folder = table_folder(current, table)
        if table not in current.pointers:
            # Taken from here on, so that `orders` and `Orders` get folders of their own.
            taken = {**current.pointers, table: replace(pointer, folder=folder, object="", stage=None)}
            current = replace(current, pointers=taken)
        change.write_working_copy(table, folder, listing, folders[table][1])
        owner = current.pointers[table].stage
        if owner is not None:
            if current.pointers[table].object != pointer.object:
                notes.append(
                    f"{table} is made by the stage {owner}: its rows were changed, dvc.lock was not."
                )
            continue
        if current.pointers[table].object != pointer.object:
            size = pointer.size_bytes
            if target.version is not None:
                size = target.version.tables[table].bytes
            change.point(table, folder, listing, size or workspace.store.size_bytes(listing))
    for table in gone:
        folder = table_folder(current, table)
        change.clear(folder, folders[table][1])
        if current.pointers[table].stage is None:
            change.remove(f"{folder}.dvc")
    return notes


def _write_manifest(
    workspace: Workspace, change: Transaction, current: DatasetState, target: DatasetState
) -> None:
    """Make contract and recorded migrations those of the state; what people wrote besides stays."""
    folder = workspace.dataset_path(target.name)
    text = workspace.tree.read_text(f"{folder}/{DATASET_FILE}")
    config = current.config
    migrations = target.version.migrations if target.version else target.config.migrations
    slim = {name: replace(state, count=None, digest=None) for name, state in migrations.items()}
    change.write(
        DATASET_FILE, update_dataset(text, replace(config, kind=target.config.kind, migrations=slim))
    )
    if target.contract_text:
        change.write(CONTRACT_FILE, target.contract_text)
    if workspace.tree.read_text(f"{folder}/.gitignore") is None:
        change.write(".gitignore", GITIGNORE)


def _into_target(
    workspace: Workspace, state: DatasetState, how: Inference | None, target: Path, options: CheckoutOptions
) -> CheckedOut:
    only = set(options.tables) or None
    sides = open_tables(workspace, state, only=only, with_edits=state.ref == state.name)
    target = Path(os.path.abspath(target))
    engine = engine_for_target(target)
    if engine is None:
        files = _write_folder(workspace, sides, target, force=options.force)
        notes: tuple[str, ...] = ()
    else:
        if target.exists() and not options.force:
            raise LocalWorkError(
                "The target exists already.",
                where=str(target),
                remedy="name another, or say --force to replace it.",
            )
        tables = [_to_write(workspace, side) for side in sides.values()]
        notes = tuple(finding.message for finding in engine.write_tables(target, tables))
        files = 1
    return _report(state, how, sides, files, target=str(target), notes=notes)


def _write_folder(workspace: Workspace, sides: dict[str, TableSide], target: Path, *, force: bool) -> int:
    """Write a folder of Parquet parts per table; nothing is half-written."""
    if target.exists() and not force and (not target.is_dir() or any(target.iterdir())):
        raise LocalWorkError(
            "The target exists already and is not empty.",
            where=str(target),
            remedy="name another, or say --force to replace it.",
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".tdmvc-into-", dir=target.parent))
    except OSError as error:
        raise StoreError.disk(target, error) from error
    files = 0
    try:
        for name, side in sides.items():
            folder = made / folder_name(name)
            folder.mkdir()
            # Parts keep their names, so that the folder is a table folder like any other.
            for number, (part, path) in enumerate(
                zip(sorted(side.parts), side.locate(side.parts), strict=True), start=1
            ):
                shutil.copyfile(path, folder / f"{part}.parquet")
                workspace.report(f"{name}: files", number, len(side.parts), "files")
                files += 1
        made.chmod(0o755)
        _replace_folder(made, target)
    except OSError as error:
        raise StoreError.disk(target, error) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return files


def _replace_folder(made: Path, target: Path) -> None:
    if not target.exists():
        made.replace(target)
        return
    aside = Path(tempfile.mkdtemp(prefix=".tdmvc-old-", dir=target.parent))
    target.replace(aside / target.name)
    made.replace(target)
    shutil.rmtree(aside, ignore_errors=True)


def _to_write(workspace: Workspace, side: TableSide) -> TableToWrite:
    def read() -> pa.RecordBatchReader:
        return read_side(workspace, side)

    return TableToWrite(side.schema, read)


def read_side(workspace: Workspace, side: TableSide) -> pa.RecordBatchReader:
    """Return a table's rows in key order, in batches."""
    con = workspace.engine.cursor()
    order = side.schema.key or side.schema.column_names
    keys = ", ".join(f"{quote_name(name)} ASC NULLS FIRST" for name in order)
    names = quote_names(side.schema.column_names)
    reader = con.sql(f"SELECT {names} FROM {side_relation(side)} ORDER BY {keys}").to_arrow_reader(10_000)
    schema = side.schema.arrow_schema()
    return pa.RecordBatchReader.from_batches(schema, cast_batches(reader, schema))


def side_relation(side: TableSide) -> str:
    """Return SQL to put behind FROM that gives the rows of a table."""
    return scan_parquet(side.locate(side.parts))


def _report(
    state: DatasetState,
    how: Inference | None,
    sides: dict[str, TableSide],
    changed_files: int,
    *,
    target: str | None = None,
    notes: tuple[str, ...] = (),
) -> CheckedOut:
    return CheckedOut(
        dataset=state.name,
        ref=state.ref,
        version=state.version.version if state.version else None,
        content=dataset_content({name: table_content(side.parts) for name, side in sides.items()}),
        tables=tuple(sides),
        rows=sum(side.rows for side in sides.values()),
        changed_files=changed_files,
        how=how,
        target=target,
        notes=notes,
    )
