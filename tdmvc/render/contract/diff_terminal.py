"""Differences between contracts on a terminal: the verdict, then each change by table."""

from tdmvc.model.contract_changes import ContractChange, ContractDiff
from tdmvc.model.text import plural
from tdmvc.render.cells import visible
from tdmvc.render.contract.wording import by_table, diff_verdict, parties
from tdmvc.render.format import RenderOptions
from tdmvc.render.page import INDENT, Page


def render(diff: ContractDiff, options: RenderOptions) -> str:
    """Return what changed, and whom it may break."""
    page = Page(options)
    word, words = diff_verdict(diff)
    page.verdict(word, words, page.style.red if diff.breaks else page.style.green)
    page.path("from", diff.old)
    page.path("to  ", diff.new)
    for table, changes in by_table(diff.changes).items():
        page.blank()
        page.headline(visible(table or "contract"), plural(len(changes), "change"))
        for change in changes:
            _change(change, page)
    return page.text


def _change(change: ContractChange, page: Page) -> None:
    whom = parties(change.breaks)
    level = change.level.value if change.level.rank else "no bump"
    words = f"{level}: {visible(change.message)}" + (f" — {whom}" if whom else "")
    page.line(words, page.style.red if whom else None, indent=INDENT)
