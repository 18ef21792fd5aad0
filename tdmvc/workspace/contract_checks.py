"""Checks the rows of a state against its contract and its record, as far as they are in this clone."""

from tdmvc.checks.contract import check_contract, check_references
from tdmvc.model.dataset import DatasetState
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.text import plural
from tdmvc.workspace.applied_tables import check_recorded
from tdmvc.workspace.tables import open_tables
from tdmvc.workspace.workspace import Workspace


def check_rows_here(workspace: Workspace, state: DatasetState) -> tuple[Finding, ...]:
    """Return what is wrong with the rows of a state; nothing is fetched.

    Tables whose rows are not all in the cache are not checked, and one finding says so.
    Cost: reads keys, unique columns and references of all tables.
    """
    here = {name for name in state.pointers if _is_here(workspace, state, name)}
    tables = open_tables(workspace, state, only=here)
    with workspace.timed("check rows"):
        findings = [
            *check_contract(workspace.engine, tables, conditions=workspace.conditions),
            *check_references(
                workspace.engine,
                tables,
                changed=here,
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
    return tuple(findings)


def _is_here(workspace: Workspace, state: DatasetState, table: str) -> bool:
    store, oid = workspace.store, state.pointers[table].object
    return store.objects.has(oid) and store.is_here(store.listing(oid, f"{state.name}/{table}"))
