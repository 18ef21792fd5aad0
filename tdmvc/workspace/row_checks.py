"""Checks the rows of a whole state, whichever change brought them: all of them, or only those in this clone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tdmvc.checks.contract import check_contract, check_references
from tdmvc.checks.not_evaluated import NOT_EVALUATED, group_not_evaluated
from tdmvc.checks.state_rows import check_rows
from tdmvc.errors import StoreError
from tdmvc.formats.pointers import pointer_path
from tdmvc.model.dataset import DatasetState
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import TableSchema
from tdmvc.model.text import plural
from tdmvc.workspace.applied_tables import check_recorded
from tdmvc.workspace.tables import open_tables
from tdmvc.workspace.workspace import Workspace

_NOT_EVALUATED = frozenset(
    {
        *(NOT_EVALUATED, "rule-not-evaluated", "length-not-checked"),
        *("reference-without-target", "reference-not-comparable"),
    }
)
"""Findings on a rule that could not be checked."""


@dataclass(frozen=True, slots=True)
class CheckedRows:
    """What a check of rows looked at, and what it found."""

    rows: int
    """The rows of the tables that could be read."""
    rules: int
    """The declared rules that were checked."""
    findings: tuple[Finding, ...]
    """By table; `details` names the file of the pointer."""


def check_state_rows(workspace: Workspace, state: DatasetState) -> CheckedRows:
    """Check every table that the state's pointers name; what cannot be read or checked is a finding.

    Missing parts are fetched. Cost: nulls are read from the footers; keys, unique columns and both
    ends of references are read whole.
    """
    sides: dict[str, TableSide] = {}
    findings: list[Finding] = []
    for name in state.pointers:
        try:
            sides.update(open_tables(workspace, state, only={name}))
        except StoreError as error:
            findings.append(_unreadable(name, error))
    rows = rules = 0
    for name, side in sorted(sides.items()):
        declared = state.contract.table(name) or TableSchema(name, side.schema.columns)
        found = tuple(_checked(workspace, state, sides, declared))
        if not any(finding.rule == "rows-not-checked" for finding in found):
            rows += side.rows
            rules += max(len(declared.rules) - sum(map(_skipped, found)), 0)
        findings += found
    findings += [_without_rows(name) for name in state.contract.tables if name not in state.pointers]
    return CheckedRows(
        rows,
        rules,
        tuple(_placed(workspace, state, finding) for finding in group_not_evaluated(findings)),
    )


def check_rows_here(workspace: Workspace, state: DatasetState) -> tuple[Finding, ...]:
    """Return what is wrong with the rows of a state; nothing is fetched.

    Tables whose rows are not all in the cache are not checked, and one finding says so.
    Cost: reads keys, unique columns and references of all tables.
    """
    here = {name for name in state.pointers if _is_here(workspace, state, name)}
    tables = open_tables(workspace, state, only=here)
    with workspace.timed("check rows"):
        findings = [
            *check_contract(workspace.engine, tables, at=state.ref, conditions=workspace.conditions),
            *check_references(
                workspace.engine,
                tables,
                changed=here,
                at=state.ref,
                includes=lambda table, reference: (
                    reference.table in here or reference.table not in state.pointers
                ),
            ),
        ]
    findings += check_recorded(workspace, state)
    absent = len(state.pointers) - len(here)
    if absent:
        findings.append(
            Finding(
                "rows-not-checked",
                Severity.INFO,
                f"The rows of {plural(absent, 'table')} are not in this clone, so they were not checked.",
                remedy=f"get them with `tdmvc pull {state.name}`.",
            )
        )
    return tuple(group_not_evaluated(findings))


def _checked(
    workspace: Workspace, state: DatasetState, sides: Mapping[str, TableSide], declared: TableSchema
) -> Iterator[Finding]:
    workspace.on_progress(f"{declared.name}: rules", 0, None, "rules")
    try:
        yield from check_rows(
            workspace.engine, sides, declared, conditions=workspace.conditions, at=state.ref
        )
    except StoreError as error:
        yield _unreadable(declared.name, error)


def _skipped(finding: Finding) -> int:
    """Return how many rules a finding says were not checked."""
    if finding.rule == "rule-not-checked":
        return int(str(finding.details["count"]))
    return int(finding.rule in _NOT_EVALUATED)


def _unreadable(table: str, error: StoreError) -> Finding:
    return Finding(
        "rows-not-checked",
        Severity.ERROR,
        f"The rows of {table} were not checked: {error.what}",
        table=table,
        remedy=error.remedy,
        details={"where": error.where},
    )


def _without_rows(table: str) -> Finding:
    return Finding(
        "rows-not-checked",
        Severity.WARNING,
        f"The contract declares the table {table}, which has no rows here.",
        table=table,
        remedy="add the table, or remove it from contract.yaml.",
    )


def _placed(workspace: Workspace, state: DatasetState, finding: Finding) -> Finding:
    folder, pointer = workspace.dataset_path(state.name), state.pointers.get(str(finding.table))
    path = pointer_path(folder, pointer) if pointer is not None else f"{folder}/contract.yaml"
    return replace(finding, dataset=state.name, details={"file": path, **finding.details})


def _is_here(workspace: Workspace, state: DatasetState, table: str) -> bool:
    store, oid = workspace.store, state.pointers[table].object
    return store.objects.has(oid) and store.is_here(store.listing(oid, f"{state.name}/{table}"))
