"""Knows the machine's form of a dataset diff: `tdmvc.diff/1`, described in docs/formats/diff.md."""

import base64
import math
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal

from tdmvc.model.change import (
    CellChange,
    ChangedRowSample,
    DatasetDiff,
    RowSample,
    SchemaChange,
    TableDiff,
    TableStatus,
)
from tdmvc.model.finding import Finding

FORMAT = "tdmvc.diff/1"
_EXACT = 2**53
"""Beyond this, readers that keep numbers as doubles (JavaScript, jq) would change an integer."""


def diff_document(diff: DatasetDiff) -> dict[str, object]:
    """Return the diff as JSON values; values of personal columns are masked."""
    return {
        "format": FORMAT,
        "dataset": diff.dataset,
        "old": diff.old,
        "new": diff.new,
        "summary": _summary(diff.tables),
        "bump": {"level": diff.bump.level.value, "reasons": list(diff.bump.reasons)},
        "tables": [_table(table) for table in diff.tables],
    }


def json_value(value: object) -> object:
    """Return a JSON value that loses nothing: what JSON lacks becomes a text or an object."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return value if abs(value) <= _EXACT else str(value)
        case float():
            return _json_float(value)
        case Decimal():
            return format(value, "f")
        case bytes():
            return {"base64": base64.b64encode(value).decode("ascii")}
        case datetime() | date() | time():
            return _iso(value)
        case list() | tuple():
            return [json_value(item) for item in value]
        case dict():
            return {str(name): json_value(item) for name, item in value.items()}
    return str(value)


def finding_document(finding: Finding) -> dict[str, object]:
    """Return a finding as JSON values."""
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "message": finding.message,
        "dataset": finding.dataset,
        "table": finding.table,
        "columns": list(finding.columns),
        "remedy": finding.remedy,
        "details": json_value(finding.details),
    }


def _summary(tables: Sequence[TableDiff]) -> dict[str, object]:
    states = [table.status for table in tables]
    return {
        "tables": {status.value: states.count(status) for status in TableStatus},
        "rows": {
            "added": sum(table.rows.added for table in tables),
            "removed": sum(table.rows.removed for table in tables),
            "changed": sum(table.rows.changed for table in tables),
            "ignored": sum(table.rows.ignored for table in tables),
        },
        "cells": sum(table.cells for table in tables),
    }


def _table(table: TableDiff) -> dict[str, object]:
    rows, samples = table.rows, table.samples
    return {
        "name": table.name,
        "old_name": table.old_name,
        "status": table.status.value,
        "key": list(table.key),
        "rows": {
            "old": rows.old,
            "new": rows.new,
            "added": rows.added,
            "removed": rows.removed,
            "changed": rows.changed,
            "ignored": rows.ignored,
        },
        "cells": table.cells,
        "columns": dict(table.columns),
        "schema": [_schema_change(change) for change in table.schema],
        "patterns": [],
        "samples": {
            "added": [_row(row, table.personal_columns) for row in samples.added],
            "removed": [_row(row, table.personal_columns) for row in samples.removed],
            "changed": [_changed_row(row, table.personal_columns) for row in samples.changed],
        },
        "findings": [finding_document(finding) for finding in table.findings],
    }


def _schema_change(change: SchemaChange) -> dict[str, object]:
    facts = {"column": change.column, "old": change.old, "new": change.new}
    return {"kind": change.kind.value, **{name: fact for name, fact in facts.items() if fact is not None}}


def _row(row: RowSample, personal: frozenset[str]) -> dict[str, object]:
    return {"key": _values(row.key, personal), "values": _values(row.values, personal)}


def _changed_row(row: ChangedRowSample, personal: frozenset[str]) -> dict[str, object]:
    return {"key": _values(row.key, personal), "cells": [_cell(cell, personal) for cell in row.cells]}


def _cell(cell: CellChange, personal: frozenset[str]) -> dict[str, object]:
    """The paths inside a personal cell may hold names from the data."""
    is_personal = cell.column in personal
    return {
        "column": cell.column,
        "old": _masked(cell.old) if is_personal else json_value(cell.old),
        "new": _masked(cell.new) if is_personal else json_value(cell.new),
        "inside": [] if is_personal else list(cell.inside),
    }


def _values(values: dict[str, object], personal: frozenset[str]) -> dict[str, object]:
    return {name: _masked(value) if name in personal else json_value(value) for name, value in values.items()}


def _masked(value: object) -> object:
    if value is None:
        return None
    return {"masked": True, "length": len(value)} if isinstance(value, str | bytes) else {"masked": True}


def _json_float(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def _iso(value: datetime | date | time) -> str:
    text = value.isoformat()
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text
