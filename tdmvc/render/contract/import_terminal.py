"""What was taken over into a contract, on a terminal: what is new, what contradicts it, what was left out."""

from collections.abc import Sequence

from tdmvc.model.contract_report import ContractImport
from tdmvc.model.text import plural
from tdmvc.render.cells import visible
from tdmvc.render.contract.wording import by_table, import_verdict
from tdmvc.render.format import RenderOptions
from tdmvc.render.page import INDENT, Page, Paint, Step, names
from tdmvc.render.text import shell_word

_MOST = 20
_MOST_CHANGES = 200


def render(report: ContractImport, options: RenderOptions) -> str:
    """Return each change of the contract, then what was not taken over and why."""
    page = Page(options)
    word, words = import_verdict(report)
    page.verdict(word, words, page.style.green if report.is_written else page.style.bold)
    page.path("from", report.source)
    page.path("to  ", report.path)
    for table, changes in by_table(report.changes[:_MOST_CHANGES]).items():
        page.blank()
        page.headline(visible(table or "contract"), plural(len(changes), "change"))
        for change in changes:
            page.line(visible(change.message), indent=INDENT)
    page.folded(len(report.changes) - _MOST_CHANGES)
    _list(page, "conflicts", "the contract stays as it is", report.conflicts, page.style.yellow)
    _list(page, "not written", "contract.yaml has no form for it", report.unwritten, page.style.yellow)
    _list(page, "without effect", "declared by the file", report.notes, page.style.dim)
    if report.left_out:
        page.blank()
        page.headline(
            "left out", f"{plural(len(report.left_out), 'table')} that {report.dataset} does not have"
        )
        page.line(names(report.left_out, 2 * page.width), page.style.dim, indent=INDENT)
    if report.is_written:
        name = shell_word(report.dataset)
        check = Step(f"tdmvc validate {name}", "check the rows against the contract")
        page.next([Step(f"tdmvc add {name} SOURCE", "add its first rows") if report.is_new else check])
    return page.text


def _list(page: Page, title: str, words: str, lines: Sequence[str], paint: Paint) -> None:
    if lines:
        page.blank()
        page.headline(title, words)
        for line in lines[:_MOST]:
            page.line(visible(line), paint, indent=INDENT)
        page.folded(len(lines) - _MOST)
