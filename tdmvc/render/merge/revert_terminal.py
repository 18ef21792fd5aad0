"""The result of `revert` on a terminal: what was undone, and which later changes conflict with it."""

from tdmvc.model.merge_report import MovedDataset, RevertReport, TableMove
from tdmvc.model.text import plural
from tdmvc.render.cells import visible
from tdmvc.render.format import RenderOptions
from tdmvc.render.merge.terminal import add_files, add_moved
from tdmvc.render.merge.wording import conflict_count, resolve_command, revert_words
from tdmvc.render.page import Page, Step
from tdmvc.render.text import joined, shell_word


def render(report: RevertReport, options: RenderOptions) -> str:
    """Return the verdict, the tables that changed, what is in conflict or broken, and what to type next."""
    page = Page(options)
    change = f"{visible(report.old)} → {visible(report.new)}"
    if report.is_empty:
        page.verdict(
            "Nothing to revert", f"the working copy does not contain what {change} changed", page.style.green
        )
        page.notes(report.notes)
        return page.text
    moved = MovedDataset(report.dataset, report.tables, report.findings)
    extent = joined([plural(len(report.tables), "table"), *map(visible, report.manifests)])
    if report.needs_person:
        count = conflict_count([moved]) + len(report.files)
        words = plural(count, "conflict") if count else "the rows break rules"
        page.verdict("Partly reverted" if count else "Broken", f"{change}; {words}", page.style.red)
    else:
        page.verdict("Reverted", f"{change}; {extent}; nothing is committed", page.style.green)
    add_moved([moved], page, words=revert_words)
    add_files(report.files, page)
    page.notes(report.notes)
    page.next(_next(report))
    return page.text


def _next(report: RevertReport) -> list[Step]:
    name = shell_word(report.dataset)
    steps: list[Step] = []
    if any(table.move is TableMove.CONFLICT for table in report.tables):
        steps.append(Step(resolve_command(report.dataset), "show the conflicts, and resolve them"))
    for stage in sorted({table.stage for table in report.tables if table.stage}):
        steps.append(Step(f"dvc repro {shell_word(stage)}", "rebuild its tables from its inputs"))
    if report.open_tables or report.files:
        # A commit would keep the markers, and a checkout cannot overwrite them.
        back = f"git checkout HEAD -- {shell_word(report.folder)} && tdmvc checkout {name}@HEAD"
    else:
        back = f"tdmvc checkout {name}@HEAD"
        steps.append(Step(f"tdmvc diff {name}", "see what changed"))
        steps.append(Step("git add -A && git commit", "keep it"))
    return [*steps, Step(back, "undo the revert")]
