"""Knows the machine's form of history: `tdmvc.log/1`, `tdmvc.row-log/1` and `tdmvc.blame/1`."""

import csv
import io
from collections.abc import Iterator

from tdmvc.model.history import (
    BlameReport,
    CellEvent,
    CellStep,
    HistoryEntry,
    HistoryPoint,
    HistoryReport,
    PublishedMark,
    RowHistory,
    RowStep,
    TableChange,
)
from tdmvc.render.diff.json import schema_change_document, values_document
from tdmvc.render.documents import Document
from tdmvc.render.privacy import shown_text


def log_document(report: HistoryReport) -> Document:
    """Return `tdmvc.log/1`."""
    return {
        "format": "tdmvc.log/1",
        "dataset": report.dataset,
        "table": report.table,
        "entries": [_entry(entry) for entry in report.entries],
        "looked_at": report.looked_at,
        "is_cut": report.is_cut,
        "notes": list(report.notes),
    }


def row_log_document(history: RowHistory) -> Document:
    """Return `tdmvc.row-log/1`; values of hidden columns are masked."""
    return {
        "format": "tdmvc.row-log/1",
        "dataset": history.dataset,
        "table": history.table,
        "key": values_document(history.key, history.hidden),
        "hidden_columns": sorted(history.hidden),
        "steps": [_step(step, history.hidden) for step in history.steps],
        "looked_at": history.looked_at,
        "is_cut": history.is_cut,
        "notes": list(history.notes),
    }


def blame_document(report: BlameReport) -> Document:
    """Return `tdmvc.blame/1`; values of hidden columns are masked, and each moment is told once."""
    moments = {cell.point.id: cell.point for row in report.rows for cell in row.cells}
    return {
        "format": "tdmvc.blame/1",
        "dataset": report.dataset,
        "table": report.table,
        "ref": report.ref,
        "key": list(report.key),
        "columns": list(report.columns),
        "hidden_columns": sorted(report.hidden),
        "moments": [
            {**_moment(moment), "is_boundary": moment.id in report.boundaries} for moment in moments.values()
        ],
        "rows": [
            {
                "key": values_document(row.key, report.hidden),
                "cells": [
                    {
                        "column": cell.column,
                        "value": values_document({"value": cell.value}, _as_value(cell.column, report))[
                            "value"
                        ],
                        "moment": cell.point.id or None,
                        "uncertain": list(cell.uncertain),
                    }
                    for cell in row.cells
                ],
            }
            for row in report.rows
        ],
        "total_rows": report.total_rows,
        "looked_at": report.looked_at,
        "notes": list(report.notes),
    }


def blame_csv_lines(report: BlameReport) -> Iterator[str]:
    """Yield a blame as CSV, a line a cell, each ended; values of hidden columns are masked, null is empty."""
    key = [f"key.{name}" for name in report.key]
    yield _csv_line([*key, "column", "value", "commit", "author", "when", "subject", "uncertain"])
    for row in report.rows:
        keys = [_csv_text(name, value, report.hidden) for name, value in row.key.items()]
        for cell in row.cells:
            moment = cell.point
            value = _csv_text(cell.column, cell.value, report.hidden)
            yield _csv_line(
                [
                    *keys,
                    cell.column,
                    value,
                    moment.id,
                    moment.author,
                    moment.when,
                    moment.subject,
                    " ".join(cell.uncertain),
                ]
            )


def _entry(entry: HistoryEntry) -> Document:
    return {
        **_moment(entry.point),
        "published": [_mark(mark) for mark in entry.published],
        "first_version": _mark(entry.version) if entry.version is not None else None,
        "tables": [_table(table) for table in entry.tables],
    }


def _table(table: TableChange) -> Document:
    return {
        "name": table.table,
        "old_name": table.old_name,
        "status": table.status.value,
        "rows": None
        if table.missing is not None
        else {"added": table.added, "removed": table.removed, "changed": table.changed},
        "columns": dict(table.columns),
        "schema": [schema_change_document(change) for change in table.schema],
        "missing": table.missing,
    }


def _step(step: RowStep, hidden: frozenset[str]) -> Document:
    return {
        **_moment(step.point),
        "event": step.event.value,
        "table": step.table,
        "key": values_document(step.key, hidden),
        "rows": step.rows,
        "cells": [_cell(cell, hidden) for cell in step.cells],
        "uncertain": list(step.uncertain),
        "first_version": _mark(step.version) if step.version is not None else None,
        "notes": list(step.notes),
    }


def _cell(cell: CellStep, hidden: frozenset[str]) -> Document:
    is_hidden = cell.column in hidden or cell.old_column in hidden
    values = values_document(
        {"old": cell.old, "new": cell.new}, frozenset({"old", "new"}) if is_hidden else frozenset()
    )
    return {
        "column": cell.column,
        "event": cell.event.value,
        "old_column": cell.old_column if cell.event is CellEvent.COLUMN_RENAMED else None,
        **values,
    }


def _moment(moment: HistoryPoint) -> Document:
    """A commit, a version or what is neither yet: told apart by `kind`."""
    kind = "version" if moment.is_version else "commit"
    return {
        "kind": "working-copy" if moment.is_working_copy else kind,
        "id": moment.id or None,
        "when": moment.when or None,
        "author": moment.author or None,
        "subject": moment.subject or None,
        "release": moment.release,
        "is_merge": moment.is_merge,
    }


def _mark(mark: PublishedMark) -> Document:
    return {"version": mark.version, "release": mark.release}


def _as_value(column: str, report: BlameReport) -> frozenset[str]:
    return frozenset({"value"}) if column in report.hidden else frozenset()


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
