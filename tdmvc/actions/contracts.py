"""`contract show`, `diff` and `export`: what contracts demand, in words, against each other, and in other formats."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tdmvc.changes.contracts import diff_contracts
from tdmvc.contracts import READERS, WRITERS, writer_for
from tdmvc.errors import UsageError
from tdmvc.migrations import READERS as MIGRATION_TOOLS
from tdmvc.model.contract_changes import ContractDiff
from tdmvc.model.contract_report import ContractExport, ContractReport, ContractSource
from tdmvc.model.schema import Contract
from tdmvc.model.selection import named_tables
from tdmvc.store.atomic_files import write_atomic
from tdmvc.workspace.contract_files import OpenedContract, open_contract, read_contract_of
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.workspace import Workspace

READABLE: Final = tuple(dict.fromkeys([*READERS, *sorted(MIGRATION_TOOLS)]))
"""The formats of files that can be read, and the tools of migrations."""
WRITABLE: Final = tuple(WRITERS)
"""The formats that a contract can be written in."""


@dataclass(frozen=True, slots=True)
class ContractExportOptions:
    """How to write a contract."""

    format: str
    tables: tuple[str, ...] = ()
    """Only these; empty means all."""
    dialect: str | None = None
    """Of SQL."""
    output: Path | None = None
    """The file to write; None writes none."""


def show_contract(
    workspace: Workspace, source: ContractSource | None = None, tables: Sequence[str] = ()
) -> ContractReport:
    """Return the rules of a contract.

    Args:
        source: None is the only dataset.
        tables: only these; none means all.

    Raises:
        ConfigError: the contract is wrong; the file and the line are named.
        DatabaseError: a database cannot be read.
        MigrationsError: migrations cannot be understood.
        NotFoundError: there is no such state, file or table.
        UsageError: there are several datasets, or the state has no contract.
    """
    opened = _only_contract(workspace) if source is None else open_contract(workspace, source)
    chosen = _chosen(opened, tables)
    return ContractReport(
        opened.name,
        opened.path,
        tuple(chosen.tables.values()),
        opened.contract.service_levels,
        opened.notes,
        opened.has_rows,
    )


def diff_contract(
    workspace: Workspace, old: ContractSource, new: ContractSource, tables: Sequence[str] = ()
) -> ContractDiff:
    """Return the differences between two contracts, in whichever formats they are.

    Args:
        tables: only these; none means all.

    Raises:
        ConfigError: a contract is wrong; the file and the line are named.
        DatabaseError: a database cannot be read.
        MigrationsError: migrations cannot be understood.
        NotFoundError: there is no such state or file, or neither contract has such a table.
        UsageError: a state has no contract.
    """
    before, after = (open_contract(workspace, source) for source in (old, new))
    names = (before.name, after.name)
    known = sorted({*before.contract.tables, *after.contract.tables})
    chosen = named_tables(tables, known, f"{before.path} and {after.path}")
    if not chosen:
        return diff_contracts(before.contract, after.contract, names)
    return diff_contracts(_only_tables(before.contract, chosen), _only_tables(after.contract, chosen), names)


def export_contract(
    workspace: Workspace, source: ContractSource, options: ContractExportOptions
) -> ContractExport:
    """Return a contract as a text of another format, with what that format cannot say.

    Raises:
        ConfigError: the contract is wrong; the file and the line are named.
        DatabaseError: a database cannot be read.
        MigrationsError: migrations cannot be understood.
        NotFoundError: there is no such state, file, table or format.
        StoreError: the file cannot be written.
        UsageError: the state has no contract, or the format has no dialects.
    """
    writer = writer_for(options.format)
    if options.dialect is not None and options.format != "sql":
        raise UsageError("--dialect is for SQL.", remedy="leave it out, or write --to sql.")
    opened = open_contract(workspace, source)
    contract = _chosen(opened, options.tables)
    rules = tuple(rule for rule in opened.found.rules if rule.table in contract.tables)
    name = Path(source.text.partition("@")[0]).name if opened.name != opened.path else Path(opened.path).stem
    how = {"name": name} | ({"dialect": options.dialect} if options.dialect is not None else {})
    written = writer.write(contract, rules, how)
    notes = tuple(f"{note.place}: {note.message}" for note in written.notes)
    if options.output is not None:
        write_atomic(options.output, written.text.encode("utf-8"))
    return ContractExport(written.text, notes, str(options.output) if options.output is not None else None)


def _chosen(opened: OpenedContract, tables: Sequence[str]) -> Contract:
    chosen = named_tables(tables, opened.contract.tables, opened.path)
    return _only_tables(opened.contract, chosen) if chosen else opened.contract


def _only_tables(contract: Contract, tables: Sequence[str]) -> Contract:
    chosen = {name: table for name, table in contract.tables.items() if name in tables}
    return Contract(chosen, (), contract.service_levels)


def _only_contract(workspace: Workspace) -> OpenedContract:
    known = workspace.datasets()
    if len(known) != 1:
        raise UsageError(
            f"There are {len(known)} datasets." if known else "There is no dataset yet.",
            remedy=f"name one of {', '.join(known)}: `tdmvc contract show {known[0]}`."
            if known
            else "create one: `tdmvc add NAME SOURCE`.",
        )
    return read_contract_of(workspace, resolve_state(workspace, known[0]))
