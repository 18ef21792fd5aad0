"""A blame as CSV: one line per cell."""

import csv
import io
from collections.abc import Iterator

from tdmvc.model.history import BlameReport
from tdmvc.render.privacy import shown_text


def blame_csv_lines(report: BlameReport) -> Iterator[str]:
    """Yield a blame as CSV, one line per cell; values of hidden columns are masked, null is empty."""
    key = [f"key.{name}" for name in report.key]
    yield _csv_line([*key, "column", "value", "commit", "author", "when", "subject", "uncertain"])
    for row in report.rows:
        keys = [_csv_text(name, value, report.hidden) for name, value in row.key.items()]
        for cell in row.cells:
            point = cell.point
            value = _csv_text(cell.column, cell.value, report.hidden)
            yield _csv_line(
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


def _csv_text(column: str, value: object, hidden: frozenset[str]) -> str:
    if value is None:
        return ""
    if isinstance(value, str) and column not in hidden:
        return value
    return shown_text(column, value, hidden)


def _csv_line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()
