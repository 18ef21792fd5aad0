"""Knows how moments of history read: who, when, what, on one line that keeps to the width."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tdmvc.model.history import HistoryPoint, PublishedMark
from tdmvc.render.cells import visible
from tdmvc.render.page import Cell, Page
from tdmvc.render.privacy import shown_text
from tdmvc.render.terminal import display_width, fit

SHORT_ID = 10
NOT_YET = "not committed"
NOT_PUBLISHED = "not published"
_DAY = len("2026-01-31")
_WIDEST_AUTHOR = 20
_GAP = 2


@dataclass(frozen=True, slots=True)
class MomentColumns:
    """How wide the columns of a list of moments are."""

    id: int
    author: int

    @classmethod
    def of(cls, moments: Iterable[HistoryPoint], page: Page, *, by_version: bool) -> "MomentColumns":
        widest = min(_WIDEST_AUTHOR, page.width // 6)
        listed = list(moments)
        ids = [display_width(short_id(moment, by_version=by_version)) for moment in listed]
        authors = [min(display_width(visible(moment.author)), widest) for moment in listed]
        return cls(max(ids, default=0), max(authors, default=0))


def short_id(moment: HistoryPoint, *, by_version: bool = False) -> str:
    """Return enough of a moment's name to recognise it."""
    if moment.is_working_copy:
        return NOT_PUBLISHED if by_version else NOT_YET
    return fit(visible(moment.id), _WIDEST_AUTHOR) if moment.is_version else visible(moment.id[:SHORT_ID])


def day_of(moment: HistoryPoint) -> str:
    """Return the day of a moment, as its author's clock had it."""
    return fit(visible(moment.when[:_DAY]), _DAY)


def moment_cells(
    moment: HistoryPoint, columns: MomentColumns, page: Page, *, mark: str = "", by_version: bool = False
) -> tuple[list[Cell], list[int]]:
    """Return the cells that name a moment, and their widths; the author's only where there is one."""
    style = page.style
    name = mark + short_id(moment, by_version=by_version)
    paint = style.red if moment.is_working_copy else style.yellow
    cells = [Cell(name, paint), Cell(day_of(moment), style.dim)]
    widths = [columns.id + len(mark), _DAY]
    if columns.author:
        cells.append(Cell(fit(visible(moment.author), columns.author)))
        widths.append(columns.author)
    return cells, widths


def add_moment(moment: HistoryPoint, columns: MomentColumns, page: Page, *, tail: Sequence[str] = ()) -> None:
    """Add the line that begins an entry: id, day, author, subject; then what else is to be said of it."""
    cells, widths = moment_cells(moment, columns, page)
    left = page.width - sum(widths) - _GAP * len(widths)
    release = f"release {visible(moment.release)}" if moment.release else ""
    said = " · ".join(part for part in (release, visible(moment.subject)) if part)
    page.columns([*cells, Cell(fit(said, left), page.style.bold)], [*widths, left], frozenset())
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
