"""Blame on a terminal: each cell of one row, or each commit that changed one of many rows."""

from tdmvc.model.history import BlamedCell, BlamedRow, BlameReport, HistoryPoint
from tdmvc.model.text import number, plural
from tdmvc.render.cells import visible
from tdmvc.render.format import RenderOptions
from tdmvc.render.history.wording import PointColumns, key_words, point_cells
from tdmvc.render.page import INDENT, Cell, Page
from tdmvc.render.privacy import shown_text
from tdmvc.render.terminal import display_width, fit

_WIDEST_NAME = 24
_WIDEST_KEY = 28
_LEAST_VALUE = 12
_CUT = "^"
_UNCERTAIN = "?"


def render(report: BlameReport, options: RenderOptions) -> str:
    """Return who last changed each cell; values of personal columns are masked."""
    page = Page(options)
    name = f"{visible(report.ref)} {visible(report.table)}"
    if len(report.rows) == 1:
        (row,) = report.rows
        page.headline(f"{name} {key_words(row.key, report.hidden)}".rstrip(), "")
        _single(row, report, page)
    else:
        page.verdict(name, _count(report))
        _many(report, page)
    if report.boundaries:
        page.line(
            f"{_CUT} the oldest commit of the range or of this clone: the cell may be older", page.style.dim
        )
    if report.notes:
        page.blank()
        page.notes(report.notes)
    return page.text


def _count(report: BlameReport) -> str:
    if not report.rows:
        return "no rows"
    total = report.total_rows
    if total is not None and total > len(report.rows):
        return f"{number(len(report.rows))} of {plural(total, 'row')} (--rows, --all, --key)"
    return plural(len(report.rows), "row")


def _single(row: BlamedRow, report: BlameReport, page: Page) -> None:
    """Add a line for each cell: column, value, and the point that it is from."""
    by_version = report.by_version
    columns = PointColumns.of([cell.point for cell in row.cells], page, by_version=by_version)
    names = min(_WIDEST_NAME, max((display_width(visible(cell.column)) for cell in row.cells), default=0))
    texts = [shown_text(cell.column, cell.value, report.hidden) for cell in row.cells]
    named = [_point_cells(cell, columns, report, page) for cell in row.cells]
    subjects = max((display_width(visible(cell.point.subject)) for cell in row.cells), default=0)
    fixed = (
        len(INDENT) + names + len(INDENT) + sum(named[0][1]) + len(INDENT) * len(named[0][1]) if named else 0
    )
    room = max(_LEAST_VALUE, page.width - fixed - min(subjects, page.width // 4) - len(INDENT))
    room = min(room, max(map(display_width, texts), default=0))
    for cell, text, (cells, widths) in zip(row.cells, texts, named, strict=True):
        left = max(0, page.width - fixed - room - len(INDENT))
        page.columns(
            [
                Cell(""),
                Cell(fit(visible(cell.column), names), page.style.dim),
                Cell(fit(text, room), page.style.bold),
                *cells,
                Cell(fit(visible(cell.point.subject), left)),
            ],
            [0, names, room, *widths, left],
            frozenset(),
        )


def _many(report: BlameReport, page: Page) -> None:
    """Add, for each row, a line for each point that its cells are from, newest first."""
    cells = [cell for row in report.rows for cell in row.cells]
    columns = PointColumns.of([cell.point for cell in cells], page, by_version=report.by_version)
    keys = [_key(row, report) for row in report.rows]
    room = min(_WIDEST_KEY, page.width // 4, max(map(display_width, keys), default=0))
    for row, key in zip(report.rows, keys, strict=True):
        for place, group in enumerate(_by_point(row)):
            named, widths = _point_cells(group[0], columns, report, page)
            lead = [Cell(fit(key, room) if place == 0 else "", page.style.bold)] if room else []
            left = page.width - sum(widths) - len(INDENT) * (len(widths) + len(lead)) - (room if lead else 0)
            text = ", ".join(
                f"{visible(cell.column)}={shown_text(cell.column, cell.value, report.hidden)}"
                for cell in group
                if cell.column not in row.key or len(row.key) == len(row.cells)
            )
            page.columns(
                [*lead, *named, Cell(fit(text or "(key)", max(0, left)))],
                [*([room] if lead else []), *widths, max(0, left)],
                frozenset(),
            )


def _key(row: BlamedRow, report: BlameReport) -> str:
    return ", ".join(shown_text(name, value, report.hidden) for name, value in row.key.items())


def _by_point(row: BlamedRow) -> list[list[BlamedCell]]:
    groups: dict[tuple[HistoryPoint, bool], list[BlamedCell]] = {}
    for cell in row.cells:
        groups.setdefault((cell.point, bool(cell.uncertain)), []).append(cell)
    # Uncommitted changes are the newest; then by date.
    return sorted(
        groups.values(), key=lambda group: (group[0].point.is_working_copy, group[0].point.when), reverse=True
    )


def _point_cells(
    cell: BlamedCell, columns: PointColumns, report: BlameReport, page: Page
) -> tuple[list[Cell], list[int]]:
    marks = "" if not report.boundaries and not _has_doubt(report) else " "
    if cell.uncertain:
        marks = _UNCERTAIN
    elif cell.point.id in report.boundaries:
        marks = _CUT
    return point_cells(cell.point, columns, page, mark=marks, by_version=report.by_version)


def _has_doubt(report: BlameReport) -> bool:
    return any(cell.uncertain for row in report.rows for cell in row.cells)
