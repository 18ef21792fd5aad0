"""Writes tables into a dataset's contract.yaml, and says what would not be read back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tdmvc.contracts.odcs.editing import edit_contract
from tdmvc.contracts.odcs.reading import CONTRACT_FILE, parse_contract
from tdmvc.model.declarations import View
from tdmvc.model.rule_strength import is_implied
from tdmvc.model.rules import Rule
from tdmvc.model.schema import Contract, TableSchema
from tdmvc.workspace.transaction import open_transaction
from tdmvc.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ContractEdit:
    """A contract.yaml as it will be."""

    text: str
    contract: Contract
    unwritten: tuple[Rule, ...] = ()
    """Rules that would not be read back as they are."""


def plan_contract_edit(
    text: str | None, dataset: str, tables: Mapping[str, TableSchema], views: Sequence[View] | None = None
) -> ContractEdit:
    """Return the text of a contract with tables added or changed, read back; what people wrote stays.

    Raises:
        ConfigError: the old text is wrong.
    """
    edited = edit_contract(text, dataset, tables, views)
    contract = parse_contract(edited.text, f"{dataset}/{CONTRACT_FILE}")
    unwritten = [
        rule
        for name, table in tables.items()
        for rule in table.rules
        if not is_implied(rule, contract.tables[name].rules)
    ]
    return ContractEdit(edited.text, contract, tuple(unwritten))


def write_contract(workspace: Workspace, dataset: str, text: str) -> None:
    """Write a dataset's contract.yaml, wholly or not at all."""
    with (
        workspace.writing(dataset) as journal,
        open_transaction(workspace, dataset, journal) as transaction,
    ):
        transaction.write(CONTRACT_FILE, text)
