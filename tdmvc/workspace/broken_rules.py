"""Finds the rules of a contract that rows break, and that no database enforces; says which stop a command."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tdmvc.checks.rule_findings import findings_of
from tdmvc.checks.validation.cache import KnownVerdict
from tdmvc.contracts.odcs.reading import CONTRACT_FILE
from tdmvc.errors import ConfigError, InvalidRowsError, StoreError
from tdmvc.model.dataset import DatasetState
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.rule_words import result_line
from tdmvc.model.rules import Rule, rule_id
from tdmvc.model.schema import TableSchema
from tdmvc.model.text import plural
from tdmvc.model.validation import RuleResult
from tdmvc.workspace.applied_tables import NOT_RECORDED
from tdmvc.workspace.known_verdicts import is_known_to_be_valid
from tdmvc.workspace.tables import is_working_copy, open_tables, with_counted_rows
from tdmvc.workspace.validation import (
    ValidationRequest,
    read_contract_of,
    validate_with_progress,
    validation_options,
)
from tdmvc.workspace.workspace import Workspace

_SHOWN = 10
_FEW_ROWS = ValidationRequest(examples=5)


def find_broken_rules(workspace: Workspace, state: DatasetState) -> tuple[Finding, ...]:
    """Return what the rows of a state that is here break of the rules that no database enforces.

    A contract whose rules cannot be read is a finding, too, and so are rows that cannot be read.
    """
    try:
        tables = open_tables(workspace, state)
        path, results = _validate_once(workspace, state, tables)
    except ConfigError as error:
        details: dict[str, object] = {"file": error.path, "line": error.line}
        return (
            Finding(
                "contract-file", Severity.ERROR, error.what, state.name, remedy=error.remedy, details=details
            ),
        )
    except StoreError as error:
        return (
            Finding(
                "rows-not-checked",
                Severity.WARNING,
                f"The rows were not validated: {error.what}",
                state.name,
                remedy=error.remedy,
                details={"where": error.where},
            ),
        )
    return tuple(
        _placed(state, path, one, finding)
        for one in results
        for finding in findings_of(one, tables[one.rule.table].schema, at=state.name)
    )


def _placed(state: DatasetState, path: str, result: RuleResult, finding: Finding) -> Finding:
    """Return a finding with the dataset, and with the place of its rule in the contract."""
    details = {**finding.details, "file": path}
    if result.rule.place is not None and result.rule.place.line is not None:
        details["line"] = result.rule.place.line
    return replace(finding, dataset=state.name, details=details)


def refuse_unless_valid(workspace: Workspace, state: DatasetState, tables: Mapping[str, TableSide]) -> None:
    """Return if the rows of a state keep the rules that no database enforces; see `refuse_invalid_rows`."""
    path, results = _validate_once(workspace, state, tables)
    broken = [one for one in results if one.severity is Severity.ERROR]
    if broken:
        raise _invalid(state, path, broken)


def _validate_once(
    workspace: Workspace, state: DatasetState, tables: Mapping[str, TableSide]
) -> tuple[str, list[RuleResult]]:
    """Return the path of the contract and the results of its further rules; none if it is known that all are kept."""
    if is_known_to_be_valid(workspace, state, tables):
        return "", []
    with validation_options(workspace, _FEW_ROWS, only=set(tables)) as options:
        known = KnownVerdict(options.cache, state.contract_text, tables)
        path, found = read_contract_of(workspace, state)
        ids = {rule.id for name in tables for rule in _further_rules(found.contract.tables.get(name))}
        results: list[RuleResult] = []
        if ids:
            sides = dict(tables)
            if state.pointers.keys() - sides.keys():
                # Queries may name tables that are not loaded.
                others = open_tables(workspace, state, with_edits=is_working_copy(state))
                sides = {**others, **sides}
            sides = with_counted_rows(workspace, state, sides)
            options = replace(options, rules=ids)
            for table in validate_with_progress(workspace, sides, found, options):
                results += [one for one in table.results if one.rule.id in ids]
        if not any(one.severity is not None for one in results):
            known.remember()
        return path, results


def refuse_broken_rules(workspace: Workspace, state: DatasetState, findings: Sequence[Finding]) -> None:
    """Return if no finding about rows is an error, so that a version may be published.

    Raises:
        InvalidRowsError: one is.
    """
    errors = [finding for finding in findings if _is_broken_rule(finding)]
    if errors:
        raise InvalidRowsError(
            f"The rows of {state.name} break {plural(len(broken_rules(errors)), 'rule')} of the contract, so no "
            "version was published.",
            where=f"{workspace.dataset_path(state.name)}/{CONTRACT_FILE}",
            remedy=f"see the rows with `tdmvc validate {state.name}`, and correct them or the rule; --allow-invalid "
            "publishes them all the same, and the version records it.",
            details=[finding.message for finding in errors[:_SHOWN]],
        )


def broken_rules(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return the names of the rules that are not kept: the id of a rule, or what is wrong with which columns."""
    names = [name for finding in findings if _is_broken_rule(finding) for name in _rule_names(finding)]
    return tuple(dict.fromkeys(names))


def _rule_names(finding: Finding) -> list[str]:
    checks = finding.details.get("checks")
    if isinstance(checks, list):  # conditions of a server that share a finding
        return [str(check["id"]) for check in checks]
    return [str(finding.details.get("id") or rule_id(finding.table or "", finding.columns, finding.rule))]


def _is_broken_rule(finding: Finding) -> bool:
    """Whether a finding about rows is an error, and not one about what dataset.yaml records of them."""
    return finding.severity is Severity.ERROR and finding.rule != NOT_RECORDED


def _further_rules(table: TableSchema | None) -> list[Rule]:
    """Return the rules of a table that no database enforces."""
    if table is None:
        return []
    demands = [rule.demand for rule in table.further_rules]
    return [rule for rule in table.rules if rule.demand in demands]


def _invalid(state: DatasetState, path: str, broken: list[RuleResult]) -> InvalidRowsError:
    lines = [result_line(one) for one in broken[:_SHOWN]]
    if len(broken) > _SHOWN:
        lines.append(f"… and {plural(len(broken) - _SHOWN, 'more rule')}")
    return InvalidRowsError(
        f"The rows of {state.ref} do not keep {plural(len(broken), 'rule')} of the contract, so nothing was loaded.",
        where=path,
        remedy=f"see more with `tdmvc validate {state.ref}`, and correct the rows or the rule; "
        "--no-validate loads the rows all the same.",
        details=lines,
    )
