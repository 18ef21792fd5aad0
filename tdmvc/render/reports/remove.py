"""The result of `remove` on a terminal: what is gone, and how to commit it or get it back."""

from tdmvc.model.report import RemoveReport
from tdmvc.model.text import plural
from tdmvc.render.cells import visible
from tdmvc.render.format import Formats, RenderOptions, formats_of
from tdmvc.render.page import Page, Step
from tdmvc.render.text import shell_word


def render(report: RemoveReport, options: RenderOptions) -> str:
    """Return what was removed, and the next commands."""
    page = Page(options)
    name = visible(report.dataset)
    tables = plural(len(report.tables), "table")
    if report.is_whole:
        page.verdict(f"Removed {name}", f"{tables}, its contract and its versions")
    else:
        page.verdict(f"Removed {tables} from {name}", ", ".join(map(visible, report.tables)))
    page.notes(report.notes)
    folder = shell_word(report.folder)
    back = f"git restore --staged --worktree {folder} && tdmvc checkout {shell_word(report.dataset)}"
    page.next(
        [
            Step(
                f"git add -A {folder} && git commit -m {shell_word(_message(report))}", "commit the removal"
            ),
            Step(back, "or get it back"),
        ]
    )
    return page.text


def _message(report: RemoveReport) -> str:
    if report.is_whole:
        return f"Remove {report.dataset}"
    return f"Remove {', '.join(report.tables[:3])} from {report.dataset}"


REMOVE_FORMATS: Formats[RemoveReport] = formats_of(render)
