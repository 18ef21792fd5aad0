"""The rows of a query as a grid on a terminal."""

from collections.abc import Sequence

from tdmvc.model.report import QueryResult
from tdmvc.model.text import number, plural
from tdmvc.render.cells import cell_text, visible
from tdmvc.render.format import Formats, RenderOptions, formats_of
from tdmvc.render.json import plain_value
from tdmvc.render.page import Cell, Page
from tdmvc.render.terminal import display_width, fit
from tdmvc.render.text import joined

_SIGNED = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"})
_NUMBERS = _SIGNED | {f"U{name}" for name in _SIGNED} | {"FLOAT", "DOUBLE", "DECIMAL"}
_TIMES = frozenset({"DATE", "TIME", "TIMESTAMP"})
_GAP = 2
_NARROWEST_TEXT = 8


def render(result: QueryResult, options: RenderOptions) -> str:
    """Return the rows as a grid, numbers to the right; columns that do not fit are counted, not shown."""
    page = Page(options)
    if not result.columns:
        page.line("Done; the query returned no rows.")
        return page.text
    texts = [[cell_text(plain_value(value)) for value in row] for row in result.rows]
    heads = [visible(column) for column in result.columns]
    kinds = [type_.partition("(")[0].partition(" ")[0] for type_ in result.types]
    right = frozenset(index for index, kind in enumerate(kinds) if kind in _NUMBERS)
    whole = frozenset(index for index, kind in enumerate(kinds) if kind in _NUMBERS | _TIMES)
    widths = _widths(heads, texts, whole, page.width)
    style = page.style
    page.columns([Cell(fit(*pair), style.bold) for pair in zip(heads, widths, strict=False)], widths, right)
    page.columns([Cell("─" * room, style.dim) for room in widths], widths, right)
    for values, row in zip(result.rows, texts, strict=True):
        cells = [
            Cell(fit(text, room), style.dim if value is None else None)
            for value, text, room in zip(values, row, widths, strict=False)
        ]
        page.columns(cells, widths, right)
    page.line(_footer(result, len(widths)), page.style.dim)
    return page.text


def _widths(
    heads: Sequence[str], rows: Sequence[Sequence[str]], whole: frozenset[int], room: int
) -> list[int]:
    """Return a width for each column; if room is short, wide texts shrink, then the last columns are dropped.

    Args:
        whole: columns whose values are not cut, since half a number is another number.
    """
    values = [max((display_width(row[index]) for row in rows), default=0) for index in range(len(heads))]
    head_widths = [display_width(head) for head in heads]
    floors = [
        max(value if index in whole else min(value, _NARROWEST_TEXT), min(head, _NARROWEST_TEXT))
        for index, (value, head) in enumerate(zip(values, head_widths, strict=True))
    ]
    while len(floors) > 1 and sum(floors) + _GAP * (len(floors) - 1) > room:
        floors.pop()
    widths = [max(pair) for pair in zip(values, head_widths, strict=True)][: len(floors)]
    excess = sum(widths) + _GAP * (len(widths) - 1) - room
    while excess > 0:
        widest = max(range(len(widths)), key=lambda index: (widths[index] > floors[index], widths[index]))
        if widths[widest] == floors[widest]:
            break
        widths[widest] -= 1
        excess -= 1
    return [min(width, room) for width in widths]


def _footer(result: QueryResult, shown: int) -> str:
    count = plural(len(result.rows), "row")
    hidden = len(result.columns) - shown
    return joined(
        [
            f"{count}; there are more (--limit)" if result.is_cut else count,
            f"{number(hidden)} of {plural(len(result.columns), 'column')} not shown" if hidden else "",
        ]
    )


QUERY_FORMATS: Formats[QueryResult] = formats_of(render)
