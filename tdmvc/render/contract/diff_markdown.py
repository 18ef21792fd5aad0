"""Differences between contracts as Markdown, for a comment or a job's summary."""

from tdmvc.model.contract_changes import ContractDiff
from tdmvc.render.contract.wording import by_table, diff_verdict, parties
from tdmvc.render.format import RenderOptions
from tdmvc.render.markdown import code, more_below, prose, table

_MOST = 200


def render(diff: ContractDiff, options: RenderOptions) -> str:
    """Return a table of the changes, by table of the dataset."""
    word, words = diff_verdict(diff)
    icon = "⛔" if diff.breaks else "✅"
    lines = [
        f"### {icon} {word}",
        "",
        f"{prose(f'{words}.')} From {code(diff.old)} to {code(diff.new)}.",
    ]
    rows = [
        (code(name) if name else "", change.level.value, prose(change.message), parties(change.breaks))
        for name, changes in by_table(diff.changes).items()
        for change in changes
    ]
    if rows:
        lines += [
            "",
            *table(("table", "version", "change", ""), rows[:_MOST]),
            *more_below(len(rows) - _MOST),
        ]
    return "\n".join(lines).rstrip("\n") + "\n"
