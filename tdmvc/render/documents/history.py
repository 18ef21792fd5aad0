"""The documents of logs and blame."""

from dataclasses import replace

from tdmvc.model import (
    history,
)
from tdmvc.model.history import CellEvent
from tdmvc.render.json import Scope, cell, declare, json_value, masked, to_object


def _point_kind(point: history.HistoryPoint, scope: Scope) -> str:
    if point.is_working_copy:
        return "working-copy"
    return "version" if point.is_version else "commit"


def _step_cell(step: history.CellStep, value: object, scope: Scope) -> object:
    is_hidden = scope.hides(step.column) or scope.hides(step.old_column)
    return masked(value) if is_hidden else json_value(value)


def _blamed_points(blame: history.BlameReport, scope: Scope) -> list[dict[str, object]]:
    points = {cell.point.id: cell.point for row in blame.rows for cell in row.cells}
    return [
        {**to_object(point, scope), "is_boundary": point.id in blame.boundaries} for point in points.values()
    ]


declare(history.HistoryReport, "dataset table entries looked_at is_cut notes", format="tdmvc.log/1")
declare(history.HistoryEntry, "*point published first_version=version tables")
declare(history.HistoryPoint, "kind id? when? author? subject? release is_merge", kind=_point_kind)
declare(history.PublishedMark, "version release")
declare(
    history.TableChange,
    "name=table old_name status rows columns schema missing",
    rows=lambda change, scope: (
        {"added": change.added, "removed": change.removed, "changed": change.changed}
        if change.missing is None
        else None
    ),
)
declare(
    history.RowHistory,
    "dataset table key@ hidden_columns=hidden steps looked_at is_cut notes",
    format="tdmvc.row-log/1",
    enter=lambda one, scope: replace(scope, hidden=one.hidden),
)
declare(history.RowStep, "*point event table key@ rows cells uncertain first_version=version notes")
declare(
    history.CellStep,
    "column event old_column old new",
    old_column=lambda step, scope: step.old_column if step.event is CellEvent.COLUMN_RENAMED else None,
    old=lambda step, scope: _step_cell(step, step.old, scope),
    new=lambda step, scope: _step_cell(step, step.new, scope),
)
declare(
    history.BlameReport,
    "dataset table ref key columns hidden_columns=hidden moments rows total_rows looked_at notes",
    format="tdmvc.blame/1",
    enter=lambda one, scope: replace(scope, hidden=one.hidden),
    moments=_blamed_points,
)
declare(history.BlamedRow, "key@ cells")
declare(
    history.BlamedCell,
    "column value moment=point.id? uncertain",
    value=lambda blamed, scope: cell(blamed.column, blamed.value, scope),
)
