"""The result of `resolve` on a terminal: what is left first, with the three sides next to each other."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from tdmvc.model.masking import MASK
from tdmvc.model.merge import Cell as ConflictCell
from tdmvc.model.merge import ConflictKind, Side, TableOutcome
from tdmvc.model.merge_report import (
    ConflictFile,
    DatasetResolution,
    ListedConflict,
    ResolveReport,
    TableResolution,
)
from tdmvc.model.text import plural
from tdmvc.render.cells import cell_text, visible
from tdmvc.render.format import RenderOptions
from tdmvc.render.merge.wording import counts_words, kind_words, resolve_command
from tdmvc.render.page import Cell, Page, Step, names
from tdmvc.render.text import joined, shell_word

_SHOWN = 10
_ABSENT = "—"
_GO_ON = {
    "merge": "tdmvc merge --continue",
    "rebase": "git rebase --continue",
    "cherry-pick": "git cherry-pick --continue",
    "revert": "git revert --continue",
}


def render(report: ResolveReport, options: RenderOptions) -> str:
    """Return what is left and what is resolved, as text that ends in a newline."""
    page = Page(options)
    _verdict(report, page)
    for dataset in report.datasets:
        for table in dataset.tables:
            page.blank()
            _table(dataset, table, page)
        page.notes(list(_notes(dataset)))
    page.next(list(_next_steps(report)))
    return page.text


def _verdict(report: ResolveReport, page: Page) -> None:
    tables = [table for dataset in report.datasets for table in dataset.tables]
    left = [table for table in tables if not table.is_settled]
    if left:
        count = sum(table.merge.conflict_count for table in left)
        words = f"{plural(count, 'conflict')} in {plural(len(left), 'table')}"
        resolved = len(tables) - len(left)
        page.verdict(
            "Unresolved",
            joined([words, f"{plural(resolved, 'table')} resolved" if resolved else ""]),
            page.style.yellow,
        )
    elif tables:
        page.verdict(
            "Resolved", f"{plural(len(tables), 'table')}, and marked as resolved in Git", page.style.green
        )
    else:
        page.verdict("Nothing to resolve", "no table is in conflict", page.style.green)


def _table(dataset: DatasetResolution, table: TableResolution, page: Page) -> None:
    name = f"{visible(dataset.dataset)}/{visible(table.unmerged.table)}"
    merge = table.merge
    if table.is_settled:
        rows = "" if table.rows is None else plural(table.rows, "row")
        words = "removed" if merge.outcome is TableOutcome.REMOVED else rows
        page.headline(name, joined([words, _came(table)]))
        return
    sides = [f"{side} is {visible(table.unmerged.label(side))}" for side in (Side.OURS, Side.THEIRS)]
    named = [
        words for words, side in zip(sides, ("ours", "theirs"), strict=True) if words != f"{side} is {side}"
    ]
    page.headline(name, joined([f"{plural(merge.conflict_count, 'conflict')} left", *named, _came(table)]))
    shown = table.file.left[:_SHOWN]
    for kind, group in groupby(shown, key=lambda one: one.conflict.kind):
        page.line(kind_words(kind), page.style.dim, indent="  ")
        page.rows([_head(kind, page), *(_row(one, table) for one in group)])
    page.folded(merge.conflict_count - len(shown))


def _came(table: TableResolution) -> str:
    words = counts_words(table.merge.counts)
    return f"from theirs: {words}" if words else ""


def _head(kind: ConflictKind, page: Page) -> list[Cell]:
    where = ["row"] if kind.is_about_rows else []
    return [Cell(word, page.style.dim) for word in (*where, "column", *Side)]


def _row(one: ListedConflict, table: TableResolution) -> list[Cell]:
    conflict = one.conflict
    where = [_key_text(conflict.key, table.file)] if conflict.kind.is_about_rows else []
    column = visible(conflict.column) if conflict.column is not None else "(all)"
    sides = (conflict.base, conflict.ours, conflict.theirs)
    shown = (
        [MASK] * 3
        if one.is_hidden
        else [_cell(conflict.kind, cell, side) for side, cell in zip(Side, sides, strict=True)]
    )
    detail = [visible(conflict.detail)] if conflict.detail else []
    return [Cell(text) for text in (*where, column, *shown, *detail)]


def _key_text(key: Sequence[ConflictCell], file: ConflictFile) -> str:
    cells = [_text(cell) for cell in key]
    if len(cells) == 1:
        return cells[0]
    columns = file.key if len(key) == len(file.key) else file.whole
    return ", ".join(f"{visible(name)}={cell}" for name, cell in zip(columns, cells, strict=True))


def _cell(kind: ConflictKind, cell: ConflictCell, side: Side) -> str:
    if (
        cell is None
        and (kind is not ConflictKind.CELL)
        and (kind is not ConflictKind.ROW_ADDED or side is Side.BASE)
    ):
        return _ABSENT
    return _text(cell)


def _text(cell: ConflictCell) -> str:
    return cell_text(cell)


def _notes(dataset: DatasetResolution) -> Iterator[str]:
    if dataset.leftovers:
        yield (
            f"Removed from {dataset.dataset}, because their conflicts are resolved: {', '.join(dataset.leftovers)}."
        )
    if dataset.others:
        others = names(dataset.others, 200)
        yield f"Other files are in conflict, too. Resolve them in an editor, then run git add: {others}."
    is_left = any(not table.is_settled for table in dataset.tables)
    if is_left and any(path.endswith("/contract.yaml") for path in dataset.others):
        yield "While contract.yaml is in conflict, every column counts as personal, so resolve that file first."


def _next_steps(report: ResolveReport) -> Iterator[Step]:
    left = [(d, t) for d in report.datasets for t in d.tables if not t.is_settled]
    if left:
        dataset, table = left[0]
        base = resolve_command(dataset.dataset, table.unmerged.table)
        first = table.file.left[0].conflict if table.file.left else None
        if first is not None and first.kind.is_about_rows and not table.file.marked:
            key = ",".join(_typed(cell) for cell in first.key)
            yield Step(
                f"{base} --theirs --key {shell_word(key)}", "resolve one row; add --column for one cell"
            )
        yield Step(f"{base} --ours", "resolve the rest of the table; or use --theirs, --base")
        folder = table.unmerged.path.rpartition("/")[0]
        yield Step(
            f"$EDITOR {shell_word(f'{folder}/conflicts/{table.unmerged.folder}.yaml')}",
            f"or decide in this file, then run {resolve_command(dataset.dataset)}",
        )
        return
    resolved = [(d, t) for d in report.datasets for t in d.tables]
    if any(dataset.others for dataset in report.datasets):
        yield Step("git status", "see the other files in conflict")
    elif resolved and report.operation is not None:
        yield Step(_GO_ON.get(report.operation, "git status"), "finish the Git operation")
    elif resolved:
        yield Step("git commit", "keep it")
    if resolved:
        dataset, table = resolved[0]
        yield Step(f"tdmvc diff {shell_word(dataset.dataset)}", "see what changed")
        command = resolve_command(dataset.dataset, table.unmerged.table)
        yield Step(f"{command} --again", "restore its conflict")


def _typed(cell: ConflictCell) -> str:
    """Return a key's cell as a person types it."""
    if cell is None:
        return "NULL"
    return '"' + cell.replace('"', '""') + '"' if set(cell) & set(',"=') or cell == "NULL" else cell
