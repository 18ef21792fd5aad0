"""A blame as CSV: one line per cell."""

import csv
import io

from tdmvc.model.history import BlameReport
from tdmvc.render.format import RenderOptions
from tdmvc.render.privacy import shown_text


def render(report: BlameReport, options: RenderOptions) -> str:
    """Return one line per cell below a header; values of hidden columns are masked, null is empty."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    key = [f"key.{name}" for name in report.key]
    lines.writerow([*key, "column", "value", "commit", "author", "when", "subject", "uncertain"])
    for row in report.rows:
        keys = [_csv_text(name, value, report.hidden) for name, value in row.key.items()]
        for cell in row.cells:
            point = cell.point
            value = _csv_text(cell.column, cell.value, report.hidden)
            lines.writerow(
                [
                    *keys,
                    cell.column,
                    value,
                    point.id,
                    point.author,
                    point.when,
                    point.subject,
                    " ".join(cell.uncertain),
                ]
            )
    return out.getvalue()


def _csv_text(column: str, value: object, hidden: frozenset[str]) -> str:
    if value is None:
        return ""
    if isinstance(value, str) and column not in hidden:
        return value
    return shown_text(column, value, hidden)
