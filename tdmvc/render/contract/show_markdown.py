"""A contract as Markdown: a table of rules for each table of the dataset."""

from collections.abc import Iterator

from tdmvc.model.contract_report import ContractReport
from tdmvc.model.rules import Rule
from tdmvc.model.text import plural
from tdmvc.render.contract.wording import allowance, short_demand
from tdmvc.render.format import RenderOptions
from tdmvc.render.markdown import code, folded, prose, table


def render(report: ContractReport, options: RenderOptions) -> str:
    """Return the rules by table, each with what it demands and where it is declared."""
    rules = sum(len(one.rules) for one in report.tables)
    counts = f"{plural(len(report.tables), 'table')}, {plural(rules, 'rule')}."
    lines = [f"### Contract of {code(report.name)}", "", prose(counts)]
    for one in report.tables:
        lines += ["", f"#### {code(one.name)}", ""]
        if one.description:
            lines += [prose(one.description), ""]
        lines += (
            table(("rule", "demands", "", "declared"), map(_row, one.rules)) if one.rules else ["No rules."]
        )
    if report.service_levels:
        lines += ["", "#### Service levels", "", *_levels(report)]
    if report.notes:
        summary = [(f"{plural(len(report.notes), 'declaration')} without effect", False)]
        lines += ["", *folded(summary, [f"- {prose(note)}" for note in report.notes])]
    return "\n".join(lines) + "\n"


def _row(rule: Rule) -> tuple[str, ...]:
    place = code(str(rule.place)) if rule.place is not None else ""
    return code(rule.id), code(short_demand(rule)), prose(allowance(rule)), place


def _levels(report: ContractReport) -> Iterator[str]:
    for level in report.service_levels:
        columns = ", ".join(code(f"{name}.{column}") for name, column in level.columns)
        yield f"- {prose(f'{level.property} {level.amount} {level.unit}')}" + (
            f" of {columns}" if columns else ""
        )
