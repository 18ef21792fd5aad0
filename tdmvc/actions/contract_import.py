"""`contract import`: adds what a file, migrations or a database declare to the contract of a dataset."""

from dataclasses import dataclass

from tdmvc.changes.contracts import diff_contracts
from tdmvc.contracts.base import ImportOptions
from tdmvc.contracts.merging import ImportScope, merge_contract
from tdmvc.contracts.odcs.reading import CONTRACT_FILE
from tdmvc.model.contract_report import ContractImport, ContractSource
from tdmvc.model.rule_words import demand_words
from tdmvc.model.schema import Contract
from tdmvc.model.selection import named_tables
from tdmvc.workspace.contract_editing import plan_contract_edit, write_contract
from tdmvc.workspace.contract_files import OpenedContract, open_contract
from tdmvc.workspace.states import current_state
from tdmvc.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ContractImportOptions:
    """What to take over, and how."""

    tables: tuple[str, ...] = ()
    """Only these tables of the file, also if the dataset does not have them."""
    table: str | None = None
    """The table that a schema of a single record describes."""
    dialect: str | None = None
    """Of an SQL script."""
    is_dry_run: bool = False


def import_contract(
    workspace: Workspace,
    source: ContractSource,
    dataset: str,
    options: ContractImportOptions | None = None,
) -> ContractImport:
    """Merge what another contract, a file, migrations or the catalog of a database declare into that of a dataset.

    What people wrote stays, with comments; rows decide about columns, types and keys. A dataset that does not
    exist gets its contract before its first rows.

    Raises:
        ConfigError: the file is wrong, or in no format that tdmvc reads; the file and the line are named.
        DatabaseError: the database cannot be read.
        MigrationsError: the migrations cannot be understood.
        NotFoundError: there is no such file, table or format.
    """
    options = options or ContractImportOptions()
    workspace.check_name(dataset)
    state = current_state(workspace, dataset)
    known = dict.fromkeys(state.contract.tables, state.contract)
    opened = open_contract(workspace, source, ImportOptions(options.table, options.dialect, known))
    chosen = named_tables(options.tables, opened.contract.tables, opened.path)
    scope = ImportScope(tuple(state.pointers), chosen)
    merged = merge_contract(state.contract, opened.found, scope)
    path = f"{workspace.dataset_path(dataset)}/{CONTRACT_FILE}"
    text = workspace.tree.read_text(path)
    notes = (*opened.notes, *_left_out(opened, state.contract))
    tables = {name: table for name, table in merged.tables.items() if state.contract.table(name) != table}
    if not tables:
        return ContractImport(
            dataset,
            path,
            opened.name,
            (),
            is_written=False,
            is_new=not state.pointers,
            conflicts=merged.conflicts,
            left_out=merged.left_out,
            notes=notes,
        )
    edit = plan_contract_edit(text, dataset, tables)
    if not options.is_dry_run and edit.text != text:
        write_contract(workspace, dataset, edit.text)
    return ContractImport(
        dataset,
        path,
        opened.name,
        diff_contracts(state.contract, edit.contract).changes,
        is_written=not options.is_dry_run and edit.text != text,
        is_new=not state.pointers,
        conflicts=merged.conflicts,
        left_out=merged.left_out,
        unwritten=tuple(f"{rule.id}: {demand_words(rule)}" for rule in edit.unwritten),
        notes=notes,
    )


def _left_out(opened: OpenedContract, own: Contract) -> list[str]:
    """Return which views and service levels of a contract are not taken over."""
    views = [one.name for one in opened.contract.views if one not in own.views]
    levels = [one for one in opened.contract.service_levels if one not in own.service_levels]
    why = "tables and their rules are imported. Add it to contract.yaml yourself"
    return [
        *(f"{opened.path}: The view {name} is not taken over: only {why}." for name in views),
        *(
            f"{opened.path}: The service level {one.property} of {one.amount} {one.unit} is not taken over: only {why}."
            for one in levels
        ),
    ]
