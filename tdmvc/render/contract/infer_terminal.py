"""Proposed rules on a terminal: each with its evidence and the number of rows that support it."""

from tdmvc.model.inference import InferenceReport, Proposal, TableInference
from tdmvc.model.text import plural
from tdmvc.render.cells import visible
from tdmvc.render.contract.wording import short_demand
from tdmvc.render.format import RenderOptions
from tdmvc.render.page import INDENT, Page, Step
from tdmvc.render.text import shell_word

_SURE = 1.5
"""Percent of rows that may break a rule unseen, below which nothing is said about it."""


def render(report: InferenceReport, options: RenderOptions) -> str:
    """Return the proposals by table, and how to make them rules."""
    page = Page(options)
    found = report.proposals
    if report.is_applied:
        written = len(report.applicable) - len(report.unwritten)
        page.verdict("Written", f"{plural(written, 'rule')} into {visible(report.path)}", page.style.green)
    elif found:
        words = f"{plural(len(found), 'rule')} that every row of {visible(report.ref)} keeps; nothing is written yet"
        page.verdict("Proposed", words, page.style.bold)
    else:
        page.verdict("Nothing to propose", f"no further rule for {visible(report.ref)}", page.style.bold)
    for table in report.tables:
        if table.proposals or table.notes:
            page.blank()
            _table(table, page)
    for id_ in report.unwritten:
        page.line(f"not written, because contract.yaml has no form for it: {visible(id_)}", page.style.yellow)
    page.next(list(_steps(report)))
    return page.text


def _table(table: TableInference, page: Page) -> None:
    page.headline(
        visible(table.table), f"{plural(table.rows, 'row')}, {plural(len(table.proposals), 'proposal')}"
    )
    for one in table.proposals:
        page.line(short_demand(one.rule), indent=INDENT)
        page.line(f"{visible(one.rule.id)}  {evidence_of(one)}", page.style.dim, indent=INDENT * 2)
    for note in table.notes:
        page.line(f"note: {visible(note)}", page.style.cyan, indent=INDENT)


def evidence_of(proposal: Proposal) -> str:
    """Return what was seen, and how many rows may still break the rule if few support it."""
    share = proposal.may_break * 100
    if share < _SURE:
        return visible(proposal.evidence)
    return f"{visible(proposal.evidence)}; up to {share:.0f} % of rows may still break it"


def _steps(report: InferenceReport) -> list[Step]:
    name = shell_word(report.dataset)
    steps = []
    if report.is_applied:
        steps.append(Step(f"tdmvc validate {name}", "check the rows against the contract"))
        steps.append(Step(f"git diff {shell_word(report.path)}", "read what was written"))
    elif report.applicable and "@" not in report.ref:
        steps.append(Step(f"tdmvc contract infer {name} --apply", "write them into the contract"))
        steps.append(Step(f"tdmvc contract infer {name} --apply --rule ID", "write only some of them"))
    else:
        few = [table.rows for table in report.tables if 0 < table.rows < report.minimum_rows]
        if few and not report.proposals:
            command = f"tdmvc contract infer {shell_word(report.ref)} --min-rows {min(few)}"
            steps.append(Step(command, "look at the few rows all the same"))
    for one in report.proposals:
        if one.command is not None:
            steps.append(
                Step(f"tdmvc add {name} {one.command}", f"make it the key of {visible(one.rule.table)}")
            )
    return steps
