"""The result of `merge` on a terminal: what was merged, what it breaks, and what you have to resolve."""

from collections.abc import Callable, Sequence

from tdmvc.model.merge import Side
from tdmvc.model.merge_report import MergeReport, MergeStatus, MovedDataset, MovedTable, TableMove
from tdmvc.model.text import number, plural
from tdmvc.render.cells import visible
from tdmvc.render.format import RenderOptions
from tdmvc.render.merge.wording import conflict_count, conflict_lines, move_words, resolve_command
from tdmvc.render.page import INDENT, Cell, Page, Step
from tdmvc.render.text import joined, shell_word, short_hash

_MOST_CONFLICTS = 5
_MOST_TABLES = 20


def render(report: MergeReport, options: RenderOptions) -> str:
    """Return the verdict, the tables that changed, what is broken or in conflict, and what to type next."""
    page = Page(options)
    is_done = not report.needs_person
    page.verdict(*_verdict(report), page.style.green if is_done else page.style.red)
    add_moved(report.datasets, page)
    add_files(report.files, page)
    page.notes(report.notes)
    page.next(_next(report))
    return page.text


def add_moved(
    datasets: Sequence[MovedDataset], page: Page, *, words: Callable[[MovedTable], str] = move_words
) -> None:
    """Add each dataset: its tables, their conflicts, and the rules that the merged rows break.

    Args:
        words: what happens to a table.
    """
    for dataset in datasets:
        page.blank()
        page.headline(visible(dataset.name), plural(len(dataset.tables), "table"))
        shown = dataset.tables[:_MOST_TABLES]
        page.rows([_row(table, words(table), page) for table in shown])
        page.folded(len(dataset.tables) - len(shown))
        for table in dataset.open_tables:
            if table.merge is not None:
                for line in conflict_lines(table.merge, most=_MOST_CONFLICTS):
                    page.line(f"{visible(table.name)}: {line}", page.style.yellow, indent=INDENT)
        page.findings(dataset.findings)
        if dataset.unchecked:
            page.notes([f"The merged rows were not checked: {dataset.unchecked}"])


def add_files(files: Sequence[str], page: Page, *, most: int = 20) -> None:
    """Add the conflicting files that are not tables."""
    if not files:
        return
    page.blank()
    page.headline("files", plural(len(files), "conflict"))
    for path in files[:most]:
        page.path("in conflict", path)
    page.folded(len(files) - most)


def _row(table: MovedTable, words: str, page: Page) -> list[Cell]:
    paint = page.style.red if table.move in (TableMove.CONFLICT, TableMove.STAGE) else page.style.green
    return [Cell(visible(table.name)), Cell(table.move.value, paint), Cell(words, page.style.dim)]


def _verdict(report: MergeReport) -> tuple[str, str]:
    theirs = visible(report.labels.get(Side.THEIRS, "theirs"))
    extent = joined(
        [
            plural(len(report.datasets), "dataset"),
            plural(sum(len(one.tables) for one in report.datasets), "table"),
        ]
    )
    commit = f", commit {short_hash(report.commit)}" if report.commit else ""
    match report.status:
        case MergeStatus.UP_TO_DATE:
            return "Up to date", f"{theirs} has nothing new"
        case MergeStatus.FAST_FORWARD:
            return "Fast-forward", f"to {theirs}{commit}; {extent}"
        case MergeStatus.ABORTED:
            return "Aborted", f"the merge of {theirs}; files and rows are as in HEAD"
        case MergeStatus.OPEN:
            count = conflict_count(report.datasets) + len(report.files)
            return "Conflicts", f"{number(count)} to resolve in the merge of {theirs}; nothing is committed"
        case MergeStatus.BROKEN:
            return "Broken", f"the merge of {theirs} has no conflicts, but the merged rows break rules"
    if report.commit is None:
        return "Merged", f"{theirs}, not committed; {extent}"
    return "Merged", f"{theirs}{commit}; {extent}{', although it breaks rules' if report.is_allowed else ''}"


def _next(report: MergeReport) -> list[Step]:
    if report.status is MergeStatus.OPEN:
        return [*_to_resolve(report), Step("tdmvc merge --continue", "commit the merge"), _ABORT]
    if report.status is MergeStatus.BROKEN:
        broken = [one for one in report.datasets if one.is_broken or one.unchecked]
        return [
            *(
                Step(f"tdmvc add {shell_word(one.name)}", "add the rows that you fixed in its folder")
                for one in broken
            ),
            Step("tdmvc merge --continue", "check again, and commit"),
            Step("tdmvc merge --continue --allow-broken", "commit it as it is"),
            _ABORT,
        ]
    if report.status is MergeStatus.MERGED and report.commit is None:
        return [Step("tdmvc merge --continue", "commit the merge"), _ABORT]
    return []


_ABORT = Step("tdmvc merge --abort", "undo the merge")


def _to_resolve(report: MergeReport) -> list[Step]:
    steps: list[Step] = []
    for dataset in report.datasets:
        moves = {table.move for table in dataset.open_tables}
        if TableMove.CONFLICT in moves:
            steps.append(Step(resolve_command(dataset.name), "show the conflicts, and resolve them"))
        for stage in sorted({table.stage for table in dataset.open_tables if table.stage}):
            folder = stage.rpartition(":")[0].rpartition("/")[0]
            lock = shell_word(f"{folder}/dvc.lock".lstrip("/"))
            words = f"git checkout --ours -- {lock} && dvc repro {shell_word(stage)} && git add {lock}"
            steps.append(Step(words, "rebuild its tables"))
    if report.files:
        steps.append(Step("git add FILE", "after you removed the conflict markers"))
    return steps
