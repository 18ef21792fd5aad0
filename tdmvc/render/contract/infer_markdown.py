"""Proposed rules as Markdown."""

from tdmvc.model.inference import InferenceReport
from tdmvc.model.text import number, plural
from tdmvc.render.contract.wording import short_demand
from tdmvc.render.format import RenderOptions
from tdmvc.render.markdown import code, prose, table


def render(report: InferenceReport, options: RenderOptions) -> str:
    """Return a table of proposals for each table of the dataset."""
    count = len(report.proposals)
    done = "written into its contract" if report.is_applied else "proposed; nothing is written yet"
    lines = [f"### Rules for {code(report.ref)}", "", prose(f"{plural(count, 'rule')} {done}.")]
    for one in report.tables:
        if one.proposals or one.notes:
            lines += ["", f"#### {code(one.table)} ({number(one.rows)} rows)", ""]
            rows = [
                (code(p.rule.id), code(short_demand(p.rule)), number(p.support), prose(p.evidence))
                for p in one.proposals
            ]
            lines += table(("rule", "demands", "rows", "evidence"), rows, align="  r") if rows else []
            lines += ["", *(f"- {prose(note)}" for note in one.notes)] if one.notes else []
    if report.unwritten:
        lines += ["", "Not written:", "", *(f"- {code(id_)}" for id_ in report.unwritten)]
    return "\n".join(lines) + "\n"
