"""The log of a dataset as Markdown: release notes, a section for each version or commit."""

from tdmvc.model.history import HistoryEntry, HistoryReport, TableChange
from tdmvc.model.text import number
from tdmvc.render.format import RenderOptions
from tdmvc.render.history.wording import change_counts, count_words, entry_marks
from tdmvc.render.markdown import code, prose, table
from tdmvc.render.wording import schema_words

_MOST_COLUMNS = 6


def render_log(report: HistoryReport, options: RenderOptions) -> str:
    """Return a heading for each entry, a table of what changed, and what the schema became."""
    name = code(report.dataset) + (f" {code(report.table)}" if report.table else "")
    if not report.entries:
        return f"## {name}\n\nNo changes in this range.\n"
    points = [entry.point for entry in report.entries]
    lines = [f"## {name}", "", prose(f"{count_words(points, 'changed it', is_cut=report.is_cut)}.")]
    for entry in report.entries:
        lines += ["", *_entry(entry, report)]
    for note in report.notes:
        lines += ["", f"*{prose(note)}*"]
    return "\n".join(lines) + "\n"


def _entry(entry: HistoryEntry, report: HistoryReport) -> list[str]:
    point = entry.point
    day = point.when[:10]
    if point.is_version:
        title = [f"{code(point.id)}", f"for release {code(point.release)}" if point.release else "", day]
    else:
        title = [code(point.id[:7]) if point.id else "working copy", prose(point.subject), day]
    lines = [f"### {', '.join(part for part in title if part)}", ""]
    if point.is_version and point.subject:
        lines += [prose(point.subject), ""]
    lines += [f"- {prose(mark)}" for mark in entry_marks(entry)]
    if lines[-1]:
        lines.append("")
    rows = [(code(one.table), *_cells(one)) for one in entry.tables]
    if rows:
        lines += table(("table", "rows", "changed cells"), rows)
    else:
        lines.append("No table changed.")
    words = [
        f"- {code(one.table)}: {prose(schema_words(change))}" for one in entry.tables for change in one.schema
    ]
    return [*lines, *(["", *words] if words else [])]


def _cells(change: TableChange) -> tuple[str, str]:
    if change.missing is not None:
        return prose(change.missing), ""
    counts = change_counts(change)
    if change.old_name is not None:
        counts += f" from {code(change.old_name)}"
    shown = list(change.columns.items())[:_MOST_COLUMNS]
    cells = [f"{code(name)} {number(count)}" for name, count in shown]
    left = len(change.columns) - len(shown)
    return counts, ", ".join([*cells, *([f"… and {number(left)} more"] if left > 0 else [])])
