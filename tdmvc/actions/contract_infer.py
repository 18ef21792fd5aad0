"""`contract infer`: proposes rules that the rows of a dataset keep, and writes those that are confirmed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tdmvc.checks.inference import infer_rules
from tdmvc.contracts.declaring import declare_rules
from tdmvc.contracts.odcs.reading import CONTRACT_FILE
from tdmvc.errors import NotFoundError, UsageError
from tdmvc.model.inference import MINIMUM_ROWS, InferenceReport, TableInference
from tdmvc.model.schema import TableSchema
from tdmvc.model.selection import named_tables
from tdmvc.workspace.contract_editing import plan_contract_edit, write_contract
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.tables import is_working_copy, open_tables
from tdmvc.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class InferOptions:
    """What to propose rules for."""

    tables: tuple[str, ...] = ()
    """Only these; empty means all."""
    minimum_rows: int = MINIMUM_ROWS
    """How many rows must support a rule."""


def infer_contract(workspace: Workspace, ref: str, options: InferOptions | None = None) -> InferenceReport:
    """Propose rules that every row of a state keeps and that its contract does not demand yet; nothing is written.

    Of the working copy, edits that were not added count, too.

    Raises:
        NotFoundError: there is no such state or table.
        PartError: rows are missing or damaged everywhere.
    """
    options = options or InferOptions()
    if options.minimum_rows < 1:
        raise UsageError("--min-rows is at least 1.", remedy=f"leave it out for {MINIMUM_ROWS}.")
    state = resolve_state(workspace, ref)
    tables = open_tables(workspace, state, with_edits=is_working_copy(state))
    chosen = named_tables(options.tables, sorted(tables), state.ref)
    with workspace.timed("infer"):
        found = infer_rules(
            workspace.engine,
            tables,
            state.contract,
            conditions=workspace.conditions,
            only=chosen or None,
            minimum_rows=options.minimum_rows,
        )
    workspace.store.index.save()
    path = f"{workspace.dataset_path(state.name)}/{CONTRACT_FILE}"
    return InferenceReport(state.name, state.ref, path, options.minimum_rows, found)


def apply_inferred(
    workspace: Workspace, report: InferenceReport, ids: Sequence[str] | None = None
) -> InferenceReport:
    """Write proposed rules into the dataset's contract, and return the report of what was written.

    Args:
        ids: those of the rules to write; None means all.

    Raises:
        NotFoundError: no rule with such an id was proposed.
        UsageError: the rules were proposed for another state than the working copy.
    """
    if "@" in report.ref:
        raise UsageError(
            f"The contract of {report.ref} is never edited.",
            remedy=f"propose rules for the working copy: `tdmvc contract infer {report.dataset}`.",
        )
    known = [one.rule.id for one in report.applicable]
    for id_ in ids or ():
        if id_ not in known:
            remedy = "" if known else f"see what was looked at: `tdmvc contract infer {report.dataset}`."
            raise NotFoundError.named("proposed rule", id_, known, remedy=remedy)
    text = workspace.tree.read_text(report.path)
    state = resolve_state(workspace, report.dataset)
    tables: dict[str, TableSchema] = {}
    for one in report.applicable:
        if ids is None or one.rule.id in ids:
            name = one.rule.table
            table = tables.get(name) or state.contract.tables[name]
            tables[name] = declare_rules(table, [one.rule])
    edit = plan_contract_edit(text, report.dataset, tables)
    if edit.text != text:
        write_contract(workspace, report.dataset, edit.text)
    if ids is not None:
        report = replace(report, tables=tuple(_chosen(table, ids) for table in report.tables))
    return replace(report, is_applied=True, unwritten=tuple(rule.id for rule in edit.unwritten))


def _chosen(table: TableInference, ids: Sequence[str]) -> TableInference:
    """Return what was found about a table, with only the rules that were chosen."""
    chosen = tuple(one for one in table.proposals if one.rule.id in ids)
    return replace(table, proposals=chosen, notes=())
