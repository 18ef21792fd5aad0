"""Checks the rows of a whole state, whichever change brought them: all of them, or only those in this clone."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from tdmvc.checks.not_evaluated import group_not_evaluated
from tdmvc.checks.rule_findings import findings_of
from tdmvc.checks.validation.validate import validate_tables
from tdmvc.contracts.base import ImportedContract
from tdmvc.errors import StoreError
from tdmvc.formats.pointers import pointer_path
from tdmvc.model.dataset import DatasetState
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.rules import Query, References, Rule
from tdmvc.model.text import plural
from tdmvc.model.validation import RuleVerdict, TableValidation
from tdmvc.workspace.applied_tables import check_recorded
from tdmvc.workspace.tables import open_tables
from tdmvc.workspace.validation import ALL_RULES, validate_with_progress, validation_options
from tdmvc.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class CheckedRows:
    """What a check of rows looked at, and what it found."""

    rows: int
    """The rows of the tables that could be read."""
    rules: int
    """The declared rules that were evaluated."""
    findings: tuple[Finding, ...]
    """By table; `details` names the file of the pointer."""


def check_state_rows(workspace: Workspace, state: DatasetState) -> CheckedRows:
    """Evaluate every rule on the rows that the state's pointers name; what cannot be read or evaluated is a finding.

    Missing parts are fetched. Cost: that of a validation, which keeps counts for the next one.
    """
    sides: dict[str, TableSide] = {}
    findings: list[Finding] = []
    for name in state.pointers:
        try:
            sides.update(open_tables(workspace, state, only={name}))
        except StoreError as error:
            findings.append(_unreadable(name, error))
    checked = _check(workspace, state, sides)
    return replace(
        checked,
        findings=tuple(_placed(workspace, state, one) for one in (*findings, *checked.findings)),
    )


def check_rows_here(workspace: Workspace, state: DatasetState) -> tuple[Finding, ...]:
    """Return what is wrong with the rows of a state; nothing is fetched.

    Tables whose rows are not all in the cache are not checked, nor are rules that need their rows, and one finding
    says so. Cost: that of a validation, which keeps counts for the next one.
    """
    here = {name for name in state.pointers if _is_here(workspace, state, name)}
    absent = state.pointers.keys() - here
    tables = open_tables(workspace, state, only=here)
    with workspace.timed("check rows"):
        findings = [*_check(workspace, state, tables, absent).findings, *check_recorded(workspace, state)]
    if absent:
        findings.append(
            Finding(
                "rows-not-checked",
                Severity.INFO,
                f"The rows of {plural(len(absent), 'table')} are not in this clone, so they were not checked.",
                remedy=f"get them with `tdmvc pull {state.name}`.",
            )
        )
    return tuple(findings)


def _check(
    workspace: Workspace,
    state: DatasetState,
    sides: Mapping[str, TableSide],
    absent: Collection[str] = (),
) -> CheckedRows:
    """Evaluate the rules of tables.

    Args:
        absent: tables whose rows are not read, so that rules which need them are not evaluated.
    """
    rules = frozenset(rule.id for rule in state.contract.rules if not _needs(rule, absent))
    rows = sum(side.rows for name, side in sides.items() if name not in state.contract.tables)
    evaluated, findings = 0, list[Finding]()
    for found in _validated(workspace, state, sides, rules):
        if isinstance(found, Finding):
            findings.append(found)
            continue
        rows += found.rows
        evaluated += sum(
            one.rule.id in rules and one.verdict is not RuleVerdict.NOT_EVALUATED for one in found.results
        )
        for result in found.results:
            findings += findings_of(result, sides[found.table].schema, at=state.ref)
    findings += [_without_rows(name) for name in state.contract.tables if name not in state.pointers]
    return CheckedRows(rows, evaluated, tuple(group_not_evaluated(findings)))


def _needs(rule: Rule, tables: Collection[str]) -> bool:
    match rule.test:
        case References(reference):
            return reference.table in tables
        case Query():
            return bool(rule.test.tables_in(tables))
    return False


def _validated(
    workspace: Workspace, state: DatasetState, sides: Mapping[str, TableSide], rules: Collection[str]
) -> Iterator[TableValidation | Finding]:
    """Yield the results of each table, or a finding if its rows cannot be read."""
    only = sides.keys() & state.contract.tables.keys()
    contract = ImportedContract(state.contract, state.contract.rules)
    with validation_options(workspace, ALL_RULES, only=only) as options:
        options = replace(options, rules=rules)
        try:
            yield from validate_with_progress(workspace, sides, contract, options)
        except StoreError:
            # One table at a time, so that the others are checked all the same.
            for name in sorted(only):
                one = replace(options, only={name})
                try:
                    yield from validate_tables(workspace.engine, sides, state.contract, one)
                except StoreError as error:
                    yield _unreadable(name, error)


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
        Severity.ERROR,
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
