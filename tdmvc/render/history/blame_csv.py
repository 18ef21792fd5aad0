"""A blame as CSV: one line per cell."""

import csv
import io
from collections.abc import Callable, Sequence

from tdmvc.model.history import BlameReport
from tdmvc.model.text import without_formula
from tdmvc.render.format import RenderOptions
from tdmvc.render.privacy import shown_text


def render(report: BlameReport, options: RenderOptions) -> str:
    """Return one line per cell below a header; values of hidden columns are masked, null is empty."""
    return _csv(report, lambda value: value)


def render_safe(report: BlameReport, options: RenderOptions) -> str:
    """Return the same for a spreadsheet: a text that one might run as a formula gets an apostrophe."""
    return _csv(report, without_formula)


def _csv(report: BlameReport, show: Callable[[str], str]) -> str:
    key = [f"key.{name}" for name in report.key]
    lines = [_line([*key, "column", "value", "commit", "author", "when", "subject", "uncertain"])]
    for row in report.rows:
        keys = [_csv_text(name, value, report.hidden, show) for name, value in row.key.items()]
        for cell in row.cells:
            point = cell.point
            value = _csv_text(cell.column, cell.value, report.hidden, show)
            texts = [show(cell.column), value, point.id, show(point.author), point.when, show(point.subject)]
            lines.append(_line([*keys, *texts, " ".join(cell.uncertain)]))
    return "".join(lines)


def _line(fields: Sequence[str]) -> str:
    out = io.StringIO()
    # The writer quotes only those line breaks that its own line ends have.
    csv.writer(out, lineterminator="\r\n").writerow(fields)
    return out.getvalue().removesuffix("\r\n") + "\n"


def _csv_text(column: str, value: object, hidden: frozenset[str], show: Callable[[str], str]) -> str:
    if value is None:
        return ""
    if isinstance(value, str) and column not in hidden:
        return show(value)
    return shown_text(column, value, hidden)
