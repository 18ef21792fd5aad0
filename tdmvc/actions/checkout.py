"""`checkout`: writes a state of a dataset to the working copy, or elsewhere."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from tdmvc.databases import FILES, TableToWrite, find_engine, find_file_engine
from tdmvc.errors import LocalWorkError, NotFoundError, UsageError
from tdmvc.model.dataset import DatasetState
from tdmvc.model.declarations import View
from tdmvc.model.diff import TableSide
from tdmvc.model.location import Location, PathLocation, ServerLocation
from tdmvc.model.report import CheckedOut, CheckoutReport, Inference, WithoutVersion
from tdmvc.model.seeding import SeedMode, SeedOptions
from tdmvc.model.selection import EVERYTHING, Selection
from tdmvc.seeding.seed import seed_states
from tdmvc.workspace.checkout import checked_out, write_state
from tdmvc.workspace.release_states import ReleaseResolver
from tdmvc.workspace.row_targets import (
    FIXTURE_SUFFIX,
    ROW_FILES,
    write_fixture_file,
    write_parts,
    write_row_files,
)
from tdmvc.workspace.source_views import SourceViews
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.tables import open_tables, read_side
from tdmvc.workspace.workspace import Workspace

ROW_FORMATS = tuple(ROW_FILES)
_SUFFIX = re.compile(r"\.[a-z][a-z0-9]{0,9}")
"""What looks like the kind of a file: not `.2` of a folder `v1.2`."""


@dataclass(frozen=True, slots=True)
class CheckoutOptions:
    """What to check out, and where to."""

    release: str | None = None
    """Instead of a reference: whatever fits this release of the application."""
    datasets: tuple[str, ...] = ()
    """With a release: only these datasets."""
    into: Location | None = None
    """A folder, a `.duckdb`, `.sqlite`, `.sqlite3` or `.db` file, or a database, also of a server, which is seeded;
    a `.json` file, which becomes a Django fixture; None is the working copy."""
    row_format: str | None = None
    """Write a file of this format for each table, into a folder: `csv`, `jsonl` or `parquet`."""
    is_folder: bool = False
    """Whether `into` is a folder for sure, whatever its name."""
    selection: Selection = EVERYTHING
    """Which tables."""
    force: bool = False
    """Overwrite local work, or a target that exists."""
    strict: bool = False
    """A release must be declared by a version; nothing is inferred."""


def checkout(
    workspace: Workspace, ref: str | None = None, options: CheckoutOptions | None = None
) -> CheckoutReport:
    """Write a state, fetching only what is missing. Git's HEAD does not move.

    In the working copy this writes the whole state: rows, pointers, contract and recorded
    migrations; it removes tables that the state does not have. Elsewhere, it writes only rows.

    Raises:
        DatabaseError: a database cannot take the rows, or has rows that tdmvc did not load.
        LocalWorkError: rows that no object holds would be overwritten.
        NotFoundError: no such state or table, or a release that no dataset has a version for.
        PartError: a part cannot be found.
        PolicyError: a policy forbids one of the states; nothing was written.
        UsageError: the options contradict each other, or the target is a URL that cannot be written to.
    """
    options = options or CheckoutOptions()
    _check_target(options)
    if isinstance(options.into, ServerLocation):
        # Refuse a URL that cannot be written to before any other work.
        find_engine(options.into)
    chosen, without = _choose(workspace, ref, options)
    for state, _ in chosen:
        workspace.allow("checkout", state)
    done: list[CheckedOut] = []
    if isinstance(options.into, ServerLocation):
        done = _into_server(workspace, chosen, options.into, options)
        return CheckoutReport(tuple(done), options.release, tuple(without))
    for state, how in chosen:
        tables = _chosen_tables(state, options.selection)
        if options.into is None:
            done.append(write_state(workspace, state, tables=tables or (), force=options.force, how=how))
        else:
            target = _target_of(options.into, state.name) if len(chosen) > 1 else options.into
            done.append(_into_target(workspace, state, how, target, options))
    workspace.store.index.save()
    return CheckoutReport(tuple(done), options.release, tuple(without))


def _is_fixture(target: PathLocation) -> bool:
    return target.path.suffix.lower() == FIXTURE_SUFFIX and not target.path.is_dir()


def _check_target(options: CheckoutOptions) -> None:
    """Refuse a file that tdmvc cannot write, rather than to make a folder of its name.

    Raises:
        UsageError: the suffix is unknown, or --as contradicts the target.
    """
    into, row_format = options.into, options.row_format
    if row_format is not None and row_format not in ROW_FILES:
        raise UsageError(
            f"There is no format '{row_format}' for rows.",
            where="--as",
            remedy=f"use one of: {_names(ROW_FILES)}.",
        )
    if row_format is not None and (into is None or isinstance(into, ServerLocation) or into.scheme):
        raise UsageError("--as writes files into a folder.", where="--as", remedy="name one: --into FOLDER.")
    if not isinstance(into, PathLocation) or into.scheme or options.is_folder or into.path.is_dir():
        return
    suffix = into.path.suffix.lower()
    is_file = find_file_engine(into) is not None or suffix == FIXTURE_SUFFIX
    if row_format is not None and is_file:
        raise UsageError(
            "--as writes files into a folder, and this is the name of a file.",
            where=str(into),
            remedy=f"name a folder, or write {into.path.name}/ if it is one.",
        )
    if is_file or not _SUFFIX.fullmatch(suffix):
        return
    known = [*(one for engine in FILES.values() for one in sorted(engine.suffixes)), FIXTURE_SUFFIX]
    rows = (
        f" For rows as {suffix[1:]}, name a folder: --into FOLDER --as {suffix[1:]}."
        if suffix[1:] in ROW_FILES
        else ""
    )
    raise UsageError(
        f"tdmvc cannot write a file with the suffix {suffix}.",
        where=str(into),
        remedy=f"use one of: {_names(known)} (a Django fixture).{rows} Or write {into.path.name}/ if it is a folder.",
    )


def _names(words: Iterable[str]) -> str:
    return ", ".join(words)


def _choose(
    workspace: Workspace, ref: str | None, options: CheckoutOptions
) -> tuple[list[tuple[DatasetState, Inference | None]], list[WithoutVersion]]:
    if (ref is None) == (options.release is None):
        raise UsageError(
            "checkout needs either a reference or a release.",
            remedy="write `tdmvc checkout golden@1.0.0`, or `tdmvc checkout --release 2.14.0`.",
        )
    if ref is not None:
        return [(resolve_state(workspace, ref), None)], []
    names = workspace.chosen(list(options.datasets))
    if not names:
        raise NotFoundError("There is no dataset here yet.", remedy="create one: `tdmvc add NAME SOURCE`.")
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
    """Combine the errors of all datasets into one."""
    if len(errors) == 1:
        return errors[0]
    return NotFoundError(
        "\n".join(error.what for error in errors),
        where=", ".join(error.where for error in errors),
        remedy=" ".join(f"{error.where}: {error.remedy}" for error in errors),
    )


def _chosen_tables(state: DatasetState, selection: Selection) -> set[str] | None:
    """Return the tables to write, or None for all that there are."""
    return None if selection.is_everything else set(selection.choose(sorted(state.pointers), state.ref))


def _target_of(into: PathLocation, dataset: str) -> PathLocation:
    """Return the target of one of several datasets: a folder below the given one."""
    if into.scheme or _is_fixture(into):
        raise UsageError(
            "This takes one dataset, and several fit this release.",
            where=str(into),
            remedy="name one of them, or give a folder with --into.",
        )
    return PathLocation(into.path / dataset)


def _into_target(
    workspace: Workspace,
    state: DatasetState,
    how: Inference | None,
    target: PathLocation,
    options: CheckoutOptions,
) -> CheckedOut:
    only = _chosen_tables(state, options.selection)
    sides = open_tables(workspace, state, only=only, with_edits=state.ref == state.name)
    target = replace(target, path=Path(os.path.abspath(target.path)))
    engine = find_file_engine(target)
    notes: Sequence[str] = ()
    if options.row_format is not None:
        files, notes = write_row_files(workspace, sides, target.path, options.row_format, force=options.force)
    elif engine is None and _is_fixture(target):
        notes, files = write_fixture_file(workspace, sides, target.path, force=options.force), 1
    elif engine is None:
        files = write_parts(workspace, sides, target.path, force=options.force)
    else:
        if target.path.exists() and not options.force:
            raise LocalWorkError(
                "The target already exists.",
                where=str(target),
                remedy="choose another, or replace it with --force.",
            )
        tables = [_to_write(workspace, side) for side in sides.values()]
        views = state.contract.views if only is None else _readable(state, sides)
        notes = tuple(finding.message for finding in engine.write_tables(target, tables, views))
        files = 1
    return checked_out(state, how, sides, files, target=str(target), notes=tuple(notes))


def _into_server(
    workspace: Workspace,
    chosen: Sequence[tuple[DatasetState, Inference | None]],
    into: ServerLocation,
    options: CheckoutOptions,
) -> list[CheckedOut]:
    """Seed a database of a server with exactly these states."""
    for state, _ in chosen:
        _chosen_tables(state, options.selection)
    seed_options = SeedOptions(SeedMode.REPLACE, options.selection, force=options.force)
    report = seed_states(workspace, [state for state, _ in chosen], into, seed_options)
    done: list[CheckedOut] = []
    for (state, how), dataset in zip(chosen, report.datasets, strict=True):
        notes = ["the rows were there already: nothing was written"] if dataset.is_there else []
        notes += [finding.message for finding in dataset.findings]
        done.append(
            CheckedOut(
                dataset=state.name,
                ref=state.ref,
                version=state.version.version if state.version else None,
                content=dataset.content,
                tables=tuple(sorted(table.name for table in dataset.tables)),
                rows=dataset.rows,
                changed_files=0,
                how=how,
                target=report.target,
                notes=tuple(notes),
            )
        )
    return done


def _readable(state: DatasetState, sides: Mapping[str, TableSide]) -> tuple[View, ...]:
    """Return the views that read only tables which are written."""
    views = SourceViews(state.contract.views, frozenset(state.contract.tables))
    return views.merged((), sides)[0]


def _to_write(workspace: Workspace, side: TableSide) -> TableToWrite:
    def read() -> pa.RecordBatchReader:
        return read_side(workspace, side)

    return TableToWrite(side.schema, read)
