"""`contract export`: writes a contract in another format."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tdmvc.contracts import WRITERS, writer_for
from tdmvc.errors import NotFoundError, UsageError
from tdmvc.model.contract_report import ContractExport
from tdmvc.model.location import Location
from tdmvc.model.schema import Contract
from tdmvc.store.atomic_files import write_atomic
from tdmvc.workspace.contract_files import open_contract
from tdmvc.workspace.workspace import Workspace

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


def export_contract(
    workspace: Workspace, subject: tuple[str, Location], options: ContractExportOptions
) -> ContractExport:
    """Return a contract as a text of another format, with what that format cannot say.

    Args:
        subject: a reference, a file or a database, as a text and as a location.

    Raises:
        ConfigError: the contract is wrong; the file and the line are named.
        NotFoundError: there is no such state, file, table or format.
        StoreError: the file cannot be written.
        UsageError: the state has no contract, or the format has no dialects.
    """
    writer = writer_for(options.format)
    if options.dialect is not None and options.format != "sql":
        raise UsageError("--dialect is for SQL.", remedy="leave it out, or write --to sql.")
    opened = open_contract(workspace, *subject)
    contract = _chosen(opened.contract, options, opened.path)
    rules = tuple(rule for rule in opened.found.rules if rule.table in contract.tables)
    name = subject[0].partition("@")[0] if opened.name != opened.path else Path(opened.path).stem
    how = {"name": name} | ({"dialect": options.dialect} if options.dialect is not None else {})
    written = writer.write(contract, rules, how)
    notes = tuple(f"{note.place}: {note.message}" for note in written.notes)
    if options.output is not None:
        write_atomic(options.output, written.text.encode("utf-8"))
    return ContractExport(written.text, notes, str(options.output) if options.output is not None else None)


def _chosen(contract: Contract, options: ContractExportOptions, path: str) -> Contract:
    for name in options.tables:
        if name not in contract.tables:
            raise NotFoundError.named("table", name, sorted(contract.tables), where=path)
    if not options.tables:
        return contract
    tables = {name: table for name, table in contract.tables.items() if name in options.tables}
    return Contract(tables, (), contract.service_levels)
