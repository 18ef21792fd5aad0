"""Validates states of datasets against their contracts, with the counts of earlier validations."""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tdmvc.checks.sandbox import QueryLimits
from tdmvc.checks.validation.cache import CountCache
from tdmvc.checks.validation.failing_rows import write_failing_rows
from tdmvc.checks.validation.kept_hashes import KeptHashes
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.checks.validation.validate import validate_tables
from tdmvc.contracts.base import ImportedContract, ImportOptions
from tdmvc.errors import StoreError
from tdmvc.model.contract_report import ContractSource
from tdmvc.model.dataset import DatasetState
from tdmvc.model.diff import TableSide
from tdmvc.model.rules import Query
from tdmvc.model.schema import Column, Contract
from tdmvc.model.selection import named_tables
from tdmvc.model.validation import TableValidation, ValidationReport
from tdmvc.workspace import contract_files
from tdmvc.workspace.known_verdicts import counts_file
from tdmvc.workspace.rows_folder import check_rows_folder, remove_earlier_rows
from tdmvc.workspace.tables import is_working_copy, open_tables, with_counted_rows
from tdmvc.workspace.workspace import Workspace

_UNITS = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
_MEMORY = re.compile(r"([0-9.]+) (\w+)")


@dataclass(frozen=True, slots=True)
class ValidationRequest:
    """What a person asks of a validation."""

    contract: ContractSource | None = None
    """What is taken in the place of the state's own contract."""
    tables: tuple[str, ...] = ()
    """Only these; empty means all of the contract."""
    is_full: bool = False
    """Read every row, whatever earlier validations counted."""
    examples: int = 10
    """How many failing rows of each rule to show."""
    seconds: float | None = None
    """How long a query of the contract may take; None means the usual."""
    rows_folder: Path | None = None
    """Where to write all failing rows as Parquet."""
    keeps_counts: bool = True
    """Whether the counts are kept for later validations."""


ALL_RULES = ValidationRequest()


def validate_state(
    workspace: Workspace, state: DatasetState, request: ValidationRequest = ALL_RULES
) -> ValidationReport:
    """Validate the rows of a state; of the working copy, with the edits that were not added.

    Rows that are missing are fetched, as far as a rule needs them.

    Raises:
        ConfigError: the contract is wrong; the line is named.
        NotFoundError: there is no such file or table.
        PartError: a part is missing or damaged everywhere.
        UsageError: there is no contract.
    """
    opened = open_tables(workspace, state, with_edits=is_working_copy(state))
    sides = with_counted_rows(workspace, state, opened)
    if request.contract is None:
        contract = read_contract_of(workspace, state)
    else:
        contract = read_contract_for(workspace, request.contract, sides)
    report = validate_sides(workspace, sides, contract, request)
    chosen = None if request.contract is None else request.contract.text
    return replace(report, subject=state.ref, at=state.ref, chosen_contract=chosen)


def validate_sides(
    workspace: Workspace,
    sides: dict[str, TableSide],
    contract: tuple[str, ImportedContract],
    request: ValidationRequest = ALL_RULES,
) -> ValidationReport:
    """Validate opened tables against a contract, given with its path; whose rows they are is left out."""
    path, found = contract
    request = replace(request, tables=named_tables(request.tables, found.contract.tables, path))
    if request.rows_folder is not None:
        check_rows_folder(workspace, request.rows_folder)
    with validation_options(workspace, request) as options:
        validations = validate_with_progress(workspace, sides, found, options)
        files: tuple[Path, ...] = ()
        if request.rows_folder is not None:
            remove_earlier_rows(request.rows_folder)
            with _writing(request.rows_folder):
                files = write_failing_rows(
                    workspace.engine, sides, found.contract, validations, request.rows_folder, options
                )
    undeclared = () if request.tables else tuple(sorted(sides.keys() - found.contract.tables.keys()))
    workspace.store.index.save()
    return ValidationReport(
        subject=path,
        contract=path,
        tables=validations,
        notes=tuple(f"{note.place}: {note.message}" for note in found.notes),
        undeclared=undeclared,
        files=tuple(os.path.relpath(file) for file in files),
    )


def validate_with_progress(
    workspace: Workspace,
    sides: Mapping[str, TableSide],
    found: ImportedContract,
    options: ValidationOptions,
) -> tuple[TableValidation, ...]:
    """Return the results of all tables that are asked for; a table at a time, so that progress can be shown."""
    names = [name for name in found.contract.tables if options.only is None or name in options.only]
    done: list[TableValidation] = []
    with workspace.timed("validate"):
        # Queries of several tables share one process.
        if any(isinstance(rule.test, Query) for name in names for rule in found.contract.tables[name].rules):
            workspace.on_progress("validate", 0, len(names), "tables")
            return validate_tables(workspace.engine, dict(sides), found.contract, options)
        for number, name in enumerate(names):
            workspace.on_progress(f"{name}: validate", number, len(names), "tables")
            one = replace(options, only={name})
            done += validate_tables(workspace.engine, dict(sides), found.contract, one)
    return tuple(done)


@contextmanager
def validation_options(
    workspace: Workspace, request: ValidationRequest, *, only: Collection[str] | None = None
) -> Iterator[ValidationOptions]:
    """Yield the options for the engine, with the cache of counts open.

    Args:
        only: tables beside those of the request.
    """
    folder = counts_file(workspace).parent if request.keeps_counts else None
    cache = CountCache(counts_file(workspace) if request.keeps_counts else None)
    try:
        yield ValidationOptions(
            only=set(request.tables) or only,
            examples=request.examples,
            is_full=request.is_full,
            cache=cache,
            hashes=KeptHashes(folder / "hashes" if folder is not None else None),
            conditions=workspace.conditions,
            limits=query_limits(workspace, request.seconds),
            find_parts=workspace.store.find_objects,
        )
    finally:
        cache.close()


def query_limits(workspace: Workspace, seconds: float | None) -> QueryLimits:
    """Return what a query may take: the memory of TDMVC_MEMORY, if that is set."""
    usual = QueryLimits()
    memory_bytes = usual.memory_bytes
    if os.environ.get("TDMVC_MEMORY"):
        # DuckDB has read it, and writes it in a form of its own.
        (text,) = workspace.engine.execute("SELECT current_setting('memory_limit')").fetchall()[0]
        if found := _MEMORY.fullmatch(str(text)):
            memory_bytes = int(float(found[1]) * _UNITS.get(found[2], 1))
    return QueryLimits(seconds or usual.seconds, memory_bytes)


def read_contract_of(workspace: Workspace, state: DatasetState) -> tuple[str, ImportedContract]:
    """Return the path of a state's own contract, and what it declares.

    Raises:
        ConfigError: it is wrong; the line is named.
        UsageError: the state has no contract.
    """
    opened = contract_files.read_contract_of(workspace, state)
    return opened.path, opened.found


def read_contract_for(
    workspace: Workspace, source: ContractSource, sides: Mapping[str, TableSide]
) -> tuple[str, ImportedContract]:
    """Return the path of a contract in any format, and what it declares about tables.

    Where it leaves open which columns a table has and of which types, they are those of the rows: a JSON Schema
    without other properties than its own speaks of all columns.

    Raises:
        ConfigError: it is wrong; the line is named.
        NotFoundError: there is no such file.
    """
    tables = {
        name: replace(side.schema, columns=tuple(map(_bare, side.schema.columns)))
        for name, side in sides.items()
    }
    options = ImportOptions(known={name: Contract({name: table}) for name, table in tables.items()})
    opened = contract_files.open_contract(workspace, source, options)
    return opened.path, opened.found


def _bare(column: Column) -> Column:
    """Return a column without what another contract demands of it."""
    return Column(
        column.name,
        column.type,
        physical_type=column.physical_type if column.is_json else None,
        classification=column.classification,
        text_form=column.text_form,
        looks_like=column.looks_like,
        collation=column.collation,
    )


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError.disk(str(folder), error) from error
