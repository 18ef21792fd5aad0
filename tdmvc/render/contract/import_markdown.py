"""What was taken over into a contract, as Markdown."""

from collections.abc import Sequence

from tdmvc.model.contract_report import ContractImport
from tdmvc.render.contract.wording import import_verdict
from tdmvc.render.format import RenderOptions
from tdmvc.render.markdown import code, more_item, prose

_MOST = 200


def render(report: ContractImport, options: RenderOptions) -> str:
    """Return each change of the contract, then what was not taken over and why."""
    word, words = import_verdict(report)
    lines = [
        f"### {word}",
        "",
        f"{prose(f'{words}.')} From {code(report.source)} to {code(report.path)}.",
    ]
    for title, texts in (
        ("Changes", [change.message for change in report.changes]),
        ("Conflicts: the contract stays as it is", report.conflicts),
        ("Not written: `contract.yaml` has no form for it", report.unwritten),
        ("Without effect", report.notes),
        ("Left out: tables that the dataset does not have", report.left_out),
    ):
        lines += _list(title, texts)
    return "\n".join(lines) + "\n"


def _list(title: str, texts: Sequence[str]) -> list[str]:
    if not texts:
        return []
    items = [f"- {prose(text)}" for text in texts[:_MOST]]
    return ["", f"#### {title}", "", *items, *more_item(len(texts) - _MOST, "line")]
