"""Knows the machine's form of a dataset diff: `tdmvc.diff/1`, described in docs/formats/diff.md."""

import base64
import math
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal

from tdmvc.model.diff import (
    CellChange,
    ChangedRowSample,
    DatasetDiff,
    Pattern,
    PatternGroup,
    RowSample,
    SchemaChange,
    TableDiff,
    TableStatus,
)
from tdmvc.model.finding import Finding
from tdmvc.render.privacy import guarded, guarded_group, personal_by_table

FORMAT = "tdmvc.diff/1"
_EXACT = 2**53
"""Beyond this, readers that keep numbers as doubles (JavaScript, jq) would change an integer."""


def diff_document(diff: DatasetDiff, *, rows: int | None = None) -> dict[str, object]:
    """Return the diff as JSON values; values of personal columns are masked.

    `rows` is how many samples of each kind a table shows at the most; None shows all that there are.
    """
    personal = personal_by_table(diff)
    return {
        "format": FORMAT,
        "dataset": diff.dataset,
        "old": diff.old,
        "new": diff.new,
        "summary": summary_document(diff.tables),
        "bump": {"level": diff.bump.level.value, "reasons": list(diff.bump.reasons)},
        "patterns": [_group(guarded_group(group, personal)) for group in diff.patterns],
        "tables": [_table(table, rows) for table in diff.tables],
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


def summary_document(tables: Sequence[TableDiff]) -> dict[str, object]:
    """Return how many tables, rows and cells there are of each kind."""
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


def values_document(values: dict[str, object], personal: frozenset[str]) -> dict[str, object]:
    """Return cells by column as JSON values; those of `personal` columns are masked."""
    return {name: _masked(value) if name in personal else json_value(value) for name, value in values.items()}


def _table(table: TableDiff, most: int | None) -> dict[str, object]:
    rows, samples, personal = table.rows, table.samples, table.personal_columns
    return {
        "name": table.name,
        "old_name": table.old_name,
        "evidence": table.evidence,
        "status": table.status.value,
        "key": list(table.key),
        "natural_key": table.is_natural_key,
        "personal_columns": sorted(personal),
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
        "ignored": dict(table.ignored),
        "schema": [schema_change_document(change) for change in table.schema],
        "patterns": [_pattern(guarded(pattern, personal)) for pattern in table.patterns],
        "samples": {
            "added": [_row(row, personal) for row in samples.added[:most]],
            "removed": [_row(row, personal) for row in samples.removed[:most]],
            "changed": [_changed_row(row, personal) for row in samples.changed[:most]],
        },
        "findings": [finding_document(finding) for finding in table.findings],
    }


def schema_change_document(change: SchemaChange) -> dict[str, object]:
    """Return a change of a table's schema as JSON values."""
    facts = {"column": change.column, "old": change.old, "new": change.new, "evidence": change.evidence}
    return {"kind": change.kind.value, **{name: fact for name, fact in facts.items() if fact is not None}}


def _pattern(pattern: Pattern) -> dict[str, object]:
    """No change goes from null to null, so two nulls are no example."""
    has_example = not pattern.is_personal and not (pattern.old is None and pattern.new is None)
    facts = {"by": pattern.by, "distinct": pattern.distinct}
    return {
        "kind": pattern.kind.value,
        "columns": list(pattern.columns),
        "cells": pattern.cells,
        "example": {"old": json_value(pattern.old), "new": json_value(pattern.new)} if has_example else {},
        **{name: fact for name, fact in facts.items() if fact is not None},
    }


def _group(group: PatternGroup) -> dict[str, object]:
    return {
        "kind": group.kind.value,
        "cells": group.cells,
        "members": [
            {"table": table, "columns": list(pattern.columns), "cells": pattern.cells}
            for table, pattern in group.members
        ],
        **({"by": group.by} if group.by is not None else {}),
    }


def _row(row: RowSample, personal: frozenset[str]) -> dict[str, object]:
    return {"key": values_document(row.key, personal), "values": values_document(row.values, personal)}


def _changed_row(row: ChangedRowSample, personal: frozenset[str]) -> dict[str, object]:
    return {
        "key": values_document(row.key, personal),
        "cells": [_cell(cell, personal) for cell in row.cells],
        "unchanged": values_document(row.unchanged, personal),
    }


def _cell(cell: CellChange, personal: frozenset[str]) -> dict[str, object]:
    """The paths inside a personal cell may hold names from the data."""
    is_personal = cell.column in personal
    return {
        "column": cell.column,
        "old": _masked(cell.old) if is_personal else json_value(cell.old),
        "new": _masked(cell.new) if is_personal else json_value(cell.new),
        "inside": [] if is_personal else list(cell.inside),
        "pattern": cell.pattern,
    }


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
