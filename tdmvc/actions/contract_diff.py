"""`contract diff`: what differs between two contracts, and whom it may break."""

from tdmvc.changes.contracts import diff_contracts
from tdmvc.model.contract_changes import ContractDiff
from tdmvc.model.location import Location
from tdmvc.workspace.contract_files import open_contract
from tdmvc.workspace.workspace import Workspace

Subject = tuple[str, Location]
"""A reference, a file or a database, as a text and as a location."""


def diff_contract(workspace: Workspace, old: Subject, new: Subject) -> ContractDiff:
    """Return the differences between two contracts, in whichever formats they are.

    Raises:
        ConfigError: a contract is wrong; the file and the line are named.
        DatabaseError: a database cannot be read.
        NotFoundError: there is no such state or file.
        UsageError: a state has no contract.
    """
    before, after = (open_contract(workspace, *subject) for subject in (old, new))
    return diff_contracts(before.contract, after.contract, (before.name, after.name))
