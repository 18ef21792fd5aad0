"""A checked merge on a terminal: whether it would work, and what it would break."""

from tdmvc.model.finding import Severity
from tdmvc.model.merge_report import MergeCheck
from tdmvc.render.format import RenderOptions
from tdmvc.render.merge.check.wording import Remark, check_verdict, remarks
from tdmvc.render.page import INDENT, Page, Step
from tdmvc.render.text import shell_word

_MOST = 40


def render(check: MergeCheck, options: RenderOptions) -> str:
    """Return the verdict, what prevents the merge, what was already so before, and what to type next."""
    page = Page(options)
    word, words = check_verdict(check)
    page.verdict(word, words, page.style.green if check.is_fine else page.style.red)
    found = list(remarks(check))
    for remark in found[:_MOST]:
        page.blank()
        _remark(remark, page)
    page.folded(len(found) - _MOST)
    if not check.is_fine:
        page.next(
            [Step(f"tdmvc merge {shell_word(check.base)}", "run it on the branch, and resolve it there")]
        )
    return page.text


def _remark(remark: Remark, page: Page) -> None:
    paint = page.style.red if remark.severity is Severity.ERROR else page.style.yellow
    page.line(f"{remark.severity.value} {remark.rule}: {remark.message}", paint)
    for line in remark.lines:
        page.line(line, indent=INDENT)
