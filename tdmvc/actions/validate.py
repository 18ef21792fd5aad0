"""`validate`: evaluates every rule of a contract on the rows of datasets, or of a database."""

from collections.abc import Sequence
from dataclasses import replace

from tdmvc.errors import UsageError
from tdmvc.model.location import Location
from tdmvc.model.names import folder_name
from tdmvc.model.validation import ValidationReport
from tdmvc.workspace.live_validation import validate_database
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.validation import ALL_RULES, ValidationRequest, validate_state
from tdmvc.workspace.workspace import Workspace

__all__ = ["ALL_RULES", "ValidationRequest", "validate"]


def validate(
    workspace: Workspace,
    refs: Sequence[str] = (),
    request: ValidationRequest = ALL_RULES,
    *,
    database: Location | None = None,
) -> tuple[ValidationReport, ...]:
    """Validate states of datasets, or a live database against the contract of one.

    Args:
        refs: datasets, versions, revisions; none means the working copy of every dataset.
        database: validate its rows instead.

    Raises:
        ConfigError: a contract is wrong; the line is named.
        DatabaseError: the database cannot be read.
        NotFoundError: there is no such dataset, version, table or file.
        PartError: rows are missing or damaged everywhere.
        UsageError: there is no dataset, or it is not clear which contract is meant.
    """
    names = list(refs) or ([] if database is not None and request.contract else workspace.datasets())
    if database is not None:
        if len(names) > 1:
            raise UsageError(
                f"A database is validated against one contract, and there are {len(names)}: {', '.join(names)}.",
                remedy="name one dataset, or a contract with --contract FILE.",
            )
        state = resolve_state(workspace, names[0]) if names else None
        return (validate_database(workspace, database, state, request),)
    if not names:
        raise UsageError("There is no dataset yet.", remedy="create one: `tdmvc add NAME SOURCE`.")
    if request.contract is not None and len(names) > 1:
        raise UsageError(
            f"One contract cannot be that of {len(names)} datasets: {', '.join(names)}.",
            remedy="name one dataset.",
        )
    return tuple(
        validate_state(workspace, resolve_state(workspace, name), _request_for(request, name, names))
        for name in names
    )


def _request_for(request: ValidationRequest, name: str, names: Sequence[str]) -> ValidationRequest:
    """Return the request for one of several states: each has a folder of its own for failing rows."""
    if request.rows_folder is None or len(names) == 1:
        return request
    return replace(request, rows_folder=request.rows_folder / folder_name(name))
