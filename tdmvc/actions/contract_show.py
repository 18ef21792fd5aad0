"""`contract show`: what a contract demands of rows."""

from collections.abc import Sequence

from tdmvc.errors import NotFoundError, UsageError
from tdmvc.model.contract_report import ContractReport
from tdmvc.model.location import Location
from tdmvc.workspace.contract_files import OpenedContract, open_contract, read_contract_of
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.workspace import Workspace


def show_contract(
    workspace: Workspace,
    subject: tuple[str, Location] | None = None,
    tables: Sequence[str] = (),
) -> ContractReport:
    """Return the rules of a contract.

    Args:
        subject: a reference, a file or a database, as a text and as a location; None is the only dataset.
        tables: only these; none means all.

    Raises:
        ConfigError: the contract is wrong; the file and the line are named.
        NotFoundError: there is no such state, file or table.
        UsageError: there are several datasets, or the state has no contract.
    """
    opened = _only_contract(workspace) if subject is None else open_contract(workspace, *subject)
    declared = opened.contract.tables
    for name in tables:
        if name not in declared:
            raise NotFoundError.named("table", name, sorted(declared), where=opened.path)
    return ContractReport(
        opened.name,
        opened.path,
        tuple(table for table in declared.values() if not tables or table.name in tables),
        opened.contract.service_levels,
        opened.notes,
    )


def _only_contract(workspace: Workspace) -> OpenedContract:
    known = workspace.datasets()
    if len(known) != 1:
        raise UsageError(
            f"There are {len(known)} datasets." if known else "There is no dataset yet.",
            remedy=f"name one: {', '.join(known)}." if known else "create one: `tdmvc add NAME SOURCE`.",
        )
    return read_contract_of(workspace, resolve_state(workspace, known[0]))
