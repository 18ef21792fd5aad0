"""The words for points of a history: who, when and what, on one line."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tdmvc.model.diff import TableStatus
from tdmvc.model.history import HistoryEntry, HistoryPoint, PublishedMark, TableChange
from tdmvc.model.text import number, plural, short_commit
from tdmvc.render.cells import visible
from tdmvc.render.page import Cell, Page
from tdmvc.render.privacy import shown_text
from tdmvc.render.terminal import display_width, fit

NOT_YET = "not committed"
NOT_PUBLISHED = "not published"
_DAY = len("2026-01-31")
_WIDEST_AUTHOR = 20
_GAP = 2


@dataclass(frozen=True, slots=True)
class PointColumns:
    """The widths of the columns in a list of points."""

    id: int
    author: int

    @classmethod
    def of(cls, points: Iterable[HistoryPoint], page: Page, *, by_version: bool) -> "PointColumns":
        widest = min(_WIDEST_AUTHOR, page.width // 6)
        listed = list(points)
        ids = [display_width(short_id(point, by_version=by_version)) for point in listed]
        authors = [min(display_width(visible(point.author)), widest) for point in listed]
        return cls(max(ids, default=0), max(authors, default=0))


def short_id(point: HistoryPoint, *, by_version: bool = False) -> str:
    """Return enough of a point's id to recognise it."""
    if point.is_working_copy:
        return NOT_PUBLISHED if by_version else NOT_YET
    return fit(visible(point.id), _WIDEST_AUTHOR) if point.is_version else visible(short_commit(point.id))


def day_of(point: HistoryPoint) -> str:
    """Return the day of a point by its author's clock."""
    return fit(visible(point.when[:_DAY]), _DAY)


def point_cells(
    point: HistoryPoint, columns: PointColumns, page: Page, *, mark: str = "", by_version: bool = False
) -> tuple[list[Cell], list[int]]:
    """Return the cells that name a point, and their widths; the author's only if there is one."""
    style = page.style
    name = mark + short_id(point, by_version=by_version)
    paint = style.red if point.is_working_copy else style.yellow
    cells = [Cell(name, paint), Cell(day_of(point), style.dim)]
    widths = [columns.id + len(mark), _DAY]
    if columns.author:
        cells.append(Cell(fit(visible(point.author), columns.author)))
        widths.append(columns.author)
    return cells, widths


def add_point(point: HistoryPoint, columns: PointColumns, page: Page, *, tail: Sequence[str] = ()) -> None:
    """Add the first line of an entry (id, day, author, subject), then the lines of `tail`."""
    cells, widths = point_cells(point, columns, page)
    left = page.width - sum(widths) - _GAP * len(widths)
    release = f"release {visible(point.release)}" if point.release else ""
    subject = " · ".join(part for part in (release, visible(point.subject)) if part)
    page.columns([*cells, Cell(fit(subject, left), page.style.bold)], [*widths, left], frozenset())
    for line in tail:
        page.line(line, page.style.green, indent="  ")


def published_words(marks: Sequence[PublishedMark]) -> list[str]:
    """Return what a commit published: `published 1.1.0 (release 2.14.0)`."""
    return ["published " + ", ".join(map(mark_words, marks))] if marks else []


def mark_words(mark: PublishedMark) -> str:
    """Return a version with the release that it names."""
    release = f" (release {visible(mark.release)})" if mark.release else ""
    return visible(mark.version) + release


def key_words(key: Mapping[str, object], hidden: frozenset[str]) -> str:
    """Return a key as a person may write it, personal values masked."""
    return ", ".join(f"{visible(name)}={shown_text(name, value, hidden)}" for name, value in key.items())


def count_words(points: Sequence[HistoryPoint], verb: str, *, is_cut: bool) -> str:
    """Return how many versions or commits there are."""
    noun = "version" if points[0].is_version else "commit"
    more = "; there may be older ones (-n)" if is_cut else ""
    return f"{plural(len(points), noun)} {verb}{more}"


def change_counts(table: TableChange) -> str:
    """Return the numbers of rows that changed: `added +3`, `+1 −2 ~3`."""
    if table.missing is not None:
        return "not counted"
    words = {TableStatus.ADDED: "added", TableStatus.REMOVED: "removed", TableStatus.RENAMED: "renamed"}
    counts = [("+", table.added), ("−", table.removed), ("~", table.changed)]
    signed = [f"{sign}{number(count)}" for sign, count in counts if count]
    return " ".join([*([words[table.status]] if table.status in words else []), *signed]) or "schema"


def entry_marks(entry: HistoryEntry) -> list[str]:
    """Return what is to be said of an entry besides its changes."""
    words = published_words(entry.published)
    if not words and entry.version is not None and not entry.point.is_version:
        words = [f"first in version {mark_words(entry.version)}"]
    if entry.point.is_merge and entry.tables:
        words.append("a merge, counted against its first parent")
    return words
