"""A checked merge as Markdown, for a comment or a job's summary."""

from tdmvc.model.finding import Severity
from tdmvc.model.merge_report import MergeCheck
from tdmvc.model.text import plural
from tdmvc.render.format import RenderOptions
from tdmvc.render.markdown import code, comment, folded, more_below, prose, table
from tdmvc.render.merge.check.wording import Remark, check_verdict, remarks
from tdmvc.render.merge.wording import move_words

MARKER = comment("tdmvc-merge-check")
"""The first line, by which a comment is found and updated."""

_MOST_ROWS = 100
_MOST_DETAILS = 20


def render(check: MergeCheck, options: RenderOptions) -> str:
    """Return the verdict, a table of what prevents the merge, its conflicts, and what would change."""
    word, words = check_verdict(check)
    found = list(remarks(check))
    lines = [MARKER, f"### {'✅' if check.is_fine else '⛔'} {word}", "", prose(f"{words}."), ""]
    if found:
        lines += table(("", "where", "what"), [_row(remark) for remark in found[:_MOST_ROWS]])
        lines += more_below(len(found) - _MOST_ROWS)
    for remark in [one for one in found if len(one.lines) > 1][:_MOST_DETAILS]:
        items = [f"- {prose(line)}" for line in remark.lines]
        lines += ["", *folded([(f"{remark.rule} in {remark.place}", True)], items)]
    moved = [(one.name, moved) for one in check.datasets for moved in one.tables]
    if moved:
        rows = [(code(f"{name}/{one.name}"), prose(move_words(one))) for name, one in moved[:_MOST_ROWS]]
        inner = ["", *table(("table", "what the merge does"), rows), *more_below(len(moved) - _MOST_ROWS)]
        lines += ["", *folded([(f"{plural(len(moved), 'table')} would change", False)], inner)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _row(remark: Remark) -> tuple[str, ...]:
    rule = f"**{remark.rule}**" if remark.severity is Severity.ERROR else remark.rule
    remedy = remark.lines[0] if len(remark.lines) == 1 else ""
    return rule, code(remark.place), prose(f"{remark.message} {remedy}".rstrip())
